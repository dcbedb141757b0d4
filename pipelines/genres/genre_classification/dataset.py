"""Images on disk as arrays, and which song is for training, for choosing, and for the test.

A song's part follows from its name alone, and all images of a song are in the same part: a test song is never trained
on, whatever is added later.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, UnidentifiedImageError

from .features import SIZE
from .problem import Problem, first_line

PARTS = ("train", "validation", "test")
_TEST_PERCENT, _VALIDATION_PERCENT = 25, 10


class Images(NamedTuple):
    pixels: np.ndarray  # n, SIZE, SIZE; 0 to 1
    labels: np.ndarray  # n; an index into `classes`
    songs: list[str]
    classes: list[str]

    def part(self, name: str) -> Images:
        chosen = [at for at, song in enumerate(self.songs) if part_of(song) == name]
        return Images(self.pixels[chosen], self.labels[chosen], [self.songs[at] for at in chosen], self.classes)


def part_of(song: str) -> str:
    bucket = zlib.crc32(song.encode()) % 100
    if bucket < _TEST_PERCENT:
        return "test"
    return "validation" if bucket < _TEST_PERCENT + _VALIDATION_PERCENT else "train"


def load_images(folder: Path, classes: list[str] | None = None) -> Images:
    """`classes`: those a model knows; without, the folders are the classes."""
    there = sorted(one.name for one in folder.glob("[!.]*") if one.is_dir()) if folder.is_dir() else []
    files = [(genre, file) for genre in there for file in sorted((folder / genre).glob("[!.]*.png"))]
    if not files:
        raise Problem(f"There are no images in {folder}. Make them with: create-image-features-from-audio")
    known = classes or there
    if unknown := set(there) - set(known):
        raise Problem(f"{folder} holds {', '.join(sorted(unknown))}, which the model was not trained for.")
    pixels = np.stack([_read(file) for _, file in files])
    labels = np.array([known.index(genre) for genre, _ in files])
    return Images(pixels, labels, [file.name.rsplit(".", 2)[0] for _, file in files], known)


def _read(file: Path) -> np.ndarray:
    try:
        with Image.open(file) as image:
            pixels = np.asarray(image.convert("L"), dtype=np.float32) / 255
    except (OSError, UnidentifiedImageError) as error:
        raise Problem(f"The image {file} cannot be read ({first_line(error)}). Make the images anew.") from error
    if pixels.shape != (SIZE, SIZE):
        raise Problem(f"The image {file} is not {SIZE} by {SIZE} pixels. Make the images anew.")
    return pixels
