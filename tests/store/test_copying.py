"""Copies of a database as one file: as of one moment while others write, and back into either database."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from venturi.core.errors import StoreError, WrongSchema
from venturi.core.moves import Event
from venturi.store import Store, open_store
from venturi.store.accounts import By
from venturi.store.copying import copy_to, damage, fill_from, remove_all

from .making import NOW, batch, new_run, version


def filled(store: Store) -> None:
    epoch = store.take_epoch()
    store.commit(
        batch(versions=[version()], new_runs=[new_run()], events=[Event(NOW, "kind", "d", 1, {"a": [1]})]), epoch
    )
    store.variable_set("a", "sealed text")
    store.put_command("pause", {"dag_id": "d"})
    store.accounts.create("ann", "user", "no hash", By("test", "here"))


def told(store: Store) -> tuple:
    with store.reader() as reader:
        return (
            reader.dags(),
            reader.runs("d"),
            reader.events_after(0),
            reader.pools(),
            [command.name for command in reader.waiting_commands()],
            reader.accounts.accounts(),
            reader.accounts.broken_audit(),
            store.variable("a"),
        )


def test_a_copy_holds_all_of_it_and_either_database_can_be_filled_from_it(
    store: Store, address: str, key_file: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    filled(store)
    copy_to(address, tmp_path / "copy.db")
    assert damage(tmp_path / "copy.db") is None
    target = str(tmp_path / "again.db") if "://" not in address else address
    if "://" in address:
        before = told(store)
        remove_all(address)
        fill_from(tmp_path / "copy.db", address)
        assert told(store) == before
    else:
        fill_from(tmp_path / "copy.db", target)
        with open_store(target, create=False, key_file=key_file) as again:
            assert told(again) == told(store)
    with open_store(target, create=False, key_file=key_file) as again:
        last = again.reader().last_event()
        assert again.take_epoch() > 1
        again.variable_set("b", "later")  # numbers that the database gives go on
        assert again.reader().last_event() > last


def test_what_is_written_while_a_copy_is_made_is_in_it_whole_or_not_at_all(
    store: Store, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reopen: Callable[[], Store]
) -> None:
    """Two events of one transaction, which is committed between two steps of the copy."""
    from venturi.store import copying

    if "://" in address:
        pytest.skip("of a server it is one transaction that sees one moment")
    filled(store)
    epoch = store.take_epoch()
    for n in range(200):
        store.variable_set(f"v{n}", "x" * 2000)
    steps = []

    class Steps(sqlite3.Connection):
        def backup(self, target, **more):  # type: ignore[no-untyped-def]
            def meanwhile(status: int, left: int, total: int) -> None:
                if not steps:
                    store.commit(
                        batch(events=[Event(NOW, "one", None, None, {}), Event(NOW, "two", None, None, {})]), epoch
                    )
                steps.append(left)

            super().backup(target, pages=8, progress=meanwhile)

    real = copying.connect_sqlite
    monkeypatch.setattr(copying, "PAGES", 8)

    def connect(file: Path) -> sqlite3.Connection:
        made = sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, factory=Steps)
        return made if file == Path(address) else real(file)

    monkeypatch.setattr(copying, "connect_sqlite", connect)
    copy_to(address, tmp_path / "copy.db")
    assert len(steps) > 2
    with open_store(tmp_path / "copy.db", create=False) as copy, copy.reader() as reader:
        kinds = [event.kind for event in reader.events_after(0)]
    assert kinds.count("one") == kinds.count("two")
    assert damage(tmp_path / "copy.db") is None


def test_nothing_that_is_there_is_written_over(store: Store, address: str, tmp_path: Path) -> None:
    filled(store)
    copy_to(address, tmp_path / "copy.db")
    with pytest.raises(StoreError, match=r"there already|not empty"):
        fill_from(tmp_path / "copy.db", address)
    assert store.variable("a") == "sealed text"


def test_a_copy_of_a_newer_venturi_is_refused(store: Store, address: str, tmp_path: Path) -> None:
    copy_to(address, tmp_path / "copy.db")
    with sqlite3.connect(tmp_path / "copy.db") as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(WrongSchema, match="newer Venturi"):
        fill_from(tmp_path / "copy.db", tmp_path / "other.db")


def test_damage_is_said_in_words(tmp_path: Path) -> None:
    file = tmp_path / "venturi.db"
    with open_store(file, key_file=tmp_path / "sealing.key") as store:
        for n in range(300):
            store.variable_set(f"v{n}", "x" * 2000)
    with sqlite3.connect(file) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with open(file, "r+b") as opened:
        opened.seek(4096 * 40)
        opened.write(b"\xff" * 4096 * 8)
    try:
        found = damage(file)
    except StoreError as error:
        found = str(error)
    assert found


def test_all_that_is_ours_goes(store: Store, address: str) -> None:
    filled(store)
    store.close()
    remove_all(address)
    with pytest.raises(StoreError):
        open_store(address, create=False)
    open_store(address).close()
