"""A database is made whole or not at all, and one that is not ours, not whole or not of this schema is refused."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from venturi.core.errors import StoreError, WrongSchema
from venturi.core.moves import Event
from venturi.store import Store, open_store, tables
from venturi.store.migrations import migrate_connection, sqlalchemy_engine

from .making import NOW, batch, new_run


def test_what_was_written_is_there_when_opened_again(address: str) -> None:
    with open_store(address) as store:
        epoch = store.take_epoch()
        store.commit(batch(new_runs=[new_run()]), epoch)
    with open_store(address, create=False) as store, store.reader() as reader:
        assert [run.run_id for run in reader.runs()] == ["r1"]
        assert store.take_epoch() == epoch + 1


def test_a_missing_database_is_made_only_when_asked(address: str) -> None:
    with pytest.raises(StoreError, match="venturi up"):
        open_store(address, create=False)
    open_store(address).close()
    open_store(address, create=False).close()


def test_a_fresh_database_is_what_the_migrations_make(address: str, tmp_path: Path) -> None:
    def described(engine: sqlalchemy.Engine) -> Any:
        inspector = sqlalchemy.inspect(engine)
        found = {}
        for table in sorted(inspector.get_table_names()):
            columns = [(c["name"], str(c["type"]), c["nullable"], c["default"]) for c in inspector.get_columns(table)]
            indexes = sorted(
                (i["name"], i["unique"], i["column_names"], _condition(i)) for i in inspector.get_indexes(table)
            )
            found[table] = (columns, inspector.get_pk_constraint(table)["constrained_columns"], indexes)
        with engine.connect() as connection:
            rows = {name: connection.exec_driver_sql(f"SELECT * FROM {name}").fetchall() for name in found}
            made: Any = None
            if engine.dialect.name == "sqlite":
                texts = connection.exec_driver_sql(
                    "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"
                )
                made = [
                    (name, re.sub(r"\s+", "", sql).replace(",CONSTRAINTalembic_version_pkc", ","))
                    for name, sql in texts
                ]
        return found, rows, made

    def _condition(index: Any) -> str:
        options = index.get("dialect_options", {})
        return str(options.get("sqlite_where", options.get("postgresql_where", "")))

    open_store(address).close()
    engine = sqlalchemy_engine(address)
    fresh = described(engine)
    with engine.begin() as connection:
        for table in fresh[0]:
            connection.exec_driver_sql(f"DROP TABLE {table}")
    with engine.connect() as connection:
        migrate_connection(connection)
    migrated = described(engine)
    engine.dispose()
    assert migrated[0] == fresh[0]
    assert migrated[1] == fresh[1]
    if fresh[2] is not None:
        assert [n for n, s in fresh[2] if "WITHOUTROWID" in s] == [n for n, s in migrated[2] if "WITHOUTROWID" in s]
    open_store(address, create=False).close()


def test_every_stamp_has_its_migration_in_order() -> None:
    folder = Path(tables.__file__).parent / "migrations" / "versions"
    found = {}
    for file in folder.glob("[0-9]*.py"):
        text = file.read_text()
        revision = re.search(r'^revision = "(.*)"', text, re.MULTILINE)
        down = re.search(r'^down_revision = (?:"(.*)"|None)', text, re.MULTILINE)
        assert revision
        assert down
        found[down.group(1)] = revision.group(1)
    at, order = None, []
    while at in found:
        at = found[at]
        order.append(at)
    assert tuple(order) == tables.STAMPS


@pytest.mark.parametrize("create", [True, False])
def test_a_schema_of_another_venturi_is_refused_with_advice(address: str, create: bool) -> None:
    open_store(address).close()
    engine = sqlalchemy_engine(address)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'f00d'")
    with pytest.raises(WrongSchema, match=r"'f00d'.*newer Venturi"):
        open_store(address, create)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE alembic_version")
    with pytest.raises(WrongSchema, match=r"'none'.*name another"):
        open_store(address, create)
    engine.dispose()


def test_alembic_is_not_imported_for_a_database_of_the_present_schema(tmp_path: Path) -> None:
    code = (
        "import sys; from venturi.store import open_store;"
        "open_store(sys.argv[1]).close(); open_store(sys.argv[1]).close();"
        "print([m for m in ('alembic', 'psycopg', 'sqlalchemy.orm') if m in sys.modules])"
    )
    got = subprocess.run([sys.executable, "-c", code, tmp_path / "v.db"], capture_output=True, text=True, check=True)
    assert got.stdout.strip() == "[]"


# ── SQLite files ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A database with some content, closed."""
    file = tmp_path / "venturi.db"
    with open_store(file) as store:
        epoch = store.take_epoch()
        store.commit(batch(events=[Event(NOW, "x", data="y" * 500) for _ in range(200)]), epoch)
    return file


def refused(file: Path) -> str:
    before = file.read_bytes() if file.exists() else None
    with pytest.raises(StoreError) as caught:
        open_store(file)
    assert (file.read_bytes() if file.exists() else None) == before, "a refused file is left as it is"
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("content", [b"not a database at all, but text", b"\0" * 8192, b"SQLite", b"SQLite format 3\0"])
def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "venturi.db"
    file.write_bytes(content)
    assert "not a SQLite database" in refused(file)


def test_an_empty_file_is_no_fresh_database(tmp_path: Path) -> None:
    file = tmp_path / "venturi.db"
    file.touch()
    assert "is empty" in refused(file)


def test_a_file_cut_short_is_refused(file: Path) -> None:
    os.truncate(file, 16384)
    assert "cut short" in refused(file)


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.db"
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE cats (name)")
    other.close()
    with pytest.raises(WrongSchema, match="not a database of Venturi"):
        open_store(file)


def test_damage_found_later_is_one_sentence_too(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)  # all but the first page, which holds the names of the tables
    file.write_bytes(data)
    with pytest.raises(StoreError, match="is damaged"):
        open_store(file).take_epoch()


def test_a_folder_or_an_unreadable_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        open_store(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be made"):
        open_store(tmp_path / "file" / "venturi.db")
    with pytest.raises(StoreError, match="neither a file nor"):
        open_store("mysql://host/db")


def test_a_log_without_its_database_is_not_taken_for_a_fresh_start(file: Path) -> None:
    shutil.copy(file, f"{file}-wal")
    file.unlink()
    assert "venturi.db-wal is there" in refused(file)
    assert not file.exists()


def test_making_leaves_one_file_with_its_folder(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "er" / "venturi.db"
    open_store(f"sqlite:///{file}").close()
    assert [path.name for path in file.parent.iterdir()] == ["venturi.db"]
    assert file.stat().st_mode & 0o077 == 0


def test_many_processes_may_make_the_same_database_at_once(address: str) -> None:
    code = "import sys; from venturi.store import open_store; s = open_store(sys.argv[1]); print(s.take_epoch())"
    started = [subprocess.Popen([sys.executable, "-c", code, address], stdout=subprocess.PIPE) for _ in range(4)]
    epochs = sorted(int(process.communicate(timeout=60)[0]) for process in started)
    assert epochs == [1, 2, 3, 4]


def test_sqlite_is_durable_by_default(store: Store, reopen: Callable[[], Store]) -> None:
    driver = reopen()._driver
    if driver.dialect == "sqlite":
        assert driver.all("PRAGMA synchronous") == [(2,)]  # FULL
        assert driver.all("PRAGMA journal_mode") == [("wal",)]
        assert driver.all("PRAGMA busy_timeout") == [(60_000,)]
    else:
        assert driver.all("SHOW synchronous_commit") == [("on",)]
