"""Commands: from a client or waiting in the database, each answered with what it did or why not."""

from __future__ import annotations

from typing import Any

import pytest

from venturi.core.errors import StoreError
from venturi.core.spec import DagSpec, TaskSpec
from venturi.executors.base import Loaded

from .conftest import Bench

ONE = DagSpec("one", tasks=(TaskSpec("a"),))


class FakeClient:
    """Stands where a connection would; keeps what it is sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.follows: set[int] = set()

    def send(self, head: dict[str, Any]) -> None:
        self.sent.append(head)


def tell(bench: Bench, name: str, **more: Any) -> dict[str, Any]:
    client = FakeClient()
    bench.commands.handle(client, {"k": "command", "id": 1, "name": name, **more})  # type: ignore[arg-type]
    bench.turn()
    return client.sent[-1]


def test_a_trigger_answers_with_the_run_it_has_committed(bench: Bench) -> None:
    bench.declare(ONE)
    said = tell(bench, "trigger", dag_id="one", conf={"x": 1}, date="2026-01-31")
    assert said["ok"]
    assert said["run_id"] == "manual__2026-01-31T00:00:00+00:00"
    with bench.store.reader() as reader:
        run = reader.run("one", said["run_id"])
    assert run is not None
    assert run.conf == {"x": 1}


def test_a_run_of_a_paused_dag_waits_and_says_so_until_it_is_unpaused(bench: Bench) -> None:
    bench.declare(ONE)
    tell(bench, "pause", dag_id="one")
    said = tell(bench, "trigger", dag_id="one")
    assert said["waits"]
    assert bench.run_state("one", said["run_id"]) == "queued"
    tell(bench, "unpause", dag_id="one")
    assert bench.run_state("one", said["run_id"]) == "running"


def test_triggering_and_unpausing_can_be_one_command(bench: Bench) -> None:
    bench.declare(ONE)
    tell(bench, "pause", dag_id="one")
    said = tell(bench, "trigger", dag_id="one", unpause=True)
    assert bench.run_state("one", said["run_id"]) == "running"


def test_the_same_idempotency_key_gives_the_same_run(bench: Bench) -> None:
    bench.declare(ONE)
    first = tell(bench, "trigger", dag_id="one", idempotency_key="k")
    second = tell(bench, "trigger", dag_id="one", idempotency_key="k")
    assert first["run_id"] == second["run_id"]
    assert second["existed"]


def test_two_triggers_in_one_moment_are_two_runs(bench: Bench) -> None:
    bench.declare(ONE)
    clients = [FakeClient(), FakeClient()]
    for client in clients:
        bench.commands.handle(client, {"id": 1, "name": "trigger", "dag_id": "one"})  # type: ignore[arg-type]
    bench.turn()
    assert len({client.sent[0]["run_id"] for client in clients}) == 2


def test_what_is_not_there_is_refused_with_a_sentence(bench: Bench) -> None:
    bench.declare(ONE)
    assert tell(bench, "trigger", dag_id="two")["message"] == "There is no DAG 'two'. List them with: venturi ls"
    assert "no unfinished run 'r'" in tell(bench, "cancel_run", dag_id="one", run_id="r")["message"]
    assert "There is no command 'dance'" in tell(bench, "dance")["message"]
    assert "'soon' is no date" in tell(bench, "trigger", dag_id="one", date="soon")["message"]
    assert "conf must be a JSON object" in tell(bench, "trigger", dag_id="one", conf=[1])["message"]


def test_a_refused_command_leaves_nothing_behind(bench: Bench) -> None:
    bench.declare(ONE)
    tell(bench, "trigger", dag_id="one", date="soon")
    assert bench.engine.world.runs == {}


def test_a_command_that_waited_in_the_database_is_done_and_answered_in_one_commit(bench: Bench) -> None:
    bench.declare(ONE)
    number = bench.store.put_command("trigger", {"dag_id": "one"})
    other = bench.store.put_command("trigger", {"dag_id": "none"})
    bench.start()
    bench.commands.take_waiting(bench.engine.waiting_commands)
    bench.turn()
    with bench.store.reader() as reader:
        done, refused = reader.command(number), reader.command(other)
        assert done is not None
        assert refused is not None
        assert done.answer is not None
        assert refused.answer is not None
        assert reader.run("one", done.answer["run_id"]) is not None
        assert not refused.answer["ok"]
        assert reader.waiting_commands() == []


def test_a_file_with_several_dags_asks_which(bench: Bench) -> None:
    client = FakeClient()
    bench.commands.handle(client, {"id": 1, "name": "run_file", "file": "/dags/two.py"})  # type: ignore[arg-type]
    bench.turn()
    bench.loaded([ONE, DagSpec("other", tasks=(TaskSpec("a"),))])
    assert client.sent[0]["code"] == "several_dags"
    assert client.sent[0]["dag_ids"] == ["one", "other"]


def test_a_file_is_run_though_its_dag_is_new_and_paused_and_its_flag_is_left_alone(bench: Bench) -> None:
    client = FakeClient()
    bench.commands.handle(client, {"id": 1, "name": "run_file", "file": "/dags/one.py"})  # type: ignore[arg-type]
    bench.turn()
    bench.loaded([DagSpec("one", tasks=(TaskSpec("a"),), paused_upon_creation=True)])
    assert client.sent[0]["ok"]
    assert bench.run_state("one", client.sent[0]["run_id"]) == "running"
    with bench.store.reader() as reader:
        dag = reader.dag("one")
    assert dag is not None
    assert dag.paused
    assert dag.ad_hoc


def test_a_run_that_ends_in_the_moment_it_is_followed_is_told_as_final(bench: Bench) -> None:
    bench.declare(ONE)
    run_id = bench.trigger("one")
    token = bench.executor.starts[-1].token
    bench.turn(bench.started(token))
    client = FakeClient()
    bench.commands.handle(client, {"k": "command", "id": 1, "name": "follow", "dag_id": "one", "run_id": run_id})  # type: ignore[arg-type]
    bench.turn(bench.ended(token))
    assert client.sent[0]["ok"]
    assert (client.sent[-1]["k"], client.sent[-1]["state"]) == ("event", "success")


# ── rows of commands ─────────────────────────────────────────────────────────────────────────────────────


def rows(bench: Bench) -> list[tuple[str, dict[str, Any], dict[str, Any] | None]]:
    text = "SELECT id FROM command ORDER BY id"
    with bench.store.reader() as reader:
        found = [reader.command(id) for (id,) in bench.store._driver.all(text)]
    return [(row.name, row.payload, row.answer) for row in found if row is not None and row.done_at is not None]


def test_a_command_that_changes_something_has_a_row_with_its_answer_in_the_commit_of_its_effect(bench: Bench) -> None:
    bench.declare(ONE)
    said = tell(bench, "trigger", dag_id="one", idempotency_key="k")
    tell(bench, "pause", dag_id="one")
    refused = tell(bench, "cancel_run", dag_id="one", run_id="none")
    tell(bench, "status")
    assert rows(bench) == [
        (
            "trigger",
            {"dag_id": "one", "idempotency_key": "k"},
            {"ok": True, "dag_id": "one", "run_id": said["run_id"], "waits": False},
        ),
        ("pause", {"dag_id": "one"}, {"ok": True, "dag_id": "one", "paused": True}),
        (
            "cancel_run",
            {"dag_id": "one", "run_id": "none"},
            {"ok": False, "code": "no_such_run", "message": refused["message"]},
        ),
    ]


def test_a_command_is_answered_only_when_it_is_durable(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.declare(ONE)
    client = FakeClient()

    def refuse(*_: Any) -> int:
        assert client.sent == []
        raise StoreError(reason="no room")

    monkeypatch.setattr(bench.store, "commit", refuse)
    bench.commands.handle(client, {"k": "command", "id": 1, "name": "pause", "dag_id": "one"})  # type: ignore[arg-type]
    with pytest.raises(StoreError):
        bench.turn()
    assert client.sent == []


def test_a_run_of_a_file_is_a_command_with_a_row_too(bench: Bench) -> None:
    client = FakeClient()
    bench.commands.handle(client, {"k": "command", "id": 1, "name": "run_file", "file": "/dags/one.py"})  # type: ignore[arg-type]
    bench.turn()
    bench.loaded([ONE])
    assert [(name, answer and answer["run_id"]) for name, _, answer in rows(bench)] == [
        ("run_file", client.sent[-1]["run_id"])
    ]


# ── pools ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_pool_that_is_widened_lets_more_tasks_start_at_once(bench: Bench) -> None:
    bench.declare(DagSpec("p", tasks=tuple(TaskSpec(f"t{i}", pool="narrow") for i in range(3))))
    bench.trigger("p")
    assert len(bench.executor.starts) == 1, "a pool that nobody has defined has one slot"
    assert tell(bench, "pool_set", pool="narrow", slots=3, description="d")["ok"]
    assert len(bench.executor.starts) == 3
    tell(bench, "pool_set", pool="narrow", slots=2)
    with bench.store.reader() as reader:
        assert [tuple(p) for p in reader.pools() if p.name == "narrow"] == [("narrow", 2, "d", None)]
    bench.start()
    assert bench.engine.world.pool("narrow").slots == 2
    assert tell(bench, "pool_remove", pool="narrow")["ok"]
    assert bench.engine.world.pool("narrow").slots == 1


def test_pools_that_cannot_be_are_refused(bench: Bench) -> None:
    assert tell(bench, "pool_remove", pool="default_pool")["code"] == "default_pool"
    assert tell(bench, "pool_remove", pool="nobodys")["code"] == "no_such_pool"
    assert tell(bench, "pool_set", pool="p", slots=-2)["code"] == "bad_request"
    assert tell(bench, "pool_set", pool="p", slots="x")["code"] == "bad_request"


# ── variables and connections that files have read ───────────────────────────────────────────────────────


def loads(bench: Bench) -> list[str]:
    return [source["file"] for _, source in bench.executor.loads]


def declare_readers(bench: Bench) -> None:
    for name, reads in (("v", [["variable", "k"]]), ("c", [["connection", "db"]]), ("n", [])):
        bench.files.want(f"/dags/{name}.py", lambda state, turn: None)
        bench.files.pump()
        bench.loaded([DagSpec(name)], reads=reads)
    bench.executor.loads.clear()


def test_a_change_reads_exactly_the_files_again_that_have_read_it(bench: Bench) -> None:
    declare_readers(bench)
    bench.store.variable_set("other", "x")
    assert tell(bench, "settings_changed")["files"] == []
    bench.store.variable_set("k", "x")
    client = FakeClient()
    bench.commands.handle(client, {"k": "command", "id": 1, "name": "settings_changed"})  # type: ignore[arg-type]
    bench.turn()
    assert loads(bench) == ["/dags/v.py"]
    assert client.sent == [], "not before it has been read"
    bench.loaded([DagSpec("v")], reads=[["variable", "k"]])
    assert client.sent[-1]["files"] == ["/dags/v.py"]
    bench.store.connection_set("db", {"host": "h"})
    bench.commands.handle(client, {"k": "command", "id": 2, "name": "settings_changed"})  # type: ignore[arg-type]
    bench.turn()
    assert tell(bench, "settings_changed")["files"] == [], "once"
    assert loads(bench) == ["/dags/v.py", "/dags/c.py"]


def test_a_change_that_nobody_has_told_is_noticed_with_the_next_commit(bench: Bench) -> None:
    """Set from another host."""
    declare_readers(bench)
    bench.store.variable_set("k", "x")
    tell(bench, "pause", dag_id="n")
    bench.turn()
    assert loads(bench) == ["/dags/v.py"]
    tell(bench, "unpause", dag_id="n")
    assert loads(bench) == ["/dags/v.py"], "the engine's own events are no others'"


def test_what_changes_while_a_file_is_read_is_read_again_if_it_turns_out_to_be_read(bench: Bench) -> None:
    declare_readers(bench)
    for name in ("v", "n"):
        bench.files.read(bench.files.files[f"/dags/{name}.py"])
    bench.files.pump()
    bench.store.variable_set("late", "x")
    assert tell(bench, "settings_changed")["files"] == []
    first, second = (request for request, _ in bench.executor.loads)
    bench.loaded([DagSpec("v")], request=first, reads=[["variable", "late"]])
    bench.loaded([DagSpec("n")], request=second, reads=[["variable", "else"]])
    bench.turn()
    assert loads(bench) == ["/dags/v.py", "/dags/n.py", "/dags/v.py"]


def test_a_file_that_failed_for_want_of_a_variable_is_read_again_when_it_is_set(bench: Bench) -> None:
    bench.files.want("/dags/v.py", lambda state, turn: None)
    bench.files.pump()
    error = {"type": "KeyError", "message": "Variable k does not exist", "file": "/dags/v.py", "line": 1}
    request = bench.executor.loads[-1][0]
    bench.turn(Loaded(request, b"[]", {"modules": {}, "reads": [["variable", "k"]]}, error))
    bench.executor.loads.clear()
    bench.store.variable_set("k", "x")
    client = FakeClient()
    bench.commands.handle(client, {"k": "command", "id": 1, "name": "settings_changed"})  # type: ignore[arg-type]
    bench.turn()
    assert loads(bench) == ["/dags/v.py"]


def test_what_a_file_does_not_allow_to_start_its_dag_is_refused_with_what_it_allows(bench):
    bench.declare(DagSpec("d", tasks=(TaskSpec("a"),), run_types=("scheduled", "backfill")))
    told = tell(bench, "trigger", dag_id="d")
    assert told["message"] == (
        "DAG 'd' is not started as 'manual': its file allows scheduled, backfill (allowed_run_types)."
    )
    assert not bench.engine.world.runs
