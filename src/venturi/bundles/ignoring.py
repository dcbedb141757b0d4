"""`.airflowignore`: which files and folders below it are not looked at, in both of Airflow's spellings.

Owns the reading of ignore files. Walks nothing: `finding` asks about one path at a time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

IGNORE_FILE = ".airflowignore"

# What one ignore file says of a path relative to its folder: True ignore, False keep after all, None nothing.
Verdict = Callable[[str], "bool | None"]


@dataclass(frozen=True)
class IgnoreFile:
    folder: Path
    verdict: Verdict
    broken: tuple[str, ...] = ()  # lines that could not be read, each as a sentence


def read_ignore_file(file: Path, syntax: str) -> IgnoreFile:
    lines = file.read_text("utf-8", "replace").splitlines()
    if syntax == "glob":
        return _globs(file.parent, lines)
    return _regexps(file.parent, lines)


def ignored(path: Path, is_folder: bool, files: Iterable[IgnoreFile]) -> bool:
    """Whether `path` is ignored by the ignore files above it, outermost first: the last one with an opinion wins."""
    verdict = False
    for file in files:
        said = file.verdict(path.relative_to(file.folder).as_posix() + ("/" if is_folder else ""))
        if said is not None:
            verdict = said
    return verdict


def _regexps(folder: Path, lines: list[str]) -> IgnoreFile:
    """Each line is a regular expression searched for in the relative path (Airflow 1.x and 2.x's default)."""
    patterns, broken = [], []
    for number, line in enumerate(lines, 1):
        text = re.sub(r"\s*#.*", "", line).strip()
        if not text:
            continue
        try:
            patterns.append(re.compile(text))
        except re.error as error:
            broken.append(
                f"Line {number} of {folder / IGNORE_FILE} is no regular expression ({error}), so it is left out. "
                "If the file holds globs, set VENTURI_DAG_IGNORE_FILE_SYNTAX=glob."
            )

    def verdict(relative: str) -> bool | None:
        plain = relative.rstrip("/")
        return True if any(p.search(plain) for p in patterns) else None

    return IgnoreFile(folder, verdict, tuple(broken))


def _globs(folder: Path, lines: list[str]) -> IgnoreFile:
    """Each line is a pattern as in .gitignore, `!` keeps after all (Airflow 3.x's default)."""
    from pathspec import GitIgnoreSpec

    good, broken = [], []
    for number, line in enumerate(lines, 1):
        try:
            GitIgnoreSpec.from_lines([line])
            good.append(line)
        except ValueError as error:
            broken.append(f"Line {number} of {folder / IGNORE_FILE} is no glob ({error}), so it is left out.")
    spec = GitIgnoreSpec.from_lines(good)
    return IgnoreFile(folder, lambda relative: spec.check_file(relative).include, tuple(broken))
