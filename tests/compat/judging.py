"""Judges each file: the same, different and explained, or different; and counts.

Owns differences.json (what differs, and why) and waits_for.json (which files need a date, an asset or a person).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from . import comparing
from .obtaining import Example

HERE = Path(__file__).parent
# How an Airflow says that it has taken out what a file names, or an argument of it.
_REMOVED = re.compile(
    r"No module named 'airflow\.(?!providers)|cannot import name .* from 'airflow|unexpected keyword argument"
    r"|Invalid arguments were passed|has no attribute"
)
# What stands in the way here that is not a thing which the file lacks: a variable, a file, a library, another wheel.
_OURS = re.compile(r"does not serve|is installed\.|from 'airflow|BadAuthoring|TypeError|AttributeError|Venturi")


# ── explained differences ────────────────────────────────────────────────────────────────────────────────


class Explanations:
    """differences.json: [{"file", "difference", "explanation"}]. A difference is explained where an entry of its file
    (`*` stands for any part of the name) is found in it; an entry that is found nowhere is out of date."""

    def __init__(self, entries: list[dict[str, str]] | None = None) -> None:
        self.entries = json.loads((HERE / "differences.json").read_text()) if entries is None else entries
        self._used: set[int] = set()

    def unexplained(self, file: str, differences: Iterable[str]) -> list[str]:
        left = []
        for difference in differences:
            hits = [
                at
                for at, entry in enumerate(self.entries)
                if fnmatchcase(file, entry["file"]) and entry["difference"] in difference
            ]
            self._used.update(hits)
            if not hits:
                left.append(difference)
        return left

    def out_of_date(self) -> list[str]:
        """After everything was compared."""
        return [f"{e['file']}: {e['difference']}" for at, e in enumerate(self.entries) if at not in self._used]


@dataclass
class Totals:
    """Of one set of files."""

    counts: Counter[str] = field(default_factory=Counter)
    unexplained: list[str] = field(default_factory=list)

    def share(self, what: str) -> float:
        good, all_of_them = self.counts[f"{what} same"], self.counts[f"{what} compared"]
        return good / all_of_them if all_of_them else 1.0


def waits_for() -> dict[str, str]:
    return {entry["file"]: entry["waits_for"] for entry in json.loads((HERE / "waits_for.json").read_text())}


def to_run(reference: Mapping[str, Any] | None, all_of_them: bool = False) -> dict[str, str]:
    """Which DAGs of a file are compared as runs, and on which date: those whose run has ended there."""
    runs = (reference or {}).get("runs") or {}
    if all_of_them:
        return {dag_id: runs.get(dag_id, {}).get("date", "") for dag_id in (reference or {}).get("dags") or {}}
    return {dag_id: run["date"] for dag_id, run in runs.items() if comparing.ended(run)}


class Judge:
    """Of one set of files."""

    def __init__(self, explanations: Explanations, shown: bool) -> None:
        self.totals = Totals()
        self._explanations = explanations
        self._shown = shown
        self._waiting = waits_for()

    def waits(self, example: Example) -> str | None:
        return self._waiting.get(example.key)

    def compare(self, example: Example, theirs: Mapping[str, Any], ours: Mapping[str, Any], runs: bool) -> None:
        """Structure, and the runs that ended there, against what a real Airflow made of the same file."""
        counts, said, failed = self.totals.counts, [], not_loaded(ours)
        if not theirs.get("dags"):
            what = f"not loaded there: {theirs['error'][:90]}" if theirs.get("error") else "defines nothing there"
            counts["nothing there"] += 1
            here = f"NOT LOADED here: {failed[:120]}" if failed else f"here {in_words(ours)}"
            self._line(example.key, [what, here], [])
            return
        differences = [f"not loaded: {failed}"] if failed else comparing.structure(theirs["dags"], ours["dags"])
        said.append(self.verdict("structure", example.key, differences))
        found: list[str] = []
        if runs and (waits := self.waits(example)):
            said.append(f"waits for {waits}")
            counts[f"waits for {waits}"] += 1
        elif runs and not to_run(theirs):
            said.append("no end there")
            counts["no end there"] += 1
        elif runs:
            found = [f"not loaded: {failed}"] if failed else self._runs(theirs, ours)
            said.append(self.verdict("run", example.key, found))
        self._line(example.key, said, [*differences, *found])

    def either(self, example: Example, known: Mapping[str, Mapping[str, Any]], ours: Mapping[str, Any]) -> None:
        """What any Airflow of today loads must load here, to the same structure; the rest is counted."""
        counts, failed = self.totals.counts, not_loaded(ours)
        counts["files"] += 1
        counts["loaded here"] += not failed
        loaded_by = [version for version, found in known.items() if found.get("dags")]
        counts.update(f"loaded by {version}" for version in loaded_by)
        if loaded_by:
            counts["loaded by either"] += 1
            self.compare(example, known[loaded_by[0]], ours, False)
            return
        errors = [found["error"] for found in known.values() if found.get("error")]
        removed = next((error for error in errors if _REMOVED.search(error)), None)
        if removed is not None:
            lacks = failed is not None and not _OURS.search(failed)  # with the name it would not load there either
            counts["in no Airflow of today, for a removed name"] += not lacks
            counts["in no Airflow of today, for a removed name: loaded here"] += not failed
            if failed and not lacks:
                left = self._explanations.unexplained(example.key, [f"not loaded: {failed}"])
                self.totals.unexplained += [f"{example.key}: {each}" for each in left]
        there = f"not loaded there: {(removed or errors[0])[:90]}" if errors else "defines nothing there"
        here = f"NOT LOADED here: {failed[:120]}" if failed else f"here {in_words(ours)}"
        self._line(example.key, [there, here], [])

    @contextmanager
    def judging(self, file: str) -> Iterator[None]:
        """The proof itself may fall over a file: it is told, and the others go on."""
        try:
            yield
        except Exception as error:
            self.broke(file, error)

    def _runs(self, theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> list[str]:
        ran = ours.get("runs") or {}
        return [
            f"{dag_id}: {each}"
            for dag_id in to_run(theirs)
            for each in comparing.outcome(theirs["runs"][dag_id], ran.get(dag_id) or {})
        ]

    def verdict(self, what: str, file: str, differences: list[str]) -> str:
        counts = self.totals.counts
        counts[f"{what} compared"] += 1
        if not differences:
            counts[f"{what} same"] += 1
            return f"{what} same"
        left = self._explanations.unexplained(file, differences)
        self.totals.unexplained += [f"{file}: {each}" for each in left]
        counts[f"{what} {'differs' if left else 'differs, explained'}"] += 1
        return f"{what} DIFFERS ({len(left)} of {len(differences)})" if left else f"{what} differs, explained"

    def broke(self, file: str, error: BaseException) -> None:
        self.totals.counts["could not be judged"] += 1
        self.totals.unexplained.append(f"{file}: could not be judged: {type(error).__name__}: {error}")
        self._line(file, [f"COULD NOT BE JUDGED: {type(error).__name__}: {error}"], [])

    def say(self, file: str, said: str, differences: Iterable[str] = ()) -> None:
        self._line(file, [said], list(differences))

    def _line(self, file: str, said: list[str], differences: list[str]) -> None:
        print(f"{file:88} {' · '.join(said)}", flush=True)
        if self._shown:
            for difference in differences:
                print(f"      {difference}", flush=True)


def not_loaded(found: Mapping[str, Any]) -> str | None:
    if found.get("error") or found.get("exception"):
        return str(found.get("error") or found.get("exception"))
    return None if "dags" in found else "nothing is known of it"


def in_words(found: Mapping[str, Any]) -> str:
    dags = found.get("dags") or {}
    return f"{len(dags)} DAGs, {sum(len(dag['tasks']) for dag in dags.values())} tasks"
