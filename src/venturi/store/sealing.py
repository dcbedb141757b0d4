"""Sealing: what may be secret is encrypted before it reaches a row, with a key that is kept in a file beside.

Owns the key file and the form of a sealed value. Knows no table, and loads `cryptography` when something is sealed or
opened for the first time: most commands and every author's process do neither.

A sealed value is a form number, eight bytes that name its key, twelve of a nonce, and AES-256-GCM's output over the
text. Where it belongs (its table and row) is authenticated with it: a value moved to another row does not open there.
"""

from __future__ import annotations

import base64
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..core.errors import SealError

KEY_BYTES, NAME_BYTES, NONCE_BYTES = 32, 8, 12
_FORM = b"\x01"
_HEAD_BYTES = len(_FORM) + NAME_BYTES + NONCE_BYTES
_NOTICE = (
    "# Venturi seals connections and variables with the first key below. Keep a copy of this file, away from backups\n\
# of the database: without it they cannot be opened, and with it anybody can.\n"
)


class Sealer:
    """The keys of one key file, newest first. Of one thread at a time."""

    def __init__(self, file: Path | None) -> None:
        self.file = file
        self._keys: dict[bytes, bytes] = {}  # name → key, as last read

    def seal(self, table: str, row: str, text: str, may_make_key: Callable[[], bool]) -> bytes:
        """With the newest key of the file as it is now. A first key is made only if `may_make_key` says that nothing
        has been sealed yet."""
        self._read()
        if not self._keys:
            if not may_make_key():
                raise self._missing()
            self._put([os.urandom(KEY_BYTES)], over=False)
            self._read()
        name, key = next(iter(self._keys.items()))
        nonce = os.urandom(NONCE_BYTES)
        data: bytes = _cipher(key).encrypt(nonce, text.encode("utf-8", "surrogatepass"), _at(table, row))
        return _FORM + name + nonce + data

    def open(self, table: str, row: str, sealed: bytes) -> str:
        name = sealed[len(_FORM) : len(_FORM) + NAME_BYTES]
        if sealed[:1] != _FORM or len(sealed) <= _HEAD_BYTES:
            raise SealError(reason=f"{table} '{row}' is damaged", advice=_again(table, row))
        if name not in self._keys:
            self._read()  # somebody may have changed the key since
        key = self._keys.get(name)
        if key is None:
            if not self._keys:
                raise self._missing()
            raise SealError(
                reason=f"{table} '{row}' is sealed with another key than that in {self.file}",
                advice=f"Put the key file back that belongs to this database. {_again(table, row)}",
            )
        from cryptography.exceptions import InvalidTag

        try:
            text = _cipher(key).decrypt(
                sealed[_HEAD_BYTES - NONCE_BYTES : _HEAD_BYTES], sealed[_HEAD_BYTES:], _at(table, row)
            )
        except InvalidTag:
            raise SealError(reason=f"{table} '{row}' is damaged", advice=_again(table, row)) from None
        return str(text.decode("utf-8", "surrogatepass"))

    @contextmanager
    def rotating(self) -> Iterator[None]:
        """Within it a new key seals and the old ones open; after it only the new one is left. If it fails, all stay."""
        file = self._file()
        folder = os.open(file.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            self._read()
            keys = [os.urandom(KEY_BYTES), *self._keys.values()]
            self._put(keys, over=True)
            yield
            self._put(keys[:1], over=True)
            self._read()
        finally:
            os.close(folder)

    # ── the file ──

    def _file(self) -> Path:
        if self.file is None:
            raise SealError(reason="no key file was named", advice="This is a mistake in Venturi: please report it.")
        return self.file

    def _missing(self) -> SealError:
        return SealError(
            reason=f"the key file {self.file} is missing",
            advice="Put it back from a copy; or remove and set each of them again.",
        )

    def _read(self) -> None:
        file = self._file()
        try:
            with open(file, encoding="utf-8") as opened:
                mode = os.fstat(opened.fileno()).st_mode & 0o777
                text = opened.read()
        except FileNotFoundError:
            self._keys = {}
            return
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            raise SealError(reason=f"the key file {file} cannot be read ({reason})", advice="") from error
        if mode & 0o077:
            advice = f"If nobody has read it, make it yours alone: chmod 600 {file}"
            raise SealError(reason=f"the key file {file} is open to others (mode {mode:o})", advice=advice)
        lines = [line for line in map(str.strip, text.splitlines()) if line and not line.startswith("#")]
        try:
            keys = [base64.b64decode(line, validate=True) for line in lines]
        except ValueError:
            keys = []
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise SealError(reason=f"the key file {file} is damaged", advice="Put it back from a copy.")
        self._keys = {sha256(key).digest()[:NAME_BYTES]: key for key in keys}

    def _put(self, keys: list[bytes], over: bool) -> None:
        """Whole or not at all. Without `over` a file that somebody else has just made stays."""
        file = self._file()
        text = _NOTICE + "".join(base64.b64encode(key).decode() + "\n" for key in keys)
        making = file.with_name(f".{file.name}.{os.getpid()}.new")
        try:
            making.unlink(missing_ok=True)
            fd = os.open(making, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
            try:
                os.write(fd, text.encode())
                os.fsync(fd)
            finally:
                os.close(fd)
            if over:
                os.rename(making, file)
            else:
                _link(making, file)
            _sync_folder(file.parent)
        except OSError as error:
            raise SealError(reason=f"the key file {file} cannot be written ({error.strerror})", advice="") from error
        finally:
            making.unlink(missing_ok=True)


def _link(making: Path, file: Path) -> None:
    try:
        os.link(making, file)
    except FileExistsError:
        pass


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _at(table: str, row: str) -> bytes:
    return f"{table}\0{row}".encode("utf-8", "surrogatepass")


def _again(table: str, row: str) -> str:
    return f"Or set it again: venturi {table}s set {row} …"


def _cipher(key: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)
