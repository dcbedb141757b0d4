"""Bringing an older database to the present schema, by Alembic; imported only when there is one.

Owns running the migrations. Each file in `versions` is frozen once released, and written out in full: it must not
read `tables`, which goes on changing.
"""

from __future__ import annotations

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import NullPool

from ...core.errors import StoreError
from ..drivers import Driver
from ..opening import file_of, is_postgres, url_of

_HERE = Path(__file__).parent


def migrate(driver: Driver, address: str | Path, to: str = "head") -> None:
    """All or nothing: the migrations run in one transaction. `driver` is idle meanwhile."""
    del driver
    engine = sqlalchemy_engine(address)
    try:
        with engine.connect() as connection:
            migrate_connection(connection, to)
    except Exception as error:
        raise StoreError(reason=f"it could not be migrated, and is as it was: {error}") from error
    finally:
        engine.dispose()


def migrate_connection(connection: Connection, to: str = "head") -> None:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.attributes["connection"] = connection
    logging.getLogger("alembic").setLevel(logging.WARNING)
    with connection.begin():
        command.upgrade(config, to)


def sqlalchemy_engine(address: str | Path) -> Engine:
    if is_postgres(address):
        return create_engine(url_of(address).replace("://", "+psycopg://", 1), poolclass=NullPool)
    engine = create_engine(f"sqlite:///{file_of(address)}", poolclass=NullPool)

    # Python's sqlite3 commits before DDL unless transactions are begun by hand.
    @event.listens_for(engine, "connect")
    def _by_hand(raw: object, _: object) -> None:
        raw.isolation_level = None  # type: ignore[attr-defined]

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
