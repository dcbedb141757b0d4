"""Decides which of the scraped pictures are learned from, and writes that down. It deletes nothing.

Out go broken files, pictures that are there twice (in other sizes or qualities too: one of them among those to learn
from and its copy in the test would flatter the model), and classes of fewer than 15 pictures. The split is by content:
a picture that was kept for testing once is never trained on later, however many come after it.
"""

import csv
import hashlib
from pathlib import Path

import numpy as np
from PIL import Image

from img_processing.pictures import NotAPicture, open_picture
from settings import PICTURES_MIN, PipelineError, dataset, writing

FINGERPRINT_SIDE, BITS_APART_MAX = 16, 30  # of 240 bits; two drawings of one kind are 60 and more apart


def clean_up(folder, stamp):
    """Writes `dataset.csv` and `rejected.csv` of this run; returns their folder."""
    folder = Path(folder)
    kept, rejected = sort_out(oldest_first(folder))
    kept, rejected = leave_small_classes_out(kept, rejected)
    classes = sorted({kind for _, kind, _ in kept})
    if len(classes) < 2:
        raise PipelineError(
            f"Of the pictures in {folder} only {len(classes)} classes have {PICTURES_MIN} or more that can be used, "
            "and two are needed: scrape more."
        )
    print(f"{len(kept)} pictures of {len(classes)} classes are kept, {len(rejected)} rejected:")
    for path, why in rejected:
        print(f"  {path.parent.name}/{path.name}: {why}")
    with writing(dataset(stamp)) as draft:
        draft.mkdir()
        _write(draft / "dataset.csv", ("path", "label", "split"), kept)
        _write(draft / "rejected.csv", ("path", "reason"), rejected)
    return str(dataset(stamp))


def oldest_first(folder):
    """In this order, of two copies the one that was there before stays, and stays on its side of the split."""
    paths = [path for path in folder.glob("*/*") if not path.name.startswith(".")]
    return sorted(paths, key=lambda path: (path.stat().st_mtime_ns, path))


def sort_out(paths):
    """`[(path, class, split)]` of the good ones, `[(path, why)]` of the others."""
    kept, rejected, marks = [], [], np.zeros((0, FINGERPRINT_SIDE * (FINGERPRINT_SIDE - 1)), bool)
    for path in paths:
        try:
            picture = open_picture(path, called="it")
        except NotAPicture as problem:
            rejected.append((path, str(problem)))
            continue
        mark = fingerprint(picture)
        apart = (marks != mark).sum(axis=1)
        if apart.size and apart.min() <= BITS_APART_MAX:
            twin = kept[int(apart.argmin())][0]
            rejected.append((path, f"the same picture as {twin.parent.name}/{twin.name}"))
            continue
        marks = np.concatenate([marks, mark[None]])
        kept.append((path, path.parent.name, split_of(mark)))
    return kept, rejected


def leave_small_classes_out(kept, rejected):
    count = {}
    for _, kind, _ in kept:
        count[kind] = count.get(kind, 0) + 1
    small = {kind: n for kind, n in count.items() if n < PICTURES_MIN}
    out = [(path, kind) for path, kind, _ in kept if kind in small]
    rejected += [(path, f"its class has {small[kind]} pictures, fewer than {PICTURES_MIN}") for path, kind in out]
    return [row for row in kept if row[1] not in small], rejected


def fingerprint(picture):
    """Which of two neighbours is brighter, over a small grey copy: the same for another size or quality."""
    grey = picture.convert("L").resize((FINGERPRINT_SIDE, FINGERPRINT_SIDE), Image.Resampling.BOX)
    values = np.asarray(grey, "int16")
    return (values[:, 1:] > values[:, :-1]).ravel()


def split_of(mark):
    """A fifth for the test, a tenth to watch the training by, the rest to learn from."""
    place = int(hashlib.sha256(mark.tobytes()).hexdigest(), 16) % 10
    return "test" if place < 2 else "validation" if place == 2 else "train"


def _write(place, head, rows):
    with open(place, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        writer.writerows(rows)
