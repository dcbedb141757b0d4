"""What is written down is true: documented commands exist, links lead somewhere, pages and modules have their form."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import click
import pytest

import venturi
from venturi.cli.commands import venturi as command_line

TOP = Path(__file__).parents[2]
ROOT = Path(venturi.__file__).parent
SOURCES = sorted(ROOT.rglob("*.py"))
PAGES = sorted([*TOP.glob("*.md"), *(TOP / "docs").rglob("*.md")])
PARTS = ("Makefile", ".ci", "src", "tests", "docs", "scripts", "benchmarks", "pipelines")
LINES_MAX, FUNCTION_LINES_MAX = 600, 80


def written() -> list[Path]:
    """Every text file that we keep."""
    files = [*TOP.glob("*.md"), TOP / "pyproject.toml"]
    for part in PARTS:
        place = TOP / part
        files += [place] if place.is_file() else [f for f in place.rglob("*") if f.is_file()]
    kept = (f for f in files if f.suffix not in (".pyc", ".so") and not left_by_tools(f.relative_to(TOP)))
    return [f for f in kept if not f.is_relative_to(TOP / "pipelines") or "data" not in f.parts]  # what runs have left


def left_by_tools(file: Path) -> bool:
    """Caches lie in hidden folders (ruff makes one beside each of its settings) and in Python's own; the interface is
    built into `ui_dist`."""
    return any(
        part in ("__pycache__", "ui_dist") or (part.startswith(".") and part != ".ci") for part in file.parent.parts
    )


def test_nothing_is_left_for_later():
    mark = re.compile(r"\b(?:TO" + "DO|FIX" + "ME|X" + "XX)\\b")  # in pieces, so as not to find itself
    found = [f"{f.relative_to(TOP)}" for f in written() if mark.search(f.read_text("utf-8", "replace"))]
    assert not found


def test_no_address_of_one_machine_is_written_down():
    # In pieces again. What a file reads at run time is no concern of this test.
    mark = re.compile("/(?:ro" + "ot|wo" + "rk|ho" + "me)/[a-z]")
    allowed = ("/home/user", "/home/you")
    found = []
    for f in written():
        for number, line in enumerate(f.read_text("utf-8", "replace").splitlines(), 1):
            hit = mark.search(line)
            if hit and not line[hit.start() :].startswith(allowed):
                found.append(f"{f.relative_to(TOP)}:{number}: {line.strip()}")
    assert not found


def commands_in(page: Path) -> list[str]:
    text = page.read_text("utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", text, re.S)
    lines = [line for block in blocks for line in block.splitlines()] + re.findall(r"`((?:venturi|make) [^`]+)`", text)
    return [line.split("#")[0].strip() for line in lines if re.match(r"(venturi|make) [a-z]", line.strip())]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_documented_commands_exist(page):
    targets = set(re.findall(r"^([a-z]+):", (TOP / "Makefile").read_text(), re.M))
    for line in commands_in(page):
        words = line.split()
        if words[0] == "make":
            assert words[1] in targets, line
            continue
        command = command_line.get_command(click.Context(command_line), words[1])
        assert command is not None, line
        if isinstance(command, click.Group) and len(words) > 2 and not words[2].startswith("-"):
            command = command.get_command(click.Context(command), words[2])
            assert command is not None, line
        options = {name for param in command.params for name in param.opts}
        used = {word.split("=")[0] for word in words[2:] if re.match(r"--?[a-zA-Z]", word)}
        assert used <= options, line


def test_the_dag_of_the_readme_is_the_one_in_the_pipelines():
    shown = re.findall(r"```python\n(.*?)```", (TOP / "README.md").read_text("utf-8"), re.S)
    assert (TOP / "pipelines" / "hello.py").read_text("utf-8").endswith(shown[0])


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_every_decision_says_what_would_violate_it():
    for page in (TOP / "docs" / "decisions").glob("*.md"):
        assert re.match(r"\d{3}-[a-z0-9-]+\.md$", page.name)
        last = page.read_text("utf-8").rstrip().split("\n\n")[-1]
        assert last.startswith("**Violated when**"), page.name


def test_the_drawing_names_every_crash_point_and_no_other():
    coded = {p for f in SOURCES for p in re.findall(r'crash_at\("([a-z:-]+)"\)', f.read_text("utf-8"))}
    drawn = set(
        re.findall(r"(?:engine|crew|zygote|attempt|host):[a-z-]+", (TOP / "ARCHITECTURE.md").read_text("utf-8"))
    )
    assert drawn == coded


def test_every_module_says_what_it_owns():
    bare = [f.relative_to(ROOT) for f in SOURCES if not ast.get_docstring(ast.parse(f.read_text("utf-8")))]
    assert not bare


def test_files_and_functions_stay_readable():
    long = []
    for file in SOURCES:
        if "migrations" in file.parts:  # one statement after the other
            continue
        text = file.read_text("utf-8")
        if text.count("\n") > LINES_MAX:
            long.append(f"{file.relative_to(ROOT)}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES_MAX:
                    long.append(f"{file.relative_to(ROOT)}:{node.lineno} {node.name}: {lines} lines")
    assert not long


def test_scripts_are_well_formed():
    for script in [*(TOP / "scripts").glob("*.sh"), TOP / ".ci" / "run"]:
        subprocess.run(["sh", "-n", str(script)], check=True)


NEITHER = {"completions"}  # prints one text, which belongs to no home


def test_every_verb_takes_a_home_and_answers_programs():
    for verb in command_line.list_commands(click.Context(command_line)):
        command = command_line.get_command(click.Context(command_line), verb)
        assert command is not None
        leaves = command.commands.values() if isinstance(command, click.Group) else [command]
        for leaf in leaves:
            options = {name for param in leaf.params for name in param.opts}
            assert verb in NEITHER or {"--home", "--json"} <= options, f"venturi {verb} {leaf.name}"
