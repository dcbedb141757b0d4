"""Songs of four invented genres, made from numbers, and the reading of any WAV file.

The genres differ in metre, tempo, instruments and use of the beat, as real ones do. Their tempi overlap, keys, levels
and noise are drawn anew for each song, so that no single number tells them apart. A song is a function of its seed.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import signal
from scipy.io import wavfile

from .files import new_folder
from .problem import Problem, first_line

RATE_HZ = 8_000
SONG_S = 4.0
Sound = np.ndarray


# ── instruments ──


def _time(seconds: float) -> Sound:
    return np.arange(int(seconds * RATE_HZ)) / RATE_HZ


def tone(hz: float, seconds: float, harmonics: tuple[float, ...], decay_s: float, attack_s: float = 0.01) -> Sound:
    t = _time(seconds)
    made = sum((a * np.sin(2 * np.pi * hz * (n + 1) * t) for n, a in enumerate(harmonics)), np.zeros_like(t))
    return made * np.exp(-t / decay_s) * np.minimum(1.0, t / attack_s)


def kick(_: np.random.Generator) -> Sound:
    t = _time(0.2)
    return np.sin(2 * np.pi * (50 * t + 12 * (1 - np.exp(-t / 0.03)))) * np.exp(-t / 0.07)


def hiss(random: np.random.Generator, low_hz: float, high_hz: float, decay_s: float) -> Sound:
    """Noise of a band: a hat, a snare, a brush."""
    t = _time(6 * decay_s)
    sos = signal.butter(2, [low_hz, high_hz], "bandpass", fs=RATE_HZ, output="sos")
    return signal.sosfilt(sos, random.standard_normal(t.size)) * np.exp(-t / decay_s)


def add(song: Sound, sound: Sound, at_s: float, level: float) -> None:
    start = int(at_s * RATE_HZ)
    end = min(song.size, start + sound.size)
    if start < end:
        song[start:end] += level * sound[: end - start]


def note(semitones: float, base_hz: float) -> float:
    return base_hz * 2 ** (semitones / 12)


# ── genres ──


def techno(song: Sound, random: np.random.Generator) -> None:
    """Four to the floor: a kick on each beat, a hat between, a bass that does not move much."""
    beat_s, base_hz = 60 / random.uniform(105, 145), random.uniform(45, 80)
    for n in range(math.ceil(SONG_S / beat_s)):
        at_s = n * beat_s
        add(song, kick(random), at_s, random.uniform(0.7, 1.0))
        add(song, hiss(random, 2500, 3800, 0.02), at_s + beat_s / 2, random.uniform(0.25, 0.5))
        for quarter in (1, 2, 3):
            hz = note(random.choice([0, 0, 7, 12]), base_hz * 2)
            add(song, tone(hz, beat_s / 4, (1, 0.7, 0.5, 0.35, 0.25), 0.1), at_s + quarter * beat_s / 4, 0.35)


def waltz(song: Sound, random: np.random.Generator) -> None:
    """Three to a bar: a low note, then two chords of a soft instrument."""
    beat_s, base_hz = 60 / random.uniform(95, 150), random.uniform(65, 110)
    for n in range(math.ceil(SONG_S / beat_s)):
        step = random.choice([0, 5, 7]) if n % 3 == 0 else 0
        if n % 3 == 0:
            add(song, tone(note(step, base_hz), 2 * beat_s, (1, 0.4, 0.1), 0.5), n * beat_s, 0.8)
        else:
            for third in (12, 16, 19):
                add(song, tone(note(third + step, base_hz), beat_s, (1, 0.3, 0.1), 0.18), n * beat_s, 0.3)
        if random.random() < 0.6:
            hz = note(random.choice([24, 26, 28, 31, 33]), base_hz)
            add(song, tone(hz, beat_s, (1, 0.5, 0.2), 0.4, 0.03), n * beat_s, 0.35)


def swing(song: Sound, random: np.random.Generator) -> None:
    """A walking bass under a cymbal whose off-beats come late, and a brush on two and four."""
    beat_s, base_hz = 60 / random.uniform(100, 160), random.uniform(55, 90)
    for n in range(math.ceil(SONG_S / beat_s)):
        at_s = n * beat_s
        hz = note(random.choice([0, 2, 4, 5, 7, 9, 10]), base_hz)
        add(song, tone(hz, beat_s, (1, 0.6, 0.3, 0.1), 0.25), at_s, 0.7)
        add(song, hiss(random, 2000, 3800, 0.06), at_s, random.uniform(0.15, 0.35))
        if n % 2:
            add(song, hiss(random, 700, 2500, 0.05), at_s, random.uniform(0.2, 0.4))
            add(song, hiss(random, 2000, 3800, 0.04), at_s + beat_s * 2 / 3, random.uniform(0.2, 0.4))


def ambient(song: Sound, random: np.random.Generator) -> None:
    """Long chords that come and go, and hardly a beat."""
    base_hz = random.uniform(80, 160)
    length_s = random.uniform(1.2, 2.4)
    for n in range(math.ceil(SONG_S / length_s) + 1):
        for third in random.choice([0, 3, 4, 7, 10, 12, 16, 19], 4, replace=False):
            hz = note(third, base_hz) * random.uniform(0.997, 1.003)
            add(song, tone(hz, length_s * 1.5, (1, 0.4, 0.25, 0.1), 2.0, length_s / 3), n * length_s * 0.9, 0.3)
    for _ in range(random.integers(0, 5)):
        hz = note(random.choice([24, 28, 31, 36]), base_hz)
        add(song, tone(hz, 0.6, (1, 0.2), 0.2), random.uniform(0, SONG_S), 0.3)


GENRES: dict[str, Callable[[Sound, np.random.Generator], None]] = {
    "ambient": ambient,
    "swing": swing,
    "techno": techno,
    "waltz": waltz,
}


# ── what may happen to recordings: the changes that the drift alarm is there for ──


def muffled(sound: Sound) -> Sound:
    """As if a microphone had been covered."""
    return signal.sosfilt(signal.butter(4, 450, "lowpass", fs=RATE_HZ, output="sos"), sound)


def quiet(sound: Sound) -> Sound:
    return sound * 0.06


def hissing(sound: Sound) -> Sound:
    random = np.random.default_rng(zlib.crc32(sound.tobytes()))
    return sound + 0.25 * random.standard_normal(sound.size)


CHANGES: dict[str, Callable[[Sound], Sound]] = {
    "none": lambda sound: sound,
    "muffled": muffled,
    "quiet": quiet,
    "hissing": hissing,
}


# ── songs and files ──


def make_song(genre: str, seed: int, change: str = "none") -> Sound:
    """Between -1 and 1; starts anywhere in the bar, over noise, sometimes with an instrument from elsewhere."""
    random = np.random.default_rng([seed, zlib.crc32(genre.encode())])
    song = np.zeros(int(SONG_S * RATE_HZ))
    GENRES[genre](song, random)
    if random.random() < 0.35:  # what makes genres hard to tell: they borrow
        guest = np.zeros_like(song)
        GENRES[str(random.choice(sorted(GENRES)))](guest, random)
        song += random.uniform(0.2, 0.55) * guest
    song = np.roll(song, random.integers(song.size))
    song *= random.uniform(0.35, 0.7) / np.abs(song).max()
    song += 10 ** (-random.uniform(28, 42) / 20) * random.standard_normal(song.size)
    return np.clip(CHANGES[change](song), -1, 1)


def make_songs(folder: Path, songs: int, seed: int, change: str = "none") -> int:
    """`songs` of each genre as genre/genre.00000.wav; a folder that is there is somebody's data, and kept."""
    if folder.is_dir():
        return 0
    with new_folder(folder) as fresh:
        for genre in GENRES:
            (fresh / genre).mkdir()
            for number in range(songs):
                sound = make_song(genre, seed * 100_000 + number, change)
                file = fresh / genre / f"{genre}.{number:05d}.wav"
                wavfile.write(file, RATE_HZ, np.round(sound * 32767).astype(np.int16))
    return songs * len(GENRES)


def read_song(file: Path) -> Sound:
    """One channel at our rate, between -1 and 1."""
    try:
        rate_hz, data = wavfile.read(file)
    except Exception as error:  # a broken file makes the reader fail in many ways
        raise Problem(
            f"The audio file {file} cannot be read as WAV ({first_line(error)}). "
            "Replace or remove it; no image has been written."
        ) from error
    if data.size < RATE_HZ // 10:
        raise Problem(f"The audio file {file} holds no sound. Replace or remove it; no image has been written.")
    full = float(np.iinfo(data.dtype).max) if np.issubdtype(data.dtype, np.integer) else 1.0
    sound = data.astype(np.float64) / full
    if sound.ndim == 2:
        sound = sound.mean(axis=1)
    if rate_hz != RATE_HZ:
        shared = math.gcd(int(rate_hz), RATE_HZ)
        sound = signal.resample_poly(sound, RATE_HZ // shared, int(rate_hz) // shared)
    return sound
