"""What the old words name: a DAG by its id or a pattern, a run by its id or its date, dates in any spelling."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.errors import NotFound
from ..printing import COULD_NOT_START, fail, say

if TYPE_CHECKING:
    from ...store import Reader
    from ...store.rows import DagRow, RunRow
    from . import At


def moment(text: str) -> float:
    from ...sdk.times import read

    try:
        made = read(text)
    except ValueError:
        fail(
            f"'{text}' is no date; write it like 2026-01-31 or 2026-01-31T12:00:00+00:00.", COULD_NOT_START, "bad_date"
        )
    return (made if made.tzinfo else made.replace(tzinfo=timezone.utc)).timestamp()


def iso(text: str) -> str:
    return datetime.fromtimestamp(moment(text), timezone.utc).isoformat()


def dag(reader: Reader, dag_id: str) -> DagRow:
    found = reader.dag(dag_id)
    if found is None or found.version is None:
        raise NotFound(kind="DAG", name=dag_id, advice="List them with: airflow dags list")
    return found


def spec(reader: Reader, dag_id: str) -> dict[str, Any]:
    version = dag(reader, dag_id).version
    assert version is not None
    return reader.version(version).spec


def dags_like(at: At, pattern: str) -> list[str]:
    """Those whose id the pattern finds, as Airflow's --treat-dag-id-as-regex does."""
    with at.reader() as reader:
        known = [row.dag_id for row in reader.dags() if row.active]
    try:
        found = [dag_id for dag_id in known if re.search(pattern, dag_id)]
    except re.error as error:
        fail(f"'{pattern}' is no pattern: {error}.", COULD_NOT_START, "bad_pattern")
    if not found:
        fail(f"No DAG is called like '{pattern}'. List them with: airflow dags list", code="no_such_dag")
    return found


def run(reader: Reader, dag_id: str, named: str) -> RunRow | None:
    """By its id, else by its date."""
    dag(reader, dag_id)
    found = reader.run(dag_id, named)
    if found is not None:
        return found
    from ...sdk.times import read

    try:
        read(named)
    except ValueError:
        return None
    at = moment(named)
    return next(iter(reader.find_runs(dag_id, dates=(at, at), newest_first=True, limit=1)), None)


def known_run(reader: Reader, dag_id: str, named: str) -> RunRow:
    found = run(reader, dag_id, named)
    if found is None:
        raise NotFound(kind="run", name=named, advice=f"List them with: airflow dags list-runs -d {dag_id}")
    return found


def tasks_like(found: dict[str, Any], pattern: str) -> list[str]:
    try:
        chosen = [task["task_id"] for task in found.get("tasks", ()) if re.findall(pattern, task["task_id"])]
    except re.error as error:
        fail(f"'{pattern}' is no pattern: {error}.", COULD_NOT_START, "bad_pattern")
    if not chosen:
        fail(f"No task of '{found['dag_id']}' is called like '{pattern}'.", code="no_such_task")
    return chosen


def file_of(at: At, dag_id: str, place: str | None = None) -> Path:
    """The DAG file that defines it: as the home knows it, else looked for in `place` or the home's dags/."""
    if place is None and at.has_database:
        with at.reader() as reader:
            row = reader.dag(dag_id)
        if row is not None and row.file:
            return Path(row.file)
    from ..check import check_paths

    folder = folder_of(at, place)
    if not folder.exists():
        fail(f"There is no file or folder {folder}.", COULD_NOT_START, "no_such_file")
    for checked in check_paths(at.home, [folder]):
        if dag_id in checked.dags:
            return checked.file
        for line, message in checked.errors:
            say(f"{checked.file}, line {line}: {message}")
    raise NotFound(kind="DAG", name=dag_id, advice=f"No file in {folder} defines it.")


def folder_of(at: At, place: str | None = None) -> Path:
    from ...config import environment

    return Path(place or environment("AIRFLOW__CORE__DAGS_FOLDER") or at.home.root / "dags").expanduser().absolute()


def sure(question: str, yes: bool) -> None:
    """Asked at a terminal; elsewhere it has to be said."""
    import sys

    import click

    if yes:
        return
    if not sys.stdin.isatty():
        fail(f"{question} Say --yes.", COULD_NOT_START, "not_sure")
    if not click.confirm(f"{question} Go on?", err=True):
        fail("Nothing was changed.", code="not_sure")
