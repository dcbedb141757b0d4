"""Looks at what a run has left: the model, its figures, and its copy in the S3 stand-in.

python verify.py RUN.json        one sentence, and 0 or 1
"""

import csv
import json
import sys
from datetime import datetime
from pathlib import Path

from settings import GRAPH, LABELS, METRICS, PipelineError, current_model, data, dataset
from train import MARGIN, interval


def verify(run):
    folder = current_model()
    made = datetime.fromtimestamp((folder / METRICS).stat().st_mtime).astimezone()
    began = min((task["start"] for task in run["tasks"] if task.get("start")), default="1970-01-01T00:00:00Z")
    if made < datetime.fromisoformat(began.replace("Z", "+00:00")):
        raise PipelineError(f"The model in use is of {made:%Y-%m-%d %H:%M}, before the run began.")
    figures = json.loads((folder / METRICS).read_text())
    chance, accuracy, tested = figures["chance"], figures["accuracy"], figures["test_pictures"]
    low, _ = interval(figures["right"], tested)
    if accuracy < chance + MARGIN or low <= chance:
        raise PipelineError(f"The model is right on {accuracy:.0%} of {tested} pictures, too near to {chance:.0%}.")
    again = said_again(folder)
    if again != figures["right"]:
        raise PipelineError(f"The graph's file names {again} pictures right, the training said {figures['right']}.")
    objects = data() / "s3" / "acne-models" / "model"
    for name in (GRAPH, LABELS, METRICS):
        if (objects / f"{folder.name}_{name}").read_bytes() != (folder / name).read_bytes():
            raise PipelineError(f"{folder.name}_{name} in the store is not what was trained.")
    if json.loads((objects / "latest.json").read_text())["stamp"] != folder.name:
        raise PipelineError("latest.json in the store names another model.")
    return (
        f"MobileNet ({figures['size_bytes'] / 1e3:.0f} kB) names {figures['right']} of {tested} unseen pictures right, "
        f"{accuracy:.0%} (95% sure: {low:.0%} or more) where guessing gives {chance:.0%} and {MARGIN:.0%} more is asked"
        f" for; graph, labels and figures of {folder.name} are in the store."
    )


def said_again(folder):
    """How many test pictures the graph names right, read from its file as an application would."""
    from predict import Classifier

    model = Classifier(folder)
    with open(dataset(folder.name) / "dataset.csv", newline="") as file:
        tests = [row for row in csv.DictReader(file) if row["split"] == "test"]
    return sum(model.predict(Path(row["path"]))[0][0] == row["label"] for row in tests)


if __name__ == "__main__":
    try:
        print(verify(json.loads(Path(sys.argv[1]).read_text())))
    except (PipelineError, OSError) as problem:
        print(problem)
        sys.exit(1)
