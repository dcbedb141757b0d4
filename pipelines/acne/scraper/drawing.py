"""Draws pictures of skin. They are drawings, not photographs: enough to learn from, and nobody's face.

Five kinds differ in what a dermatologist would name first (how many, how large, which colour, where), and share what
does not matter: tone, light, pores, hair, sharpness, and now and then a lesion of another kind.
"""

import io
import zlib

import numpy as np
from PIL import Image

SIDE = 96
KINDS = ("Acne-Cystic", "Acne-Open-Comedo", "Acne-Pustular", "Perioral-Dermatitis", "Rosacea")
_AT = np.mgrid[0:SIDE, 0:SIDE].astype("float32")
_TONES = np.array([[241, 205, 181], [226, 180, 148], [198, 146, 110], [160, 108, 78], [112, 74, 54]], "float32")


def draw(kind, name):
    """The picture of that name; the same name gives the same picture."""
    rng = np.random.default_rng(zlib.crc32(f"{kind} {name}".encode()))
    skin = _skin(rng)
    _LESIONS[kind](skin, rng, 1.0)
    if rng.random() < 0.45:  # what else is there: a little of another kind
        _LESIONS[str(rng.choice([other for other in _LESIONS if other != kind]))](skin, rng, 0.25)
    for _ in range(rng.integers(0, 4)):
        _hair(skin, rng)
    skin += rng.normal(0, rng.uniform(2, 7), skin.shape)
    skin = (skin - 128) * rng.uniform(0.75, 1.15) + 128 + rng.uniform(-18, 18)
    return Image.fromarray(np.clip(skin, 0, 255).astype("uint8"))


def jpeg(picture, quality=88):
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()


def _cloud(rng, cells):
    """Smooth noise between -1 and 1."""
    coarse = rng.uniform(-127, 127, (cells, cells)).astype("float32")
    return np.asarray(Image.fromarray(coarse).resize((SIDE, SIDE), Image.Resampling.BICUBIC)) / 127


def _skin(rng):
    place = rng.uniform(0, len(_TONES) - 1)
    low = int(place)
    high = min(low + 1, len(_TONES) - 1)
    tone = _TONES[low] * (1 - place + low) + _TONES[high] * (place - low)
    skin = np.ones((SIDE, SIDE, 3), "float32") * tone
    slope = rng.normal(0, 1, 2)
    light = (_AT[0] * slope[0] + _AT[1] * slope[1]) / (SIDE * np.hypot(*slope) + 1e-6)
    skin *= (1 + 0.18 * (light - light.mean()) + 0.06 * _cloud(rng, 4) + 0.05 * _cloud(rng, 24))[..., None]
    return skin


def _spot(skin, centre, radius, colour, strength, softness=1.0):
    """Mixes a soft round spot of that colour, a factor on the skin's own, into the skin."""
    reach = radius * (1 + softness)  # beyond, less than one part in 400 is left
    top, left = (max(0, int(c - reach)) for c in centre)
    bottom, right = (max(0, int(c + reach) + 2) for c in centre)
    part, at = skin[top:bottom, left:right], _AT[:, top:bottom, left:right]
    distance = np.hypot(at[0] - centre[0], at[1] - centre[1]) / radius
    share = strength / (1 + np.exp((distance - 1) * 6 / softness))
    part *= 1 + share[..., None] * (np.asarray(colour, "float32") - 1)


def _anywhere(rng, margin=6):
    return rng.uniform(margin, SIDE - margin, 2)


def _cystic(skin, rng, amount):
    for _ in range(max(1, round(rng.integers(2, 6) * amount))):
        centre, radius = _anywhere(rng, 12), rng.uniform(7, 14)
        _spot(skin, centre, radius * 1.35, (1.0, 0.78, 0.78), 0.8, 2.2)
        _spot(skin, centre, radius, (0.88, 0.52, 0.58), 0.8, 1.6)
        _spot(skin, centre - radius * 0.35, radius * 0.3, (1.25, 1.3, 1.3), 0.6, 2)


def _comedones(skin, rng, amount):
    for _ in range(max(2, round(rng.integers(12, 34) * amount))):
        centre, radius = _anywhere(rng), rng.uniform(0.9, 2.3)
        _spot(skin, centre, radius * 1.8, (1.05, 0.98, 0.96), 0.5)
        _spot(skin, centre, radius, (0.32, 0.28, 0.28), rng.uniform(0.5, 0.9))


def _pustules(skin, rng, amount):
    for _ in range(max(1, round(rng.integers(5, 14) * amount))):
        centre, radius = _anywhere(rng), rng.uniform(2.6, 5.2)
        _spot(skin, centre, radius * 1.6, (1.05, 0.62, 0.6), 0.8, 1.6)
        _spot(skin, centre, radius * 0.75, (1.25, 1.9, 1.6), rng.uniform(0.5, 0.95))


def _perioral(skin, rng, amount):
    """Small papules on an arc around the mouth, which lies somewhere below the picture's middle."""
    mouth = np.array([SIDE * rng.uniform(0.55, 1.0), SIDE * rng.uniform(0.3, 0.7)])
    reach = rng.uniform(24, 40)
    for _ in range(max(2, round(rng.integers(16, 34) * amount))):
        angle, away = rng.uniform(np.pi * 0.9, np.pi * 2.1), reach * rng.normal(1, 0.13)
        centre = mouth + away * np.array([np.sin(angle), np.cos(angle)])
        _spot(skin, centre, rng.uniform(1.6, 3.2), (1.02, 0.58, 0.56), rng.uniform(0.5, 0.85))
    _spot(skin, mouth, reach * 1.25, (1.02, 0.9, 0.9), 0.5 * amount, 3)


def _rosacea(skin, rng, amount):
    flush = np.clip(_cloud(rng, 3) + 0.35, 0, 1) * rng.uniform(0.7, 1.0) * amount
    skin *= 1 + flush[..., None] * (np.array([1.04, 0.62, 0.64], "float32") - 1)
    for _ in range(max(1, round(rng.integers(3, 8) * amount))):  # vessels that show
        at, heading = _anywhere(rng), rng.uniform(0, 2 * np.pi)
        for _ in range(rng.integers(8, 20)):
            _spot(skin, at, rng.uniform(0.7, 1.1), (0.95, 0.45, 0.48), 0.55)
            heading += rng.normal(0, 0.35)
            at = at + 1.6 * np.array([np.sin(heading), np.cos(heading)])


def _hair(skin, rng):
    at, heading, bend = rng.uniform(0, SIDE, 2), rng.uniform(0, 2 * np.pi), rng.normal(0, 0.05)
    for _ in range(rng.integers(10, 30)):
        _spot(skin, at, 0.8, (0.45, 0.4, 0.38), 0.6)
        heading += bend
        at = at + 1.6 * np.array([np.sin(heading), np.cos(heading)])


_LESIONS = dict(zip(KINDS, (_cystic, _comedones, _pustules, _perioral, _rosacea), strict=True))
