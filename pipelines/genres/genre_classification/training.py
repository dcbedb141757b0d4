"""Training, the checkpoint it leaves, and the measuring of a model."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from . import drift
from .dataset import Images, load_images
from .files import check_writable, new_file, write_json
from .problem import Problem, first_line
from .resnet import resnet

BATCH = 32
SEED = 7

CRITERIA: dict[str, Callable[[], nn.Module]] = {
    "cross_entropy": nn.CrossEntropyLoss,
    "smooth_loss": lambda: nn.CrossEntropyLoss(label_smoothing=0.1),
}
# The peak of the learning rate belongs to the optimizer. `sdg` is how this project has always spelled SGD.
OPTIMIZERS: dict[str, tuple[float, Callable[[Any, float], torch.optim.Optimizer]]] = {
    "sdg": (0.05, lambda weights, rate: torch.optim.SGD(weights, rate, momentum=0.9, weight_decay=5e-4)),
    "adam": (0.002, lambda weights, rate: torch.optim.Adam(weights, rate)),
    "rmsprop": (0.001, lambda weights, rate: torch.optim.RMSprop(weights, rate)),
}
OPTIMIZERS["sgd"] = OPTIMIZERS["sdg"]


class Trained(NamedTuple):
    model: nn.Module
    classes: list[str]
    mean: float
    deviation: float


def checkpoint_of(checkpoints: Path, model: str) -> Path:
    return checkpoints / f"{model}_checkpoint.pt"


def reference_of(checkpoints: Path, model: str) -> Path:
    return checkpoints / f"{model}_reference.json"


def train(
    model: str, criterion: str, optimizer: str, checkpoints: Path, images: Path, epochs: int, save: bool, say: Any
) -> dict[str, Any]:
    """The metrics on the test songs. With `save`, the checkpoint and what the training data looked like are kept."""
    if save:
        check_writable(checkpoints, "The checkpoints folder")
    data = load_images(images)
    parts = {name: data.part(name) for name in ("train", "validation", "test")}
    if empty := [name for name, part in parts.items() if not len(part.labels)]:
        raise Problem(f"{images} has too few songs: none is left for the part '{empty[0]}'. Add songs.")
    if optimizer == "sdg":
        say("Optimizer sdg: SGD is meant, stochastic gradient descent.")
    say(f"{model} on {', '.join(f'{len(part.labels)} images ({name})' for name, part in parts.items())}")
    trained = _fit(model, criterion, optimizer, parts["train"], parts["validation"], epochs, say)
    metrics = measure(trained, parts["test"])
    if save:
        with new_file(checkpoint_of(checkpoints, model)) as fresh:
            torch.save(
                {
                    "model": model,
                    "classes": trained.classes,
                    "mean": trained.mean,
                    "deviation": trained.deviation,
                    "weights": trained.model.state_dict(),
                },
                fresh,
            )
        write_json(reference_of(checkpoints, model), {"features": drift.features(parts["train"].pixels), **metrics})
    return metrics


def _fit(
    model: str, criterion: str, optimizer: str, data: Images, validation: Images, epochs: int, say: Any
) -> Trained:
    torch.manual_seed(SEED)
    random = np.random.default_rng(SEED)
    net = resnet(model, len(data.classes))
    trained = Trained(net, data.classes, float(data.pixels.mean()), float(data.pixels.std()))
    inputs, labels = _as_input(trained, data.pixels), torch.from_numpy(data.labels)
    rate, make = OPTIMIZERS[optimizer]
    steps, loss_of = make(net.parameters(), rate), CRITERIA[criterion]()
    batches = max(1, len(labels) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(steps, rate, total_steps=epochs * batches)
    for epoch in range(1, epochs + 1):
        began, total = time.monotonic(), 0.0
        net.train()
        for chosen in np.array_split(random.permutation(len(labels)), batches):
            # Where in the bar a recording starts says nothing of its genre: each is turned by a random stretch.
            turned = torch.stack([torch.roll(inputs[at], int(random.integers(inputs.shape[-1])), -1) for at in chosen])
            loss = loss_of(net(turned), labels[chosen])
            steps.zero_grad()
            loss.backward()
            steps.step()
            schedule.step()
            total += loss.item()
        accuracy = float((predict(trained, validation.pixels) == validation.labels).mean())
        took_s = time.monotonic() - began
        say(f"epoch {epoch}/{epochs}  loss {total / batches:.3f}  validation accuracy {accuracy:.3f}  {took_s:.1f} s")
    return trained


def _as_input(trained: Trained, pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy((pixels - trained.mean) / trained.deviation).float().unsqueeze(1)


def predict(trained: Trained, pixels: np.ndarray) -> np.ndarray:
    trained.model.eval()
    with torch.inference_mode():
        batches = [trained.model(batch).argmax(1) for batch in _as_input(trained, pixels).split(128)]
    return torch.cat(batches).numpy()


def measure(trained: Trained, data: Images) -> dict[str, Any]:
    """Accuracy, and precision, recall and F-score as the mean over the genres."""
    n = len(trained.classes)
    confusion = np.zeros((n, n), dtype=int)
    np.add.at(confusion, (data.labels, predict(trained, data.pixels)), 1)
    hits = np.diag(confusion)
    recall = hits / np.maximum(1, confusion.sum(axis=1))
    precision = hits / np.maximum(1, confusion.sum(axis=0))
    fscore = 2 * precision * recall / np.maximum(1e-9, precision + recall)
    return {
        "accuracy": round(float(hits.sum() / confusion.sum()), 4),
        "precision": round(float(precision.mean()), 4),
        "recall": round(float(recall.mean()), 4),
        "fscore": round(float(fscore.mean()), 4),
        "images": int(confusion.sum()),
        "classes": trained.classes,
        "confusion": confusion.tolist(),
    }


def load(checkpoints: Path, model: str) -> Trained:
    file = checkpoint_of(checkpoints, model)
    try:
        kept = torch.load(file, weights_only=True)
    except FileNotFoundError:
        raise Problem(f"There is no model {file}. Train one with: train-using-image-features") from None
    except Exception as error:  # a broken archive makes the reader fail in many ways
        raise Problem(f"The model {file} cannot be read ({first_line(error)}). Train or pull it anew.") from error
    net = resnet(kept["model"], len(kept["classes"]))
    net.load_state_dict(kept["weights"])
    return Trained(net, kept["classes"], kept["mean"], kept["deviation"])
