"""Step 4: a model that tells food from other things, out of the features of all sets of a run.

python3 train.py --run iqoqo_bash_operator/20261120T000000
"""

from __future__ import annotations

import csv
import json
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from food.config import TEST, TRAIN, VAL, FoodError, run_folder
from food.features import names
from food.steps import command
from food.writing import whole_folder, write_text

CANDIDATES = {
    "logistic regression": lambda: make_pipeline(StandardScaler(), LogisticRegression(C=0.05, max_iter=1000)),
    "random forest": lambda: RandomForestClassifier(200, min_samples_leaf=2, random_state=1),
}


def read_table(place: Path) -> tuple[list[str], np.ndarray]:
    with place.open(newline="") as file:
        head, *rows = list(csv.reader(file))
    if head[1:] != names():
        raise FoodError(f"{place} holds other features than this version computes: run extract_features.py anew.")
    return [row[0] for row in rows], np.array([row[1:] for row in rows], dtype=np.float32)


def train(run: str) -> Path:
    """The candidate that is best on the validation pictures; what it is worth is told by pictures it has never met."""
    folder = run_folder(run)
    tables = sorted((folder / "features").glob("*.csv"))
    if not tables:
        raise FoodError(f"There are no features in {folder / 'features'}: extract_features.py makes them.")
    read = [read_table(table) for table in tables]
    pictures = [name for some, _ in read for name in some]
    values = np.concatenate([values for _, values in read])
    # A picture is called <split>_<class>_<number>; in Food-11 there are eleven kinds of food, 0 is none.
    splits = np.array([name.split("_")[0] for name in pictures])
    labels = np.array([min(1, int(name.split("_")[1])) for name in pictures])
    for split in (TRAIN, VAL):
        if len(set(labels[splits == split])) < 2:
            raise FoodError(f"The {split} pictures are all of one class; a model needs both.")
    fitted = {name: make().fit(values[splits == TRAIN], labels[splits == TRAIN]) for name, make in CANDIDATES.items()}
    losses = {
        name: log_loss(labels[splits == VAL], model.predict_proba(values[splits == VAL]))
        for name, model in fitted.items()
    }
    best = min(losses, key=losses.__getitem__)
    held_out = splits == (TEST if (splits == TEST).any() else VAL)
    card: dict[str, Any] = {
        "model": best,
        "sets": [table.stem for table in tables],
        "pictures": {split: int((splits == split).sum()) for split in (TRAIN, VAL, TEST)},
        "validation_loss": {name: round(loss, 4) for name, loss in losses.items()},
        "held_out": str(splits[held_out][0]),
        "accuracy": round(accuracy_score(labels[held_out], fitted[best].predict(values[held_out])), 4),
        "chance": round(float(max(np.bincount(labels[held_out])) / held_out.sum()), 4),
    }
    with whole_folder(folder / "model") as made:
        joblib.dump(fitted[best], made / "food_model.joblib")
        (made / "food_model.json").write_text(json.dumps(card, indent=1) + "\n")
    said = (
        f"A {best} of {card['pictures'][TRAIN]} pictures is right for {card['accuracy']:.1%} of the "
        f"{held_out.sum()} of {card['held_out']} (always saying the same: {card['chance']:.1%})."
    )
    print(said, flush=True)
    return write_text(folder / "results" / "train.txt", said + "\n")


def main(given: Namespace) -> Path:
    return train(given.run)


if __name__ == "__main__":
    sys.exit(command("Build the model of a run.", main))
