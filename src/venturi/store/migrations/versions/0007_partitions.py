"""Runs for partitions, and the partitions that DAGs are yet to be started for."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_HAS_PARTITION = sa.text("partition_key IS NOT NULL")


def _need(name: str, kind: type[sa.types.TypeEngine[Any]]) -> sa.Column[Any]:
    return sa.Column(name, kind(), autoincrement=False, nullable=False)


def upgrade() -> None:
    op.add_column("run", sa.Column("partition_key", sa.Text(), nullable=True))
    op.add_column("run", sa.Column("partition_date", sa.Double(), nullable=True))
    op.create_index(
        "run_of_partition",
        "run",
        ["dag_id", "partition_key"],
        sqlite_where=_HAS_PARTITION,
        postgresql_where=_HAS_PARTITION,
    )
    op.create_table(
        "partition_waiting",
        _need("dag_id", sa.Text),
        _need("key", sa.Text),
        _need("rule", sa.Text),
        _need("at", sa.Double),
        sa.PrimaryKeyConstraint("dag_id", "key"),
    )
    op.create_table(
        "partition_event",
        _need("dag_id", sa.Text),
        _need("key", sa.Text),
        _need("token", sa.BigInteger),
        _need("n", sa.Integer),
        _need("name", sa.Text),
        _need("uri", sa.Text),
        _need("source", sa.Text),
        _need("at", sa.Double),
        sa.Column("date", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("dag_id", "key", "token", "n"),
    )
