"""Schedules, backfills, assets that start runs, deadlines, questions to people, interventions, notes."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_OF_BACKFILL = sa.text("backfill IS NOT NULL")
_DUE = sa.text("state = 'due'")
_HAS_REF = sa.text("ref IS NOT NULL")
_OPEN_BACKFILL = sa.text("state IN ('running', 'paused')")


def _key(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, autoincrement=False, nullable=False)


def upgrade() -> None:
    op.add_column("run", sa.Column("only", sa.Text(), nullable=True))
    op.add_column("run", sa.Column("backfill", sa.BigInteger(), nullable=True))
    op.add_column("run", sa.Column("started_by", sa.Text(), nullable=True))
    op.create_index("run_of_version", "run", ["version"])
    op.create_index("value_ref", "value", ["ref"], sqlite_where=_HAS_REF, postgresql_where=_HAS_REF)
    op.create_index("run_of_backfill", "run", ["backfill"], sqlite_where=_OF_BACKFILL, postgresql_where=_OF_BACKFILL)
    op.add_column("pool", sa.Column("include_deferred", sa.Boolean(), nullable=True))
    op.create_index("run_of_date", "run", ["dag_id", "logical_date"])
    op.add_column("schedule", sa.Column("last_at", sa.Double(), nullable=True))
    op.add_column("schedule", sa.Column("last_start", sa.Double(), nullable=True))
    op.add_column("schedule", sa.Column("last_end", sa.Double(), nullable=True))
    op.add_column("schedule", sa.Column("detail", sa.Text(), nullable=True))
    op.create_table(
        "backfill",
        _key("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite")),
        sa.Column("dag_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("cursor", sa.Double(), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("backfill_open", "backfill", ["id"], sqlite_where=_OPEN_BACKFILL, postgresql_where=_OPEN_BACKFILL)
    op.create_table(
        "backfill_run",
        _key("backfill", sa.BigInteger()),
        _key("n", sa.Integer()),
        sa.Column("logical_date", sa.Double(), nullable=True),
        sa.Column("run", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("backfill", "n"),
    )
    op.create_index("backfill_run_run", "backfill_run", ["run"])
    op.create_table(
        "asset_waiting",
        _key("dag_id", sa.Text()),
        _key("token", sa.BigInteger()),
        _key("n", sa.Integer()),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("dag_id", "token", "n"),
    )
    op.create_table(
        "run_asset_event",
        _key("run", sa.BigInteger()),
        _key("token", sa.BigInteger()),
        _key("n", sa.Integer()),
        sa.PrimaryKeyConstraint("run", "token", "n"),
    )
    op.create_table(
        "deadline",
        _key("run", sa.BigInteger()),
        _key("n", sa.Integer()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("is_length", sa.Boolean(), nullable=False),
        sa.Column("at", sa.Double(), nullable=True),
        sa.Column("call", sa.BigInteger(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run", "n"),
    )
    op.create_index("deadline_due", "deadline", ["due_at"], sqlite_where=_DUE, postgresql_where=_DUE)
    op.create_table(
        "question",
        _key("run", sa.BigInteger()),
        _key("task_id", sa.Text()),
        _key("map_index", sa.Integer()),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("run", "task_id", "map_index"),
    )
    op.create_table(
        "placement",
        _key("run", sa.BigInteger()),
        _key("task_id", sa.Text()),
        _key("map_index", sa.Integer()),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("devices", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run", "task_id", "map_index"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "intervention",
        _key("run", sa.BigInteger()),
        _key("task_id", sa.Text()),
        _key("map_index", sa.Integer()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("tries_before", sa.Integer(), nullable=False),
        sa.Column("becomes", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("run", "task_id", "map_index"),
    )
    op.create_table(
        "note",
        _key("run", sa.BigInteger()),
        _key("task_id", sa.Text()),
        _key("map_index", sa.Integer()),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("run", "task_id", "map_index"),
    )
    op.create_table(
        "removed_run",
        _key("run", sa.BigInteger()),
        sa.Column("dag_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("run"),
    )
