"""The tables: one MetaData, the same on SQLite and Postgres.

Owns names, types and keys. Holds no statement. A change here is a new stamp and a new file in `migrations/versions`.

Times are seconds since the epoch as doubles. What is JSON is text, written and read by us alone, so that nothing a
task returns is refused by a database's own idea of JSON. No foreign keys: the engine is the only writer of what it
keeps in memory, and its guards say more than a key could.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    text,
)

STAMPS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008")  # every schema there has been, oldest first
HEAD = STAMPS[-1]

metadata = MetaData()

Id = BigInteger().with_variant(Integer, "sqlite")  # SQLite makes only "INTEGER PRIMARY KEY" the row's own number


def _key(name: str, kind: Any) -> Column[Any]:
    return Column(name, kind, primary_key=True, nullable=False, autoincrement=False)


def _need(name: str, kind: Any) -> Column[Any]:
    return Column(name, kind, nullable=False)


stamp = Table(  # as Alembic makes it
    "alembic_version",
    metadata,
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)

meta = Table("meta", metadata, _key("key", Text), _need("value", Text))  # epoch, token_floor

dag = Table(
    "dag",
    metadata,
    _key("dag_id", Text),
    Column("version", BigInteger),  # the current one
    _need("paused", Boolean),
    _need("active", Boolean),  # its file is there and says so
    _need("ad_hoc", Boolean),  # known from `venturi run` alone, never scheduled
    Column("file", Text),
    _need("at", Double),
)

dag_version = Table(
    "dag_version",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    _need("dag_id", Text),
    _need("hash", Text),
    _need("spec", Text),  # JSON, core.spec.DagSpec
    _need("source", Text),  # JSON, core.moves.DagVersion.source
    _need("at", Double),
    Index("dag_version_hash", "dag_id", "hash"),
)

run = Table(
    "run",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    _need("dag_id", Text),
    _need("run_id", Text),
    _need("version", BigInteger),
    _need("state", Text),
    _need("run_type", Text),
    _need("queued_at", Double),
    Column("started_at", Double),
    Column("ended_at", Double),
    Column("logical_date", Double),
    Column("interval_start", Double),
    Column("interval_end", Double),
    _need("conf", Text),  # JSON
    Column("idempotency_key", Text),
    _need("ignores_pause", Boolean),
    Column("reason", Text),
    Column("only", Text),  # JSON: the tasks chosen, where it is not all of them
    Column("backfill", BigInteger),
    Column("started_by", Text),  # who or what made it, for people
    Column("partition_key", Text),
    Column("partition_date", Double),  # when that partition begins, where its key says so
    Index("run_run_id", "dag_id", "run_id", unique=True),
    Index("run_of_dag", "dag_id", "id"),
)
_scheduled = text("run_type = 'scheduled'")
_has_key = text("idempotency_key IS NOT NULL")
_has_partition = text("partition_key IS NOT NULL")
_unfinished = text("state IN ('queued', 'running')")
Index("run_date", run.c.dag_id, run.c.logical_date, unique=True, sqlite_where=_scheduled, postgresql_where=_scheduled)
Index("run_of_date", run.c.dag_id, run.c.logical_date)
Index("run_key", run.c.dag_id, run.c.idempotency_key, unique=True, sqlite_where=_has_key, postgresql_where=_has_key)
Index(
    "run_of_partition",
    run.c.dag_id,
    run.c.partition_key,
    sqlite_where=_has_partition,
    postgresql_where=_has_partition,
)
Index("run_unfinished", run.c.id, sqlite_where=_unfinished, postgresql_where=_unfinished)
_of_backfill = text("backfill IS NOT NULL")
Index("run_of_version", run.c.version)
Index("run_of_backfill", run.c.backfill, sqlite_where=_of_backfill, postgresql_where=_of_backfill)

task_instance = Table(  # a row exists once the instance is touched
    "task_instance",
    metadata,
    _key("run", BigInteger),
    _key("task_id", Text),
    _key("map_index", Integer),
    _need("state", Text),
    _need("token", BigInteger),
    _need("try_number", Integer),
    _need("lost", Integer),
    Column("started_at", Double),
    Column("ended_at", Double),
    Column("wake_at", Double),
    _need("at", Double),
    Column("reason", Text),
    sqlite_with_rowid=False,
)

task_group = Table(  # a mapped task as one node
    "task_group",
    metadata,
    _key("run", BigInteger),
    _key("task_id", Text),
    _need("n", Integer),
    _need("touched", Integer),
    _need("state", Text),
    _need("at", Double),
    Column("reason", Text),
    _need("sizes", Text),  # JSON: of the mapped arguments
    sqlite_with_rowid=False,
)

attempt = Table(
    "attempt",
    metadata,
    Column("token", Id, primary_key=True, autoincrement=False),
    _need("run", BigInteger),
    _need("task_id", Text),
    _need("map_index", Integer),
    _need("try_number", Integer),
    _need("outcome", Text),
    Column("started_at", Double),
    _need("ended_at", Double),
    Column("reason", Text),
    Column("pid", BigInteger),
    Column("exit_code", Integer),
    Column("signal", Integer),
    Column("peak_mb", Double),
    Column("log", Text),
    _need("log_bytes", BigInteger),
    Column("detail", Text),  # JSON
    Index("attempt_of_instance", "run", "task_id", "map_index"),
)

deferral = Table(  # what a deferred instance waits for, and until its attempt has gone on, the event
    "deferral",
    metadata,
    _key("run", BigInteger),
    _key("task_id", Text),
    _key("map_index", Integer),
    _need("token", BigInteger),  # of the attempt that deferred
    _need("trigger", Text),
    _need("method", Text),
    _need("data", Text),  # encoded: arguments of the trigger and of the method
    Column("event", Text),  # JSON
    _need("at", Double),
    sqlite_with_rowid=False,
)

placement = Table(  # the devices that the newest attempt of an instance has, where it has asked for some
    "placement",
    metadata,
    _key("run", BigInteger),
    _key("task_id", Text),
    _key("map_index", Integer),
    _need("token", BigInteger),  # of that attempt
    _need("devices", Text),  # JSON
    sqlite_with_rowid=False,
)

call = Table(  # a callback's child: due, starting, done
    "call",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    _need("run", BigInteger),
    _need("task_id", Text),  # empty: of the run itself
    _need("map_index", Integer),
    _need("kind", Text),  # success, failure, retry, skipped, deadline, sla
    _need("try_number", Integer),
    _need("of_token", BigInteger),
    _need("state", Text),
    _need("token", BigInteger),
    _need("at", Double),
    Column("ended_at", Double),
    Column("outcome", Text),
    Column("reason", Text),
    _need("detail", Text),  # JSON
    Index("call_of_run", "run"),
)
_open = text("state IN ('due', 'starting')")
Index("call_token", call.c.token)
Index("call_open", call.c.id, sqlite_where=_open, postgresql_where=_open)

value = Table(
    "value",
    metadata,
    _key("run", BigInteger),
    _key("task_id", Text),
    _key("map_index", Integer),
    _key("key", Text),
    _need("token", BigInteger),
    _need("kind", Text),
    Column("length", BigInteger),
    Column("data", Text),
    Column("ref", Text),
    _need("bytes", BigInteger),
)

_has_ref = text("ref IS NOT NULL")
Index("value_ref", value.c.ref, sqlite_where=_has_ref, postgresql_where=_has_ref)

asset = Table(  # every one that a version of a DAG has declared
    "asset",
    metadata,
    _key("name", Text),
    _key("uri", Text),
    _need("detail", Text),  # JSON: as the DAG file said it
    _need("at", Double),
    Index("asset_uri", "uri"),
)

asset_event = Table(
    "asset_event",
    metadata,
    _key("token", BigInteger),
    _key("n", Integer),
    _need("at", Double),
    _need("name", Text),
    _need("uri", Text),
    _need("extra", Text),  # JSON
    _need("aliases", Text),  # JSON
    Column("partition", Text),
    _need("dag_id", Text),
    _need("run_id", Text),
    _need("task_id", Text),
    _need("map_index", Integer),
    Index("asset_event_of", "uri", "name", "at"),
)

asset_alias_event = Table(
    "asset_alias_event", metadata, _key("alias", Text), _key("token", BigInteger), _key("n", Integer)
)

stored_state = Table(
    "stored_state",
    metadata,
    _key("scope", Text),
    _key("key", Text),
    _need("data", Text),  # JSON
    _need("at", Double),
    Column("expires_at", Double),
)

event = Table(
    "event",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    _need("at", Double),
    _need("kind", Text),
    Column("dag_id", Text),
    Column("run", BigInteger),
    Column("data", Text),  # JSON
)

command = Table(
    "command",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    _need("name", Text),
    _need("payload", Text),  # JSON
    _need("at", Double),
    Column("done_at", Double),
    Column("answer", Text),  # JSON
)
_waiting = text("done_at IS NULL")
Index("command_waiting", command.c.id, sqlite_where=_waiting, postgresql_where=_waiting)

pool = Table(
    "pool",
    metadata,
    _key("name", Text),
    _need("slots", Integer),  # −1: without a limit
    Column("description", Text),
    Column("include_deferred", Boolean),
)

variable = Table(
    "variable",
    metadata,
    _key("key", Text),
    Column("value", Text),  # in clear: only rows of before there was sealing, until they are set or the key is changed
    Column("sealed", LargeBinary),
    Column("description", Text),
    _need("at", Double),
)

connection = Table(
    "connection",
    metadata,
    _key("conn_id", Text),
    Column("conn_type", Text),
    Column("sealed", LargeBinary),  # JSON: host, login, password, schema, port, extra
    Column("description", Text),
    _need("at", Double),
)

import_error = Table("import_error", metadata, _key("file", Text), _need("error", Text), Column("at", Double))

schedule = Table(  # where the timetable of a DAG stands
    "schedule",
    metadata,
    _key("dag_id", Text),
    Column("next_at", Double),  # when the next run is due
    Column("next_date", Double),  # and its logical date
    Column("last_date", Double),  # of the last run that the timetable has made
    Column("last_at", Double),  # when that was due
    Column("last_start", Double),  # its data interval
    Column("last_end", Double),
    Column("detail", Text),  # JSON: dates ahead of a timetable of the author's own, and what is wrong with it
)

backfill = Table(
    "backfill",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    _need("dag_id", Text),
    _need("state", Text),  # running, paused, done, cancelled
    _need("request", Text),  # JSON, core.backfills.Request
    _need("n", BigInteger),  # how many of its dates have been dealt with
    Column("cursor", Double),  # the last of them
    Column("total", BigInteger),  # how many there are, once that is known
    Column("key", Text),  # by which whoever asked for it knows it again
    _need("at", Double),
    Column("ended_at", Double),
    Column("reason", Text),
)
_open_backfill = text("state IN ('running', 'paused')")
Index("backfill_open", backfill.c.id, sqlite_where=_open_backfill, postgresql_where=_open_backfill)

backfill_run = Table(  # each date of a backfill that has been dealt with
    "backfill_run",
    metadata,
    _key("backfill", BigInteger),
    _key("n", Integer),
    Column("logical_date", Double),
    Column("run", BigInteger),
    _need("state", Text),  # new, again, left out: core.backfills.Verdict
    Column("reason", Text),
    Index("backfill_run_run", "run"),
)

asset_waiting = Table(  # events that a DAG has not been started by yet
    "asset_waiting",
    metadata,
    _key("dag_id", Text),
    _key("token", BigInteger),
    _key("n", Integer),
    _need("name", Text),
    _need("uri", Text),
    _need("at", Double),
    _need("counts", Boolean),  # for its condition; not what came while it was paused
)

partition_waiting = Table(  # partitions that a DAG has not been started for yet
    "partition_waiting",
    metadata,
    _key("dag_id", Text),
    _key("key", Text),
    _need("rule", Text),  # by which the events below are of it
    _need("at", Double),
)

partition_event = Table(  # the events that a run for it is to be started by
    "partition_event",
    metadata,
    _key("dag_id", Text),
    _key("key", Text),
    _key("token", BigInteger),
    _key("n", Integer),
    _need("name", Text),
    _need("uri", Text),
    _need("source", Text),  # the partition of the asset
    _need("at", Double),
    Column("date", Double),  # when that begins, if the run that has made it said so
    Column("said", Text),  # JSON: what a mapper of an author's own has said of the key
)

run_asset_event = Table(  # the events that have started a run
    "run_asset_event", metadata, _key("run", BigInteger), _key("token", BigInteger), _key("n", Integer)
)

deadline = Table(  # what a run is to have done by when
    "deadline",
    metadata,
    _key("run", BigInteger),
    _key("n", Integer),  # first those its DAG declares, then the lengths of its tasks' SLAs
    _need("kind", Text),  # deadline, sla
    Column("due_at", Double),
    _need("state", Text),  # due, met, missed, unknown
    _need("is_length", Boolean),  # from its run's beginning: passes whatever the clock is set to
    Column("at", Double),  # when that was noticed
    Column("call", BigInteger),  # by which somebody is told of the miss
    _need("detail", Text),  # JSON: as the DAG file says it; of a missed SLA also the tasks
)
_due = text("state = 'due'")
Index("deadline_due", deadline.c.due_at, sqlite_where=_due, postgresql_where=_due)

question = Table(  # what a task asks a person
    "question",
    metadata,
    _key("run", BigInteger),
    _key("task_id", Text),
    _key("map_index", Integer),
    _need("token", BigInteger),  # of the attempt that asked, and waits deferred
    _need("detail", Text),  # JSON: subject, body, options, params …
    _need("at", Double),
    Column("answer", Text),  # JSON: chosen, params
    Column("answered_by", Text),
    Column("answered_at", Double),
)

intervention = Table(  # the newest that a person has done to a task instance or, by an empty task_id, to a run
    "intervention",
    metadata,
    _key("run", BigInteger),
    _key("task_id", Text),
    _key("map_index", Integer),
    _need("kind", Text),  # cleared, resumed, marked
    _need("by", Text),
    _need("at", Double),
    _need("tries_before", Integer),
    Column("becomes", Text),  # a task state: once the attempt that is being ended is over
    Column("detail", Text),  # JSON
)

note = Table(  # of a run, or by `task_id` of a task instance
    "note",
    metadata,
    _key("run", BigInteger),
    _key("task_id", Text),
    _key("map_index", Integer),
    _need("text", Text),
    Column("by", Text),
    _need("at", Double),
)

removed_run = Table(  # a run that is gone, until all of what was its own is gone too
    "removed_run",
    metadata,
    _key("run", BigInteger),
    _need("dag_id", Text),
    _need("run_id", Text),
    _need("at", Double),
)

account = Table(
    "account",
    metadata,
    _key("name", Text),
    _need("role", Text),
    Column("password", Text),  # as argon2id tells it; None: nobody signs in with one
    _need("disabled", Boolean),
    _need("at", Double),
)

account_grant = Table(  # a role in one DAG, above that of the account
    "account_grant", metadata, _key("account", Text), _key("dag_id", Text), _need("role", Text)
)

favorite = Table(  # of whom, by the name that is told of them; it opens nothing
    "favorite", metadata, _key("account", Text), _key("dag_id", Text)
)

api_token = Table(  # of a program; kept is what it hashes to
    "api_token",
    metadata,
    _key("hash", Text),
    _need("id", Text),
    _need("account", Text),  # by whose word it was made; empty: of whoever holds the home
    _need("name", Text),
    _need("role", Text),
    _need("grants", Text),  # JSON: DAG → role
    _need("at", Double),
    _need("expires_at", Double),
    Column("used_at", Double),
    Index("api_token_id", "id", unique=True),
)

session = Table(
    "session",
    metadata,
    _key("hash", Text),
    _need("account", Text),  # empty: of whoever holds the home
    _need("at", Double),
    _need("used_at", Double),
    Index("session_of", "account"),
)

sign_in = Table(  # a link that signs in once
    "sign_in", metadata, _key("hash", Text), _need("account", Text), _need("expires_at", Double)
)

audit = Table(  # who did what: only ever added to, each row holding the hash of the one before
    "audit",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    _need("at", Double),
    _need("who", Text),
    _need("what", Text),
    _need("about", Text),
    _need("origin", Text),
    _need("hash", Text),
)
