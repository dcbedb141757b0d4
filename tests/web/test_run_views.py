"""A run, a task of it and its log, as pages ask for them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from venturi.wire.log_names import log_name

from ..cli.conftest import until
from .conftest import Api

OWN = "/api/venturi/v1/dags"


def _run(api: Api, run_id: str, rest: str = "", dag: str = "flow") -> str:
    return f"{OWN}/{dag}/runs/{quote(run_id, safe='')}{rest}"


def _log_file(api: Api, run_id: str, task: str) -> Path:
    return api.place.home.logs / log_name("flow", run_id, task, -1, 1, 0)


def test_a_run_is_told_in_one_answer(api: Api, done: str) -> None:
    told = api.get(_run(api, done))
    assert (told["state"], told["conf"], told["run_type"]) == ("success", {"n": 4}, "manual")
    lines = {one["task_id"]: one for one in told["tasks"]}
    assert list(lines) == ["numbers", "square", "total"]
    assert (lines["square"]["n"], lines["square"]["counts"]) == (3, {"success": 3})
    assert lines["total"]["upstream"] == ["square"]
    assert lines["total"]["ended"] >= lines["numbers"]["started"]
    assert told["event"] > 0


def test_a_task_is_told_with_its_attempts_and_values(api: Api, done: str) -> None:
    told = api.get(_run(api, done, "/tasks/numbers"))
    assert (told["state"], told["n"], told["values"][0]["key"]) == ("success", None, "return_value")
    assert told["attempts"][0]["outcome"] == "success"
    assert told["attempts"][0]["peak_mb"] > 1
    assert told["attempts"][0]["cpu_s"] > 0
    one = api.get(_run(api, done, "/tasks/square"), map_index=2)
    assert one["attempts"][0]["rendered"] == {"op_kwargs": "{'n': 3}"}
    together = api.get(_run(api, done, "/tasks/square"))
    assert (together["n"], together["counts"], together["attempts"]) == (3, {"success": 3}, [])
    assert api.ask("GET", _run(api, done, "/tasks/nothing")).status == 404
    assert api.ask("GET", _run(api, done, "/tasks/square"), map_index=7).status == 404


def test_mapped_instances_are_called_by_what_they_were_given(api: Api, done: str) -> None:
    told = api.get(_run(api, done, "/tasks/square/instances"))
    assert told["n"] == 3
    assert [(one["map_index"], one["label"], one["state"]) for one in told["instances"]] == [
        (0, "1", "success"),
        (1, "2", "success"),
        (2, "3", "success"),
    ]
    assert api.get(_run(api, done, "/tasks/square"), map_index=1)["label"] == "2"
    assert api.get(_run(api, done, "/tasks/square/instances"), state="failed")["instances"] == []


def test_the_events_of_a_run_come_newest_first_and_of_no_other(api: Api, done: str) -> None:
    told = api.get(_run(api, done, "/events"), limit=3)
    ids = [one["id"] for one in told["events"]]
    assert ids == sorted(ids, reverse=True)
    assert told["events"][0]["data"][1] == "success"
    assert told["more"]
    older = api.get(_run(api, done, "/events"), before=ids[-1])
    assert not older["more"]
    assert "run" in {one["kind"] for one in older["events"]}
    assert {one["kind"] for one in older["events"]} <= {"run", "moves"}


def test_a_long_log_is_read_from_its_end_and_from_any_byte(api: Api, done: str) -> None:
    file = _log_file(api, done, "numbers")
    before = file.read_bytes()
    line = b"2026-01-01T00:00:00.000Z INFO  a line of some length, number %07d\n"
    many = b"".join(line % n for n in range(30_000))
    error = b"2026-01-01T00:00:00.000Z ERROR it broke\n"
    file.write_bytes(many + error + many)
    try:
        size = file.stat().st_size
        end = api.get(_run(api, done, "/tasks/numbers/log"))
        assert (end["size"], end["end"], end["over"]) == (size, size, True)
        assert end["text"].endswith("number 0029999\n")
        assert end["text"].startswith("2026-")
        back = api.get(_run(api, done, "/tasks/numbers/log"), end=end["begin"], bytes=1000)
        assert back["end"] == end["begin"]
        assert back["text"].endswith("\n")
        places = api.get(_run(api, done, "/tasks/numbers/log/find"), errors=True)
        assert places == {"places": [len(many)], "more": False}
        there = api.get(_run(api, done, "/tasks/numbers/log"), begin=len(many), bytes=len(error))
        assert there["text"] == error.decode()
        found = api.get(_run(api, done, "/tasks/numbers/log/find"), text="NUMBER 0000007")
        assert len(found["places"]) == 2
        whole = api.ask("GET", _run(api, done, "/tasks/numbers/log/file"))
        assert whole.body == many + error + many
        assert whole.headers["content-disposition"].startswith("attachment")
        assert whole.headers["content-type"].startswith("text/plain")
    finally:
        file.write_bytes(before)


def test_a_search_says_what_it_needs(api: Api, done: str) -> None:
    answer = api.ask("GET", _run(api, done, "/tasks/numbers/log/find"))
    assert (answer.status, answer.json["detail"]) == (400, "Say a text to look for, or errors=true.")
    assert api.ask("GET", _run(api, done, "/tasks/numbers/log"), try_number=9).status == 404


def test_a_log_is_followed_until_its_try_is_over(api: Api, tmp_path: Path) -> None:
    go = tmp_path / "go"
    made = api.send("POST", "dags/waiting/dagRuns", {"logical_date": None, "conf": {"go": str(go)}})
    run_id = made["dag_run_id"]
    until(
        lambda: "begun" in api.get(_run(api, run_id, "/tasks/wait/log", "waiting"))["text"],
        "it has said something",
    )
    assert api.get(_run(api, run_id, "/tasks/wait/log", "waiting"))["over"] is False
    go.touch()
    followed = api.ask("GET", _run(api, run_id, "/tasks/wait/log/follow", "waiting"), begin=0)
    assert b"begun" in followed.body
    assert followed.body.endswith(b"event: over\ndata: {}\n\n")


def test_a_person_ends_a_run(api: Api, tmp_path: Path) -> None:
    made = api.send("POST", "dags/waiting/dagRuns", {"logical_date": None, "conf": {"go": str(tmp_path / "never")}})
    run_id = made["dag_run_id"]
    until(lambda: api.get(_run(api, run_id, "/tasks/wait", "waiting"))["state"] == "running", "it runs")
    api.send("POST", _run(api, run_id, "/cancel", "waiting"))
    api.over("waiting", run_id)
    told = api.get(_run(api, run_id, dag="waiting"))
    assert told["state"] == "failed"
    assert "cancelled by" in told["reason"]
    answer = api.ask("POST", _run(api, run_id, "/cancel", "waiting"))
    assert answer.status == 404
