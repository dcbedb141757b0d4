"""`venturi backup FILE`, `venturi restore FILE`: all that is kept of the past, in one file, made while everything runs.

A backup is a tar of the database (as of one moment), the values and sources that it names, and the settings. Logs and
the key that seals are in it only when they are asked for. Owns that form; DAG files are not ours and not in it.
"""

from __future__ import annotations

import json
import os
import shutil
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import click

from .. import __version__
from ..config import Home, find_home, read_config
from . import options, processes
from .printing import COULD_NOT_START, SUCCESS, fail, iso, say, show

MANIFEST, DATABASE, SETTINGS, KEY = "backup.json", "venturi.db", "venturi.toml", "sealing.key"
FOLDERS = ("values", "sources", "logs")
FORM = 1


@click.command()
@click.argument("file", metavar="FILE")
@click.option("--logs", is_flag=True, help="With the logs of tasks.")
@click.option("--with-key", is_flag=True, help="With the key that opens connections and variables.")
@options.everywhere
def backup(file: str, logs: bool, with_key: bool, home_given: str | None, as_json: bool) -> int:
    """Copy all that is kept into FILE, while Venturi runs or not. Packed if its name ends in .gz.

    The database is in it as of one moment, whichever one it is. Without the key what is sealed stays closed: keep a
    copy of sealing.key elsewhere, or say --with-key and guard the file.
    """
    home, target = find_home(home_given), Path(file).expanduser().absolute()
    config = read_config(home)
    if config.database_url is None and not home.database.exists():
        fail(f"There is nothing in {home.own} yet.", code="no_database")
    if target.exists():
        fail(f"{target} is there already; name another file.", COULD_NOT_START, "exists")
    from ..store.copying import copy_to

    began, counts = time.time(), dict.fromkeys(FOLDERS, 0)
    try:
        with _beside(target) as making, tempfile.TemporaryDirectory(dir=target.parent, prefix=".venturi-") as folder:
            copy = Path(folder) / DATABASE
            copy_to(config.database_url or home.database, copy)
            with open(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
                with _tar(opened, target.suffix in (".gz", ".tgz")) as tar:
                    _put_text(tar, MANIFEST, json.dumps(_manifest(began, logs, with_key)))
                    tar.add(copy, DATABASE)
                    for name in FOLDERS[: 3 if logs else 2]:
                        counts[name] = _put_folder(tar, getattr(home, name), name)
                    for place, name in (
                        (home.own / SETTINGS, SETTINGS),
                        *([(home.sealing_key, KEY)] if with_key else []),
                    ):
                        if place.exists():
                            tar.add(place, name)
                os.fsync(opened.fileno())
    except OSError as error:
        fail(f"{target} cannot be written: {error.strerror or error}.", code="not_writable")
    size = target.stat().st_size
    if with_key and home.sealing_key.exists():
        say(f"{target} holds the key too: whoever has it can read every connection and variable.")
    elif home.sealing_key.exists():
        say(f"The key is not in it. Keep a copy of {home.sealing_key} elsewhere.")
    data = {"file": str(target), "bytes": size, "key": with_key, "at": iso(began), **counts}
    show(data, as_json, f"{target}: {_in_words(size)}, as of {str(iso(began))[:19].replace('T', ' ')} UTC")
    return SUCCESS


def _in_words(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 1e6 else f"{size / 1e3:,.0f} kB"


def _tar(opened: BinaryIO, packed: bool) -> tarfile.TarFile:
    return tarfile.open(fileobj=opened, mode="w|gz") if packed else tarfile.open(fileobj=opened, mode="w|")


def _manifest(at: float, logs: bool, key: bool) -> dict[str, Any]:
    return {"form": FORM, "venturi": __version__, "at": iso(at), "logs": logs, "key": key}


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """Under its own name only when it is whole."""
    making = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        yield making
        os.replace(making, target)
    finally:
        making.unlink(missing_ok=True)


def _put_text(tar: tarfile.TarFile, name: str, text: str) -> None:
    import io

    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = len(text.encode()), int(time.time()), 0o600
    tar.addfile(info, io.BytesIO(text.encode()))


def _put_folder(tar: tarfile.TarFile, folder: Path, name: str) -> int:
    """What goes away meanwhile is what no row names; what is being written is as long as it was at that moment."""
    n = 0
    for place, _, files in os.walk(folder, followlinks=name == "logs"):
        for each in sorted(files):
            file = Path(place) / each
            try:
                with open(file, "rb") as opened:
                    info = tar.gettarinfo(arcname=f"{name}/{file.relative_to(folder)}", fileobj=opened)
                    if info.isreg():
                        tar.addfile(info, opened)
                        n += 1
            except FileNotFoundError:
                continue
    return n


# ── back ─────────────────────────────────────────────────────────────────────────────────────────────────


@click.command()
@click.argument("file", metavar="FILE")
@options.everywhere
def restore(file: str, home_given: str | None, as_json: bool) -> int:
    """Fill a home in which there is nothing yet from a backup. Nothing that is there is ever overwritten.

    The database may be another one than before: VENTURI_DATABASE_URL says which.
    """
    home, source = find_home(home_given), Path(file).expanduser().absolute()
    config = read_config(home)
    if processes.noted(home, "up") or processes.noted(home, "engine"):
        fail("Venturi runs in this home. Stop it with: venturi down", code="running")
    if config.database_url is None and home.database.exists():
        advice = "Name another home with --home, or remove this one with: venturi down --purge"
        fail(f"{home.database} is there already. {advice}", code="exists")
    home.make()
    with tempfile.TemporaryDirectory(dir=home.own, prefix=".restoring-") as folder:
        manifest = _unpacked(source, Path(folder))
        from ..store.copying import fill_from

        counts = _place(home, Path(folder))
        fill_from(Path(folder) / DATABASE, config.database_url or home.database)
    _tell_about_the_key(home)
    data = {"file": str(source), "made": manifest["at"], "home": str(home.own), **counts}
    show(data, as_json, f"{home.own} is as it was at {str(manifest['at'])[:19].replace('T', ' ')} UTC.")
    say("What was at work then is run again. Next: venturi up")
    return SUCCESS


def _unpacked(source: Path, folder: Path) -> dict[str, Any]:
    try:
        with tarfile.open(source) as tar:
            for member in tar:
                parts = Path(member.name).parts
                known = len(parts) == 1 or (parts and parts[0] in FOLDERS)
                if not member.isreg() or not known or ".." in parts or Path(member.name).is_absolute():
                    fail(f"{source} holds {member.name!r}, which is no part of a backup.", code="bad_file")
                target = folder / member.name
                target.parent.mkdir(parents=True, exist_ok=True)
                opened = tar.extractfile(member)
                assert opened is not None
                with opened, open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as written:
                    shutil.copyfileobj(opened, written, 1 << 20)
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
    except FileNotFoundError:
        there = "it holds no backup of Venturi" if source.exists() else "there is no such file"
        fail(f"{source} cannot be used: {there}.", code="bad_file")
    except (tarfile.TarError, OSError, ValueError, EOFError) as error:
        why = (str(error).splitlines() or [type(error).__name__])[0].rstrip(":.")
        fail(f"{source} cannot be read as a backup: {why}.", code="bad_file")
    if manifest.get("form") != FORM or not (folder / DATABASE).exists():
        fail(
            f"{source} was made by another Venturi ({manifest.get('venturi')}): restore it with that one.",
            code="bad_file",
        )
    return manifest


def _place(home: Home, folder: Path) -> dict[str, int]:
    counts = dict.fromkeys(FOLDERS, 0)
    for name in FOLDERS:
        for file in (folder / name).rglob("*"):
            target = getattr(home, name) / file.relative_to(folder / name)
            if file.is_file() and not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                os.replace(file, target)
                counts[name] += 1
    for name, target in ((SETTINGS, home.own / SETTINGS), (KEY, home.sealing_key)):
        if (folder / name).exists() and not target.exists():
            os.replace(folder / name, target)
    return counts


def _tell_about_the_key(home: Home) -> None:
    from .checks import ERROR, Patient
    from .checks.keeping import sealing_key

    for found in sealing_key(Patient(home)):
        if found.state == ERROR:
            say(f"{found.says} {found.mend}")
