"""Backfills: each date once, over crashes and pauses, no more at once than may be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from venturi.core.backfills import Request, request_of
from venturi.core.errors import StoreError
from venturi.core.spec import DagSpec, TaskSpec
from venturi.engine.pausing import set_paused
from venturi.executors.base import Dated
from venturi.store.rows import BackfillRow

from .conftest import Bench
from .test_schedules import DONE_AT_ONCE, HOUR, WORKS, at, daily, finish_all, go_to, runs, serve, text

NEVER = replace(daily(), schedule=None, start_date=None)


def begin(bench: Bench, spec: DagSpec, key: str | None = None, **given: Any) -> int:
    """As the command does it; its id."""
    given = {"from" if k == "first" else "to" if k == "last" else k: v for k, v in given.items()}
    request = request_of(given, spec, bench.now)
    made: list[int] = []
    bench.turn(do=lambda turn: made.append(bench.engine.backfills.begin(spec.dag_id, request, key, turn).id))
    return made[0]


def row(bench: Bench, id: int) -> BackfillRow:
    with bench.store.reader() as reader:
        found = reader.backfill(id)
    assert found is not None
    return found


def counts(bench: Bench, id: int) -> dict[str, int]:
    with bench.store.reader() as reader:
        return {state: n for state, n in reader.backfill_counts(id).items() if n}


def pause(bench: Bench, paused: bool, dag_id: str = "d") -> None:
    bench.turn(do=lambda turn: set_paused(bench.engine, dag_id, paused, turn))


def dates(bench: Bench, dag_id: str = "d", kind: str = "backfill") -> list[str]:
    return [text(run.logical_date) for run in runs(bench, dag_id) if run.run_type == kind]


def days(first: int, last: int) -> list[str]:
    step = 1 if last >= first else -1
    return [f"2023-10-{day:02}T00:00" for day in range(first, last + step, step)]


def paused_daily(bench: Bench, **more: Any) -> DagSpec:
    """A DAG whose schedule starts nothing by itself in these tests."""
    bench.now = at("2023-11-14T12:00")
    spec = daily(**{"tasks": WORKS, "start_date": "2023-11-20T00:00:00+00:00", **more})
    serve(bench, spec)
    return spec


def test_its_runs_are_made_as_places_come_free_and_it_is_done_when_the_last_has_ended(bench: Bench) -> None:
    spec = paused_daily(bench)
    id = begin(bench, spec, first="2023-10-01", last="2023-10-05", max_active=2)
    assert dates(bench) == days(1, 2)
    (first, _) = bench.engine.world.by_token
    bench.turn(bench.ended(first))
    assert dates(bench) == days(1, 3)
    assert (row(bench, id).state, row(bench, id).n) == ("running", 3)
    for _ in range(5):
        finish_all(bench)
    bench.turn()
    assert dates(bench) == days(1, 5)
    done = row(bench, id)
    assert (done.state, done.n, done.total, counts(bench, id)) == ("done", 5, 5, {"success": 5})
    run = runs(bench)[0]
    assert (run.run_id, run.run_type) == ("backfill__2023-10-01T00:00:00+00:00", "backfill")
    assert (run.interval_start, run.interval_end) == (at("2023-10-01T00:00"), at("2023-10-02T00:00"))
    assert (run.backfill, run.started_by) == (id, f"backfill {id}")


def test_a_run_of_a_moment_is_about_no_time_and_named_by_it(bench: Bench) -> None:
    spec = paused_daily(bench, data_intervals=False)
    begin(bench, spec, first="2023-10-01", last="2023-10-01")
    (run,) = runs(bench)
    assert run.run_id == "backfill__2023-10-01T00:00:00+00:00"
    assert run.logical_date == run.interval_start == run.interval_end == at("2023-10-01T00:00")


def test_its_runs_and_those_of_the_dag_do_not_count_against_each_other(bench: Bench) -> None:
    spec = paused_daily(bench, max_active_runs=1, start_date="2023-11-14T00:00:00+00:00")
    begin(bench, spec, first="2023-10-01", last="2023-10-09", max_active=3)
    bench.trigger("d")
    states = {run.run_type: run.state for run in runs(bench)}
    assert states == {"backfill": "running", "manual": "running"}
    assert len(bench.executor.starts) == 4
    go_to(bench, at("2023-11-15T00:00"))
    assert dates(bench, kind="scheduled") == ["2023-11-14T00:00"]
    assert runs(bench)[-1].state == "queued"  # behind the one by hand


def test_a_backfill_of_five_years_of_hours_makes_no_more_than_its_runs_at_once(bench: Bench) -> None:
    spec = paused_daily(bench, schedule="@hourly")
    id = begin(bench, spec, first="2018-01-01", last="2022-12-31", max_active=3)
    assert len(runs(bench)) == 3
    go_to(bench, bench.now + 1)
    assert row(bench, id).total == 43_824
    assert (len(runs(bench)), len(bench.engine.world.runs), row(bench, id).n) == (3, 3, 3)


def test_runs_that_end_at_once_are_made_in_bounded_turns(bench: Bench) -> None:
    spec = paused_daily(bench, schedule="@hourly", tasks=DONE_AT_ONCE)
    id = begin(bench, spec, first="2023-10-01", last="2023-10-20", max_active=30)
    assert row(bench, id).n <= 100
    go_to(bench, bench.now + 1)
    assert (row(bench, id).state, counts(bench, id)) == ("done", {"success": 20 * 24})


def test_in_reverse_the_newest_comes_first(bench: Bench) -> None:
    spec = paused_daily(bench, tasks=DONE_AT_ONCE)
    begin(bench, spec, first="2023-10-01", last="2023-10-05", max_active=1, reverse=True)
    go_to(bench, bench.now + 1)
    assert dates(bench) == days(5, 1)


def test_dates_that_have_their_run_are_left_out_and_it_says_why(bench: Bench) -> None:
    spec = paused_daily(bench, tasks=DONE_AT_ONCE)
    begin(bench, spec, dates=["2023-10-02", "2023-10-04"])
    go_to(bench, bench.now + 1)
    id = begin(bench, spec, first="2023-10-01", last="2023-10-05", max_active=2)
    go_to(bench, bench.now + 1)
    assert sorted(dates(bench)) == days(1, 5)
    assert counts(bench, id) == {"success": 3, "left out": 2}
    with bench.store.reader() as reader:
        told = {d.n: (d.what, d.reason) for d in reader.backfill_dates(id)}
    assert told[2] == ("left out", "its run backfill__2023-10-02T00:00:00+00:00 has succeeded")
    assert told[1] == ("new", None)


def test_the_schedule_neither_doubles_a_date_of_a_backfill_nor_loses_one(bench: Bench) -> None:
    bench.now = at("2023-10-10T12:00")
    spec = daily(catchup=True, start_date="2023-10-01T00:00:00+00:00", max_active_runs=1, tasks=WORKS)
    serve(bench, spec)
    begin(bench, spec, first="2023-10-03", last="2023-10-05", max_active=2)
    for _ in range(30):
        finish_all(bench)
        bench.turn()
    assert sorted(text(run.logical_date) for run in runs(bench)) == days(1, 9)
    assert dates(bench) == days(3, 5)


def test_of_a_paused_dag_it_waits_unless_it_was_told_not_to(bench: Bench) -> None:
    spec = paused_daily(bench)
    pause(bench, True)
    id = begin(bench, spec, first="2023-10-01", last="2023-10-02")
    go_to(bench, bench.now + HOUR)
    assert dates(bench) == []
    begin(bench, spec, dates=["2023-10-09"], ignores_pause=True)
    assert dates(bench) == days(9, 9)
    assert len(bench.executor.starts) == 1
    pause(bench, False)
    assert dates(bench) == [*days(9, 9), *days(1, 2)]
    assert row(bench, id).n == 2


def test_what_ignores_the_pause_keeps_to_its_bound_all_the_same(bench: Bench) -> None:
    spec = paused_daily(bench)
    pause(bench, True)
    begin(bench, spec, first="2023-10-01", last="2023-10-09", ignores_pause=True, max_active=2)
    assert len(bench.executor.starts) == 2


def test_a_paused_backfill_begins_nothing_more_until_it_goes_on(bench: Bench) -> None:
    spec = paused_daily(bench)
    id = begin(bench, spec, first="2023-10-01", last="2023-10-04", max_active=1)
    one = bench.engine.backfills.get(id)
    assert one is not None
    bench.turn(do=lambda turn: bench.engine.backfills.set_paused(one, True, turn))
    finish_all(bench)
    bench.turn()
    assert (dates(bench), row(bench, id).state) == (days(1, 1), "paused")
    bench.start()  # also over a restart
    bench.settle()
    assert dates(bench) == days(1, 1)
    again = bench.engine.backfills.get(id)
    assert again is not None
    bench.turn(do=lambda turn: bench.engine.backfills.set_paused(again, False, turn))
    assert dates(bench) == days(1, 2)


@pytest.mark.parametrize("with_runs", [False, True])
def test_a_cancelled_one_begins_nothing_more_and_ends_its_runs_where_that_is_meant(
    bench: Bench, with_runs: bool
) -> None:
    spec = paused_daily(bench)
    id = begin(bench, spec, first="2023-10-01", last="2023-10-09", max_active=2)
    one = bench.engine.backfills.get(id)
    assert one is not None
    ended: list[int] = []
    bench.turn(do=lambda turn: ended.append(bench.engine.backfills.cancel(one, with_runs, turn)))
    assert ended == [2 if with_runs else 0]
    assert len(bench.executor.cancels) == ended[0]
    for token in list(bench.engine.world.by_token):
        bench.turn(bench.ended(token, "cancelled" if with_runs else "success"))
    bench.turn()
    assert (dates(bench), row(bench, id).state) == (days(1, 2), "cancelled")
    assert {run.state for run in runs(bench)} == {"failed" if with_runs else "success"}
    assert bench.engine.world.dag("d").running == 0


def test_a_new_engine_goes_on_where_the_last_one_ended(bench: Bench) -> None:
    spec = paused_daily(bench)
    id = begin(bench, spec, first="2023-10-01", last="2023-10-06", max_active=2)
    for _ in range(2):
        tokens = set(bench.engine.world.by_token)
        bench.start()
        bench.settle(*tokens)
        finish_all(bench)
    for _ in range(6):
        finish_all(bench)
        bench.turn()
    assert dates(bench) == days(1, 6)
    assert (row(bench, id).state, counts(bench, id)) == ("done", {"success": 6})


def test_a_commit_that_is_lost_makes_no_date_twice(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = paused_daily(bench)
    id = begin(bench, spec, first="2023-10-01", last="2023-10-04", max_active=1)
    commit = bench.store.commit
    for is_written in (False, True):

        def lost(batch: Any, epoch: int, is_written: bool = is_written) -> int:
            if is_written:
                commit(batch, epoch)
            raise StoreError(reason="gone")

        (token,) = bench.engine.world.by_token
        with monkeypatch.context() as patched:
            patched.setattr(bench.store, "commit", lost)
            with pytest.raises(StoreError):
                bench.turn(bench.ended(token))
        bench.engine.restart()
        bench.engine.world.capacity.online = True
        bench.turn(bench.ended(token))
    for _ in range(4):
        finish_all(bench)
        bench.turn()
    assert (dates(bench), row(bench, id).state) == (days(1, 4), "done")


def test_a_run_that_is_to_be_done_again_waits_for_a_place_of_its_backfill(bench: Bench) -> None:
    """Whoever says so, and however many others wait."""
    spec = paused_daily(bench)
    begin(bench, spec, first="2023-10-01", last="2023-10-09", max_active=2)
    bound = next(iter(bench.engine.world.backfills.values()))
    assert (bound.running, bound.unfinished) == (2, 2)
    pause(bench, True)
    finish_all(bench)
    assert (bound.running, bound.unfinished) == (0, 0)


def test_depends_on_past_goes_from_one_date_to_the_next(bench: Bench) -> None:
    spec = paused_daily(bench, tasks=(TaskSpec("a", depends_on_past=True),))
    id = begin(bench, spec, first="2023-10-01", last="2023-10-04", max_active=4)
    assert len(runs(bench)) == 4
    done = []
    for _ in range(4):
        (token,) = bench.engine.world.by_token
        done.append(text(bench.engine.world.by_token[token][0].logical_date))
        bench.turn(bench.ended(token))
    bench.turn()
    assert (done, row(bench, id).state) == (days(1, 4), "done")


def test_what_ignores_the_pause_looks_at_its_past_all_the_same(bench: Bench) -> None:
    spec = paused_daily(bench, tasks=(TaskSpec("a", depends_on_past=True),))
    pause(bench, True)
    begin(bench, spec, first="2023-10-01", last="2023-10-04", max_active=4, ignores_pause=True)
    assert len(bench.engine.world.by_token) == 1


def test_only_the_tasks_chosen_are_run(bench: Bench) -> None:
    tasks = (TaskSpec("a"), TaskSpec("b", upstream=("a",)), TaskSpec("c", upstream=("b",)))
    spec = paused_daily(bench, tasks=tasks)
    begin(bench, spec, dates=["2023-10-01"], tasks=["b"])
    finish_all(bench)
    assert bench.states("d", "backfill__2023-10-01T00:00:00+00:00") == {"b": "success"}


def test_a_dag_without_a_schedule_is_done_for_the_dates_named(bench: Bench) -> None:
    bench.now = at("2023-11-14T12:00")
    serve(bench, NEVER)
    id = begin(bench, NEVER, dates=["2023-10-02", "2023-10-01T06:00"], conf={"n": 1})
    go_to(bench, bench.now + 1)
    assert dates(bench) == ["2023-10-01T06:00", "2023-10-02T00:00"]
    assert [run.run_id for run in runs(bench)] == [
        "backfill__2023-10-01T06:00:00+00:00",
        "backfill__2023-10-02T00:00:00+00:00",
    ]
    assert (row(bench, id).state, runs(bench)[0].conf) == ("done", {"n": 1})


def test_a_new_version_goes_on_from_the_date_reached(bench: Bench) -> None:
    spec = paused_daily(bench)
    id = begin(bench, spec, first="2023-10-01", last="2023-10-02", max_active=1)
    serve(bench, replace(spec, schedule="0 */12 * * *"), version="v2", file="/dags/one.py")
    for _ in range(5):
        finish_all(bench)
        bench.turn()
    assert dates(bench) == ["2023-10-01T00:00", "2023-10-01T12:00", "2023-10-02T00:00", "2023-10-02T12:00"]
    assert row(bench, id).state == "done"


# ── again ────────────────────────────────────────────────────────────────────────────────────────────────


def a_week(bench: Bench, **more: Any) -> DagSpec:
    """Of five days the third has failed."""
    spec = paused_daily(bench, **more)
    begin(bench, spec, first="2023-10-01", last="2023-10-05", max_active=1)
    for day in range(1, 6):
        (token,) = bench.engine.world.by_token
        bench.turn(bench.ended(token, "failed" if day == 3 else "success"))
    bench.turn()
    return spec


def test_what_has_failed_is_done_again_in_its_own_run(bench: Bench) -> None:
    spec = a_week(bench)
    id = begin(bench, spec, first="2023-10-01", last="2023-10-07", reprocess="failed", conf={"n": 2}, max_active=9)
    assert len(bench.engine.world.by_token) == 3  # the third, and two new days
    finish_all(bench)
    bench.turn()
    assert (row(bench, id).state, counts(bench, id)) == ("done", {"success": 3, "left out": 4})
    assert sorted(dates(bench)) == days(1, 7)
    third = next(run for run in runs(bench) if text(run.logical_date) == days(3, 3)[0])
    assert (third.state, third.backfill, third.conf, third.started_by) == ("success", id, {"n": 2}, "backfill 1")
    with bench.store.reader() as reader:
        assert {d.n: d.what for d in reader.backfill_dates(id)}[3] == "again"
        assert [a.outcome for a in reader.attempts(third.id)] == ["failed", "success"]


def test_all_are_done_again_as_places_come_free(bench: Bench) -> None:
    spec = a_week(bench)
    id = begin(bench, spec, first="2023-10-01", last="2023-10-05", reprocess="all", max_active=2)
    bound = bench.engine.world.backfills[id]
    for _ in range(6):
        assert bound.unfinished == len(bench.engine.world.runs) <= 2
        finish_all(bench)
    assert (row(bench, id).state, counts(bench, id)) == ("done", {"success": 5})
    assert len(runs(bench)) == 5
    assert bench.engine.world.dag("d").running == 0


def test_of_what_is_done_again_only_the_tasks_chosen_are(bench: Bench) -> None:
    spec = paused_daily(bench, tasks=(TaskSpec("a"), TaskSpec("b", upstream=("a",))))
    begin(bench, spec, dates=["2023-10-01"])
    finish_all(bench)
    finish_all(bench)
    begin(bench, spec, dates=["2023-10-01"], tasks=["b"], reprocess="all")
    assert [bench.engine.world.by_token[t][1] for t in bench.engine.world.by_token] == [1]


def test_it_is_done_again_with_the_code_of_now(bench: Bench) -> None:
    spec = a_week(bench)
    serve(bench, replace(spec, description="mended"), version="v2")
    begin(bench, spec, first="2023-10-03", last="2023-10-03", reprocess="failed")
    (run,) = bench.engine.world.runs.values()
    assert run.plan.spec.description == "mended"


def test_a_run_that_is_not_over_is_not_done_again(bench: Bench) -> None:
    spec = paused_daily(bench)
    begin(bench, spec, first="2023-10-01", last="2023-10-01")
    id = begin(bench, spec, first="2023-10-01", last="2023-10-02", reprocess="all")
    assert counts(bench, id) == {"running": 1, "left out": 1}


def test_what_is_done_again_ignores_the_pause_where_that_is_meant_also_over_a_restart(bench: Bench) -> None:
    spec = a_week(bench)
    pause(bench, True)
    id = begin(bench, spec, first="2023-10-01", last="2023-10-05", reprocess="all", ignores_pause=True, max_active=2)
    for _ in range(2):
        tokens = set(bench.engine.world.by_token)
        assert len(tokens) == 2
        bench.start()
        bench.settle(*tokens)
        finish_all(bench)
    for _ in range(3):
        finish_all(bench)
        bench.turn()
    assert (row(bench, id).state, counts(bench, id)) == ("done", {"success": 5})


def test_a_commit_that_is_lost_while_dates_are_done_again_loses_and_doubles_none(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Doing one again commits what was decided before it first: at each of these commits it may end."""
    spec = a_week(bench)
    request = request_of(
        {"from": "2023-09-29", "to": "2023-10-06", "reprocess": "all", "max_active": 9}, spec, bench.now
    )
    id = begin(bench, spec, first="2023-09-30", last="2023-09-30")  # an id more
    commit, made = bench.store.commit, [0]
    bench.turn(do=lambda turn: made.append(bench.engine.backfills.begin("d", request, None, turn).id))
    for nth in range(1, 9):
        calls = [0]

        def lost(batch: Any, epoch: int, nth: int = nth, calls: list[int] = calls) -> int:
            calls[0] += 1
            if calls[0] == nth:
                raise StoreError(reason="gone")
            return commit(batch, epoch)

        with monkeypatch.context() as patched:
            patched.setattr(bench.store, "commit", lost)
            try:
                bench.turn()
                finish_all(bench)
            except StoreError:
                pass
        bench.engine.restart()
        bench.engine.world.capacity.online = True
    for _ in range(9):
        finish_all(bench)
        bench.turn()
    assert id != made[-1]
    assert row(bench, made[-1]).state == "done"
    assert row(bench, made[-1]).n == 8
    assert counts(bench, made[-1]).get("failed") is None
    assert sorted({text(run.logical_date) for run in runs(bench)}) == [
        "2023-09-29T00:00", "2023-09-30T00:00", *days(1, 6),
    ]  # fmt: skip
    with bench.store.reader() as reader:
        cleared = [e.run for e in reader.events_after(0, 10_000) if e.kind == "cleared"]
    assert len(cleared) == len(set(cleared)) == 5


# ── timetables of the authors' own ───────────────────────────────────────────────────────────────────────


def own(bench: Bench) -> DagSpec:
    bench.now = at("2023-11-14T12:00")
    spec = daily(tasks=DONE_AT_ONCE, schedule={"timetable": "custom", "summary": "workdays"})
    serve(bench, spec)
    pause(bench, True)
    return spec


def answered(bench: Bench, *found: str, done: bool = False) -> dict[str, Any]:
    """The class says these dates, each about a day; what it was asked."""
    number, want = bench.executor.questions[-1]
    told = [[at(d) + 24 * HOUR, at(d), [at(d), at(d) + 24 * HOUR]] for d in found]
    bench.turn(Dated(number, {"dates": told, "done": done}))
    return want


def test_a_class_of_ones_own_is_asked_for_its_dates(bench: Bench) -> None:
    spec = own(bench)
    id = begin(bench, spec, first="2023-10-01", last="2023-10-09", ignores_pause=True, max_active=5)
    want = answered(bench, "2023-10-02", "2023-10-03")
    assert (want["earliest"], want["catchup"], want["last"]) == (at("2023-10-01"), True, None)
    go_to(bench, bench.now + 1)
    want = answered(bench, "2023-10-06", "2023-10-10")
    assert want["last"] == [at("2023-10-04"), at("2023-10-03"), (at("2023-10-03"), at("2023-10-04"))]
    go_to(bench, bench.now + 1)
    assert dates(bench) == ["2023-10-02T00:00", "2023-10-03T00:00", "2023-10-06T00:00"]
    assert (row(bench, id).state, row(bench, id).total) == ("done", 3)


def test_a_class_that_breaks_is_asked_again_later_and_it_says_so(bench: Bench) -> None:
    spec = own(bench)
    id = begin(bench, spec, first="2023-10-02", last="2023-10-02", ignores_pause=True)
    bench.turn(Dated(bench.executor.questions[-1][0], {"error": "ValueError: no"}))
    bench.turn()
    (told,) = bench.engine.backfills.told("d")
    assert told.waits_for == "problem"
    assert told.words() == (
        "Backfill 1 cannot go on, 0 dates begun: The timetable of DAG 'd' could not say what a run is about: "
        "ValueError: no."
    )
    go_to(bench, bench.now + 301)
    answered(bench, "2023-10-02", done=True)
    go_to(bench, bench.now + 1)
    assert (dates(bench), row(bench, id).state) == (["2023-10-02T00:00"], "done")


def test_of_dates_that_are_named_it_is_asked_one_by_one_and_what_it_has_not_is_left_out(bench: Bench) -> None:
    spec = own(bench)
    id = begin(bench, spec, dates=["2023-10-01", "2023-10-02"], ignores_pause=True)
    assert answered(bench)["earliest"] == at("2023-10-01")
    go_to(bench, bench.now + 1)
    answered(bench, "2023-10-02")
    go_to(bench, bench.now + 1)
    assert (dates(bench), counts(bench, id)) == (["2023-10-02T00:00"], {"left out": 1, "success": 1})


# ── commands ─────────────────────────────────────────────────────────────────────────────────────────────


class Asker:
    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.follows: set[int] = set()

    def send(self, head: dict[str, Any]) -> None:
        self.told.append(head)


def say(bench: Bench, name: str, **given: Any) -> dict[str, Any]:
    asker = Asker()
    bench.commands.handle(asker, {"id": 1, "name": name, **given})  # type: ignore[arg-type]
    bench.turn()
    bench.turn()
    return asker.told[-1]


def test_a_command_begins_one_and_asked_twice_it_is_one(bench: Bench) -> None:
    paused_daily(bench)
    given = {"dag_id": "d", "from": "2023-10-01", "to": "2023-10-03", "key": "k"}
    first, second = say(bench, "backfill", **given), say(bench, "backfill", **given)
    assert first["ok"]
    assert first["backfill"] == second["backfill"]
    assert dates(bench) == days(1, 3)


def test_a_command_that_waited_for_an_engine_is_the_next_ones(bench: Bench) -> None:
    paused_daily(bench)
    bench.store.put_command("backfill", {"dag_id": "d", "from": "2023-10-01", "to": "2023-10-02", "key": "k"})
    bench.commands.take_waiting(bench.store.waiting_commands())
    bench.turn()
    assert dates(bench) == days(1, 2)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"dag_id": "x"}, "There is no DAG 'x'. List them with: venturi ls"),
        ({}, "Say which dates: --from DATE --to DATE, or --dates DATE,DATE,…"),
        (
            {"from": "2024-10-01", "to": "2024-10-03"},
            "No date of its schedule (daily at 00:00 UTC) lies between 2024-10-01T00:00:00Z and 2024-10-03T23:59:59Z"
            ". The time of those after 2023-11-14T12:00:00Z has not come.",
        ),
        (
            {"dates": ["2023-10-01T05:00"]},
            "2023-10-01T05:00:00Z is no date of its schedule (daily at 00:00 UTC); the next is 2023-10-02T00:00:00Z.",
        ),
        (
            {"from": "2023-10-01", "to": "2023-10-03", "conf": {"n": "many"}},
            "DAG 'd' cannot start with its parameter 'n': ",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(bench: Bench, given: dict[str, Any], said: str) -> None:
    paused_daily(bench, params={"n": {"value": 1, "schema": {"type": "integer"}}})
    answer = say(bench, "backfill", **{"dag_id": "d", **given})
    assert not answer["ok"]
    assert answer["message"].startswith(said)
    assert runs(bench) == []


def test_what_it_would_do_is_told_a_page_at_a_time_and_changes_nothing(bench: Bench) -> None:
    spec = paused_daily(bench, schedule="@hourly", tasks=DONE_AT_ONCE)
    begin(bench, spec, dates=["2023-10-01T03:00"])
    go_to(bench, bench.now + 1)
    given = {"dag_id": "d", "from": "2023-10-01", "to": "2023-10-30"}
    page = say(bench, "backfill_look", **given)
    assert [d["what"] for d in page["dates"][:5]] == ["new", "new", "new", "left out", "new"]
    told = list(page["dates"])
    while page["next"] is not None:
        assert len(page["dates"]) == 500
        page = say(bench, "backfill_look", **given, after=page["next"])
        told += page["dates"]
    assert len(told) == len({d["date"] for d in told}) == 720
    assert len(runs(bench)) == 1


def test_what_a_class_of_ones_own_would_do_is_asked_of_it(bench: Bench) -> None:
    own(bench)
    asker = Asker()
    look = {"id": 1, "name": "backfill_look", "dag_id": "d", "from": "2023-10-01", "to": "2023-10-09"}
    bench.commands.handle(asker, look)  # type: ignore[arg-type]
    bench.turn()
    assert asker.told == []
    answered(bench, "2023-10-02", "2023-10-03", done=True)
    bench.turn()
    assert [d["what"] for d in asker.told[-1]["dates"]] == ["new", "new"]


def test_pause_resume_and_cancel_are_commands(bench: Bench) -> None:
    spec = paused_daily(bench)
    id = begin(bench, spec, first="2023-10-01", last="2023-10-09", max_active=1)
    assert say(bench, "backfill_pause", backfill=id)["state"] == "paused"
    assert say(bench, "backfill_resume", backfill=id)["state"] == "running"
    told = say(bench, "backfill_cancel", backfill=id)
    assert (told["ended"], told["left"]) == (0, 1)
    assert say(bench, "backfill_pause", backfill=id)["message"] == f"Backfill {id} is cancelled already."
    missing = say(bench, "backfill_pause", backfill=99)["message"]
    assert missing == "There is no backfill 99. List them with: venturi backfill ls"


def test_an_engine_of_one_run_alone_leaves_it_to_the_next(bench: Bench) -> None:
    spec = paused_daily(bench)
    bench.start(foreground=True)
    id = begin(bench, spec, first="2023-10-01", last="2023-10-02")
    assert (dates(bench), row(bench, id).n) == ([], 0)
    bench.start()
    bench.settle()
    assert dates(bench) == days(1, 2)


def test_its_request_is_kept_as_it_was_made(bench: Bench) -> None:
    spec = paused_daily(bench)
    id = begin(bench, spec, first="2023-10-01", last="2023-10-02", conf={"a": 1}, max_active=2)
    request = Request.of(row(bench, id).request)
    assert (request.conf, request.max_active, request.until) == ({"a": 1}, 2, bench.now)
