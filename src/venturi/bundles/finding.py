"""Finds bundles and the DAG files in them.

A folder at or below a root that holds `requirements.txt` or a `dags/` folder is a bundle, the outermost wins;
the rest of the root is one more. A file given by itself belongs to a bundle found upwards in the same way.

Owns the walk and the question which files may hold DAGs. Imports none of them; reports what it could not read.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..config import environment, read_toml
from ..core.errors import VenturiError
from .environments import REQUIREMENTS, Environments
from .ignoring import IGNORE_FILE, IgnoreFile, ignored, read_ignore_file
from .zips import ENDING, archive_of, dag_files_in

DAGS_FOLDER = "dags"
PLUGINS_FOLDER = "plugins"
SETTINGS = "venturi.toml"
DAG_FILE_BYTES_MAX = 10 * 1024 * 1024  # a larger .py is data, not a DAG file


@dataclass(frozen=True)
class Bundle:
    name: str
    root: Path
    python: str  # the interpreter its files run in
    environment: str = ""  # of the bundle itself: ready, absent (to be built), failed; "" where it asks for none
    waits: bool = False  # nothing was ever built for it: its files are not read before the first attempt to


@dataclass(frozen=True)
class Found:
    """A file that may hold DAGs."""

    file: Path
    bundle: Bundle


@dataclass(frozen=True)
class Problem:
    path: Path
    reason: str


@dataclass
class Scan:
    bundles: list[Bundle] = field(default_factory=list)
    files: list[Found] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def bundle_of(self, file: Path) -> Bundle | None:
        """The bundle that holds `file`: the innermost one above it."""
        above = [b for b in self.bundles if file.is_relative_to(b.root)]
        return max(above, key=lambda b: len(b.root.parts), default=None)


class Finder:
    """Reads the roots anew at each `scan()`; a file's content is read again only when the file has changed."""

    def __init__(
        self,
        roots: Iterable[Path],
        environments: Environments | None = None,
        python: str = sys.executable,
        ignore_syntax: str = "regexp",
        safe_mode: bool = True,
    ) -> None:
        given = list(dict.fromkeys(Path(os.path.abspath(r)) for r in roots))
        # A root below another one is already part of it.
        self.roots = [r for r in given if not any(r != other and r.is_relative_to(other) for other in given)]
        self._environments = environments
        self._python = python
        self._ignore_syntax = ignore_syntax
        self._safe_mode = safe_mode
        self._looked_at: dict[str, tuple[tuple[int, int, int], bool]] = {}
        self._zips: dict[str, tuple[tuple[int, int, int], list[Path]]] = {}

    def scan(self) -> Scan:
        scan, seen = Scan(), set[tuple[int, int]]()
        for root in self.roots:
            if not root.is_dir():
                scan.problems.append(Problem(root, "There is no such folder."))
                continue
            bundle = self._bundle(root, scan)
            before = len(scan.files)
            self._walk(root, bundle, is_bundle(root), [], scan, seen)
            # What is left of a root beside its bundles is one more, if anything is.
            if is_bundle(root) or any(f.bundle is bundle for f in scan.files[before:]) or len(scan.files) == before:
                scan.bundles.append(bundle)
        _name_apart(scan)
        return scan

    def bundle_for(self, file: Path) -> Bundle:
        """The bundle of one file, which may lie outside the roots."""
        found = self.scan().bundle_of(file)
        return found or self.with_environment(single_file_bundle(file, self._python), [])

    def _walk(
        self,
        folder: Path,
        bundle: Bundle,
        inside: bool,
        rules: list[IgnoreFile],
        scan: Scan,
        seen: set[tuple[int, int]],
    ) -> None:
        """`inside`: below a bundle's own root, where no further bundle can begin."""
        ahead = deque([(folder, bundle, inside, rules)])
        while ahead:
            folder, bundle, inside, rules = ahead.pop()
            entries = self._entries(folder, scan, seen)
            if entries is None:
                continue
            if any(e.name == IGNORE_FILE for e in entries):
                rules = [*rules, *self._rules(folder / IGNORE_FILE, scan)]
            deeper = []
            for entry in entries:
                path = Path(entry.path)
                try:
                    is_folder = entry.is_dir()
                    if is_folder and _is_walked(entry) and not ignored(path, True, rules):
                        deeper.append(path)
                    elif entry.name.endswith(".py") and entry.is_file() and not ignored(path, False, rules):
                        if self._is_candidate(entry, scan):
                            scan.files.append(Found(path, bundle))
                    elif entry.name.endswith(ENDING) and entry.is_file() and not ignored(path, False, rules):
                        scan.files += [Found(inner, bundle) for inner in self._in_zip(entry)]
                    elif entry.is_symlink() and entry.name.endswith(".py") and not entry.is_file() and not is_folder:
                        scan.problems.append(Problem(path, f"The link leads nowhere: {os.readlink(path)}."))
                except OSError as error:
                    scan.problems.append(Problem(path, f"Cannot be read: {error.strerror}."))
            for path in reversed(deeper):
                step = (path, bundle, inside, rules)
                if not inside and is_bundle(path):
                    scan.bundles.append(self._bundle(path, scan))
                    step = (path, scan.bundles[-1], True, rules)
                # Links come last, so that a folder is known by its own name where it has one.
                if path.is_symlink():
                    ahead.appendleft(step)
                else:
                    ahead.append(step)

    def _entries(self, folder: Path, scan: Scan, seen: set[tuple[int, int]]) -> list[os.DirEntry[str]] | None:
        """What the folder holds, by name; None when it was read before (a loop) or cannot be."""
        try:
            stat = folder.stat()
            if (stat.st_dev, stat.st_ino) in seen:
                scan.problems.append(
                    Problem(folder, "This folder was already read under another name, so it is left out.")
                )
                return None
            seen.add((stat.st_dev, stat.st_ino))
            with os.scandir(folder) as entries:
                return sorted(entries, key=lambda e: e.name)
        except OSError as error:
            scan.problems.append(Problem(folder, f"Cannot be read: {error.strerror}."))
            return None

    def _rules(self, file: Path, scan: Scan) -> list[IgnoreFile]:
        try:
            rules = read_ignore_file(file, self._ignore_syntax)
        except OSError as error:
            scan.problems.append(Problem(file, f"Cannot be read: {error.strerror}."))
            return []
        scan.problems.extend(Problem(file, line) for line in rules.broken)
        return [rules]

    def _is_candidate(self, entry: os.DirEntry[str], scan: Scan) -> bool:
        if not self._safe_mode:
            return True
        stat = entry.stat()
        mark = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        known = self._looked_at.get(entry.path)
        if known is None or known[0] != mark:
            if stat.st_size > DAG_FILE_BYTES_MAX:
                scan.problems.append(Problem(Path(entry.path), "Larger than 10 MB, so it is not taken for a DAG file."))
            known = (mark, stat.st_size <= DAG_FILE_BYTES_MAX and may_hold_dags(Path(entry.path).read_bytes()))
            self._looked_at[entry.path] = known
        return known[1]

    def _in_zip(self, entry: os.DirEntry[str]) -> list[Path]:
        stat = entry.stat()
        mark = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        known = self._zips.get(entry.path)
        if known is None or known[0] != mark:
            known = (mark, dag_files_in(Path(entry.path), may_hold_dags if self._safe_mode else None))
            self._zips[entry.path] = known
        return known[1]

    def _bundle(self, root: Path, scan: Scan) -> Bundle:
        try:
            python = _interpreter(root)
        except (OSError, ValueError) as error:
            scan.problems.append(Problem(root / SETTINGS, f"Cannot be read: {error}."))
            python = None
        return self.with_environment(Bundle(root.name or "root", root, python or self._python), scan.problems)

    def with_environment(self, bundle: Bundle, problems: list[Problem]) -> Bundle:
        """In the environment that its requirements ask for, or what it has until that is built."""
        if self._environments is None or bundle.python != self._python:  # it names an interpreter itself
            return bundle
        try:
            choice = self._environments.choose(bundle.root)
        except (OSError, VenturiError) as error:
            problems.append(Problem(bundle.root / REQUIREMENTS, str(error)))
            return bundle
        if choice is None:
            return bundle
        if choice.problem:
            where = "its last good one" if choice.python else "Venturi's own"
            problems.append(
                Problem(bundle.root / REQUIREMENTS, f"{choice.problem} Until then its files run in {where}.")
            )
        state = "ready" if choice.ready else "failed" if choice.problem else "absent"
        return replace(bundle, python=choice.python or bundle.python, environment=state, waits=choice.waits)


def may_hold_dags(content: bytes) -> bool:
    """Airflow's safe mode: a file without these words is not imported at all."""
    lower = content.lower()
    return b"dag" in lower and (b"airflow" in lower or b"venturi" in lower)


def is_bundle(folder: Path) -> bool:
    try:
        return (folder / REQUIREMENTS).is_file() or (folder / DAGS_FOLDER).is_dir()
    except OSError:  # closed to us; the walk reports it
        return False


def single_file_bundle(file: Path, python: str = sys.executable) -> Bundle:
    """The bundle of a file given by itself: the outermost one above it, to the repository root at most.

    Outside a repository only the file's own folder and the parent of the `dags` folder it lies in are looked at, so
    that a stray `dags` folder far above (in `/tmp`, in the home folder) does not make all below it one bundle.
    """
    folder = Path(os.path.abspath(file)).parent
    repository = next((f for f in (folder, *folder.parents) if (f / ".git").exists()), None)
    if repository is not None:
        above = [f for f in (folder, *folder.parents) if f.is_relative_to(repository)]
    else:
        dags = _nearest_dags_folder(folder)
        above = [folder, *([dags, dags.parent] if dags else [])]
    root = next((f for f in reversed(above) if is_bundle(f)), folder)
    try:
        own = _interpreter(root)
    except (OSError, ValueError):
        own = None  # the scan of a root reports it; one file given by hand runs in our own interpreter
    return Bundle(root.name or "root", root, own or python)


def import_roots(bundle: Bundle, file: Path, home: Path | None = None) -> list[str]:
    """What goes on sys.path for this file: the zip it lies in, the nearest `dags` folder, its parent, the file's own
    folder; and behind them the folders of plugins, beside the `dags` folder, in the bundle and in the home."""
    folder = file.parent
    dags = _nearest_dags_folder(folder)
    wanted = [dags, dags.parent, folder] if dags else [folder, bundle.root]
    if archive_of(file) is not None:
        wanted.insert(0, folder)
    named = environment("AIRFLOW__CORE__PLUGINS_FOLDER")
    places = [f / PLUGINS_FOLDER for f in (dags.parent if dags else None, bundle.root, home) if f is not None]
    wanted += [f for f in (*([Path(named)] if named else []), *places) if f.is_dir()]
    return list(dict.fromkeys(str(f) for f in wanted))


def _nearest_dags_folder(folder: Path) -> Path | None:
    return next((f for f in (folder, *folder.parents) if f.name == DAGS_FOLDER), None)


def _is_walked(entry: os.DirEntry[str]) -> bool:
    """Not into version control, caches and virtual environments."""
    name = entry.name
    if name.startswith(".") or name in ("__pycache__", "node_modules"):
        return False
    return not os.path.exists(os.path.join(entry.path, "pyvenv.cfg"))


def _interpreter(root: Path) -> str | None:
    """`python = "…"` in the bundle's venturi.toml, relative to the bundle."""
    file = root / SETTINGS
    if not file.is_file():
        return None
    named = read_toml(file).get("python")
    if named is None:
        return None
    if not isinstance(named, str):
        raise ValueError("`python` must be a path in quotes")
    # Never resolved: a virtual environment is known by the path of its link to the interpreter.
    python = os.path.abspath(os.path.join(root, os.path.expanduser(named)))
    if not os.access(python, os.X_OK):
        raise ValueError(f"there is no interpreter at {python}")
    return python


def _name_apart(scan: Scan) -> None:
    """Two folders of one name in one home: the later ones, in the order of their paths, are told apart by a number."""
    taken: dict[str, int] = {}
    renamed: dict[Path, Bundle] = {}
    for bundle in sorted(scan.bundles, key=lambda b: b.root):
        n = taken[bundle.name] = taken.get(bundle.name, 0) + 1
        renamed[bundle.root] = bundle if n == 1 else replace(bundle, name=f"{bundle.name}-{n}")
    scan.bundles = list(renamed.values())
    scan.files = [Found(f.file, renamed[f.bundle.root]) for f in scan.files]
