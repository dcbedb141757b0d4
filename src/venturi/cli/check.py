"""`venturi check PATH…`: whether DAG files run here as they are, and what to do where they do not.

Needs no engine and writes nothing: each file is imported in a fork of the bundle's interpreter, and what it reads at
import is answered from environment variables and the home. Owns the verdicts and their two forms.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import click

from ..bundles import Bundle, Finder, import_roots, single_file_bundle
from ..bundles.finding import may_hold_dags
from ..bundles.zips import dag_files_in, is_dag_file
from ..config import Home, find_home, read_config
from ..runtime.environment import THREAD_VARIABLES
from . import options, printing
from .answering import HomeAnswers
from .environments import build_for, must_be_fit, placed
from .printing import fail, say

RUNS, WARNS, NOT_YET = "runs", "runs with warnings", "not yet"


class Checked(NamedTuple):
    file: Path
    warnings: list[tuple[int, str]]
    errors: list[tuple[int, str]]
    dags: dict[str, dict[str, list[str]]]
    specs: list[dict[str, Any]] = []  # noqa: RUF012 - only where they were asked for; never changed

    @property
    def verdict(self) -> str:
        return NOT_YET if self.errors else WARNS if self.warnings else RUNS

    def as_data(self) -> dict[str, Any]:
        return {
            "file": str(self.file),
            "verdict": self.verdict,
            "warnings": [_with_line(*found) for found in self.warnings],
            "errors": [_with_line(*found) for found in self.errors],
            "dags": self.dags,
        }

    def as_text(self) -> str:
        tasks = ", ".join(f"{dag_id} ({len(down)} tasks)" for dag_id, down in self.dags.items())
        lines = [f"{self.file}: {self.verdict}{'   ' + tasks if tasks else ''}"]
        lines += [f"  error    {_with_line(*found)}" for found in self.errors]
        lines += [f"  warning  {_with_line(*found)}" for found in self.warnings]
        return "\n".join(lines)


def _with_line(line: int, message: str) -> str:
    return f"line {line}: {message}" if line else message


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--install", is_flag=True, help="Build the environments that the files' requirements ask for first.")
@options.everywhere
def check(paths: tuple[str, ...], install: bool, home_given: str | None, as_json: bool) -> int:
    """Whether DAG files run here as they are. PATH is a file or a folder.

    Says for each file: runs, runs with warnings, or not yet; with lines, and what to do. Exit code 0, or 1 if a file
    does not run yet.
    """
    home = find_home(home_given)
    found = list(check_paths(home, [Path(path).expanduser().absolute() for path in paths], install))
    if as_json:
        sys.stdout.write(json.dumps([one.as_data() for one in found], ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("".join(f"{one.as_text()}\n" for one in found) + f"{_summary(found)}\n")
    return printing.FAILED if any(one.errors for one in found) else printing.SUCCESS


def _summary(found: list[Checked]) -> str:
    n = {verdict: sum(one.verdict == verdict for one in found) for verdict in (RUNS, WARNS, NOT_YET)}
    files = "1 file" if len(found) == 1 else f"{len(found)} files"
    return f"{files}: " + ", ".join(f"{count} {verdict}" for verdict, count in n.items())


def check_paths(home: Home, paths: list[Path], install: bool = False, wants_specs: bool = False) -> Iterator[Checked]:
    config = read_config(home)
    files: dict[Path, Bundle] = {}
    for path in paths:
        if path.is_dir():
            scan = Finder([path], ignore_syntax=config.dag_ignore_file_syntax).scan()
            for problem in scan.problems:
                say(f"{problem.path}: {problem.reason}")
            files.update({found.file: found.bundle for found in scan.files})
        elif path.suffix == ".zip" and path.is_file():
            files.update({inner: single_file_bundle(inner) for inner in _in_zip(path)})
        elif is_dag_file(path):
            files[path] = single_file_bundle(path)
        else:
            fail(f"There is no file or folder {path}.", printing.COULD_NOT_START, "no_such_file")
    if install:
        for bundle in {bundle.root: bundle for bundle in files.values()}.values():
            build_for(home, bundle)
    files = {file: placed(home, bundle) for file, bundle in files.items()}
    with ExitStack() as ends:
        answers = ends.enter_context(HomeAnswers(home, config))
        readers: dict[str, _Reader] = {}
        for file, bundle in files.items():
            if bundle.python not in readers:
                say(f"Reading with {_whose(bundle)}.")
                must_be_fit(bundle)
                readers[bundle.python] = ends.enter_context(_Reader(bundle.python, answers, home.root))
            yield readers[bundle.python].read(file, bundle, config.parse_time_limit_s, wants_specs)


def _in_zip(archive: Path) -> list[Path]:
    try:
        return dag_files_in(archive, may_hold_dags)
    except OSError as error:
        fail(f"{archive} cannot be read: {error.strerror}.", printing.COULD_NOT_START, "no_such_file")


def _whose(bundle: Bundle) -> str:
    if bundle.python == sys.executable:
        why = f"; the environment of {bundle.name} is not built (--install builds it)" if bundle.environment else ""
        return f"Venturi's own interpreter, {bundle.python}{why}"
    return f"the interpreter of {bundle.name}, {bundle.python}"


class _Reader:
    """A process in one interpreter that forks for each file."""

    def __init__(self, python: str, answers: HomeAnswers, home: Path) -> None:
        self._python, self._answers, self._home = python, answers, home

    def __enter__(self) -> _Reader:
        ours, theirs = socket.socketpair()
        with theirs:
            environment = {k: v for k, v in os.environ.items() if k == "VENTURI_HOME" or not k.startswith("VENTURI_")}
            environment |= dict.fromkeys(THREAD_VARIABLES, "1")  # as in a zygote, or numpy's threads would be told
            self._process = subprocess.Popen(
                [self._python, "-B", "-m", "venturi.runtime.checking", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=environment,
                cwd=os.getcwd(),
            )
        self._file = ours.makefile("rwb")
        ours.close()
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._process.wait()

    def read(self, file: Path, bundle: Bundle, time_limit_s: float, wants_specs: bool = False) -> Checked:
        order = {
            "file": str(file),
            "root": str(bundle.root),
            "roots": import_roots(bundle, file, self._home),
            "time_limit_s": time_limit_s,
            "wants_specs": wants_specs,
        }
        try:
            return self._ask(file, order)
        except (ConnectionError, EOFError):
            message = f"The interpreter {self._python} has ended in the middle of {file}."
            fail(message, printing.COULD_NOT_START, "no_interpreter")

    def _ask(self, file: Path, order: dict[str, Any]) -> Checked:
        """Its questions are answered until it has come to an end with the file."""
        self._send(order)
        for line in self._file:
            message = json.loads(line)
            if "ask" in message:
                self._send({"value": self._answers.answer(message["ask"], message["name"])})
            elif "died" in message:
                return Checked(file, [], [(0, message["died"])], {})
            else:
                result = message["result"]
                warnings, errors = _findings(result["warnings"]), _findings(result["errors"])
                return Checked(file, warnings, errors, result["dags"], result["specs"])
        raise EOFError

    def _send(self, message: dict[str, Any]) -> None:
        self._file.write(json.dumps(message).encode() + b"\n")
        self._file.flush()


def _findings(found: Iterable[list[Any]]) -> list[tuple[int, str]]:
    return [(int(line), str(message)) for line, message in found]
