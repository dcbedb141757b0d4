"""The words of Airflow's own command line, of 1.10, 2.x and 3.x, as a table: what is typed → what is done for it.

Owns the spellings, the reading of arguments by them, and what is said to words that are not in the table. Who does it
is `cli.old`. An argument is written as `name`, `name?`, `name*`, `-s|--start-date=DATE`, `--state=a,b` (one of these),
`-B|--bundle-name=NAME+` (may be said again), `--set=KEY:VALUE` (two values) or `-t|--tree`.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple, NoReturn

MODULES = ("dags", "tasks", "stored", "serving", "about")
OUT = "-o|--output=table,json,yaml,plain"
COMMON = "-v|--verbose -S|-sd|--subdir=PATH -B|--bundle-name=NAME+ --color=WHEN"  # taken everywhere, and left out


class BadCommand(Exception):
    """What was typed is not known; the message is for the person."""


class Command(NamedTuple):
    words: str  # as 2.x or 3.x has them
    does: str  # a function of `cli.old`, such as dags.ls; or a sentence
    so: str = ""  # what to type to Venturi itself, or what becomes of it
    takes: str = ""
    quiet: str = ""  # what has no meaning here and is left out
    once: str = ""  # 1.10's one word for it
    status: int = 1  # of a sentence: 0 where nothing has to be done

    @property
    def is_sentence(self) -> bool:
        return self.does.endswith(".")


class Typed(NamedTuple):
    command: Command
    words: str  # as they were typed
    given: argparse.Namespace


@cache
def table() -> tuple[Command, ...]:
    return tuple(row for name in MODULES for row in importlib.import_module(f"{__name__}.{name}").ROWS)


@cache
def by_words() -> dict[str, Command]:
    found: dict[str, Command] = {}
    for row in table():
        for words in filter(None, (row.words, row.once)):
            assert words not in found, words
            found[words] = row
    return found


def groups() -> list[str]:
    return list(dict.fromkeys(words.split()[0] for words in by_words() if " " in words))


def read(argv: list[str]) -> Typed:
    """What is wanted. Raises BadCommand, and Help where an overview was asked for."""
    words, rest = _words(argv)
    row = by_words()[words]
    if "-h" in rest or "--help" in rest:
        raise Help(usage(words))
    parser = _Parser(prog=f"airflow {words}", add_help=False)
    _fill(parser, row)
    given = parser.parse_args([_dashed(word) for word in rest] if not row.is_sentence else [])
    return Typed(row, words, given)


class Help(Exception):
    """What is printed instead of doing anything."""


def _words(argv: list[str]) -> tuple[str, list[str]]:
    known = by_words()
    if not argv or argv[0] in ("-h", "--help", "help"):
        raise Help(overview())
    first = argv[0]
    for spelled in (first, first.replace("-", "_"), first.replace("_", "-")):
        if len(argv) > 1 and f"{spelled} {argv[1].replace('_', '-')}" in known:
            return f"{spelled} {argv[1].replace('_', '-')}", argv[2:]
        if spelled in known:
            return spelled, argv[1:]
    if first in groups():
        if len(argv) > 1 and argv[1] not in ("-h", "--help"):
            raise BadCommand(_unknown(f"{first} {argv[1]}"))
        raise Help(overview(first)) if len(argv) > 1 else BadCommand(overview(first))
    raise BadCommand(_unknown(" ".join(argv[:2]) if len(argv) > 1 and not argv[1].startswith("-") else first))


def _unknown(typed: str) -> str:
    names = list(by_words())
    near = difflib.get_close_matches(typed, names, 1, 0.6) or difflib.get_close_matches(typed.split()[0], names, 1, 0.6)
    if not near:
        group = difflib.get_close_matches(typed.split()[0], groups(), 1, 0.6)
        near = [words for words in names if group and words.startswith(f"{group[0]} ")][:1]
    advice = f"The nearest is: airflow {near[0]}" if near else "All of them: airflow --help"
    if not near and any(sign in typed for sign in "./"):  # a file, a folder or an address
        advice = f"To take over what it holds: venturi airflow --import {typed}"
    return f"There is no command `airflow {typed}`. {advice}"


# ── arguments ────────────────────────────────────────────────────────────────────────────────────────────


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        if message.startswith("unrecognized arguments: "):
            unknown = message.partition(": ")[2].split()[0]
            near = difflib.get_close_matches(unknown, [o for o in self._option_string_actions if o[:2] == "--"], 1, 0.6)
            message = f"it knows no {unknown}" + (f"; the nearest is {near[0]}" if near else "")
        raise BadCommand(f"{self.prog}: {message}. See: {self.prog} --help")


def _dashed(word: str) -> str:
    """1.10 has --start_date where later ones have --start-date."""
    name, sign, value = word.partition("=")
    return f"{name.replace('_', '-')}{sign}{value}" if word.startswith("--") else word


def _fill(parser: argparse.ArgumentParser, row: Command) -> None:
    used: set[str] = set()
    for text in (row.takes, row.quiet, COMMON):
        for one in text.split():
            names, options = _argument(one)
            free = [name for name in names if name not in used]
            if free and not (names[0].startswith("-") and text is COMMON and not free):
                used.update(free)
                parser.add_argument(*free, **options)


def _argument(text: str) -> tuple[list[str], dict[str, Any]]:
    if not text.startswith("-"):
        name = text.rstrip("?*")
        nargs = {"?": "?", "*": "*"}.get(text[len(name) :])
        return [name], ({} if nargs is None else {"nargs": nargs})
    spelled, sign, value = text.partition("=")
    names = spelled.split("|")
    longest = next((name for name in names if name.startswith("--")), names[0])
    options: dict[str, Any] = {"dest": longest.lstrip("-").replace("-", "_")}
    if not sign:
        return names, {**options, "action": "store_true"}
    if value.endswith("+"):
        options["action"], value = "append", value[:-1]
    if ":" in value:
        options |= {"nargs": value.count(":") + 1, "metavar": tuple(value.split(":"))}
    elif "," in value:
        options["choices"] = value.split(",")
    else:
        options["metavar"] = value
    return names, options


# ── what is printed of it ────────────────────────────────────────────────────────────────────────────────


def usage(words: str) -> str:
    row = by_words()[words]
    if row.is_sentence:
        return row.does
    parser = _Parser(prog=f"airflow {words}", add_help=False)
    for one in row.takes.split():
        names, options = _argument(one)
        parser.add_argument(*names, **options)
    lines = [parser.format_usage().strip(), "", f"In Venturi: {row.so}"]
    left = [one.partition("=")[0].replace("|", ", ") for one in row.quiet.split()]
    return "\n".join([*lines, *([f"Without a meaning here: {'; '.join(left)}"] if left else [])])


def overview(group: str | None = None) -> str:
    head = f"airflow {group} COMMAND …" if group else "airflow COMMAND …   Airflow's own commands, done by Venturi"
    lines = [f"usage: {head}", ""]
    lines += [f"  {words:<34} {so}" for words, so in spelled() if group in (None, words.split()[0])]
    if group is None:
        lines += ["", "  --import SOURCE…                   take over what an existing Airflow knows (--import --help)"]
        lines += ["  --install-command                  let `airflow` be typed alone, if there is no other"]
    return "\n".join(lines)


def spelled() -> Iterator[tuple[str, str]]:
    """Every command that does something, under the words of 2.x and 3.x."""
    return ((row.words, row.so) for row in table() if not row.is_sentence)
