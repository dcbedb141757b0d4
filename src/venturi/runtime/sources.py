"""Bundle modules, loaded so that exactly what ran is known: captured bytes, content hashes, kept versions.

Owns the import of modules under a bundle's import roots and the folder of kept sources. A version is the hash of what
was loaded; it can be loaded again from what was kept, under the original path names.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import os
import sys
import types
from collections.abc import Callable
from typing import Any

from ..core.names import MODULE_OF_A_FILE
from . import zips


def _sha256() -> Any:
    """The interpreter's own: hashlib would bring OpenSSL into every zygote."""
    for name in ("_sha2", "_sha256", "hashlib"):
        try:
            return importlib.import_module(name).sha256
        except ImportError:
            continue
    raise ImportError("sha256")


sha256 = _sha256()
_NOT_OURS = ("/site-packages/", "/dist-packages/")


class Sources:
    """What one file zygote has loaded from its bundle."""

    def __init__(self, root: str, roots: list[str], folder: str, kept: dict[str, str]) -> None:
        self.root = os.path.abspath(root)
        self.roots = [os.path.abspath(r) for r in roots]
        self.modules: dict[str, str] = {}  # path → content hash
        self._folder = folder
        self._kept = kept
        self._new: dict[str, bytes] = {}
        self._archives: dict[str, zips.Archive] = {}

    def owns(self, path: str) -> bool:
        """Whether a file or folder belongs to the bundle, and not to an environment that lies inside it."""
        slashed = path + "/"
        if any(part in slashed for part in _NOT_OURS):
            return False
        return any(slashed.startswith(r + "/") for r in (self.root, *self.roots))

    def install(self) -> None:
        """From now on imports under the roots go through here."""
        for entry in self.roots:
            place = zips.split(entry + os.sep)
            if place is not None:
                self._archive(place[0])  # before any import comes here: opening a zip imports, too
        for entry in reversed(self.roots):
            if entry in sys.path:
                sys.path.remove(entry)
            sys.path.insert(0, entry)
        sys.path_hooks.insert(0, self._hook)
        sys.path_importer_cache.clear()

    def _hook(self, entry: str) -> Any:
        if not self.owns(os.path.abspath(entry)):
            raise ImportError("not in the bundle")
        path = os.path.abspath(entry)
        place = zips.split(path + os.sep)
        if place is None:
            return _Entry(path, self)
        archive, inner = place
        return zips.ZipEntry(
            path, self._archive(archive), inner.rstrip(os.sep), lambda name, at: _Loader(name, at, self)
        )

    def _archive(self, path: str) -> zips.Archive:
        if path not in self._archives:
            self._archives[path] = zips.Archive(self._read_file(path))
        return self._archives[path]

    def read(self, path: str) -> bytes:
        """The bytes to execute for this path, noted; of one in a zip, the zip is."""
        place = zips.split(path)
        return self._read_file(path) if place is None else self._archive(place[0]).read(place[1])

    def _read_file(self, path: str) -> bytes:
        digest = self._kept.get(path)
        if digest is not None:
            with open(kept_file(self._folder, digest), "rb") as file:
                data = file.read()
            if not path.endswith(zips.ENDING):
                _remember_lines(path, data)
        else:
            with open(path, "rb") as file:
                data = file.read()
            digest = sha256(data).hexdigest()
            self._new[digest] = data
        self.modules[path] = digest
        return data

    def is_kept(self, path: str) -> bool:
        return path in self._kept

    def has_kept_below(self, folder: str) -> bool:
        return any(path.startswith(folder + "/") for path in self._kept)

    def version(self) -> str:
        """sha256 over the sorted paths, relative to the bundle, and content hashes."""
        lines = sorted(f"{os.path.relpath(path, self.root)}\0{digest}" for path, digest in self.modules.items())
        return str(sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest())

    def keep(self, version: str) -> None:
        """Write what was loaded, and the list of it, so that this version can be loaded again."""
        for digest, data in self._new.items():
            write_once(kept_file(self._folder, digest), data)
        self._new.clear()
        write_once(_manifest_file(self._folder, version), json.dumps(self.modules, sort_keys=True).encode())


def kept_file(folder: str, digest: str) -> str:
    return f"{folder}/{digest[:2]}/{digest}"


def _manifest_file(folder: str, version: str) -> str:
    return f"{folder}/{version[:2]}/{version}.modules.json"


def manifest(folder: str, version: str) -> dict[str, str]:
    """Which modules a version consists of (path → content hash), if it was ever loaded in this home."""
    try:
        with open(_manifest_file(folder, version), "rb") as file:
            return dict(json.loads(file.read()))
    except (OSError, ValueError):
        return {}


def write_once(path: str, *parts: Any) -> None:
    """A file named by its content: written whole or not at all, and never a second time. One that is there is young
    again, so that it is not swept away as something that nobody has named for long."""
    try:
        os.utime(path)
        return
    except FileNotFoundError:
        pass
    except OSError:  # somebody else's
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    temporary = f"{path}.{os.getpid()}"
    with open(temporary, "wb") as file:
        file.writelines(parts)
    os.rename(temporary, path)


class _Loader(importlib.machinery.SourceFileLoader):
    """Executes what was captured; never a cached compilation, which may be of other bytes."""

    def __init__(self, name: str, path: str, sources: Sources) -> None:
        super().__init__(name, path)
        self._sources = sources

    def get_code(self, fullname: str) -> types.CodeType:
        path = self.get_filename(fullname)
        return compiled(self._sources.read(path), path)

    def get_data(self, path: str) -> bytes:
        path = os.fspath(path)
        if zips.split(path) is not None:
            return self._sources.read(path)
        if self._sources.is_kept(path):
            with open(kept_file(self._sources._folder, self._sources._kept[path]), "rb") as file:
                return file.read()
        return super().get_data(path)


def compiled(data: bytes, path: str) -> types.CodeType:
    return compile(data, path, "exec", dont_inherit=True)


class _Entry:
    """The finder of one sys.path or package folder inside the bundle."""

    def __init__(self, path: str, sources: Sources) -> None:
        self.path = path
        self._sources = sources
        make: Callable[[str, str], _Loader] = lambda name, at: _Loader(name, at, sources)  # noqa: E731
        self._live = importlib.machinery.FileFinder(
            path,
            (importlib.machinery.ExtensionFileLoader, importlib.machinery.EXTENSION_SUFFIXES),
            (make, importlib.machinery.SOURCE_SUFFIXES),  # type: ignore[arg-type]
            (importlib.machinery.SourcelessFileLoader, importlib.machinery.BYTECODE_SUFFIXES),
        )

    def find_spec(self, fullname: str, target: types.ModuleType | None = None) -> importlib.machinery.ModuleSpec | None:
        base = os.path.join(self.path, fullname.rpartition(".")[2])
        for at, folders in ((f"{base}/__init__.py", [base]), (f"{base}.py", None)):
            if self._sources.is_kept(at):
                loader = _Loader(fullname, at, self._sources)
                return importlib.util.spec_from_file_location(
                    fullname, at, loader=loader, submodule_search_locations=folders
                )
        found = self._live.find_spec(fullname, target)
        if found is None and self._sources.has_kept_below(base):
            found = importlib.machinery.ModuleSpec(fullname, None, is_package=True)
            found.submodule_search_locations = [base]
        return found

    def invalidate_caches(self) -> None:
        self._live.invalidate_caches()

    def iter_modules(self, prefix: str = "") -> Any:
        """For pkgutil: what can be imported from here."""
        import pkgutil

        return pkgutil._iter_file_finder_modules(self._live, prefix)  # type: ignore[attr-defined]


def module_of(file: str, sources: Sources) -> tuple[types.ModuleType, types.CodeType]:
    """The DAG file as a module that is not yet executed. Its name cannot shadow a package called like the file."""
    stem = os.path.splitext(os.path.basename(file))[0]
    # Code in DAG files is known to look at it.
    digest = sha256(file.encode("utf-8", "surrogateescape")).hexdigest()[:40]
    name = f"{MODULE_OF_A_FILE}{digest}_{stem.replace('-', '_')}"
    loader = _Loader(name, file, sources)
    spec = importlib.util.spec_from_file_location(name, file, loader=loader)
    assert spec is not None
    code = compiled(sources.read(file), file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    return module, code


def _remember_lines(path: str, data: bytes) -> None:
    """Tracebacks of an old version show its own lines, not those on the disk."""
    import linecache

    text = importlib.util.decode_source(data)
    linecache.cache[path] = (len(data), None, text.splitlines(True), path)
