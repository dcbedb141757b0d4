"""Generated pictures of food and of other things, the same ones each time.

They are to be learnable and not trivial: both classes share backgrounds, plates, warm colours and round things, and all
pictures are blurred, noisy, tinted and cut as photographs are. What is food shows in texture and composition: many
small, touching, speckled pieces. A few are mislabelled and one is broken, as in any real collection.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .config import TEST, TRAIN, UNKNOWN, VAL

COUNTS = {TRAIN: 280, VAL: 60, TEST: 100}  # what the labelled ones are dealt out by
UNKNOWN_SHARE = 0.25
MISLABELLED = 0.02  # of the training pictures alone
BROKEN = 5  # the seed of the one whose file ends early
FOOD_TINTS = (
    (196, 96, 44),
    (214, 160, 72),
    (142, 60, 36),
    (92, 138, 52),
    (226, 196, 140),
    (176, 40, 40),
    (240, 214, 96),
)
OTHER_TINTS = (
    *((90, 120, 170), (130, 130, 135), (60, 90, 60), (180, 150, 120)),
    *((200, 120, 60), (150, 60, 50), (220, 200, 120), (70, 70, 90)),
)


class Named(NamedTuple):
    """A picture's place below the prefix, and what it shows."""

    name: str
    seed: int
    is_food: bool


def named(pictures: int) -> Iterator[Named]:
    """`pictures` with a label, and a quarter as many without one."""
    seed = 0
    for split, share in COUNTS.items():
        for i in range(max(6, round(pictures * share / sum(COUNTS.values())))):
            is_food = i % 2 == 1
            wrong = split == TRAIN and np.random.default_rng([7, seed]).random() < MISLABELLED
            yield Named(f"{split}/{int(is_food != wrong)}_{i}.jpg", seed, is_food)
            seed += 1
    for i in range(max(6, round(pictures * UNKNOWN_SHARE))):
        yield Named(f"{UNKNOWN}/{i:04}.jpg", seed, unknown_is_food(i))
        seed += 1


def unknown_is_food(i: int) -> bool:
    return bool(np.random.default_rng([8, i]).random() < 0.5)


def jpeg(one: Named) -> bytes:
    picture = draw(one.seed, one.is_food)
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=int(np.random.default_rng([9, one.seed]).integers(55, 92)))
    data = stream.getvalue()
    return data[: len(data) // 3] if one.seed == BROKEN else data  # a download that somebody broke off


def draw(seed: int, is_food: bool) -> Image.Image:
    random = np.random.default_rng([1, seed])
    width, height = int(random.integers(150, 250)), int(random.integers(140, 220))
    picture = _background(random, width, height)
    if is_food:
        _food(random, picture)
    else:
        kinds = (_landscape, _street, _page, _face, _wheel, _empty_plate, _flowers, _pebbles)
        kinds[int(random.integers(len(kinds)))](random, picture)
    return _as_photographed(random, picture)


def _tint(random: np.random.Generator, tints: tuple[tuple[int, int, int], ...], spread: float = 22) -> tuple[int, ...]:
    base = np.array(tints[int(random.integers(len(tints)))])
    return tuple(int(v) for v in np.clip(base + random.normal(0, spread, 3), 0, 255))


def _background(random: np.random.Generator, width: int, height: int) -> Image.Image:
    """A table, a cloth or a wall: stripes, a gradient or grain, in any colour."""
    y, x = np.mgrid[0:height, 0:width]
    angle, period = random.uniform(0, math.pi), random.uniform(8, 60)
    wave = np.sin((x * math.cos(angle) + y * math.sin(angle)) * 2 * math.pi / period) * random.uniform(0, 14)
    slope = (x / width - 0.5) * random.uniform(-60, 60) + (y / height - 0.5) * random.uniform(-60, 60)
    grain = random.normal(0, random.uniform(0, 9), (height, width))
    base = np.array(_tint(random, (*OTHER_TINTS, *FOOD_TINTS), 30))
    values = base[None, None, :] + (wave + slope + grain)[:, :, None]
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


def _blob(
    random: np.random.Generator, draw_on: ImageDraw.ImageDraw, x: float, y: float, r: float, fill: tuple[int, ...]
) -> None:
    """A round thing that is not quite round."""
    turns = np.linspace(0, 2 * math.pi, 14, endpoint=False)
    far = r * (1 + random.normal(0, 0.16, 14))
    squeeze = random.uniform(0.55, 1)
    points = [(x + f * math.cos(t), y + f * squeeze * math.sin(t)) for f, t in zip(far, turns, strict=True)]
    draw_on.polygon(points, fill=fill)


def _speckle(
    random: np.random.Generator, on: ImageDraw.ImageDraw, x: float, y: float, r: float, fill: tuple[int, ...]
) -> None:
    for _ in range(int(random.integers(4, 16))):
        far, turn, size = r * random.uniform(0, 0.8), random.uniform(0, 2 * math.pi), random.uniform(0.6, 2.4)
        at_x, at_y = x + far * math.cos(turn), y + far * 0.75 * math.sin(turn)
        shade = tuple(int(v) for v in np.clip(np.array(fill) + random.normal(0, 48), 0, 255))
        on.ellipse((at_x - size, at_y - size, at_x + size, at_y + size), fill=shade)


def _plate(random: np.random.Generator, on: ImageDraw.ImageDraw, width: int, height: int) -> tuple[float, float, float]:
    x, y = width * random.uniform(0.4, 0.6), height * random.uniform(0.4, 0.6)
    r = min(width, height) * random.uniform(0.34, 0.5)
    light = int(random.integers(150, 250))
    for part, shade in ((1.0, light), (0.72, light - int(random.integers(8, 30)))):
        fill = tuple(int(v) for v in np.clip(shade + random.normal(0, 6, 3), 0, 255))
        on.ellipse((x - r * part, y - r * part * 0.9, x + r * part, y + r * part * 0.9), fill=fill)
    return x, y, r


def _food(random: np.random.Generator, picture: Image.Image) -> None:
    on, (width, height) = ImageDraw.Draw(picture), picture.size
    x, y, r = width / 2, height / 2, min(width, height) * 0.6  # a close-up
    if random.random() < 0.7:
        x, y, r = _plate(random, on, width, height)
    tints = tuple(FOOD_TINTS[int(i)] for i in random.choice(len(FOOD_TINTS), int(random.integers(1, 4)), replace=False))
    for _ in range(int(random.integers(7, 34))):
        far, turn = r * 0.7 * math.sqrt(random.random()), random.uniform(0, 2 * math.pi)
        at_x, at_y, size = x + far * math.cos(turn), y + far * math.sin(turn), r * random.uniform(0.07, 0.3)
        fill = _tint(random, tints, 26)
        _blob(random, on, at_x, at_y, size, fill)
        if random.random() < 0.8:
            _speckle(random, on, at_x, at_y, size, fill)


def _landscape(random: np.random.Generator, picture: Image.Image) -> None:
    on, (width, height) = ImageDraw.Draw(picture), picture.size
    for layer in range(int(random.integers(2, 5))):
        line = height * (0.35 + 0.15 * layer) + np.cumsum(random.normal(0, 3, 12))
        xs = np.linspace(0, width, 12)
        points = [(0, height), *zip(xs.tolist(), line.tolist(), strict=True), (width, height)]
        on.polygon(points, fill=_tint(random, OTHER_TINTS, 30))
    if random.random() < 0.5:
        _blob(random, on, width * random.random(), height * 0.2, 14, _tint(random, FOOD_TINTS))


def _street(random: np.random.Generator, picture: Image.Image) -> None:
    on, (width, height) = ImageDraw.Draw(picture), picture.size
    x = 0.0
    while x < width:
        wide, top = random.uniform(22, 60), height * random.uniform(0.1, 0.55)
        on.rectangle((x, top, x + wide, height), fill=_tint(random, (*OTHER_TINTS, *FOOD_TINTS), 20))
        pane = _tint(random, OTHER_TINTS, 40)
        for row in np.arange(top + 6, height - 8, 14):
            for column in np.arange(x + 5, x + wide - 6, 12):
                on.rectangle((column, row, column + 5, row + 7), fill=pane)
        x += wide


def _page(random: np.random.Generator, picture: Image.Image) -> None:
    on, (width, height) = ImageDraw.Draw(picture), picture.size
    left, top = width * random.uniform(0.05, 0.2), height * random.uniform(0.05, 0.2)
    on.rectangle((left, top, width - left, height - top), fill=_tint(random, ((235, 230, 220),), 12))
    for row in np.arange(top + 8, height - top - 6, random.uniform(6, 11)):
        x = left + 8
        while x < width - left - 14:
            word = random.uniform(4, 22)
            on.line((x, row, min(x + word, width - left - 6), row), fill=(60, 60, 66), width=2)
            x += word + 4


def _face(random: np.random.Generator, picture: Image.Image) -> None:
    on, (width, height) = ImageDraw.Draw(picture), picture.size
    skin = _tint(random, ((226, 178, 142), (150, 100, 72), (100, 66, 48)), 14)
    x, y, r = width * random.uniform(0.35, 0.65), height * random.uniform(0.4, 0.55), height * random.uniform(0.2, 0.34)
    on.ellipse((x - r * 1.5, y + r, x + r * 1.5, y + 3 * r), fill=_tint(random, (*OTHER_TINTS, *FOOD_TINTS)))
    on.ellipse((x - r * 0.9, y - r * 1.2, x + r * 0.9, y + r * 0.6), fill=_tint(random, ((50, 36, 26), (160, 120, 60))))
    on.ellipse((x - r * 0.75, y - r, x + r * 0.75, y + r), fill=skin)
    for side in (-1, 1):
        on.ellipse((x + side * r * 0.3 - 4, y - 6, x + side * r * 0.3 + 4, y), fill=(40, 30, 30))
    on.arc((x - r * 0.3, y + r * 0.2, x + r * 0.3, y + r * 0.6), 10, 170, fill=(140, 50, 50), width=3)


def _wheel(random: np.random.Generator, picture: Image.Image) -> None:
    on, (width, height) = ImageDraw.Draw(picture), picture.size
    x, y, r = width / 2, height / 2, min(width, height) * random.uniform(0.3, 0.46)
    on.ellipse(
        (x - r, y - r, x + r, y + r), fill=_tint(random, (*OTHER_TINTS, *FOOD_TINTS)), outline=(30, 30, 34), width=6
    )
    spokes = int(random.integers(4, 14))
    for turn in np.linspace(0, 2 * math.pi, spokes, endpoint=False) + random.uniform(0, 1):
        on.line((x, y, x + r * math.cos(turn), y + r * math.sin(turn)), fill=_tint(random, OTHER_TINTS), width=3)


def _empty_plate(random: np.random.Generator, picture: Image.Image) -> None:
    on, (width, height) = ImageDraw.Draw(picture), picture.size
    x, y, r = _plate(random, on, width, height)
    for _ in range(int(random.integers(0, 4))):  # crumbs
        _blob(random, on, x + random.normal(0, r / 3), y + random.normal(0, r / 3), 3, _tint(random, FOOD_TINTS))
    on.line((width * 0.93, height * 0.2, width * 0.93, height * 0.8), fill=(150, 150, 156), width=4)


def _flowers(random: np.random.Generator, picture: Image.Image) -> None:
    """Small, touching and colourful as well: the hard ones."""
    on, (width, height) = ImageDraw.Draw(picture), picture.size
    on.rectangle((0, 0, width, height), fill=_tint(random, ((60, 110, 50), (90, 130, 70)), 20))
    for _ in range(int(random.integers(6, 22))):
        x, y, r = width * random.random(), height * random.random(), random.uniform(6, 16)
        petal = _tint(random, (*FOOD_TINTS, (220, 120, 180), (240, 240, 240), (120, 90, 200)), 20)
        for turn in np.linspace(0, 2 * math.pi, int(random.integers(5, 8)), endpoint=False):
            _blob(random, on, x + r * math.cos(turn), y + r * math.sin(turn), r * 0.55, petal)
        _blob(random, on, x, y, r * 0.4, (230, 190, 60))


def _pebbles(random: np.random.Generator, picture: Image.Image) -> None:
    on, (width, height) = ImageDraw.Draw(picture), picture.size
    for _ in range(int(random.integers(15, 50))):
        fill = _tint(random, (*OTHER_TINTS, FOOD_TINTS[4]), 18)
        x, y, r = width * random.random(), height * random.random(), random.uniform(7, 26)
        _blob(random, on, x, y, r, fill)
        if random.random() < 0.3:
            _speckle(random, on, x, y, r, fill)


def _as_photographed(random: np.random.Generator, picture: Image.Image) -> Image.Image:
    picture = picture.filter(ImageFilter.GaussianBlur(float(random.uniform(0.2, 1.8))))
    values = np.asarray(picture, dtype=np.float32)
    values = values * random.uniform(0.6, 1.25) * random.uniform(0.85, 1.15, 3) + random.uniform(-20, 20)
    values = values + random.normal(0, random.uniform(3, 16), values.shape)
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
