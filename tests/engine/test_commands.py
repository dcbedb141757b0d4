"""Commands: from a client or waiting in the database, each answered with what it did or why not."""

from __future__ import annotations

from typing import Any

from venturi.core.spec import DagSpec, TaskSpec

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
