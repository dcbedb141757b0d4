"""What Airflow's API has no word for: packed grid and graph, live events, why, metrics."""

from __future__ import annotations

import gzip
import http.client
import json
import re

import pytest

from venturi.web.packing import packed

OWN = "/api/venturi/v1"


def unpacked(text: str) -> str:
    return "".join(int(n) * letter for n, letter in re.findall(r"(\d+)([a-z-])", text))


@pytest.mark.parametrize("letters", ["", "s", "ssssf", "snsnns", "s" * 10_000])
def test_letters_in_a_row_are_counted(letters):
    assert unpacked(packed(letters)) == letters
    assert len(packed("s" * 10_000)) == 6


def test_a_grid_has_a_letter_for_each_task_and_follows_what_changes(api, done):
    found = api.get(f"{OWN}/dags/flow/grid")
    assert found["tasks"] == ["numbers", "square", "total"]
    (run,) = [run for run in found["runs"] if run["dag_run_id"] == done]
    assert unpacked(run["cells"]) == "sss"
    assert run["mapped"] == [[1, 3, "3s"]]
    assert found["letters"]["s"] == "success"
    api.send(
        "PATCH",
        f"dags/flow/dagRuns/{done.replace(' ', '%20').replace('/', '%2F')}/taskInstances/total",
        {"new_state": "failed"},
    )
    (run,) = [run for run in api.get(f"{OWN}/dags/flow/grid")["runs"] if run["dag_run_id"] == done]
    assert unpacked(run["cells"])[-1] == "f"
    older = api.get(f"{OWN}/dags/flow/grid", before=run["number"])["runs"]
    assert all(other["number"] < run["number"] for other in older)
    assert api.ask("GET", f"{OWN}/dags/none/grid").status == 404


def test_a_graph_names_each_task_once(api):
    found = api.get(f"{OWN}/dags/flow/graph")
    assert found["edges"] == [0, 1, 1, 2]
    assert found["mapped"] == [1]
    assert [found["operators"][at] for at in found["operator_of"]] == ["@task"] * 3
    assert api.ask("GET", f"{OWN}/dags/flow/graph", version_number=9).status == 404


def test_what_is_large_is_sent_compressed_to_who_can_read_that(api):
    from venturi.web.own.grid import sent

    told = {"tasks": [f"t{n}" for n in range(10_000)], "cells": "10000s"}
    answer = sent(told, "gzip, br")
    assert json.loads(gzip.decompress(answer.body)) == told
    assert len(answer.body) < 40_000
    assert json.loads(sent(told, "").body) == told


def test_events_are_streamed_as_they_are_committed(api):
    link = http.client.HTTPConnection("127.0.0.1", api.port, timeout=60)
    link.request("GET", f"{OWN}/events?dag_id=flow", headers={"Authorization": f"Bearer {api.token}"})
    stream = link.getresponse()
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert stream.readline().startswith(b": from event")
    api.send("PATCH", "dags/flow", {"is_paused": True})
    lines = [stream.readline().decode().strip() for _ in range(4)]
    assert lines[2] == "event: paused"
    number = int(lines[1].removeprefix("id: "))
    api.send("PATCH", "dags/flow", {"is_paused": False})
    link.close()
    again = http.client.HTTPConnection("127.0.0.1", api.port, timeout=60)
    headers = {"Authorization": f"Bearer {api.token}", "Last-Event-ID": str(number)}
    again.request("GET", f"{OWN}/events?dag_id=flow", headers=headers)
    stream = again.getresponse()
    assert [stream.readline().decode().strip() for _ in range(4)][3] == "event: unpaused"
    again.close()


def test_why_is_told(api, done):
    assert api.get(f"{OWN}/dags/flow/why", run_id=done)["sentence"]
    assert api.get(f"{OWN}/dags/flow/why", run_id=done, task="square[1]")["map_index"] == 1
    assert api.ask("GET", f"{OWN}/dags/flow/why", task="square").status == 400
    assert api.ask("GET", f"{OWN}/dags/none/why").status == 404


def test_metrics_are_lines_that_prometheus_reads(api, done):
    answer = api.ask("GET", f"{OWN}/metrics")
    lines = answer.body.decode().splitlines()
    assert "venturi_engine_up 1" in lines
    assert any(line.startswith('venturi_runs{dag_id="flow",state=') for line in lines)
    assert all(re.fullmatch(r"# .*|[a-z_]+(\{.*\})? -?[0-9.e+-]+", line) for line in lines)


def test_a_schedule_is_simulated_as_the_command_line_does_it(api, done):
    """Of a DAG of the home; nothing is started."""
    span = {"first": "2026-03-01T00:00:00Z", "last": "2026-03-08T00:00:00Z"}
    told = api.get("/api/venturi/v1/dags/flow/simulate", **span)
    said = api.place("simulate", "flow", "--from", span["first"], "--to", span["last"], "--json").json
    assert [run["run_id"] for run in told["runs"]] == [run["run_id"] for run in said["runs"]]
    assert len(told["runs"]) >= 7
    assert (told["findings"], told["dags"]) == (said["findings"], said["dags"])
    assert api.ask("GET", "/api/venturi/v1/dags/nothing/simulate").status == 404
    for wrong in (
        {"first": span["last"], "last": span["first"]},
        {"first": span["first"], "last": "2030-01-01T00:00:00Z"},
    ):
        assert api.ask("GET", "/api/venturi/v1/dags/flow/simulate", **wrong).status == 400
