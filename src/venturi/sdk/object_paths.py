"""`ObjectStoragePath("s3://bucket/key", conn_id="…")`: paths in object stores and folders alike, over fsspec.

Owns the path and its operations; `object_stores` gives the file system for a scheme and a connection. A path goes
between tasks as its text and its connection's id.
"""

from __future__ import annotations

import fnmatch
import os
import posixpath
import shutil
from collections.abc import Iterator, Sequence
from typing import Any

from .object_stores import attach


class StatResult(dict[str, Any]):
    """What the file system says of a path; `st_size` and `st_mtime` too."""

    @property
    def st_size(self) -> int:
        return int(self.get("size") or 0)

    @property
    def st_mtime(self) -> float:
        found = self.get("mtime", self.get("LastModified", self.get("last_modified", self.get("created", 0))))
        return float(found.timestamp() if hasattr(found, "timestamp") else found or 0)

    @property
    def st_mode(self) -> int:
        import stat

        return int(self.get("mode") or (stat.S_IFDIR if self.get("type") == "directory" else stat.S_IFREG))

    def is_dir(self) -> bool:
        return self.get("type") == "directory"

    def is_file(self) -> bool:
        return self.get("type") == "file"


class ObjectStoragePath(os.PathLike[str]):
    """As pathlib's paths, wherever it lies. Everything in it is asked for when it is first used."""

    __version__ = 1
    sep = "/"
    root_marker = "/"
    protocol: str
    conn_id: str | None
    storage_options: dict[str, Any]
    path: str
    _is_uri: bool

    def __init__(
        self, *args: Any, protocol: str | None = None, conn_id: str | None = None, **storage_options: Any
    ) -> None:
        first = args[0] if args else "."
        if isinstance(first, ObjectStoragePath):
            self._is_uri = first._is_uri or protocol is not None
            protocol, conn_id = protocol or first.protocol, conn_id or first.conn_id
            storage_options = {**first.storage_options, **storage_options}
            path = first.path
        else:
            scheme, conn, path = _split(os.fspath(first))
            self._is_uri = bool(protocol or scheme)  # "file:///tmp" is written out as that, "/tmp" as "/tmp"
            protocol, conn_id = protocol or scheme or "file", conn_id or conn
        self.protocol = "file" if protocol == "local" else protocol
        self.conn_id = conn_id
        self.storage_options = storage_options
        if self._is_local and not path.startswith("/"):
            path = os.path.abspath(path)
        for more in args[1:]:
            path = _joined(path, os.fspath(more))
        self.path = _tidy(path, self.protocol)

    @property
    def _is_local(self) -> bool:
        return self.protocol == "file"

    def _other(self, path: str) -> ObjectStoragePath:
        made = object.__new__(type(self))
        made.__dict__.update(self.__dict__)
        made.path = _tidy(path, self.protocol)
        return made

    def _of(self, path: Any) -> ObjectStoragePath:
        """Another path: whole, or of the same store."""
        if isinstance(path, ObjectStoragePath):
            return path
        text = os.fspath(path)
        return type(self)(text) if "://" in text else self._other(text)

    @property
    def fs(self) -> Any:
        return attach(self.protocol, self.conn_id, storage_options=self.storage_options).fs

    # ── what it is called ────────────────────────────────────────────────────────────────────────────────

    def __str__(self) -> str:
        if self._is_local and not self._is_uri and self.conn_id is None:
            return self.path
        return f"{self.protocol}://{f'{self.conn_id}@' if self.conn_id else ''}{self.path}"

    def __repr__(self) -> str:
        return f"ObjectStoragePath({str(self)!r})"

    def __fspath__(self) -> str:
        return self.path if self._is_local else str(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ObjectStoragePath) and self.samestore(other) and self.path == other.path

    def __hash__(self) -> int:
        return hash((self.protocol, self.conn_id, self.path))

    def __lt__(self, other: ObjectStoragePath) -> bool:
        return str(self) < str(other)

    def samestore(self, other: Any) -> bool:
        return (
            isinstance(other, ObjectStoragePath) and self.protocol == other.protocol and self.conn_id == other.conn_id
        )

    @property
    def bucket(self) -> str:
        return "" if self._is_local else self.path.lstrip("/").partition("/")[0]

    container = bucket

    @property
    def key(self) -> str:
        return self.path.lstrip("/") if self._is_local else self.path.lstrip("/").partition("/")[2]

    @property
    def namespace(self) -> str:
        return f"{self.protocol}://{self.bucket}" if self.bucket else self.protocol

    def as_uri(self) -> str:
        return f"{self.protocol}://{self.path}"

    as_posix = __str__

    @property
    def parts(self) -> tuple[str, ...]:
        names = tuple(part for part in self.path.split("/") if part)
        return ("/", *names) if self.path.startswith("/") else names

    @property
    def name(self) -> str:
        return posixpath.basename(self.path.rstrip("/"))

    @property
    def suffix(self) -> str:
        return posixpath.splitext(self.name)[1]

    @property
    def suffixes(self) -> list[str]:
        return [f".{part}" for part in self.name.lstrip(".").split(".")[1:]]

    @property
    def stem(self) -> str:
        return posixpath.splitext(self.name)[0]

    @property
    def parent(self) -> ObjectStoragePath:
        above = posixpath.dirname(self.path.rstrip("/"))
        return self._other(above) if above or self._is_local else self

    @property
    def parents(self) -> Sequence[ObjectStoragePath]:
        found: list[ObjectStoragePath] = []
        at = self
        while at.parent != at:
            at = at.parent
            found.append(at)
        return found

    def joinpath(self, *names: Any) -> ObjectStoragePath:
        path = self.path
        for name in names:
            path = _joined(path, os.fspath(name))
        return self._other(path)

    def __truediv__(self, name: Any) -> ObjectStoragePath:
        return self.joinpath(name)

    def with_name(self, name: str) -> ObjectStoragePath:
        return self.parent / name

    def with_stem(self, stem: str) -> ObjectStoragePath:
        return self.with_name(stem + self.suffix)

    def with_suffix(self, suffix: str) -> ObjectStoragePath:
        return self.with_name(self.stem + suffix)

    def relative_to(self, other: Any) -> str:
        above = self._of(other)
        if not self.is_relative_to(above):
            raise ValueError(f"{str(self)!r} is not in the subpath of {str(above)!r}")
        return self.path[len(above.path) :].lstrip("/")

    def is_relative_to(self, other: Any) -> bool:
        above = self._of(other)
        return self.samestore(above) and f"{self.path}/".startswith(above.path.rstrip("/") + "/")

    def is_absolute(self) -> bool:
        return True

    def match(self, pattern: str) -> bool:
        return fnmatch.fnmatchcase(self.name if "/" not in pattern else self.path, pattern)

    def resolve(self, strict: bool = False) -> ObjectStoragePath:
        return self._other(os.path.realpath(self.path)) if self._is_local else self

    absolute = resolve

    @classmethod
    def cwd(cls) -> ObjectStoragePath:
        return cls(os.getcwd())

    @classmethod
    def home(cls) -> ObjectStoragePath:
        return cls(os.path.expanduser("~"))

    # ── what is there ────────────────────────────────────────────────────────────────────────────────────

    def exists(self) -> bool:
        return bool(self.fs.exists(self.path))

    def is_file(self) -> bool:
        return bool(self.fs.isfile(self.path))

    def is_dir(self) -> bool:
        return bool(self.fs.isdir(self.path))

    def stat(self) -> StatResult:
        where = {"protocol": self.protocol, "conn_id": self.conn_id}
        return StatResult({**self.fs.info(self.path), **where})

    def size(self) -> int:
        return int(self.fs.size(self.path))

    def checksum(self) -> int:
        return int(self.fs.checksum(self.path))

    def ukey(self) -> str:
        return str(self.fs.ukey(self.path))

    def sign(self, expiration: int = 100, **kwargs: Any) -> str:
        return str(self.fs.sign(self.path, expiration=expiration, **kwargs))

    def samefile(self, other: Any) -> bool:
        return isinstance(other, ObjectStoragePath) and self == other

    def iterdir(self) -> Iterator[ObjectStoragePath]:
        for name in self.fs.ls(self.path, detail=False):
            found = self._other(name)
            if found.path != self.path:
                yield found

    def glob(self, pattern: str) -> Iterator[ObjectStoragePath]:
        for name in self.fs.glob(_joined(self.path, pattern)):
            yield self._other(name)

    def rglob(self, pattern: str) -> Iterator[ObjectStoragePath]:
        return self.glob(f"**/{pattern}")

    def walk(self, *_: Any, **options: Any) -> Iterator[tuple[ObjectStoragePath, list[str], list[str]]]:
        for folder, folders, files in self.fs.walk(self.path, **options):
            yield self._other(folder), list(folders), list(files)

    # ── reading and writing ──────────────────────────────────────────────────────────────────────────────

    def open(self, mode: str = "r", **kwargs: Any) -> Any:
        buffering = kwargs.pop("buffering", None)
        if buffering is not None:
            kwargs.setdefault("block_size", buffering)
        return self.fs.open(self.path, mode=mode, **kwargs)

    def read_bytes(self) -> bytes:
        with self.open("rb") as file:
            return bytes(file.read())

    def read_text(self, encoding: str | None = None, errors: str | None = None) -> str:
        return self.read_bytes().decode(encoding or "utf-8", errors or "strict")

    def write_bytes(self, data: Any) -> int:
        with self.open("wb") as file:
            file.write(data)
        return len(memoryview(data))

    def write_text(self, data: str, encoding: str | None = None, errors: str | None = None, **_: Any) -> int:
        return self.write_bytes(data.encode(encoding or "utf-8", errors or "strict"))

    def read_block(self, offset: int, length: int, delimiter: bytes | None = None) -> bytes:
        return bytes(self.fs.read_block(self.path, offset=offset, length=length, delimiter=delimiter))

    def touch(self, mode: int = 0o666, exist_ok: bool = True, **_: Any) -> None:
        if self.exists():
            if not exist_ok:
                raise FileExistsError(str(self))
            return
        self.fs.touch(self.path)

    def mkdir(self, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        if self.exists():
            if not exist_ok or not self.is_dir():
                raise FileExistsError(str(self))
            return
        if self._is_local and not parents and not self.parent.is_dir():
            raise FileNotFoundError(f"{self.parent}: make it first, or use mkdir(parents=True)")
        self.fs.makedirs(self.path, exist_ok=True)

    def rmdir(self, recursive: bool = True) -> None:
        if not recursive and any(True for _ in self.iterdir()):
            raise OSError(f"Not recursive and directory not empty: {self}")
        if self.exists():
            self.fs.rm(self.path, recursive=True)

    def unlink(self, missing_ok: bool = False) -> None:
        if not self.exists():
            if missing_ok:
                return
            raise FileNotFoundError(str(self))
        self.fs.rm_file(self.path)

    def rename(self, target: Any) -> ObjectStoragePath:
        """Within its store; a name alone stays in its folder."""
        there = self.parent / target if isinstance(target, str) and "/" not in target else self._of(target)
        if not self.samestore(there):
            raise ValueError("rename() stays within one store; use move().")
        self.fs.mv(self.path, there.path, recursive=self.is_dir())
        return there

    replace = rename

    def copy(self, dst: Any, recursive: bool = False, **kwargs: Any) -> None:
        """To another place, in this store or any other; into it, where it is a folder."""
        there = self._of(dst)
        if not self.exists():
            raise FileNotFoundError(str(self))
        if self.is_dir():
            if not recursive:
                raise IsADirectoryError(f"{self}: use copy(…, recursive=True)")
            inside = there / self.name if there.exists() and there.is_dir() else there
            for folder, _, files in self.walk():
                for name in files:
                    self._copy_file(folder / name, inside / (folder / name).relative_to(self))
            return
        self._copy_file(self, there / self.name if there.is_dir() or str(dst).endswith("/") else there)

    @staticmethod
    def _copy_file(here: ObjectStoragePath, there: ObjectStoragePath) -> None:
        if there._is_local:
            there.parent.mkdir(parents=True, exist_ok=True)
        if here.samestore(there):
            here.fs.cp_file(here.path, there.path)
            return
        with here.open("rb") as source, there.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)

    def copy_into(self, target_dir: Any, recursive: bool = False, **kwargs: Any) -> None:
        self.copy(self._of(target_dir) / self.name, recursive=recursive, **kwargs)

    def move(self, path: Any, recursive: bool = False, **kwargs: Any) -> None:
        there = self._of(path)
        if self.samestore(there) and not there.is_dir():
            self.fs.mv(self.path, there.path, recursive=recursive)
            return
        self.copy(there, recursive=recursive, **kwargs)
        if self.is_dir():
            self.rmdir(recursive=True)
        else:
            self.unlink()

    def move_into(self, target_dir: Any, recursive: bool = False, **kwargs: Any) -> None:
        self.move(self._of(target_dir) / self.name, recursive=recursive, **kwargs)

    # ── as a value ───────────────────────────────────────────────────────────────────────────────────────

    def serialize(self) -> dict[str, Any]:
        return {
            "path": self.as_uri() if self._is_uri else self.path,
            "conn_id": self.conn_id,
            "kwargs": self.storage_options,
        }

    @classmethod
    def deserialize(cls, data: dict[str, Any], version: int) -> ObjectStoragePath:
        if version > cls.__version__:
            raise ValueError(f"Cannot deserialize version {version} with version {cls.__version__}.")
        return cls(data["path"], conn_id=data.get("conn_id"), **data.get("kwargs", {}))


def _split(text: str) -> tuple[str, str | None, str]:
    """Scheme, connection and path of `s3://conn@bucket/key`."""
    scheme, found, rest = text.partition("://")
    if not found:
        return "", None, text
    host, slash, path = rest.partition("/")
    conn, at, host = host.rpartition("@")
    return scheme.lower(), conn if at and conn else None, host + slash + path


def _joined(path: str, name: str) -> str:
    return f"{path.rstrip('/')}/{name.lstrip('/')}"


def _tidy(path: str, protocol: str) -> str:
    if protocol == "file":
        return os.path.normpath(path) if path else "/"
    parts = [part for part in path.split("/") if part not in ("", ".")]
    # In memory names have no beginning; elsewhere a slash there may mean the root of a host.
    start = "/" if path.startswith("/") and protocol != "memory" else ""
    return start + "/".join(parts) + ("/" if path.endswith("/") and len(parts) > 1 else "")
