"""Accounts, what they may in single DAGs, tokens, sessions, links that sign in, and who did what."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _need(name: str, kind: type[sa.types.TypeEngine[Any]]) -> sa.Column[Any]:
    return sa.Column(name, kind(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "account",
        _need("name", sa.Text),
        _need("role", sa.Text),
        sa.Column("password", sa.Text(), nullable=True),
        _need("disabled", sa.Boolean),
        _need("at", sa.Double),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "account_grant",
        _need("account", sa.Text),
        _need("dag_id", sa.Text),
        _need("role", sa.Text),
        sa.PrimaryKeyConstraint("account", "dag_id"),
    )
    op.create_table(
        "api_token",
        _need("hash", sa.Text),
        _need("id", sa.Text),
        _need("account", sa.Text),
        _need("name", sa.Text),
        _need("role", sa.Text),
        _need("grants", sa.Text),
        _need("at", sa.Double),
        _need("expires_at", sa.Double),
        sa.Column("used_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("hash"),
    )
    op.create_index("api_token_id", "api_token", ["id"], unique=True)
    op.create_table(
        "session",
        _need("hash", sa.Text),
        _need("account", sa.Text),
        _need("at", sa.Double),
        _need("used_at", sa.Double),
        sa.PrimaryKeyConstraint("hash"),
    )
    op.create_index("session_of", "session", ["account"])
    op.create_table(
        "sign_in",
        _need("hash", sa.Text),
        _need("account", sa.Text),
        _need("expires_at", sa.Double),
        sa.PrimaryKeyConstraint("hash"),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        _need("at", sa.Double),
        _need("who", sa.Text),
        _need("what", sa.Text),
        _need("about", sa.Text),
        _need("origin", sa.Text),
        _need("hash", sa.Text),
        sa.PrimaryKeyConstraint("id"),
    )
