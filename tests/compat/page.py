"""The page that a whole proof writes: docs/compatibility-proof.md, its totals and every difference with its reason.

Owns the page's words and form alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .judging import Totals
from .obtaining import VERSIONS
from .sandbox import TOP

PAGE = TOP / "docs" / "compatibility-proof.md"

TITLES = {
    "own": "our own files",
    "3.3": f"example DAGs of Airflow {VERSIONS['3.3']}",
    "2.11": f"example DAGs of Airflow {VERSIONS['2.11']}",
    "1.10": f"example DAGs of Airflow {VERSIONS['1.10']}",
    "providers": "examples in provider wheels of 2022",
    "older": "further examples in older wheels",
    "corpus": "public files",
    "beside": "other DAG files of the same repositories",
}

HEAD = """# What was compared with real Airflows

Written by `make compat`; do not edit it. Each file is loaded, and where it needs nothing from outside run, by Venturi
and by a real Airflow {three} or {two} in an environment of its own, without network. *Structure* is task ids, edges,
groups, mapping, trigger rules, pools, retries, schedule and params. A *run* is its end, the state of every task
instance and every XCom. Chance is loaded alike on both sides.

| files | {columns} |
|---|{dashes}
"""

COLUMNS = {
    "structure": "same structure",
    "run": "same run",
    "load": "load",
    "hash": "hash as recorded",
    "recorded end": "end as recorded",
    "refusal": "refused with their cause",
    "load of what no Airflow loads today": "load, though no Airflow of today loads them",
}

BESIDE = """
Of {files} {title}, Airflow {two} loads {by_two}, {three} loads {by_three}, either {by_either}. Venturi loads {here}; of
those that either loads, {same} of {compared} have the same structure. {removed} more load in neither because a name or
an argument was taken out; of these Venturi loads {removed_here}. What else it does not load lacks a library, another
wheel, a variable or a correction, wherever it is loaded.
"""
REMOVED = "in no Airflow of today, for a removed name"

DIFFERENCES = """
## Every difference, and why

| file | where | why |
|---|---|---|
"""


def text(all_totals: Mapping[str, Totals], entries: Iterable[Mapping[str, str]]) -> str:
    versions = {"two": VERSIONS["2.11"], "three": VERSIONS["3.3"]}
    head = HEAD.format(columns=" | ".join(COLUMNS.values()), dashes="---|" * len(COLUMNS), **versions)
    rows, besides = [], []
    for name, totals in all_totals.items():
        if "files" in totals.counts:
            besides.append(_beside(TITLES[name], totals, versions))
        else:
            rows.append(f"| {TITLES[name]} | {' | '.join(_share(totals, what) for what in COLUMNS)} |\n")
    rest = [
        f"{totals.counts[what]} of the {TITLES[name]} are not compared as runs: {what}.\n"
        for name, totals in all_totals.items()
        for what in sorted(totals.counts)
        if what.startswith(("waits for", "no end there"))
    ]
    reasons = [f"| `{e['file']}` | `{e['difference']}` | {e['explanation']} |\n" for e in entries]
    return "".join([head, *rows, "\n", *rest, *besides, DIFFERENCES, *reasons])


def _beside(title: str, totals: Totals, versions: Mapping[str, str]) -> str:
    counts = totals.counts
    return BESIDE.format(
        title=title,
        files=counts["files"],
        by_two=counts["loaded by 2.11"],
        by_three=counts["loaded by 3.3"],
        by_either=counts["loaded by either"],
        here=counts["loaded here"],
        same=counts["structure same"],
        compared=counts["structure compared"],
        removed=counts[REMOVED],
        removed_here=counts[f"{REMOVED}: loaded here"],
        **versions,
    )


def _share(totals: Totals, what: str) -> str:
    compared = totals.counts[f"{what} compared"]
    return f"{totals.counts[f'{what} same']} of {compared}" if compared else ""
