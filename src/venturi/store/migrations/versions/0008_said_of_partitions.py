"""What mappers of authors' own have said of partitions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("partition_event", sa.Column("said", sa.Text(), nullable=True))
