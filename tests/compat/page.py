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
    "beside": "every other DAG file of these repositories",
}

HEAD = """# What was compared with real Airflows

Written by `make compat`; do not edit it. Each file is loaded, and where it needs nothing from outside run, by Venturi
and by a real Airflow {three} or {two} in an environment of its own, without network. *Structure* is task ids, edges,
groups, mapping, trigger rules, pools, retries, schedule and params. A *run* is its end, the state of every task
instance and every XCom. Chance is loaded alike on both sides.

| files | {columns} |
|---|{dashes}|
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
Of {files} {title}, Airflow {two} loads {loaded by 2.11}, {three} loads {loaded by 3.3}, either {loaded by either}.
Venturi loads {loaded here}; of those that either loads, {structure same} of {structure compared} have the same
structure. {in no Airflow of today, for a removed name} more load in neither because a name or an argument was taken
out; of these Venturi loads {in no Airflow of today, for a removed name: loaded here}.
"""

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
            besides.append(BESIDE.format_map({**_Zero(totals.counts), "title": TITLES[name], **versions}))
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


class _Zero(dict[str, object]):
    def __missing__(self, key: str) -> int:
        return 0


def _share(totals: Totals, what: str) -> str:
    compared = totals.counts[f"{what} compared"]
    return f"{totals.counts[f'{what} same']} of {compared}" if compared else ""
