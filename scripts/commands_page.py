"""Writes docs/airflow-commands.md from the table of Airflow's own commands: `make docs`.

Owns the form of the page; what it says of a command stands in `venturi.airflow.words`.
"""

from __future__ import annotations

import re
from pathlib import Path

from venturi.airflow import VERSION, words

PAGE = Path(__file__).parent.parent / "docs" / "airflow-commands.md"

HEAD = """# Airflow's own commands

This page is written from the table by which they are answered (`make docs`); do not edit it.

`venturi airflow …` answers the command lines of Airflow 1.10, 2.x and 3.x at once: {done} are done, {told} say
in one sentence what to do instead. After `venturi airflow --install-command` the word `airflow` alone is enough; it is
put beside `venturi`, and only where there is no other. 1.10's options may be written with `_` or with `-`.

- `-o json`, `yaml`, `plain` and `table` print what Airflow prints, in its keys; of keys that were renamed both are
  there. What is meant for people goes to stderr. Exit codes are 0, 1 for a failure, 2 for what cannot be understood.
- `webserver`, `api-server`, `scheduler`, `triggerer`, `dag-processor` and `standalone` each start all of Venturi and
  stay with it, or return with `-D`. Where it runs already they say so, and stay until it ends; ending the one that
  started it ends it.
- `airflow version` says {version}, as `airflow.__version__` does.
- What has a meaning in Airflow alone (executors' options, log files of daemons, worker classes) is taken and left out;
  `airflow COMMAND --help` says which.

## Done

| 2.x, 3.x | 1.10 | in Venturi |
|---|---|---|
"""

TOLD = """
## Said what to do instead

| | |
|---|---|
"""


def page() -> str:
    rows = [row for row in words.table() if not row.is_sentence]
    told = [row for row in words.table() if row.is_sentence]
    head = HEAD.format(done=len(rows), told=len(told), version=VERSION)
    lines = [f"| {_later(row)} | {_once(row)} | {_shown(row.so)} |" for row in rows]
    said: dict[str, list[str]] = {}
    for row in told:
        said.setdefault(row.does, []).append(_both(row))
    last = [f"| {', '.join(names)} | {sentence} |" for sentence, names in said.items()]
    return head + "\n".join(lines) + "\n" + TOLD + "\n".join(last) + "\n"


def _of_1_10(row: words.Command) -> bool:
    """A word of 1.10 that is a row of its own."""
    return " " not in row.words and (row.words in ("list_dags", "connections", "variables", "pool"))


def _later(row: words.Command) -> str:
    return "" if _of_1_10(row) else f"`{row.words}`"


def _once(row: words.Command) -> str:
    if _of_1_10(row):
        return f"`{row.words}`"
    return f"`{row.once}`" if row.once else ""


def _both(row: words.Command) -> str:
    return f"`{row.words}`" + (f", `{row.once}`" if row.once else "")


def _shown(so: str) -> str:
    """What can be typed stands in code."""
    parts = re.split(r"(venturi [^;]+)", so)
    return "".join(f"`{part.strip()}`" if part.startswith("venturi ") and ", " not in part else part for part in parts)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    print(f"{PAGE} is written.")
