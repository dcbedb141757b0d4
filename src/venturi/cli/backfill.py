"""The verb `backfill`: the runs of past dates of a DAG. Begin one, look what it would do, and how those there stand.

Each change is a command to the engine; what there is is read.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any
from uuid import uuid4

import click

from ..config import Home, find_home, read_config
from ..core.backfills import REPROCESS, request_of
from ..core.spec import dag_from_json
from ..store import Reader
from ..store.rows import BackfillRow
from . import options
from .printing import FAILED, INTERRUPTED, SUCCESS, fail, iso, say, show, table
from .sending import ask, leave

POLL_S = 0.5
SHOWN_MAX = 20  # dates, of those that were dealt with last
OPEN = ("running", "paused")
ORDER = ("success", "failed", "running", "queued", "removed", "left out")


class _DagOrVerb(click.Group):
    """`venturi backfill DAG` is `venturi backfill start DAG`."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or self.commands["start"]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = ["start", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_DagOrVerb, subcommand_metavar="DAG [OPTIONS] | COMMAND [ARGS]…")
def backfill() -> None:
    """Run the dates of a DAG that are past: venturi backfill DAG --from DATE --to DATE"""


@contextmanager
def _reader(home: Home) -> Iterator[Reader]:
    from .reading import open_reader

    with open_reader(home, read_config(home)) as reader:
        yield reader


# ── begin one ────────────────────────────────────────────────────────────────────────────────────────────


@backfill.command("start")
@click.argument("dag_id", metavar="DAG")
@click.option("--from", "first", metavar="DATE", help="The first logical date, by the DAG's own clock.")
@click.option("--to", "last", metavar="DATE", help="The last one, itself too; a day is meant as a whole.")
@click.option("--dates", metavar="DATE,…", help="These dates instead.")
@click.option("--task", "tasks", multiple=True, metavar="TASK", help="Only this task; may be said again.")
@click.option("--upstream", is_flag=True, help="With what comes before these tasks.")
@click.option("--downstream", is_flag=True, help="With what comes after them.")
@click.option("--reverse", is_flag=True, help="The newest date first.")
@click.option("--max-active", type=int, help="Runs at once. [default: as many as the DAG may have, at most 10]")
@click.option(
    "--reprocess",
    type=click.Choice(REPROCESS),
    default="none",
    show_default=True,
    help="Dates that have their run: none again, those that failed, or all that are over.",
)
@click.option("--conf", metavar="JSON", help="The configuration of its runs, an object.")
@click.option("--unpause", is_flag=True, help="Unpause the DAG too.")
@click.option("--ignore-pause", "ignores_pause", is_flag=True, help="Run although the DAG is paused.")
@click.option("--dry-run", is_flag=True, help="Only say what would become of each date.")
@click.option("--wait", is_flag=True, help="Follow it to its end; the exit status is 1 if a run failed.")
@options.everywhere
def start(
    dag_id: str,
    first: str | None,
    last: str | None,
    dates: str | None,
    conf: str | None,
    dry_run: bool,
    wait: bool,
    home_given: str | None,
    as_json: bool,
    **more: Any,
) -> int:
    """Make the runs of the dates between two others."""
    home = find_home(home_given)
    named = [text.strip() for text in (dates or "").split(",") if text.strip()]
    given = {"dag_id": dag_id, "from": first, "to": last, "dates": named, "conf": options.read_conf(conf)}
    given |= {**more, "tasks": list(more["tasks"])}
    if dry_run:
        return _look(home, given, as_json)
    answer = ask(home, "backfill", {**given, "key": uuid4().hex})
    if answer is None:
        if wait:
            fail("No engine is running, so there is nothing to wait for. Start one with: venturi up", code="no_engine")
        _check(home, given)
        leave(home, "backfill", {**given, "key": uuid4().hex})
        show({"waits": True}, as_json)
        return SUCCESS
    id = answer["backfill"]
    if answer.get("waits"):
        say(f"DAG '{dag_id}' is paused, so the backfill waits. Start it with: venturi unpause {dag_id}")
    if answer.get("foreground"):
        say("The engine at work is a `venturi run` for its own runs alone: the backfill waits for: venturi up")
    if wait:
        return _follow(home, id, as_json)
    show({"backfill": id}, as_json, f"Backfill {id}. How it stands: venturi backfill show {id}")
    return SUCCESS


def _check(home: Home, given: dict[str, Any]) -> None:
    """What nobody can answer now is at least something that can be."""
    with _reader(home) as reader:
        dag = reader.dag(given["dag_id"])
        if dag is None or dag.version is None:
            fail(f"There is no DAG '{given['dag_id']}'. List them with: venturi ls", code="no_such_dag")
        request_of(given, dag_from_json(reader.version(dag.version).spec), time.time())


def _look(home: Home, given: dict[str, Any], as_json: bool) -> int:
    after, counts = None, dict.fromkeys(("new", "again", "left out"), 0)
    shown: list[dict[str, Any]] = []
    while True:
        page = ask(home, "backfill_look", {**given, "after": after})
        if page is None:
            fail("No engine is running; it says what would be done. Start one with: venturi up", code="no_engine")
        for one in page["dates"]:
            counts[one["what"]] += 1
            data = {**one, "date": iso(one["date"])}
            if as_json:
                shown.append(data)
            else:
                show({}, False, f"{_date(one['date'])}  {_would_be(one)}")
        after = page["next"]
        if after is None:
            break
    total = sum(counts.values())
    words = f"{total:,} dates: {counts['new']:,} new, {counts['again']:,} again, {counts['left out']:,} left out; "
    words += f"{page['max_active']} at once. Nothing was started."
    if as_json:
        show({"dates": shown, "counts": counts, "max_active": page["max_active"]}, True)
    else:
        say(words)
    return SUCCESS


def _would_be(one: dict[str, Any]) -> str:
    if one["what"] == "left out":
        return f"left out: {one['reason']}"
    return f"again: {one['run_id']}" if one["what"] == "again" else "new"


def _date(seconds: float | None) -> str:
    return "" if seconds is None else f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%d %H:%M:%S} UTC"


def _follow(home: Home, id: int, as_json: bool) -> int:
    """Read from the database, so that it goes on over an engine that is started again."""
    told = ""
    try:
        with _reader(home) as reader:
            while True:
                row = reader.backfill(id)
                assert row is not None
                counts = reader.backfill_counts(id)
                words = _progress(row, counts)
                if words != told:
                    told = words
                    say(f"Backfill {id}: {words}")
                if row.state not in OPEN:
                    break
                time.sleep(POLL_S)
    except KeyboardInterrupt:
        fail(f"Backfill {id} goes on. End it with: venturi backfill cancel {id}", INTERRUPTED, "interrupted")
    show(_data(row, counts), as_json)
    return FAILED if counts.get("failed") or row.state == "cancelled" else SUCCESS


# ── how they stand ───────────────────────────────────────────────────────────────────────────────────────


@backfill.command("ls")
@click.argument("dag_id", metavar="[DAG]", required=False)
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True)
@options.everywhere
def backfill_ls(dag_id: str | None, limit: int, home_given: str | None, as_json: bool) -> int:
    """The backfills there are and were, newest first."""
    with _reader(find_home(home_given)) as reader:
        found = [(row, reader.backfill_counts(row.id)) for row in reader.backfills(dag_id, limit)]
    lines = [(r.id, r.dag_id, r.state, _span(r), _progress(r, counts, with_state=False)) for r, counts in found]
    text = table(("ID", "DAG", "STATE", "DATES", "OF THEM"), lines) if lines else "There are no backfills."
    show({"backfills": [_data(row, counts) for row, counts in found]}, as_json, text)
    return SUCCESS


@backfill.command("show")
@click.argument("id", type=int)
@click.option("--limit", type=click.IntRange(min=1), default=SHOWN_MAX, show_default=True, help="Dates to be told of.")
@options.everywhere
def backfill_show(id: int, limit: int, home_given: str | None, as_json: bool) -> int:
    """What one is to do, how far it is, and the newest of its dates."""
    with _reader(find_home(home_given)) as reader:
        row = reader.backfill(id)
        if row is None:
            fail(f"There is no backfill {id}. List them with: venturi backfill ls", code="no_such_backfill")
        counts = reader.backfill_counts(id)
        dates = reader.backfill_dates(id, limit, after=max(0, row.n - limit))
    request = row.request
    tasks = ", ".join(request["tasks"]) or "all tasks"
    order = "newest first" if request["reverse"] else "oldest first"
    lines = [
        f"Backfill {id} of {row.dag_id}: {_progress(row, counts)}",
        f"{_span(row)}, {tasks}, {order}, {request['max_active']} at once",
    ]
    if dates:
        told = [(_date(d.logical_date), _became(d), d.run_id or d.reason or "") for d in dates]
        lines.append(table(("DATE", "STATE", "RUN"), told))
    data = {"logical_date", "what", "reason", "run_id", "state"}
    of_dates = [
        {k: v for k, v in d._asdict().items() if k in data} | {"logical_date": iso(d.logical_date)} for d in dates
    ]
    show({**_data(row, counts), "request": request, "dates": of_dates}, as_json, "\n".join(lines))
    return SUCCESS


def _became(date: Any) -> str:
    if date.what == "left out":
        return f"left out: {date.reason}" if date.run_id is None else "left out"
    return date.state or "removed"


def _span(row: BackfillRow) -> str:
    dates = row.request["dates"]
    if dates:
        return f"{len(dates):,} {'date' if len(dates) == 1 else 'dates'}"
    first, last = (f"{datetime.fromtimestamp(row.request[n], timezone.utc):%Y-%m-%d %H:%M}" for n in ("first", "last"))
    return f"{first} to {last} UTC"


def _progress(row: BackfillRow, counts: dict[str, int], with_state: bool = True) -> str:
    of = f" of {row.total:,}" if row.total is not None else ""
    parts = [f"{counts[state]:,} {state}" for state in ORDER if counts.get(state)]
    done = f"{row.n:,}{of} dates" + (f" ({', '.join(parts)})" if parts else "")
    return f"{row.state}, {done}" if with_state else done


def _data(row: BackfillRow, counts: dict[str, int]) -> dict[str, Any]:
    return {
        "backfill": row.id,
        "dag_id": row.dag_id,
        "state": row.state,
        "at": iso(row.at),
        "ended_at": iso(row.ended_at),
        "n": row.n,
        "total": row.total,
        "counts": counts,
        "reason": row.reason,
    }


# ── changes ──────────────────────────────────────────────────────────────────────────────────────────────


@backfill.command("pause")
@click.argument("id", type=int)
@options.everywhere
def backfill_pause(id: int, home_given: str | None, as_json: bool) -> int:
    """Begin no more of its dates; what has begun goes on."""
    return _change("backfill_pause", {"backfill": id}, home_given, as_json, f"Backfill {id} is paused.")


@backfill.command("resume")
@click.argument("id", type=int)
@options.everywhere
def backfill_resume(id: int, home_given: str | None, as_json: bool) -> int:
    """Go on with one that was paused."""
    return _change("backfill_resume", {"backfill": id}, home_given, as_json, f"Backfill {id} goes on.")


@backfill.command("cancel")
@click.argument("id", type=int)
@click.option("--with-runs", is_flag=True, help="Cancel those of its runs that have begun as well.")
@options.everywhere
def backfill_cancel(id: int, with_runs: bool, home_given: str | None, as_json: bool) -> int:
    """Begin no more of its dates, for good; runs that have begun go on to their end."""
    given = {"backfill": id, "with_runs": with_runs}
    return _change("backfill_cancel", given, home_given, as_json, f"Backfill {id} is cancelled.")


def _change(name: str, given: dict[str, Any], home_given: str | None, as_json: bool, words: str) -> int:
    home = find_home(home_given)
    answer = ask(home, name, given)
    if answer is None:
        leave(home, name, given)
        show({"waits": True}, as_json)
        return SUCCESS
    if answer.get("left"):
        n = answer["left"]
        words += f" {n} of its runs {'goes' if n == 1 else 'go'} on to {'its' if n == 1 else 'their'} end."
    told: dict[str, Any] = {
        key: answer[key] for key in ("backfill", "dag_id", "state", "ended", "left") if key in answer
    }
    show(told, as_json, words)
    return SUCCESS
