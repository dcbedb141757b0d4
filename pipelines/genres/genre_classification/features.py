"""Songs become images: the logarithm of a mel spectrogram, 64 by 64, one grey value per band and moment.

The scale is fixed (-80 dB is black, 0 dB white) and not stretched per song: what changes in the input must be seen.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from scipy import signal

from .audio import RATE_HZ, SONG_S, read_song
from .files import new_folder
from .problem import Problem

SIZE = 64
FLOOR_DB = -80.0
_WINDOW = 1024
_HOP = int(SONG_S * RATE_HZ / SIZE)


def mel_filters() -> np.ndarray:
    """SIZE triangles, evenly spaced on the mel scale, over the bins of the transform."""
    top = 2595 * np.log10(1 + RATE_HZ / 2 / 700)
    edges = 700 * (10 ** (np.linspace(2595 * np.log10(1 + 40 / 700), top, SIZE + 2) / 2595) - 1)
    bins = np.fft.rfftfreq(_WINDOW, 1 / RATE_HZ)
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    filters = np.maximum(0, np.minimum(rising, falling))
    for row, hz in enumerate(edges[1:-1]):  # narrow bands between two bins take the nearest one
        if not filters[row].any():
            filters[row, np.abs(bins - hz).argmin()] = 1.0
    return filters / filters.sum(axis=1, keepdims=True)


_FILTERS = mel_filters()
_TRANSFORM = signal.ShortTimeFFT(signal.windows.hann(_WINDOW), _HOP, RATE_HZ, scale_to="magnitude")


def windows_of(sound: np.ndarray) -> list[np.ndarray]:
    """Pieces of a song's length; a shorter one is filled up with silence, a short rest is left out."""
    length = int(SONG_S * RATE_HZ)
    pieces = [sound[at : at + length] for at in range(0, max(1, sound.size - length // 2), length)]
    return [np.pad(piece, (0, length - piece.size)) for piece in pieces]


def spectrogram(piece: np.ndarray) -> np.ndarray:
    """SIZE by SIZE bytes: low bands at the bottom, time to the right."""
    power = np.abs(_TRANSFORM.stft(piece, p0=0, p1=SIZE)) ** 2
    level_db = 10 * np.log10(_FILTERS @ power + 1e-12)
    grey = np.clip((level_db - FLOOR_DB) / -FLOOR_DB, 0, 1)
    return np.round(grey[::-1] * 255).astype(np.uint8)


def make_images(audio: Path, images: Path) -> int:
    """genre/song.wav becomes genre/song.0.png and so on. All of them, or none."""
    genres = sorted(folder for folder in audio.glob("[!.]*") if folder.is_dir()) if audio.is_dir() else []
    songs = {genre.name: sorted(genre.glob("[!.]*.*")) for genre in genres}
    if not any(songs.values()):
        raise Problem(f"There are no songs in {audio}: it is to hold a folder for each genre, with WAV files in it.")
    count = 0
    with new_folder(images) as fresh:
        for genre, files in songs.items():
            (fresh / genre).mkdir()
            for file in files:
                for number, piece in enumerate(windows_of(read_song(file))):
                    Image.fromarray(spectrogram(piece)).save(fresh / genre / f"{file.stem}.{number}.png")
                    count += 1
    return count
