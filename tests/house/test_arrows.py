"""The arrows of the house go down only, core is pure, and the author's side costs no third-party import."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import venturi

ROOT = Path(venturi.__file__).parent

MAY_IMPORT = {
    "core": set(),
    "sdk": {"core"},
    "airflow": {"sdk", "core"},
    "wire": {"core"},
    "bundles": {"core"},
    "runtime": {"core", "sdk", "airflow", "wire"},
    "store": {"core"},
    "crew": {"core", "wire"},
    "executors": {"core", "crew", "wire"},
    "engine": {"core", "store", "executors", "bundles", "wire"},
    "web": {"core", "store", "wire"},
    # What stands beside the rooms: settings, what Linux alone tells, places to die at in proofs.
    "config": {"core"},  # its errors
    "linux": {"core"},
    "crashpoints": set(),
}
# `DAG.test()` and `dag.cli()` reach `testing` by the one permitted upward call, a late import.
UPWARD = {("sdk", "testing")}
BESIDE = {"config", "linux", "crashpoints"}
EVERYTHING = {"cli", "testing", "pytest_plugin"}

# Nothing here reads a clock, a file, the environment or chance.
PURE = {
    "binascii",
    *("__future__", "abc", "bisect", "calendar", "collections", "copy", "dataclasses", "datetime", "decimal", "enum"),
    *("fractions", "functools", "heapq", "itertools", "json", "math", "operator", "re", "string", "textwrap"),
    *("types", "typing", "zlib"),
}
OF_TIME = {"croniter", "dateutil", "zoneinfo"}  # in core/timetables alone
STANDARD_LIBRARY_ONLY = {"core", "wire", "crew", "runtime", "sdk", "airflow", "config", "linux", "crashpoints"}


class Import(NamedTuple):
    file: Path
    line: int
    name: str  # dotted and absolute
    at_start: bool  # when the module is imported, and not only for a type checker

    @property
    def where(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line} imports {self.name}"


def room_of(file: Path) -> str:
    return file.relative_to(ROOT).parts[0].removesuffix(".py")


def imports_of(file: Path) -> Iterator[Import]:
    tree = ast.parse(file.read_text("utf-8"), str(file))
    package = ["venturi", *file.relative_to(ROOT).parent.parts]

    def walk(node: ast.AST, at_start: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from (Import(file, child.lineno, alias.name, at_start) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                above = package[: len(package) - child.level + 1] if child.level else []
                module = ".".join([*above, *([child.module] if child.module else [])])
                names = [module] if module != "venturi" else [f"venturi.{alias.name}" for alias in child.names]
                yield from (Import(file, child.lineno, name, at_start) for name in names)
            elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
                yield from walk(child, False)
            else:
                deferred = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
                yield from walk(child, at_start and not deferred)

    return walk(tree, True)


FILES = sorted(ROOT.rglob("*.py"))
IMPORTS = [found for file in FILES for found in imports_of(file)]


def test_every_room_is_in_the_table():
    rooms = {room_of(file) for file in FILES} - {"__init__"}
    assert rooms <= MAY_IMPORT.keys() | EVERYTHING


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_a_room_imports_only_what_lies_below_it(room):
    wrong = []
    for found in IMPORTS:
        parts = found.name.split(".")
        if room_of(found.file) != room or parts[0] != "venturi" or len(parts) == 1:
            continue
        other = parts[1]
        if other in EVERYTHING | MAY_IMPORT.keys():
            beside = other in BESIDE and room != "core"
            beside |= (room, other) in UPWARD and not found.at_start
            if other != room and not beside and other not in MAY_IMPORT[room]:
                wrong.append(found.where)
    assert not wrong


def test_core_imports_nothing_that_reads_the_world():
    wrong = [
        found.where
        for found in IMPORTS
        if room_of(found.file) == "core"
        and found.name.split(".")[0] not in PURE | {"venturi"}
        and not (found.file.parent.name == "timetables" and found.name.split(".")[0] in OF_TIME)
    ]
    assert not wrong


@pytest.mark.parametrize("room", sorted(STANDARD_LIBRARY_ONLY))
def test_what_authors_processes_load_is_the_standard_library(room):
    known = set(sys.stdlib_module_names) | {"venturi"}
    wrong = [
        found.where
        for found in IMPORTS
        if room_of(found.file) == room and found.at_start and found.name.split(".")[0] not in known
    ]
    assert not wrong


@pytest.mark.parametrize("name", ["venturi", "venturi.sdk", "venturi.runtime", "venturi.crew", "venturi.cli"])
def test_importing_it_loads_no_third_party(name):
    code = (
        "import sys; before = set(sys.modules); import importlib; importlib.import_module(sys.argv[1]); "
        "print(*sorted({m.split('.')[0] for m in set(sys.modules) - before} - set(sys.stdlib_module_names)))"
    )
    out = subprocess.run([sys.executable, "-c", code, name], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["venturi"]
