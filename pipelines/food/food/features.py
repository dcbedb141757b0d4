"""What is seen in a picture: colours, edges and texture, as numbers of a fixed order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

GRID = 4
BINS = 8


def features(place: Path) -> np.ndarray:
    with Image.open(place) as picture:
        coloured = np.asarray(picture.convert("HSV"), dtype=np.float32) / 255
        grey = np.asarray(picture.convert("L"), dtype=np.float32) / 255
    parts = [_colours(coloured), _edges(grey), *(_texture(grey, far) for far in (1, 2, 4)), _roughness(grey)]
    return np.concatenate(parts).astype(np.float32)


def names() -> list[str]:
    """One for each number."""
    colours = [f"colour_{channel}_{i}" for channel in "hsv" for i in range(BINS)]
    moments = [f"{what}_{channel}_{i}" for what in ("mean", "spread") for i in range(GRID**2) for channel in "hsv"]
    edges = [f"edge_{cell}_{i}" for cell in range(GRID**2) for i in range(BINS)]
    texture = [f"texture_{far}_{i}" for far in (1, 2, 4) for i in range(10)]
    return [*colours, *moments, *edges, *texture, *(f"rough_{i}" for i in range(8))]


def _cells(values: np.ndarray) -> list[np.ndarray]:
    rows = np.array_split(values, GRID, axis=0)
    return [cell for row in rows for cell in np.array_split(row, GRID, axis=1)]


def _colours(hsv: np.ndarray) -> np.ndarray:
    shares = [np.histogram(hsv[:, :, i], BINS, (0, 1))[0] / hsv[:, :, i].size for i in range(3)]
    cells = _cells(hsv)
    means = [cell.mean(axis=(0, 1)) for cell in cells]
    spreads = [cell.std(axis=(0, 1)) for cell in cells]
    return np.concatenate([*shares, *means, *spreads])


def _edges(grey: np.ndarray) -> np.ndarray:
    """How strong the edges of each direction are, cell by cell."""
    down, right = np.gradient(grey)
    strength, turn = np.hypot(down, right), np.arctan2(down, right) % np.pi
    found = [
        np.histogram(t, BINS, (0, np.pi), weights=s)[0] for s, t in zip(_cells(strength), _cells(turn), strict=True)
    ]
    return np.concatenate(found) / (strength.sum() + 1e-6)


def _texture(grey: np.ndarray, far: int) -> np.ndarray:
    """Local binary patterns: how a point stands to the eight around it; uniform ones by their number of ones."""
    inner = grey[far:-far, far:-far]
    steps = ((-far, -far), (-far, 0), (-far, far), (0, far), (far, far), (far, 0), (far, -far), (0, -far))
    height, width = grey.shape
    around = np.stack([grey[far + y : height - far + y, far + x : width - far + x] > inner + 0.01 for y, x in steps])
    changes = (around != np.roll(around, 1, axis=0)).sum(axis=0)
    kinds = np.where(changes <= 2, around.sum(axis=0), 9)
    return np.bincount(kinds.ravel(), minlength=10) / kinds.size


def _roughness(grey: np.ndarray) -> np.ndarray:
    """The share of light in eight rings of the spectrum: from broad shapes to grain."""
    spectrum = np.abs(np.fft.rfft2(grey - grey.mean()))
    far = np.hypot(np.fft.fftfreq(grey.shape[0])[:, None], np.fft.rfftfreq(grey.shape[1])[None, :])
    ring = np.minimum((far * 16).astype(int), 7)
    return np.log1p(np.bincount(ring.ravel(), spectrum.ravel(), 8) / np.bincount(ring.ravel(), minlength=8))
