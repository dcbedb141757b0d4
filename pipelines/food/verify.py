"""Whether what runs left on disk is right: python3 verify.py RUN.json …, as `venturi run --json` printed them.

Prints one sentence with the figures, and ends with 0; or the reason, and 1. What unknown pictures show is known here
only where they are generated ones.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from food import pictures
from food.config import CLASSES

ABOVE_CHANCE = 0.25  # what must lie between a model and always saying the same


class Wrong(Exception):
    """What is not as it should be."""


def verified(run: dict) -> str:
    reports = [Path(t["value"]) for t in run["tasks"] if str(t.get("value")).endswith(".txt")]
    if run["state"] != "success" or not reports:
        raise Wrong(f"the run of {run['dag_id']} ended as {run['state']} with {len(reports)} reports.")
    if len(set(reports)) != len(reports) or not all(report.exists() for report in reports):
        raise Wrong(f"{run['dag_id']}: two agents reported to the same text file, or one is missing.")
    folder = reports[0].parent.parent
    card = json.loads((folder / "model" / "food_model.json").read_text())
    if card["accuracy"] < card["chance"] + ABOVE_CHANCE:
        raise Wrong(f"the model of {run['dag_id']} is right for {card['accuracy']:.1%} only.")
    analyzed = sorted((folder / "results").glob("extract_features_*.txt"))
    if len(analyzed) != len(card["sets"]):
        raise Wrong(f"{len(analyzed)} sets were analyzed, and the model is of {len(card['sets'])}.")
    left_out = sum(
        line.startswith("left out")
        for report in (folder / "results").glob("build_dataset_*.txt")
        for line in report.read_text().splitlines()
    )
    said = (
        f"{run['dag_id']}: {len(card['sets'])} sets side by side, a report of its own for each; the {card['model']} is "
        f"right for {card['accuracy']:.1%} of {card['pictures'][card['held_out']]} held-out pictures (chance "
        f"{card['chance']:.1%}), {left_out} unreadable left out"
    )
    return said + _unknown(folder)


def _unknown(folder: Path) -> str:
    lines = [line for report in (folder / "results").glob("predict_*.txt") for line in report.read_text().splitlines()]
    if not lines:
        raise Wrong(f"no unknown picture was sorted: {folder / 'results'} holds no predict_*.txt.")
    told = {name: says for name, says, *_ in (line.split("\t") for line in lines)}
    probable = sum(float(line.split("\t")[2]) for line in lines) / len(lines)
    if not any("food.local" in report.read_text() for report in (folder / "results").glob("build_dataset_*.txt")):
        return f", {len(told)} unknown ones sorted, on average with {probable:.2f}."
    shows = {name: CLASSES[pictures.unknown_is_food(int(name))] for name in told}
    right = sum(says == shows[name] for name, says in told.items()) / len(told)
    if right < 0.5 + ABOVE_CHANCE:
        raise Wrong(f"of the unknown pictures {right:.1%} are sorted rightly; chance is about half.")
    return f", {right:.1%} of {len(told)} unknown ones sorted rightly, on average with {probable:.2f}."


if __name__ == "__main__":
    try:
        print(" ".join(verified(json.loads(Path(name).read_text())) for name in sys.argv[1:]))
    except (Wrong, OSError, KeyError) as why:
        print(f"Not as it should be: {why}")
        sys.exit(1)
