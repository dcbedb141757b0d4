"""Step 5: unknown pictures, sorted into the classes by the run's model, with a probability each.

python3 predict.py --run iqoqo_bash_operator/20261120T000000
"""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

import joblib

from build_dataset import fetch
from extract_features import write_table
from food.bucket import opened
from food.config import CLASSES, SURE, FoodError, Source, run_folder, source_of_environment
from food.steps import command
from food.writing import write_text
from train import read_table


def predict(run: str, set_name: str, source: Source, start: int = 0, stop: int | None = None) -> Path:
    """The unknown pictures from `start` to `stop`, reported to the set's own text file, which is returned."""
    folder = run_folder(run)
    place = folder / "model" / "food_model.joblib"
    if not place.exists():
        raise FoodError(f"There is no model {place}: train.py makes it.")
    model = joblib.load(place)  # made by this run, in this environment
    with opened(source) as bucket:
        keys = bucket.unknown()[start:stop]
        if not keys:
            raise FoodError(f"{set_name} holds no picture: there are none from {start} on.")
        fetch(bucket, keys, folder, set_name, lambda key: key.rsplit("/", 1)[-1])
    table = folder / "features_of_unknown" / f"{set_name}.csv"
    write_table(table, sorted((folder / "images" / set_name).glob("*.png")))
    pictures, values = read_table(table)
    lines = []
    for picture, (_, food) in zip(pictures, model.predict_proba(values), strict=True):
        probability = max(food, 1 - food)
        sure = "" if probability >= SURE else "\tunsure"
        lines.append(f"{picture}\t{CLASSES[int(food >= 0.5)]}\t{probability:.3f}{sure}")
    found = sum("\tfood\t" in line for line in lines)
    unsure = sum(line.endswith("unsure") for line in lines)
    print(f"{set_name}: {found} of {len(lines)} unknown pictures show food; unsure of {unsure}.", flush=True)
    return write_text(folder / "results" / f"predict_{set_name}.txt", "\n".join(lines) + "\n")


def main(given: Namespace) -> Path:
    return predict(given.run, "unknown", source_of_environment())


if __name__ == "__main__":
    sys.exit(command("Sort unknown pictures into the classes.", main))
