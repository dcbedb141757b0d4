"""Variables and connections: set, read, listed and removed, sealed in the database, each change one event."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from venturi.core.errors import SealError
from venturi.core.moves import Event
from venturi.store import Store, open_store
from venturi.store.sealing import Sealer

from .making import NOW, batch

FIELDS = {"conn_type": "postgres", "host": "db", "login": "me", "password": "very-hidden", "port": 5432, "extra": "{}"}


def test_variables_are_set_read_listed_and_deleted(store: Store, reopen: Callable[[], Store]) -> None:
    assert store.variable("a") is None
    store.variable_set("b", "1")
    store.variable_set("a", "x", "what it is for")
    reopen().variable_set("a", "ÿ \udc80")
    assert store.variable("a") == "ÿ \udc80"
    assert [(v.key, v.description) for v in store.variables()] == [("a", "what it is for"), ("b", None)]
    with store.reader() as reader:
        assert reader.variable("b") == "1"
        assert reader.variables() == store.variables()
    assert store.variable_delete("b") is True
    assert store.variable_delete("b") is False
    assert store.variable("b") is None


def test_connections_are_set_read_listed_and_deleted(store: Store) -> None:
    assert store.connection("db") is None
    store.connection_set("db", {**FIELDS, "description": "the shop"})
    assert store.connection("db") == {"conn_id": "db", "description": "the shop", **FIELDS}
    store.connection_set("db", {"conn_type": "sqlite", "host": "file"})
    with store.reader() as reader:
        found = {"conn_id": "db", "conn_type": "sqlite", "description": "the shop", "host": "file"}
        assert reader.connection("db") == found, "all fields anew, but for the description"
        assert [(c.conn_id, c.conn_type, c.description) for c in reader.connections()] == [("db", "sqlite", "the shop")]
    assert (store.connection_delete("db"), store.connection_delete("db")) == (True, False)
    assert store.connections() == []


def test_each_change_is_an_event_without_its_value(store: Store) -> None:
    store.variable_set("a", "hidden")
    store.connection_set("c", FIELDS)
    for _ in range(2):
        store.variable_delete("a")
        store.connection_delete("c")
    with store.reader() as reader:
        events = [(e.kind, e.data) for e in reader.events_after(0)]
        assert events == [
            ("variable", {"key": "a", "change": "set"}),
            ("connection", {"conn_id": "c", "change": "set"}),
            ("variable", {"key": "a", "change": "deleted"}),
            ("connection", {"conn_id": "c", "change": "deleted"}),
        ]
        assert reader.settings_changes(1) == [("connection", "c"), ("variable", "a"), ("connection", "c")]


def test_a_variable_may_be_set_while_an_engine_commits(store: Store, reopen: Callable[[], Store]) -> None:
    epoch, other = store.take_epoch(), reopen()
    failed: list[Exception] = []

    def set_many() -> None:
        try:
            for i in range(5):
                other.variable_set("v", str(i))
        except Exception as error:
            failed.append(error)

    thread = threading.Thread(target=set_many)
    thread.start()
    while thread.is_alive():
        store.commit(batch(events=[Event(NOW, "turn")]), epoch)
    assert failed == []
    assert store.variable("v") == "4"
    with store.reader() as reader:
        ids = [event.id for event in reader.events_after(0, limit=1_000_000)]
    assert ids == sorted(set(ids))


# ── sealing ──────────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_that_is_sealed_can_be_found_in_the_database(tmp_path: Path, key_file: Path) -> None:
    """C17: the whole data directory is searched."""
    with open_store(tmp_path / "venturi.db", key_file=key_file) as store:
        store.connection_set("db", {**FIELDS, "extra": '{"token": "canary-extra"}'})
        store.variable_set("plain_name", "canary-variable")
        for file in tmp_path.iterdir():
            data = file.read_bytes()
            for word in (b"very-hidden", b"canary", base64.b64encode(b"very-hidden")):
                assert word not in data, (file, word)


def test_the_key_is_made_at_its_first_use_and_is_its_owners_alone(store: Store, key_file: Path) -> None:
    assert store.variable("a") is None
    assert not key_file.exists()
    before = os.umask(0)
    try:
        store.variable_set("a", "x")
    finally:
        os.umask(before)
    assert key_file.stat().st_mode & 0o777 == 0o600
    kept = key_file.read_text()
    store.variable_set("b", "y")
    assert key_file.read_text() == kept
    assert [f.name for f in key_file.parent.iterdir() if f.name.endswith(".new")] == []


def test_processes_that_seal_first_at_once_agree_on_one_key(tmp_path: Path) -> None:
    open_store(tmp_path / "v.db").close()
    code = (
        "import sys; from pathlib import Path; from venturi.store import open_store\n"
        "with open_store(sys.argv[1], key_file=Path(sys.argv[2])) as store:\n"
        "    sys.stdin.read(); store.variable_set(sys.argv[3], 'x' + sys.argv[3])"
    )
    key_file = tmp_path / "k"
    argv = [sys.executable, "-c", code, str(tmp_path / "v.db"), str(key_file)]
    begun = [subprocess.Popen([*argv, str(n)], stdin=subprocess.PIPE) for n in range(4)]
    for one in begun:
        assert one.stdin is not None
        one.stdin.close()
    assert [one.wait(60) for one in begun] == [0, 0, 0, 0]
    with open_store(tmp_path / "v.db", key_file=key_file) as store:
        assert [store.variable(str(n)) for n in range(4)] == ["x0", "x1", "x2", "x3"]


def test_a_missing_key_file_is_said_and_never_replaced_by_another(store: Store, key_file: Path) -> None:
    store.variable_set("a", "x")
    away = key_file.rename(key_file.with_name("away"))
    with store.reader() as reader, pytest.raises(SealError, match=r"the key file .*sealing.key is missing"):
        reader.variable("a")
    with pytest.raises(SealError, match="is missing"):
        store.variable_set("b", "y")
    assert not key_file.exists()
    assert [v.key for v in store.variables()] == ["a"], "nothing was written, and names are listed without the key"
    away.rename(key_file)
    assert store.variable("a") == "x"


def test_another_key_a_damaged_one_and_one_open_to_others_are_said(store: Store, key_file: Path) -> None:
    store.connection_set("db", FIELDS)
    kept = key_file.read_bytes()

    def problem() -> str:
        with store.reader() as reader, pytest.raises(SealError) as said:
            reader.connection("db")
        return str(said.value)

    key_file.write_text(base64.b64encode(bytes(32)).decode())
    assert "connection 'db' is sealed with another key than that in" in problem()
    for bad in ("short", "", "c2hvcnQ=", "\x00\x01"):
        key_file.write_text(bad)
        assert "is damaged. Put it back from a copy" in problem()
    key_file.write_bytes(b"\xff\xfe")
    assert "cannot be read (it is not text)" in problem()
    key_file.write_bytes(kept)
    key_file.chmod(0o644)
    assert (
        f"is open to others (mode 644). If nobody has read it, make it yours alone: chmod 600 {key_file}" in problem()
    )


def test_a_sealed_value_opens_at_its_own_place_only(key_file: Path) -> None:
    sealer = Sealer(key_file)
    sealed = sealer.seal("variable", "a", "x", lambda: True)
    assert sealer.open("variable", "a", sealed) == "x"
    for place in (("variable", "b"), ("connection", "a")):
        with pytest.raises(SealError, match="is damaged"):
            sealer.open(*place, sealed)
    for damaged in (b"", sealed[:10], sealed[:-1], b"\x02" + sealed[1:], sealed[:-1] + bytes([sealed[-1] ^ 1])):
        with pytest.raises(SealError, match=r"variable 'a' is damaged. Or set it again: venturi variables set a"):
            sealer.open("variable", "a", damaged)


def test_a_new_key_takes_the_place_of_the_old_one(store: Store, key_file: Path, reopen: Callable[[], Store]) -> None:
    other = reopen()
    other.variable_set("a", "x")
    store.connection_set("db", FIELDS)
    before = key_file.read_text()
    with store.reader() as reader:
        assert reader.variable("a") == "x"
        assert store.rotate_key() == 2
        assert set(key_file.read_text().split()[-1:]).isdisjoint(before.split())
        assert key_file.stat().st_mode & 0o777 == 0o600
        assert reader.variable("a") == "x", "a process that knew only the old key reads the new one"
    other.variable_set("b", "y")
    assert (store.variable("b"), store.connection("db")) == ("y", {"conn_id": "db", **FIELDS})
    key_file.write_text(before)
    with pytest.raises(SealError, match="another key"):
        reopen().variable("a")


def test_a_change_of_key_that_fails_leaves_both_keys_and_everything_readable(store: Store, key_file: Path) -> None:
    store.variable_set("a", "x")
    sealed = store._driver.all("SELECT sealed FROM variable")[0][0]
    store.variable_set("b", "y")
    blob = {"sealed": bytes(sealed)}
    text = "UPDATE variable SET sealed = :sealed WHERE key = 'b'"
    store._driver.execute(text if store._driver.dialect == "sqlite" else text.replace(":sealed", "%(sealed)s"), blob)
    with pytest.raises(SealError, match="variable 'b' is damaged"):
        store.rotate_key()
    assert len([line for line in key_file.read_text().splitlines() if not line.startswith("#")]) == 2
    assert store.variable("a") == "x"
    store.variable_delete("b")
    assert store.rotate_key() == 1
    assert store.variable("a") == "x"


def test_what_was_written_in_clear_before_there_was_sealing_is_read_and_then_sealed(store: Store) -> None:
    store._driver.execute("INSERT INTO variable (key, value, at) VALUES ('old', 'clear', 1)")
    assert store.variable("old") == "clear"
    store.rotate_key()
    assert store._driver.all("SELECT value FROM variable") == [(None,)]
    assert store.variable("old") == "clear"
