"""`venturi airflow --import SOURCE…`: what an existing Airflow knows, taken into the home. What is typed without
`--import` is one of Airflow's own commands, and goes to `cli.old`.

Connections and variables are written as `venturi connections` does it; pools, pause flags and last dates go to the
engine as one command, which waits where there is none. What is secret is never shown.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timezone
from time import time
from typing import Any

import click

from ..airflow import exports, installation
from ..config import Home, find_home, read_config
from ..core.coming import AT_WORK_S, KINDS, OF_TIME, Found, LastRun, Left, is_later, last_of, pools_to_set
from ..core.errors import BadFile, EngineRefused, VenturiError
from ..core.spec import dag_from_json
from ..core.timetables import Planned, timetable_of
from ..sdk.connections import Connection
from ..sdk.exceptions import AirflowException
from ..store import Reader, ScheduleRow, Store, open_store
from ..store.airflow_database import in_words, read_airflow
from . import options
from .printing import COULD_NOT_START, SUCCESS, fail, iso, say, show, table
from .sending import ask, leave, tell_settings_changed
from .settings import NAME_CHARS_MAX, from_stdin

_SQLITE = b"SQLite format 3\0"
NAMED_MAX = 20  # of one kind, in the text; all of them are in --json


@dataclass(slots=True)
class Taken:
    """What becomes of all that was found."""

    new: dict[str, list[str]] = field(default_factory=dict)  # connections, variables, pools
    kept: dict[str, list[str]] = field(default_factory=dict)
    dates: dict[str, dict[str, Any]] = field(default_factory=dict)
    waits: bool = False  # for an engine


class _OldOrImport(click.Command):
    """Airflow's commands have options that mean something else there, so that they are not read here."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.obj = None
        if "--import" in args:
            return super().parse_args(ctx, args)
        ctx.obj = list(args)
        return []

    def invoke(self, ctx: click.Context) -> Any:
        if ctx.obj is None:
            return super().invoke(ctx)
        if ctx.obj[:1] in (["--install-command"], ["--remove-command"]):
            from .old.command import install, remove

            return (install if ctx.obj[0] == "--install-command" else remove)()
        from .old import answer

        return answer(ctx.obj)


@click.command(cls=_OldOrImport)
@click.argument("sources", metavar="SOURCE...", nargs=-1)
@click.option("--import", "importing", is_flag=True, help="Take over what the sources hold.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be taken, and what not and why.")
@click.option("--overwrite", is_flag=True, help="Also what the home has already. [default: that stays as it is]")
@click.option("--only", multiple=True, type=click.Choice(KINDS), help="Only these. May be given several times.")
@click.option(
    "--fernet-key",
    metavar="KEY|-",
    help="That opens what the database keeps encrypted; `-` reads it from stdin. [default: of the environment, else of "
    "the airflow.cfg in the folder or beside the file]",
)
@click.option(
    "--install-command", is_flag=True, expose_value=False, help="Let `airflow` be typed alone, if there is none."
)
@click.option("--remove-command", is_flag=True, expose_value=False, help="Take that away again.")
@options.everywhere
def airflow(
    sources: tuple[str, ...],
    importing: bool,
    dry_run: bool,
    overwrite: bool,
    only: tuple[str, ...],
    fernet_key: str | None,
    home_given: str | None,
    as_json: bool,
) -> int:
    """Take over from an existing Airflow: connections, variables, pools, pause flags and last dates.

    A SOURCE is Airflow's home folder, the address or SQLite file of its database, which is only read, or a file that
    its own command line has written (`connections export`, `variables export`, `pools export`, `dags list -o json`,
    `dags list-runs -o json`), told apart by what is in it.
    """
    if not importing or not sources:
        fail("Say what is taken from where, as in: venturi airflow --import FILE…", COULD_NOT_START, "usage")
    home = find_home(home_given)
    found = Found()
    keys = [from_stdin(fernet_key) or ""] if fernet_key else None
    for source in sources:
        found.add(_read(source, keys))
    found.only(only or KINDS)
    _check_names(found)
    _check_stopped(found, dry_run)
    taken = _look(home, found, overwrite) if dry_run else _take(home, found, overwrite)
    show(_data(found, taken, dry_run), as_json, _text(found, taken, dry_run))
    return SUCCESS


def _read(source: str, keys: list[str] | None) -> Found:
    """A folder, an address, a SQLite file, or else an export."""
    try:
        if os.path.isdir(source):
            if not installation.is_home(source):
                raise BadFile(file=source, problem="it holds no airflow.cfg and no airflow.db", advice="")
            place = installation.installation(source)
            return _read_database(place.database, keys if keys is not None else place.fernet_keys)
        if "://" in source:
            return _read_database(source, keys if keys is not None else installation.fernet_keys(_beside(source)))
        kind, file = exports.source_of(source)
        if kind is None and _is_sqlite(file):
            return _read_database(file, keys if keys is not None else installation.fernet_keys(_beside(file)))
        return exports.read(file, kind)
    except VenturiError as error:
        fail(str(error).strip(), COULD_NOT_START, "bad_source")


def _read_database(address: str, keys: list[str]) -> Found:
    say(f"Reading {in_words(address)}.")
    return read_airflow(address, keys)


def _beside(address: str) -> str | None:
    """The folder in which an airflow.cfg may be."""
    file = in_words(address)
    return os.path.dirname(os.path.abspath(file)) if "://" not in file else None


def _is_sqlite(file: str) -> bool:
    try:
        with open(file, "rb") as opened:
            return opened.read(len(_SQLITE)) == _SQLITE
    except OSError:
        return False


def _check_names(found: Found) -> None:
    """What cannot be named, or cannot be a connection, is left, and said."""
    for kind, held in (("connection", found.connections), ("variable", found.variables)):
        for name in list(held):
            if not name.strip() or name != name.strip() or len(name) > NAME_CHARS_MAX or not name.isprintable():
                del held[name]
                found.left.append(Left(f"{kind} {name!r}", "its name cannot be one here"))
    for conn_id, fields in list(found.connections.items()):
        try:
            Connection.from_fields({k: v for k, v in fields.items() if v is not None}, conn_id)
        except (AirflowException, ValueError):
            del found.connections[conn_id]
            found.left.append(Left(f"connection '{conn_id}'", "what it holds is no connection"))


def _check_stopped(found: Found, dry_run: bool) -> None:
    seen = found.scheduler_seen
    if seen is None or time() - seen > AT_WORK_S or not (found.last or found.paused):
        return
    only = " ".join(f"--only {kind}" for kind in KINDS if kind not in OF_TIME)
    told = (
        f"Airflow's scheduler is at work (heard of at {iso(seen)}), so its last runs are not its last. "
        f"Stop it, and import then; or take the rest first: {only}"
    )
    if not dry_run:
        fail(told, code="scheduler_at_work")
    say(told)


# ── taking ───────────────────────────────────────────────────────────────────────────────────────────────


def _take(home: Home, found: Found, overwrite: bool) -> Taken:
    config = read_config(home)
    home.make()
    with open_store(config.database_url or home.database, True, home.sealing_key) as store:
        taken = _sort(store, found, overwrite)
        _set(store, found, taken)
    if taken.new["connections"] or taken.new["variables"]:
        tell_settings_changed(home)
    given = {
        "pools": found.pools,
        "paused": found.paused,
        "dates": {dag_id: last.to_json() for dag_id, last in found.last.items()},
        "overwrite": overwrite,
    }
    if not (found.pools or found.paused or found.last):
        return taken
    try:
        told = ask(home, "take_over", given)
    except EngineRefused as refused:
        if refused.parts.get("code") != "foreground":
            raise
        told = None
    if told is None:
        leave(home, "take_over", given, create=True)
        with open_store(config.database_url or home.database, False) as store, store.reader() as reader:
            taken.dates = _dates(reader, found, overwrite)
        taken.waits = True
    else:
        taken.new["pools"], taken.kept["pools"] = told["pools_set"], told["pools_kept"]
        taken.dates = {
            dag_id: {"known": t["known"], "kept": t["kept"], "next": t.get("next"), "problem": t.get("problem")}
            for dag_id, t in told["dates"].items()
        }
    return taken


def _set(store: Store, found: Found, taken: Taken) -> None:
    for conn_id in taken.new["connections"]:
        store.connection_set(conn_id, Connection(**{**found.connections[conn_id], "conn_id": conn_id}).fields())
    for key in taken.new["variables"]:
        value, description = found.variables[key]
        store.variable_set(key, value, description)


def _sort(reads: Store | Reader | None, found: Found, overwrite: bool) -> Taken:
    """New and kept, of what is written here or asked of the engine."""
    taken = Taken()
    there: dict[str, set[str]] = {"connections": set(), "variables": set()}
    if reads is not None:
        there["connections"] = {row.conn_id for row in reads.connections()}
        there["variables"] = {row.key for row in reads.variables()}
    for kind, names in (("connections", list(found.connections)), ("variables", list(found.variables))):
        taken.new[kind] = [name for name in names if overwrite or name not in there[kind]]
        taken.kept[kind] = [name for name in names if name not in taken.new[kind]]
    taken.new["pools"], taken.kept["pools"] = list(found.pools), []
    return taken


# ── a dry run, and what will be once there is an engine ──────────────────────────────────────────────────


def _look(home: Home, found: Found, overwrite: bool) -> Taken:
    config = read_config(home)
    with ExitStack() as opened:
        reader = None
        if config.database_url is not None or home.database.exists():
            address = config.database_url or home.database
            store = opened.enter_context(open_store(address, False, home.sealing_key))
            reader = opened.enter_context(store.reader())
        taken = _sort(reader, found, overwrite)
        taken.dates = _dates(reader, found, overwrite)
        pools = {row.name: (row.slots, row.description) for row in reader.pools()} if reader is not None else {}
    taken.new["pools"], taken.kept["pools"] = pools_to_set(found.pools, pools, overwrite)
    return taken


def _dates(reader: Reader | None, found: Found, overwrite: bool) -> dict[str, dict[str, Any]]:
    """For each DAG whether its last date is taken, and as far as that is known now, when it runs next."""
    dags = {} if reader is None else {dag.dag_id: dag for dag in reader.dags() if dag.active and not dag.ad_hoc}
    rows = {} if reader is None else reader.schedules()
    told = {}
    for dag_id, came in found.last.items():
        dag = dags.get(dag_id)
        spec = None if reader is None or dag is None or dag.version is None else reader.version(dag.version).spec
        told[dag_id] = _date(came, spec, rows.get(dag_id), overwrite)
    return told


def _date(came: LastRun, spec: dict[str, Any] | None, row: ScheduleRow | None, overwrite: bool) -> dict[str, Any]:
    ours = None if row is None or row.last_at is None else Planned(row.last_at, row.last_date, None)
    told: dict[str, Any] = {"known": spec is not None, "kept": False, "next": None, "problem": None}
    try:
        made = None if spec is None else dag_from_json({k: v for k, v in spec.items() if k not in ("tasks", "groups")})
        timetable = None if made is None else timetable_of(made)
        theirs = last_of(timetable, came)
        told["kept"] = not overwrite and is_later(ours, theirs)
        if told["kept"]:
            told["next"] = None if row is None else row.next_at
        elif timetable is not None and made is not None:
            first, end = _moment(made.start_date), _moment(made.end_date)
            following = timetable.next(theirs, first, end, made.catchup, time())
            told["next"] = None if following is None else following.run_after
    except (VenturiError, ValueError, OverflowError) as error:
        told["problem"] = str(error)
    return told


def _moment(text: str | None) -> float | None:
    return None if text is None else datetime.fromisoformat(text).timestamp()


# ── telling ──────────────────────────────────────────────────────────────────────────────────────────────


def _data(found: Found, taken: Taken, dry_run: bool) -> dict[str, Any]:
    data: dict[str, Any] = {"dry_run": dry_run, "waits": taken.waits}
    for kind in ("connections", "variables", "pools"):
        data[kind] = {"set": sorted(taken.new[kind]), "kept": sorted(taken.kept[kind])}
    data["paused"] = dict(sorted(found.paused.items()))
    data["dates"] = {
        dag_id: {"last": iso(found.last[dag_id].date), **told, "next": iso(told["next"])}
        for dag_id, told in sorted(taken.dates.items())
    }
    data["unfinished"] = [
        {"dag_id": u.dag_id, "run_id": u.run_id, "state": u.state, "date": iso(u.date)} for u in found.unfinished
    ]
    data["left"] = [{"what": one.what, "count": one.count, "why": one.why} for one in found.left]
    return data


def _text(found: Found, taken: Taken, dry_run: bool) -> str:
    kept_dates = [dag_id for dag_id, told in taken.dates.items() if told["kept"]]
    lines = [
        *((kind, len(taken.new[kind]), len(taken.kept[kind])) for kind in ("connections", "variables", "pools")),
        ("pause flags", len(found.paused), 0),
        ("last dates", len(taken.dates) - len(kept_dates), len(kept_dates)),
    ]
    parts = [table(("WHAT", "WOULD BE TAKEN" if dry_run else "TAKEN", "KEPT"), lines)]
    for kind in ("connections", "variables", "pools"):
        if taken.kept[kind]:
            why = "are there already (--overwrite takes them anyway)"
            parts.append(f"Kept, because these {kind} {why}: {_named(taken.kept[kind])}.")
    parts += _dates_text(taken, kept_dates)
    parts += _unfinished_text(found)
    if found.left:
        parts.append("Left:\n" + "\n".join(_left_line(one) for one in found.left))
    return "\n\n".join(parts)


def _dates_text(taken: Taken, kept: list[str]) -> list[str]:
    parts = []
    known = [(dag_id, told) for dag_id, told in sorted(taken.dates.items()) if told["known"]]
    if known:
        rows = [(dag_id, _next_text(told)) for dag_id, told in known[:NAMED_MAX]]
        more = f"\n… and {len(known) - NAMED_MAX} more (--json names all)" if len(known) > NAMED_MAX else ""
        parts.append(table(("DAG", "NEXT RUN"), rows) + more)
    if kept:
        parts.append(f"Of these DAGs Venturi has made later runs itself, and goes on from there: {_named(kept)}.")
    waiting = [dag_id for dag_id, told in taken.dates.items() if not told["known"] and not told["kept"]]
    if waiting:
        parts.append(f"Not known here yet; they go on from their last dates once their files are: {_named(waiting)}.")
    return parts


def _next_text(told: dict[str, Any]) -> str:
    if told["problem"]:
        return str(told["problem"])
    if told["next"] is None:
        return "none"
    return datetime.fromtimestamp(told["next"], timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def _unfinished_text(found: Found) -> list[str]:
    if not found.unfinished:
        return []
    shown = found.unfinished[:NAMED_MAX]
    rows = [(u.dag_id, u.run_id, u.state) for u in shown]
    more = (
        f"\n… and {len(found.unfinished) - len(shown)} more (--json names all)" if found.unfinished[NAMED_MAX:] else ""
    )
    first = shown[0]
    dated = f" --date {iso(first.date)}" if first.date is not None else ""
    return [
        "Unfinished in Airflow. They stay there and are not started here: let Airflow end them before it is stopped,\n"
        f"or run them here, as in: venturi trigger {first.dag_id}{dated}\n"
        + table(("DAG", "RUN", "STATE"), rows)
        + more
    ]


def _left_line(one: Left) -> str:
    counted = f"{one.count} " if one.count is not None else ""
    return f"  {counted}{one.what}: {one.why}"


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(sorted(names)[:NAMED_MAX])
    return f"{shown} and {len(names) - NAMED_MAX} more" if len(names) > NAMED_MAX else shown
