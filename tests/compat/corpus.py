"""The public files: 33 repositories, of which only references are kept here (corpus.json).

Owns how a repository is reached: a folder of clones named OWNER+NAME (`VENTURI_COMPAT_REPOSITORIES`), else the public
address. What cannot be reached is counted as unreached, and so is a file whose content is not the one referred to.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from .obtaining import PLACE, Example, content_of, dag_files

HERE = Path(__file__).parent
CLONE_S = 120
BYTES_MAX = 1_000_000


class Expected(NamedTuple):
    key: str  # repository and path
    about: dict[str, Any]  # what corpus.json says of it
    example: Example | None  # None: not reached


def expected() -> Iterator[Expected]:
    for repository, about in json.loads((HERE / "corpus.json").read_text()).items():
        for file in about["files"]:
            yield _one(repository, file.get("commit", about["commit"]), file)


def beside() -> Iterator[Example]:
    """Every other DAG file of the same commits, of which nothing is known beforehand."""
    for repository, about in json.loads((HERE / "corpus.json").read_text()).items():
        folder = _checkout(repository, about["commit"])
        if folder is None:
            continue
        listed = {file["path"] for file in about["files"]}
        for path in dag_files(folder):
            name = str(path.relative_to(folder))
            if name not in listed:
                yield Example(f"beside/{repository}/{name}", path, _roots(folder, path, {}), content_of(path))


def _one(repository: str, commit: str, about: dict[str, Any]) -> Expected:
    key = f"{repository}/{about['path']}" + (f"@{about['commit']}" if "commit" in about else "")
    folder = _checkout(repository, commit)
    path = folder / about["path"] if folder is not None else None
    if folder is None or path is None or not path.is_file():
        return Expected(key, about, None)
    content = content_of(path)
    if about.get("content", content) != content:
        return Expected(key, about, None)
    return Expected(key, about, Example(key, path, _roots(folder, path, about), content, about.get("environment", {})))


def _roots(folder: Path, path: Path, about: dict[str, Any]) -> list[str]:
    """As Airflow would have them: the dags folder (the file's own, where none is called so), the repository, and
    whatever the file's reference names."""
    dags = [str(above) for above in path.parents if above.name == "dags" and above.is_relative_to(folder)]
    named = [str(HERE / root[1:] if root.startswith(":") else folder / root) for root in about.get("roots", [])]
    return list(dict.fromkeys([*named, *(dags[:1] or [str(path.parent)]), str(folder)]))


def _checkout(repository: str, commit: str) -> Path | None:
    """The files of one commit, without its history."""
    folder = PLACE / "files" / "corpus" / f"{repository.replace('/', '+')}@{commit}"
    if folder.is_dir():
        return folder
    clone = _clone(repository)
    if clone is None:
        return None
    partial = folder.with_suffix(".partial")
    if not _write_out(clone, commit, partial):
        return None
    partial.rename(folder)
    return folder


def _write_out(clone: Path, commit: str, folder: Path) -> bool:
    """Plain files alone, no links, no large data; a clone may lack some of its files, and has the rest."""
    listed = _git(clone, "ls-tree", "-r", "-l", "-z", commit)
    if not listed:
        return False
    names: dict[str, list[str]] = {}
    for line in listed.decode().rstrip("\0").split("\0"):
        about, _, name = line.partition("\t")
        mode, _, blob, size = about.split()
        if mode.startswith("100") and not (size.isdigit() and int(size) > BYTES_MAX):
            names.setdefault(blob, []).append(name)
    out = io.BytesIO(_git(clone, "cat-file", "--batch", told="\n".join(names).encode()))
    while line := out.readline():
        blob, kind, *size = line.decode().split()
        if kind != "blob":
            continue
        content = out.read(int(size[0]))
        out.read(1)
        for name in names[blob]:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
    return True


def _git(clone: Path, *arguments: str, told: bytes = b"") -> bytes:
    never = {**os.environ, "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0"}
    return subprocess.run(["git", "-C", str(clone), *arguments], input=told, capture_output=True, env=never).stdout


_clones: dict[str, Path | None] = {}


def _clone(repository: str) -> Path | None:
    if repository not in _clones:
        _clones[repository] = _find_clone(repository)
    return _clones[repository]


def _find_clone(repository: str) -> Path | None:
    own = PLACE / "repositories"
    name = repository.replace("/", "+")
    for place in (os.environ.get("VENTURI_COMPAT_REPOSITORIES"), own):
        for folder in (Path(place) / name, Path(place) / name / "repo") if place else ():
            if subprocess.run(["git", "-C", str(folder), "rev-parse", "HEAD"], capture_output=True).returncode == 0:
                return folder
    command = ["git", "clone", "--quiet", f"https://github.com/{repository}", str(own / name)]
    try:
        said = subprocess.run(
            command, capture_output=True, timeout=CLONE_S, env={**os.environ, "GIT_TERMINAL_PROMPT": "0"}
        )
    except subprocess.TimeoutExpired:
        return None
    return own / name if said.returncode == 0 else None
