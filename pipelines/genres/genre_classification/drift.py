"""Whether new songs still look like those a model was trained on, feature by feature.

A feature is one number per image. New ones are compared with the training ones by the Kolmogorov-Smirnov test; a
feature has drifted when the two would differ so much by chance less than once in ten thousand comparisons.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

P_MAX = 1e-4
ACCURACY_DROP_MIN = 0.15  # and not by chance
_BANDS = "mel bands"
UNITS = {"level": "dB", "brightness": _BANDS, "spread": _BANDS, "unrest": "dB per step", "roughness": "dB"}


def features(pixels: np.ndarray) -> dict[str, list[float]]:
    """Of images of 0 to 1: level, where in the spectrum, how wide, how much happens, how noisy."""
    level_db = pixels.astype(np.float64) * 80 - 80
    energy = 10 ** (level_db / 10)
    bands = np.arange(pixels.shape[1])[::-1, None]  # low ones are at the bottom
    weight = energy.sum(axis=(1, 2))
    centre = (energy * bands).sum(axis=(1, 2)) / weight
    spread = np.sqrt((energy * (bands - centre[:, None, None]) ** 2).sum(axis=(1, 2)) / weight)
    found = {
        "level": level_db.mean(axis=(1, 2)),
        "brightness": centre,
        "spread": spread,
        "unrest": np.abs(np.diff(level_db, axis=2)).mean(axis=(1, 2)),
        "roughness": np.percentile(level_db, 10, axis=(1, 2)) - np.percentile(level_db, 90, axis=(1, 2)),
    }
    return {name: [round(float(value), 3) for value in values] for name, values in found.items()}


def compare(reference: dict[str, list[float]], new: dict[str, list[float]]) -> list[dict[str, Any]]:
    rows = []
    for name, before in reference.items():
        test = stats.ks_2samp(before, new[name])
        was, now = float(np.median(before)), float(np.median(new[name]))
        rows.append(
            {
                "feature": name,
                "unit": UNITS[name],
                "training_median": round(was, 2),
                "new_median": round(now, 2),
                "distance": round(float(test.statistic), 3),
                "p": float(test.pvalue),
                "drifted": bool(test.pvalue < P_MAX / len(reference)),
            }
        )
    return rows


def alarms(rows: list[dict[str, Any]], expected: float, accuracy: float, count: int) -> list[str]:
    """One sentence each: what has moved, and by how much."""
    said = [
        f"{row['feature']} has drifted: its median went from {row['training_median']} to {row['new_median']} "
        f"{row['unit']} (distance {row['distance']} of at most 1)"
        for row in rows
        if row["drifted"]
    ]
    drop = expected - accuracy
    if drop >= ACCURACY_DROP_MIN and _by_chance(accuracy, expected, count) < P_MAX:
        said.append(
            f"accuracy on {count} new songs is {accuracy:.2f}, {drop:.2f} below the {expected:.2f} of the test songs"
        )
    return said


def _by_chance(accuracy: float, expected: float, count: int) -> float:
    expected = min(expected, 0.99)  # a perfect test does not make the first error impossible
    return float(stats.binom.cdf(round(accuracy * count), count, expected))
