"""Trains MobileNet on a cleaned set of pictures, judges it on pictures it has not seen, and makes it the model in use,
if it is one: a model that is hardly better than guessing fails the training, and the model before it stays.

    python train.py DATASET_FOLDER [EPOCHS]     what the task TrainModel does, by hand
"""

import csv
import json
import math
import os
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

import torch

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import numpy as np

from img_processing.pictures import as_input, open_picture
from img_processing.pretrained import pretrained_weights
from settings import GRAPH, LABELS, METRICS, PIXELS, PipelineError, models, remove, writing

ALPHA = 0.25  # MobileNet's width
# Where MobileNet is cut off: after the fifth of its thirteen blocks. What the other eight see is larger than these
# pictures, and they need tens of thousands of pictures to learn it. With more data: "conv_pw_13_relu", all of it.
LAST_LAYER = "conv_pw_5_relu"
EPOCHS, BATCH, RATE, PATIENCE = 12, 16, 5e-3, 5
MARGIN = 0.25  # better than guessing by so much, or it is no model
# One: at this size threads wait for one another for longer than they work (of all of MobileNet 0.08 s a step
# with one, 0.7 s with two).
THREADS = 1


def train_model(dataset, stamp, epochs=EPOCHS):
    """Writes graph, labels and figures to a folder named by `stamp`; returns that folder."""
    began = time.monotonic()
    torch.set_num_threads(THREADS)
    keras.utils.set_random_seed(8)
    pictures, labels = read_dataset(Path(dataset))
    weights, said = pretrained_weights(ALPHA)
    print(f"MobileNet x {ALPHA:g} up to {LAST_LAYER}, {PIXELS} x {PIXELS}, {len(labels)} classes. {said}")
    model, said = build(len(labels), weights, said)
    told = {split: len(answers) for split, (_, answers) in pictures.items()}
    print("{train} pictures to learn from, {validation} to watch by, {test} to judge by.".format(**told))
    fit(model, pictures, int(epochs))
    figures = judge(model, *pictures["test"], labels)
    figures |= {"stamp": stamp, "trained_at": f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC", "weights": said}
    figures |= {"pictures": told, "parameters": model.count_params(), "seconds": round(time.monotonic() - began, 1)}
    tell(figures)
    if figures["accuracy"] < figures["chance"] + MARGIN:
        raise PipelineError(
            f"The training has failed: {figures['accuracy']:.0%} of the test pictures are named right, guessing gives "
            f"{figures['chance']:.0%}, and {MARGIN:.0%} more than that is asked for. The model in use stays."
        )
    return str(keep(model, labels, figures))


def read_dataset(folder):
    """`{split: (pictures, answers)}` and the labels."""
    try:
        with open(folder / "dataset.csv", newline="") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError:
        raise PipelineError(f"There is no {folder / 'dataset.csv'}: run the task Cleanup first.") from None
    labels = sorted({row["label"] for row in rows})
    pictures = {}
    for split in ("train", "validation", "test"):
        mine = [row for row in rows if row["split"] == split]
        if not mine:
            raise PipelineError(f"{folder / 'dataset.csv'} has no picture for the split {split!r}: scrape more.")
        seen = np.stack([as_input(open_picture(row["path"])) for row in mine])
        pictures[split] = seen, np.array([labels.index(row["label"]) for row in mine])
    return pictures, labels


def build(classes, weights, said):
    """The network, and the sentence about where its weights come from."""
    shape = (PIXELS, PIXELS, 3)
    arguments = {"input_shape": shape, "include_top": False, "alpha": ALPHA}
    try:
        trunk = keras.applications.MobileNet(weights=weights, **arguments)
    except (ValueError, OSError, KeyError) as error:
        said = f"From scratch: {weights} does not hold weights of this network ({str(error).splitlines()[0]})."
        print(said)
        trunk = keras.applications.MobileNet(weights=None, **arguments)
    for layer in trunk.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.9  # of few steps; 0.99 would still remember the beginning at the end
    features = keras.layers.GlobalAveragePooling2D()(trunk.get_layer(LAST_LAYER).output)
    answers = keras.layers.Dense(classes, activation="softmax")(keras.layers.Dropout(0.2)(features))
    return keras.Model(trunk.input, answers), said


class Turned(keras.utils.PyDataset):
    """The training pictures in batches, mirrored and turned at random: what is on them stays what it is."""

    def __init__(self, pictures, answers):
        super().__init__()
        self._pictures, self._answers, self._random = pictures, answers, np.random.default_rng(8)
        self.on_epoch_end()

    def __len__(self):
        return math.ceil(len(self._answers) / BATCH)

    def __getitem__(self, index):
        chosen = self._order[index * BATCH : (index + 1) * BATCH]
        return np.stack([self._turned(self._pictures[i]) for i in chosen]), self._answers[chosen]

    def on_epoch_end(self):
        self._order = self._random.permutation(len(self._answers))

    def _turned(self, picture):
        picture = np.rot90(picture, self._random.integers(4))
        return picture[:, ::-1] if self._random.random() < 0.5 else picture


class Aloud(keras.callbacks.Callback):
    """A line for each epoch; and the end of a training whose numbers have run away."""

    def on_epoch_end(self, epoch, logs):
        if not math.isfinite(logs["loss"]):
            raise PipelineError(f"The training has failed: the loss is {logs['loss']} after epoch {epoch + 1}.")
        print(
            f"  epoch {epoch + 1:>2}: {logs['accuracy']:>4.0%} right while learning (loss {logs['loss']:.2f}), "
            f"{logs['val_accuracy']:>4.0%} of those to watch by ({logs['val_loss']:.2f})",
            flush=True,
        )


def fit(model, pictures, epochs):
    batches = Turned(*pictures["train"])
    rate = keras.optimizers.schedules.CosineDecay(RATE, epochs * len(batches), warmup_target=RATE, warmup_steps=10)
    model.compile(
        optimizer=keras.optimizers.Adam(rate),
        loss=keras.losses.SparseCategoricalCrossentropy(),
        metrics=["accuracy"],
        jit_compile=False,  # compiling takes longer than all of the training
    )
    best = keras.callbacks.EarlyStopping("val_loss", patience=PATIENCE, restore_best_weights=True)
    model.fit(batches, validation_data=pictures["validation"], epochs=epochs, verbose=0, callbacks=[Aloud(), best])


def judge(model, pictures, answers, labels):
    """How often it is right on what it has not seen, and how sure it says it is."""
    scores = np.asarray(model.predict(pictures, batch_size=64, verbose=0))
    said, sure = scores.argmax(axis=1), scores.max(axis=1)
    right = said == answers
    low, high = interval(int(right.sum()), len(answers))
    confusion = np.zeros((len(labels), len(labels)), int)
    np.add.at(confusion, (answers, said), 1)
    return {
        "labels": labels,
        "test_pictures": len(answers),
        "right": int(right.sum()),
        "accuracy": round(float(right.mean()), 4),
        "between": [round(low, 4), round(high, 4)],
        # Who always names the class that is most frequent is right this often.
        "chance": round(float(np.bincount(answers, minlength=len(labels)).max() / len(answers)), 4),
        "sure_when_right": round(float(sure[right].mean()), 4) if right.any() else None,
        "sure_when_wrong": round(float(sure[~right].mean()), 4) if (~right).any() else None,
        "confusion": confusion.tolist(),
    }


def interval(right, of):
    """Wilson's: where the true share lies, 19 times out of 20."""
    z, share = 1.96, right / of
    middle = share + z * z / (2 * of)
    reach = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return (middle - reach) / (1 + z * z / of), (middle + reach) / (1 + z * z / of)


def tell(figures):
    low, high = figures["between"]
    print(
        f"{figures['right']} of {figures['test_pictures']} test pictures named right: {figures['accuracy']:.0%} "
        f"(95% between {low:.0%} and {high:.0%}), guessing {figures['chance']:.0%}."
    )
    for label, row in zip(figures["labels"], figures["confusion"], strict=True):
        print(f"  {label:<22} {row[figures['labels'].index(label)]:>3} of {sum(row):>3}")
    for what in ("right", "wrong"):
        if figures[f"sure_when_{what}"] is not None:
            print(f"  its confidence is {figures[f'sure_when_{what}']:.0%} on average where it is {what}")


def keep(model, labels, figures):
    """Graph, labels and figures appear together, and only then is this the model in use."""
    folder = models() / figures["stamp"]
    with writing(folder) as draft:
        draft.mkdir()
        # A model of its own around the same layers: what the optimizer remembers would triple the file.
        graph = draft / GRAPH
        keras.Model(model.input, model.output).save(graph)
        figures |= {"size_bytes": graph.stat().st_size}
        (draft / LABELS).write_text("\n".join(labels) + "\n")
        (draft / METRICS).write_text(json.dumps(figures, indent=1))
    point_to(folder)
    size, weights = figures["size_bytes"], figures["parameters"]
    print(f"{folder.name}/{GRAPH} is in use from now on: {size:,} bytes, {weights:,} weights.")
    return folder


def point_to(folder):
    draft = models() / ".current.draft"
    remove(draft)
    draft.symlink_to(folder.name)
    os.replace(draft, models() / "current")


if __name__ == "__main__":
    try:
        where = Path(sys.argv[1])
        train_model(where, where.name, *sys.argv[2:3])
    except IndexError:
        sys.exit("python train.py DATASET_FOLDER [EPOCHS]")
    except PipelineError as problem:
        sys.exit(str(problem))
