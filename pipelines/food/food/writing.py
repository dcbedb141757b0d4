"""Files and folders that are there as a whole or not at all: written under another name, then renamed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .config import FoodError


def _sentence(place: Path, error: OSError) -> FoodError:
    return FoodError(
        f"{place} cannot be written ({error.strerror}: {error.filename}); set FOOD_DATA to a folder that can be."
    )


@contextmanager
def whole_folder(place: Path) -> Iterator[Path]:
    """A folder to write into, which stands at `place` once all is well; what stood there until then gives way."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
    except OSError as error:
        raise _sentence(place, error) from None
    try:
        yield made
        made.chmod(0o755)
        if place.exists():
            old = made.with_name(made.name + ".old")
            place.rename(old)
            made.rename(place)
            shutil.rmtree(old)
        else:
            made.rename(place)
    except OSError as error:
        raise _sentence(place, error) from None
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def whole_file(place: Path) -> Iterator[Path]:
    """The name to write to; the file stands at `place` once all is well."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
        os.close(handle)
    except OSError as error:
        raise _sentence(place, error) from None
    made = Path(name)
    try:
        yield made
        made.chmod(0o644)
        made.replace(place)
    except OSError as error:
        raise _sentence(place, error) from None
    finally:
        made.unlink(missing_ok=True)


def write_text(place: Path, text: str) -> Path:
    with whole_file(place) as made:
        made.write_text(text, "utf-8")
    return place


@contextmanager
def locked(place: Path) -> Iterator[None]:
    """One process after the other."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        held = place.open("ab")
    except OSError as error:
        raise _sentence(place, error) from None
    with held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
