"""Steps 1 and 2: get one set of pictures whose class is known, and make each of them the same size.

python3 build_dataset.py imgs_str_0 --run iqoqo_bash_operator/20261120T000000
"""

from __future__ import annotations

import io
import sys
from argparse import Namespace
from pathlib import Path

from PIL import Image

from food.bucket import Bucket, opened, share
from food.config import (
    CORRUPT_MAX,
    SIDE_PX,
    FoodError,
    Source,
    number_of_set,
    run_folder,
    set_names,
    sets,
    source_of_environment,
)
from food.steps import command
from food.writing import whole_folder, write_text


def build_dataset(run: str, set_name: str, source: Source, start: int | None = None, stop: int | None = None) -> Path:
    """The pictures from `start` to `stop` of the whole list; without these, the share that the set's number says."""
    folder = run_folder(run)
    which = number_of_set(set_name) if stop is None else 0
    with opened(source) as bucket:
        keys = bucket.labelled()
        chosen = share(keys, which, sets()) if stop is None else keys[start:stop]
        if not chosen:
            raise FoodError(f"{set_name} holds no picture: {len(keys)} are too few for {sets()} sets. See FOOD_SETS.")
        return fetch(bucket, chosen, folder, set_name, lambda key: "_".join(key.rsplit("/", 2)[-2:]))


def fetch(bucket: Bucket, keys: list[str], folder: Path, set_name: str, name_of) -> Path:
    """Into images/<set>, as a whole; the report says what was left out. Returns the report's name."""
    broken = []
    with whole_folder(folder / "images" / set_name) as made:
        for key in keys:
            try:
                resize(bucket.get(key)).save((made / name_of(key)).with_suffix(".png"))
            except Unreadable as why:
                print(f"{key} is no whole picture ({why}): left out.", flush=True)
                broken.append(f"left out {key}: {why}")
        if len(broken) > CORRUPT_MAX * len(keys):
            raise FoodError(
                f"{len(broken)} of {len(keys)} pictures of {set_name} cannot be read, the first is "
                f"{broken[0].removeprefix('left out ')}. Nothing is kept of this set."
            )
    lines = [f"set {set_name}", f"from {bucket.source}", f"pictures {len(keys) - len(broken)}", *broken]
    return write_text(folder / "results" / f"build_dataset_{set_name}.txt", "\n".join(lines) + "\n")


class Unreadable(Exception):
    """Why a picture cannot be read."""


def resize(data: bytes) -> Image.Image:
    try:
        with Image.open(io.BytesIO(data)) as picture:
            return picture.convert("RGB").resize((SIDE_PX, SIDE_PX), Image.Resampling.BILINEAR)
    except (OSError, SyntaxError, ValueError) as error:
        raise Unreadable(str(error).replace("<", "").replace(">", "")) from None


def main(given: Namespace) -> Path:
    chosen = [given.set] if given.set else set_names()
    return [build_dataset(given.run, name, source_of_environment()) for name in chosen][-1]


if __name__ == "__main__":
    sys.exit(command("Get and resize the pictures of a set.", main, "set"))
