"""Modules of a zipped DAG file, imported from the bytes that were captured of the zip.

Owns the finder of one zip on sys.path. What is in the zip is named as if it were a folder.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import io
import os
import types
from collections.abc import Callable
from typing import Any

ENDING = ".zip"


def split(path: str) -> tuple[str, str] | None:
    """The zip and the name in it; None for a path that leads into no zip."""
    at = path.find(ENDING + os.sep)
    while at >= 0:
        archive = path[: at + len(ENDING)]
        if not os.path.isdir(archive):
            return archive, path[at + len(ENDING) + 1 :]
        at = path.find(ENDING + os.sep, at + 1)
    return None


class Archive:
    def __init__(self, data: bytes) -> None:
        import zipfile

        self._zip = zipfile.ZipFile(io.BytesIO(data))
        self.names = frozenset(self._zip.namelist())
        self._folders = {name.rpartition("/")[0] for name in self.names}

    def read(self, name: str) -> bytes:
        try:
            return self._zip.read(name)
        except KeyError:
            raise FileNotFoundError(2, "It is not in the zip", name) from None

    def has_folder(self, name: str) -> bool:
        return any(folder == name or folder.startswith(name + "/") for folder in self._folders)


class ZipEntry:
    """The finder of a zip, or of a package folder in it."""

    def __init__(self, path: str, archive: Archive, inner: str, loader: Callable[[str, str], Any]) -> None:
        self.path, self._archive, self._inner, self._loader = path, archive, inner, loader

    def find_spec(self, fullname: str, target: types.ModuleType | None = None) -> importlib.machinery.ModuleSpec | None:
        base = f"{self._inner}/{fullname.rpartition('.')[2]}".lstrip("/")
        place = f"{self.path}/{fullname.rpartition('.')[2]}"
        for name, at, folders in (
            (f"{base}/__init__.py", f"{place}/__init__.py", [place]),
            (f"{base}.py", f"{place}.py", None),
        ):
            if name in self._archive.names:
                return importlib.util.spec_from_file_location(
                    fullname, at, loader=self._loader(fullname, at), submodule_search_locations=folders
                )
        if self._archive.has_folder(base):
            found = importlib.machinery.ModuleSpec(fullname, None, is_package=True)
            found.submodule_search_locations = [place]
            return found
        return None

    def invalidate_caches(self) -> None:
        return None
