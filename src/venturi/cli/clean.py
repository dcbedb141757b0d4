"""The verb `clean`: remove runs that ended long ago, with all that was their own. The engine does it, bit by bit."""

from __future__ import annotations

import time

import click

from ..config import find_home, read_config
from . import options
from .printing import SUCCESS, fail, say, show, table
from .sending import ask, leave

POLL_S = 0.2


@click.command()
@click.option("--before", metavar="AGE|DATE", help="Runs that ended longer ago: 90d, 12h, 2w or 2026-01-31.")
@click.option("--keep", type=int, metavar="N", help="The newest N runs of each DAG stay. [default: 1]")
@click.option("--dag", "dags", multiple=True, metavar="DAG", help="Of this DAG alone; may be said again.")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@options.everywhere
def clean(
    before: str | None, keep: int | None, dags: tuple[str, ...], dry_run: bool, home_given: str | None, as_json: bool
) -> int:
    """Remove old runs with their tasks, values, logs and notes, and files that nothing names any more.

    Without --before and --keep by the settings keep_runs_days and keep_runs_min. Unfinished runs and the newest run of
    each DAG stay in any case.
    """
    from ..engine.retention import would_go
    from ..engine.retention_commands import said_or_set
    from .reading import open_reader

    home = find_home(home_given)
    config = read_config(home)
    given = {"before": before, "keep": keep, "dags": list(dags)}
    with open_reader(home, config) as reader:
        rule = said_or_set(config, before, keep, dags, time.time())
        for dag_id in dags:
            if reader.dag(dag_id) is None:
                fail(f"There is no DAG '{dag_id}'. List them with: venturi ls", code="no_such_dag")
        if dry_run:
            found = dict(would_go(reader, rule))
            n = sum(found.values())
            text = table(("DAG", "RUNS"), found.items()) if found else None
            show({"runs": n, "dags": found}, as_json, text)
            say(f"{n:,} {'run' if n == 1 else 'runs'} would go. Nothing was removed.")
            return SUCCESS
    if ask(home, "clean", given) is None:
        leave(home, "clean", given)
        show({"waits": True}, as_json)
        return SUCCESS
    while True:
        answer = ask(home, "clean_status", {})
        sweep = None if answer is None else answer["sweep"]
        if sweep is None:
            fail("The engine was ended meanwhile; what is left goes when it is said again.", code="engine_gone")
        if sweep["over"]:
            break
        time.sleep(POLL_S)
    runs, files = sweep["runs"], sweep["files"]
    words = f"{runs:,} {'run' if runs == 1 else 'runs'} removed, {sweep['rows']:,} rows and {files:,} files"
    show({name: sweep[name] for name in ("runs", "rows", "files", "bytes")}, as_json, f"{words} with them.")
    return SUCCESS
