"""Writing: under a name of its own first, then renamed, so that nothing half-written is ever found."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .problem import Problem, first_line


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """A path to write to; it becomes `path` when all has gone well."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield fresh
        fresh.replace(path)
    except OSError as error:
        raise Problem(f"{path} cannot be written: {first_line(error)}.") from error
    finally:
        fresh.unlink(missing_ok=True)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder to fill; it takes the place of `path` when all has gone well."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    old = path.with_name(f".{path.name}.{os.getpid()}.old")
    try:
        fresh.mkdir(parents=True)
    except OSError as error:
        raise Problem(f"{path} cannot be written: {first_line(error)}.") from error
    try:
        yield fresh
        if path.exists():
            path.rename(old)
        fresh.rename(path)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def write_json(path: Path, data: Any) -> None:
    with new_file(path) as fresh:
        fresh.write_text(json.dumps(data, indent=2) + "\n", "utf-8")


def read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise Problem(f"{path} is not there. The step that writes it has to run first.") from None
    except (OSError, ValueError) as error:
        raise Problem(f"{path} cannot be read: {first_line(error)}.") from error


def check_writable(folder: Path, what: str) -> None:
    """Before hours of work, not after: whether a file can be made in the folder."""
    probe = folder / f".probe.{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        reason = error.strerror or first_line(error)
        raise Problem(f"{what} {folder} cannot be written to ({reason}). Nothing was trained.") from error
