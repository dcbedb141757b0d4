"""Writes docs/airflow-compatibility.md from the compatibility table: `make docs`.

Owns the form of the page; what it says of a name stands in `venturi.airflow.table`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from venturi.airflow import VERSION, table
from venturi.airflow.table import FULL, MOVED, PARTIAL, REFUSED, TABLE
from venturi.airflow.table.arguments import ARGUMENTS

PAGE = Path(__file__).parent.parent / "docs" / "airflow-compatibility.md"

HEAD = """# What of Airflow Venturi serves

This page is written from the table that the importer serves (`make docs`); do not edit it.

A DAG file's `import airflow…` is answered by Venturi; no Airflow is installed. Names of all generations (1.10, 2.x,
3.x) are there at once and lead to the same objects. `airflow.__version__` is `{version}`. Of {total} paths, {full} are
served in full, {partial} with the difference that is told, {moved} are old names of what is in an official provider
wheel and need that wheel, and {refused} are refused with a sentence that says what to do. A name under `airflow` that
is not on this page fails at import, and the error names the nearest thing there is.

Whether a file runs: `venturi check FILE`. What real Airflows made of many hundred files, beside what Venturi made of
them: [compatibility-proof.md](compatibility-proof.md).

## Where the generations differ

The file's own generation decides, by the names that it imports: 3.x if it takes one of `airflow.sdk` or
`airflow.providers.standard`, 1.10 if it takes only names of 1.10 (`…_operator`, `airflow.contrib`), else 2.x.

| | 1.10 | 2.x | 3.x |
|---|---|---|---|
| no `schedule` is given | daily, told | daily, told | none |
| `catchup` is not given | off; Airflow's would be on, told by `venturi check` | the same | off |
| an argument that the operator does not know | left out, told | an error | an error |
| an unknown name in a template | empty text | an error | an error |

In every generation `provide_context` and the like are taken without a meaning, keys of `default_args` that an operator
does not know are ignored, and a schedule that stands in `default_args` is taken as what was meant, and told.

## Provider wheels

`airflow.providers.…` is looked up in installed provider wheels. A wheel's class wins for what the wheel still has; what
it has dropped, and the few operators that Venturi keeps itself, come from the table. `standard` and `common.compat`
belong to Airflow itself: there Venturi's own come first, and the wheel has the rest.

"""

TITLES = {
    "dags": "DAGs, tasks, groups, templates",
    "operators": "Operators",
    "sensors": "Sensors",
    "models": "Models",
    "settings": "Variables, connections, settings",
    "assets": "Assets, timetables, object storage, notifiers, people",
    "deferral": "Deferring, other DAGs, callbacks",
    "moments": "Dates, time zones, macros",
    "exceptions": "Exceptions",
    "extending": "Plugins",
    "providers": "Providers that are served without a wheel",
    "wheels": "What provider wheels import beside these",
}


def page() -> str:
    counts = table.counts()
    parts = [
        HEAD.format(
            version=VERSION,
            total=len(TABLE),
            full=counts[FULL],
            partial=counts[PARTIAL],
            moved=counts[MOVED],
            refused=counts[REFUSED],
        )
    ]
    for area in table.AREAS:
        rows = list(_rows_of(area))
        if rows:
            name = area.__name__.rpartition(".")[2]
            title = TITLES.get(name) or (area.__doc__ or name).split("\n")[0].rstrip(".")
            parts.append(f"## {title}\n\n| name | under | |\n|---|---|---|\n{''.join(rows)}\n")
    parts += [_old_arguments(), _old_names()]
    return "".join(parts)


def _rows_of(area: object) -> Iterator[str]:
    """One line for each object and each thing said of it, with every place it is reached from."""
    found: dict[tuple[str, str, str], list[str]] = {}
    served: Iterable[tuple[str, str, str]] = area.SERVED  # type: ignore[attr-defined]
    for target, paths, reason in served:
        for path in paths.split():
            place, _, other = path.partition(":")
            found.setdefault((other or target.rpartition(".")[2], FULL if not reason else PARTIAL, reason), []).append(
                place
            )
    for paths, reason in area.REFUSED:  # type: ignore[attr-defined]
        for path in paths.split():
            place, _, name = path.rpartition(".")
            found.setdefault((name, REFUSED, reason), []).append(place)
    for (name, kind, reason), places in sorted(found.items(), key=lambda item: (item[0][0].lower(), item[0])):
        said = kind if kind == FULL else f"{kind}: {reason}"
        where = " ".join(f"`{place}`" for place in dict.fromkeys(places))
        yield f"| `{name}` | {where} | {said.replace('|', chr(92) + '|')} |\n"


def _old_arguments() -> str:
    lines = [
        "## Arguments that wheels have dropped, and that are still taken\n\n| class | argument | |\n|---|---|---|\n"
    ]
    lines += [f"| `{row.operator}` | `{row.name}` | {row.becomes} |\n" for row in ARGUMENTS]
    return "".join(lines) + "\n"


def _old_names() -> str:
    by_wheel: dict[str, list[str]] = {}
    for path, row in TABLE.items():
        if row.kind == MOVED:
            by_wheel.setdefault(row.reason, []).append(f"`{path.removeprefix('airflow.')}`")
    lines = [
        "## Old names of what is in provider wheels\n\n"
        "Each below `airflow.`. Where the wheel is not installed, an operator, sensor or hook loads all the same under "
        "its old name, and fails with a sentence when it runs.\n\n"
        "| wheel | names |\n|---|---|\n"
    ]
    lines += [f"| `{wheel}` | {' '.join(sorted(names))} |\n" for wheel, names in sorted(by_wheel.items())]
    return "".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    sys.stdout.write(f"{PAGE}\n")
