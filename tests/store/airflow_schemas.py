"""The metadata database of Airflow 1.10.15, 2.0, 2.11 and 3.3, as far as it is read: names, types and nulls as theirs.

Owns a database of each with the same content: two connections, two variables, two pools, four DAGs and their runs.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

KEY = "u3nGyEGV2kAm6X3Ru5gHqKVrUO0WvG2ZKqR8mEpj4mQ="
GENERATIONS = ("1.10", "2.0", "2.11", "3.3")
CANARY = "canary-secret"

_OF_EACH = {
    "1.10": """
CREATE TABLE dag (dag_id VARCHAR(250) NOT NULL PRIMARY KEY, root_dag_id VARCHAR(250), is_paused BOOLEAN,
  is_subdag BOOLEAN, is_active BOOLEAN, last_scheduler_run {time}, fileloc VARCHAR(2000), owners VARCHAR(2000),
  description TEXT, default_view VARCHAR(25), schedule_interval TEXT);
CREATE TABLE dag_run (id INTEGER NOT NULL PRIMARY KEY, dag_id VARCHAR(250), execution_date {time}, start_date {time},
  end_date {time}, state VARCHAR(50), run_id VARCHAR(250), external_trigger BOOLEAN, conf {blob},
  UNIQUE (dag_id, execution_date), UNIQUE (dag_id, run_id));
CREATE TABLE connection (id INTEGER NOT NULL PRIMARY KEY, conn_id VARCHAR(250), conn_type VARCHAR(500),
  host VARCHAR(500), schema VARCHAR(500), login VARCHAR(500), password VARCHAR(5000), port INTEGER,
  is_encrypted BOOLEAN, is_extra_encrypted BOOLEAN, extra VARCHAR(5000));
CREATE TABLE variable (id INTEGER NOT NULL PRIMARY KEY, key VARCHAR(250) UNIQUE, val TEXT, is_encrypted BOOLEAN);
CREATE TABLE slot_pool (id INTEGER NOT NULL PRIMARY KEY, pool VARCHAR(50) UNIQUE, slots INTEGER, description TEXT);
CREATE TABLE xcom (id INTEGER NOT NULL PRIMARY KEY, key VARCHAR(512), value {blob}, timestamp {time} NOT NULL,
  execution_date {time} NOT NULL, task_id VARCHAR(250) NOT NULL, dag_id VARCHAR(250) NOT NULL);
CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY, username VARCHAR(250), email VARCHAR(500));
""",
    "2.11": """
CREATE TABLE dag (dag_id VARCHAR(250) NOT NULL PRIMARY KEY, root_dag_id VARCHAR(250), is_paused BOOLEAN,
  is_subdag BOOLEAN, is_active BOOLEAN, fileloc VARCHAR(2000), owners VARCHAR(2000), schedule_interval TEXT,
  timetable_description VARCHAR(1000), max_active_tasks INTEGER NOT NULL, max_active_runs INTEGER,
  next_dagrun {time}, next_dagrun_data_interval_start {time}, next_dagrun_data_interval_end {time},
  next_dagrun_create_after {time});
CREATE TABLE dag_run (id INTEGER NOT NULL PRIMARY KEY, dag_id VARCHAR(250) NOT NULL, queued_at {time},
  execution_date {time} NOT NULL, start_date {time}, end_date {time}, state VARCHAR(50), run_id VARCHAR(250) NOT NULL,
  creating_job_id INTEGER, external_trigger BOOLEAN, run_type VARCHAR(50) NOT NULL, conf {blob},
  data_interval_start {time}, data_interval_end {time}, last_scheduling_decision {time}, dag_hash VARCHAR(32),
  UNIQUE (dag_id, execution_date), UNIQUE (dag_id, run_id));
CREATE TABLE connection (id INTEGER NOT NULL PRIMARY KEY, conn_id VARCHAR(250) NOT NULL UNIQUE,
  conn_type VARCHAR(500) NOT NULL, description VARCHAR(5000), host VARCHAR(500), schema VARCHAR(500), login TEXT,
  password TEXT, port INTEGER, is_encrypted BOOLEAN, is_extra_encrypted BOOLEAN, extra TEXT);
CREATE TABLE variable (id INTEGER NOT NULL PRIMARY KEY, key VARCHAR(250) UNIQUE, val TEXT, description TEXT,
  is_encrypted BOOLEAN);
CREATE TABLE slot_pool (id INTEGER NOT NULL PRIMARY KEY, pool VARCHAR(256) UNIQUE, slots INTEGER, description TEXT,
  include_deferred BOOLEAN NOT NULL);
CREATE TABLE xcom (dag_run_id INTEGER NOT NULL, task_id VARCHAR(250) NOT NULL, map_index INTEGER DEFAULT -1 NOT NULL,
  key VARCHAR(512) NOT NULL, dag_id VARCHAR(250) NOT NULL, run_id VARCHAR(250) NOT NULL, value {blob},
  timestamp {time} NOT NULL, PRIMARY KEY (dag_run_id, task_id, map_index, key));
CREATE TABLE ab_user (id INTEGER NOT NULL PRIMARY KEY, username VARCHAR(512) NOT NULL, email VARCHAR(512) NOT NULL);
CREATE TABLE ab_role (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(64) NOT NULL);
CREATE TABLE dataset_dag_run_queue (dataset_id INTEGER NOT NULL, target_dag_id VARCHAR(250) NOT NULL,
  created_at {time} NOT NULL, PRIMARY KEY (dataset_id, target_dag_id));
""",
    "3.3": """
CREATE TABLE dag (dag_id VARCHAR(250) NOT NULL PRIMARY KEY, is_paused BOOLEAN NOT NULL, is_stale BOOLEAN NOT NULL,
  fileloc VARCHAR(2000), bundle_name VARCHAR(250) NOT NULL, timetable_type VARCHAR(255) NOT NULL,
  timetable_summary TEXT, max_active_tasks INTEGER NOT NULL, max_active_runs INTEGER, next_dagrun {time},
  next_dagrun_data_interval_start {time}, next_dagrun_data_interval_end {time}, next_dagrun_create_after {time});
CREATE TABLE dag_run (id INTEGER NOT NULL PRIMARY KEY, dag_id VARCHAR(250) NOT NULL, queued_at {time},
  logical_date {time}, start_date {time}, end_date {time}, state VARCHAR(50), run_id VARCHAR(250) NOT NULL,
  creating_job_id INTEGER, run_type VARCHAR(50) NOT NULL, triggered_by VARCHAR(50), conf {json},
  data_interval_start {time}, data_interval_end {time}, run_after {time} NOT NULL, backfill_id INTEGER,
  partition_key VARCHAR(250), UNIQUE (dag_id, run_id), UNIQUE (dag_id, logical_date));
CREATE TABLE connection (id INTEGER NOT NULL PRIMARY KEY, conn_id VARCHAR(250) NOT NULL UNIQUE,
  conn_type VARCHAR(500) NOT NULL, description VARCHAR(5000), host VARCHAR(500), schema VARCHAR(500), login TEXT,
  port INTEGER, team_name VARCHAR(50), password TEXT, extra TEXT, is_encrypted BOOLEAN NOT NULL,
  is_extra_encrypted BOOLEAN NOT NULL);
CREATE TABLE variable (id INTEGER NOT NULL PRIMARY KEY, key VARCHAR(250) NOT NULL UNIQUE, val TEXT NOT NULL,
  description TEXT, is_encrypted BOOLEAN NOT NULL, team_name VARCHAR(50));
CREATE TABLE slot_pool (id INTEGER NOT NULL PRIMARY KEY, pool VARCHAR(256) UNIQUE, slots INTEGER NOT NULL,
  description TEXT, include_deferred BOOLEAN NOT NULL, team_name VARCHAR(50));
CREATE TABLE xcom (dag_run_id INTEGER NOT NULL, task_id VARCHAR(250) NOT NULL, map_index INTEGER DEFAULT -1 NOT NULL,
  key VARCHAR(512) NOT NULL, dag_id VARCHAR(250) NOT NULL, run_id VARCHAR(250) NOT NULL, value {json},
  timestamp {time} NOT NULL, PRIMARY KEY (dag_run_id, task_id, map_index, key));
CREATE TABLE asset_dag_run_queue (asset_id INTEGER NOT NULL, target_dag_id VARCHAR(250) NOT NULL,
  created_at {time} NOT NULL, PRIMARY KEY (asset_id, target_dag_id));
CREATE TABLE backfill (id INTEGER NOT NULL PRIMARY KEY, dag_id VARCHAR(250) NOT NULL, from_date {time} NOT NULL,
  to_date {time} NOT NULL, completed_at {time}, created_at {time} NOT NULL);
""",
}
_ALWAYS = """
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);
CREATE TABLE task_instance (task_id VARCHAR(250) NOT NULL, dag_id VARCHAR(250) NOT NULL, state VARCHAR(20));
CREATE TABLE job (id INTEGER NOT NULL PRIMARY KEY, dag_id VARCHAR(250), state VARCHAR(20), job_type VARCHAR(30),
  start_date {time}, end_date {time}, latest_heartbeat {time}, executor_class VARCHAR(500), hostname VARCHAR(500),
  unixname VARCHAR(1000));
"""
# 2.0 has run types and no intervals yet, and neither DAGs that say what comes next nor pools that count the deferred.
_OF_EACH["2.0"] = (
    _OF_EACH["2.11"]
    .replace("  data_interval_start {time}, data_interval_end {time}, last_scheduling", "  last_scheduling")
    .replace("description TEXT,\n  include_deferred BOOLEAN NOT NULL)", "description TEXT)")
    .replace("next_dagrun_data_interval_start {time}, next_dagrun_data_interval_end {time},\n  ", "")
    .replace("CREATE TABLE dataset_dag_run_queue", "CREATE TABLE not_there_yet")
)


class Made:
    """One such database, open for writing."""

    def __init__(self, address: str, generation: str) -> None:
        self.address, self.generation = address, generation
        self._postgres = address.startswith("postgres")
        self._ids = 0
        self.raw: Any
        if self._postgres:
            import psycopg

            self.raw = psycopg.connect(address, autocommit=True)
        else:
            self.raw = sqlite3.connect(address, isolation_level=None)
        kinds = {"time": "TIMESTAMP WITH TIME ZONE", "blob": "BYTEA", "json": "JSON"}
        if not self._postgres:
            kinds = {"time": "TIMESTAMP", "blob": "BLOB", "json": "JSON"}
        for statement in (_OF_EACH[generation] + _ALWAYS).format(**kinds).split(";\n"):
            if statement.strip():
                self.raw.execute(statement)

    def put(self, table: str, **columns: Any) -> None:
        """Columns that this generation does not have are left away."""
        there = self._columns(table)
        given = {name: self._as_kept(value) for name, value in columns.items() if name in there}
        if "id" in there:
            self._ids += 1
            given["id"] = self._ids
        holes = ", ".join(["%s" if self._postgres else "?"] * len(given))
        self.raw.execute(f"INSERT INTO {table} ({', '.join(given)}) VALUES ({holes})", tuple(given.values()))

    def _as_kept(self, value: Any) -> Any:
        if isinstance(value, datetime) and not self._postgres:  # as SQLAlchemy writes them there
            return value.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")
        return value

    def _columns(self, table: str) -> Sequence[str]:
        return [column[0] for column in self.raw.execute(f"SELECT * FROM {table} LIMIT 0").description]

    def run(self, dag_id: str, kind: str, date: datetime, end: datetime, state: str = "success") -> None:
        """A run of a day's interval in 1.10 and 2.x, and of 3.x with the timetable of intervals."""
        prefix = {"backfill": "backfill_" if self.generation == "1.10" else "backfill__"}.get(kind, f"{kind}__")
        of_three = {"logical_date": date, "run_after": end}
        self.put(
            "dag_run",
            dag_id=dag_id,
            run_id=f"{prefix}{date.isoformat()}",
            run_type=kind,
            state=state,
            external_trigger=kind == "manual",
            data_interval_start=date,
            data_interval_end=end,
            **(of_three if self.generation == "3.3" else {"execution_date": date}),
        )


def sealed(text: str) -> str:
    from cryptography.fernet import Fernet

    return Fernet(KEY).encrypt(text.encode()).decode()


def day(n: int) -> datetime:
    return datetime(2026, 3, n, tzinfo=timezone.utc)


def make(address: str, generation: str) -> Made:
    made = Made(address, generation)
    extra = sealed('{"sslmode": "require"}')
    of_both = {"is_encrypted": True, "is_extra_encrypted": True}
    made.put(
        "connection",
        conn_id="shop",
        conn_type="postgres",
        host="db",
        schema="s",
        login="me",
        port=5432,
        **{"password": sealed(CANARY), "extra": extra, **of_both, "description": "the shop"},
    )
    plain = {"is_encrypted": False, "is_extra_encrypted": False}
    made.put("connection", conn_id="web", conn_type="http", host="https://x.org", password=None, extra=None, **plain)
    made.put("variable", key="region", val=sealed("eu-west-1"), is_encrypted=True, description="where")
    made.put("variable", key="plain", val="as it is", is_encrypted=False)
    made.put("slot_pool", pool="default_pool", slots=64, description="Default pool", include_deferred=False)
    made.put("slot_pool", pool="gpu", slots=2, description="cards", include_deferred=True)
    more = {"max_active_tasks": 16, "bundle_name": "dags", "timetable_type": "x", "is_stale": False, "is_active": True}
    for dag_id, paused, subdag in (("etl", False, False), ("idle", True, False), ("etl.part", False, True)):
        if not (subdag and generation == "3.3"):
            made.put("dag", dag_id=dag_id, is_paused=paused, is_subdag=subdag, **more)
    for n in (1, 2, 3):
        made.run("etl", "scheduled", day(n), day(n + 1), "running" if n == 3 else "success")
        if generation != "3.3":
            made.run("etl.part", "scheduled", day(n), day(n + 1))
    made.run("etl", "manual", day(20), day(20), "queued")
    made.run("back", "backfill", day(7), day(8))
    made.run("by_hand", "manual", day(7), day(7))
    for state, at in (("success", day(9)), ("running", day(5))):
        made.put("job", job_type="SchedulerJob", state=state, latest_heartbeat=at)
    made.put("task_instance", task_id="a", dag_id="etl", state="success")
    return made
