"""Step 3: the features of one set's pictures, a line each, in a .csv file of the set's own.

python3 extract_features.py imgs_str_0 --run iqoqo_bash_operator/20261120T000000
"""

from __future__ import annotations

import csv
import sys
from argparse import Namespace
from pathlib import Path

from food.config import FoodError, run_folder, set_names
from food.features import features, names
from food.steps import command
from food.writing import whole_file, write_text


def extract_features(run: str, set_name: str) -> Path:
    folder = run_folder(run)
    pictures = sorted((folder / "images" / set_name).glob("*.png"))
    if not pictures:
        raise FoodError(f"{folder / 'images' / set_name} holds no picture: build_dataset.py makes it.")
    write_table(folder / "features" / f"{set_name}.csv", pictures)
    report = f"set {set_name}\npictures {len(pictures)}\nfeatures {len(names())}\n"
    return write_text(folder / "results" / f"extract_features_{set_name}.txt", report)


def write_table(place: Path, pictures: list[Path]) -> None:
    with whole_file(place) as made, made.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["picture", *names()])
        for picture in pictures:
            table.writerow([picture.stem, *(f"{value:.6g}" for value in features(picture))])


def main(given: Namespace) -> Path:
    chosen = [given.set] if given.set else set_names()
    return [extract_features(given.run, name) for name in chosen][-1]


if __name__ == "__main__":
    sys.exit(command("Extract the features of a set.", main, "set"))
