"""What a DAG has done and will do, packed: the year, a run's attempts, lengths of tasks, instances of a mapped task."""

from __future__ import annotations

import time
from itertools import pairwise

from .test_own import OWN, unpacked


def test_a_year_is_told_in_quarters_of_an_hour(api, done):
    found = api.get(f"{OWN}/dags/flow/calendar", since=time.time() - 86_400 * 30)
    assert found["counts"]
    assert all(n > 0 and state in ("success", "failed", "running", "queued") for _, state, n in found["counts"])
    assert sum(n for *_, n in api.get(f"{OWN}/dags/flow/calendar", since=9e9)["counts"]) == 0


def test_the_next_dates_follow_from_the_schedule(api):
    found = api.get(f"{OWN}/dags/flow/coming", many=4)
    due = [at for at, _ in found["dates"]]
    assert len(due) in (0, 4)  # none is planned yet of a DAG that has never been active
    assert all(b - a == 86_400 for a, b in pairwise(due))
    assert api.get(f"{OWN}/dags/follows/coming")["dates"] == []


def test_a_timeline_tells_every_attempt_of_a_run(api, done):
    found = api.get(f"{OWN}/dags/flow/timeline", run_id=done)
    assert found["tasks"] == ["numbers", "square", "total"]
    squares = [bar for bar in found["bars"] if bar[0] == 1]
    assert {bar[1] for bar in squares} == {0, 1, 2}
    assert all(begun is not None and ended >= begun for *_, begun, ended in squares)
    assert not found["cut"]
    assert api.ask("GET", f"{OWN}/dags/flow/timeline", run_id="none").status == 404


def test_lengths_of_tasks_stand_in_the_order_of_runs(api, done):
    found = api.get(f"{OWN}/dags/flow/durations")
    at = [run[1] for run in found["runs"]].index(done)
    assert len(found["seconds"]) == len(found["tasks"]) == 3
    assert all(line[at] is not None and line[at] >= 0 for line in found["seconds"])
    assert [run[0] for run in found["runs"]] == sorted(run[0] for run in found["runs"])


def test_instances_of_a_mapped_task_are_told_one_by_one(api, done):
    number = next(run["number"] for run in api.get(f"{OWN}/dags/flow/grid")["runs"] if run["dag_run_id"] == done)
    runs = dict(map(tuple, api.get(f"{OWN}/dags/flow/instances", task_id="square")["runs"]))
    assert unpacked(runs[number]) == "sss"
    assert api.get(f"{OWN}/dags/flow/instances", task_id="square", before=number)["runs"] is not None


def test_a_graph_names_the_assets_of_its_tasks(api):
    found = api.get(f"{OWN}/dags/flow/graph")
    assert found["assets"] == [["s3://shelf/numbers", "s3://shelf/numbers"]]
    assert found["makes"] == [[0, 0]]
    assert api.get(f"{OWN}/dags/follows/graph")["starts"] == [0]
