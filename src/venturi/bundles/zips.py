"""Zipped DAG files: a zip in a folder of DAGs whose modules at the top level may hold DAGs.

A file in it is named as if the zip were a folder (`pack.zip/flow.py`). Owns the listing; nothing is unpacked.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

ENDING = ".zip"
FILES_MAX = 10_000
FILE_BYTES_MAX = 16 * 1024 * 1024  # of one DAG file, whatever the zip promises


def dag_files_in(archive: Path, may_hold_dags: Callable[[bytes], bool] | None = None) -> list[Path]:
    """The Python files at the top of a zip, as paths below it; of all, those whose content is judged to hold DAGs.

    Raises OSError where the zip cannot be read, as one broken off while it was written.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            names = opened.namelist()
            if len(names) > FILES_MAX:
                raise OSError(0, f"it holds {len(names):,} files, and more than {FILES_MAX:,} are not looked at")
            found = sorted(n for n in names if n.endswith(".py") and "/" not in n and n != "__init__.py")
            fit = [name for name in found if opened.getinfo(name).file_size <= FILE_BYTES_MAX]
            return [archive / name for name in fit if may_hold_dags is None or may_hold_dags(_read(opened, name))]
    except (zipfile.BadZipFile, zipfile.LargeZipFile, RuntimeError, NotImplementedError) as error:
        raise OSError(0, f"it is not a whole zip file ({error})") from error


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        return file.read(FILE_BYTES_MAX)


def archive_of(file: Path) -> Path | None:
    """The zip that a file lies in, if it lies in one."""
    folder = file.parent
    return folder if folder.suffix == ENDING and os.path.isfile(folder) else None


def is_dag_file(path: Path) -> bool:
    """Whether there is such a file, in a folder or in a zip."""
    if path.is_file():
        return True
    archive = archive_of(path)
    try:
        return archive is not None and path in dag_files_in(archive)
    except OSError:
        return False
