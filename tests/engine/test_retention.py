"""What is old goes, a few hundred rows a turn: runs with all that was their own, and files that nobody names."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from venturi.config import Config
from venturi.core.moves import Event, ValueRow
from venturi.core.retention import Rule
from venturi.core.spec import DagSpec, MapSource, TaskSpec
from venturi.engine import retention
from venturi.engine.sweeping import GOING, Places, remove_unnamed
from venturi.runtime.sources import write_once
from venturi.store import tables
from venturi.store.statements import PARTS_OF_A_RUN
from venturi.wire.log_names import run_folder

from .conftest import Bench
from .test_backfills import begin, paused_daily
from .test_schedules import finish_all

DAY = 86_400.0
SPEC = DagSpec("d", tasks=(TaskSpec("a"),))
INSTANCES = 1000
MAPPED = TaskSpec("m", is_mapped=True, mapped=(MapSource("n", length=INSTANCES),))
WIDE = DagSpec("w", tasks=(MAPPED,), max_active_tasks=INSTANCES)


@pytest.fixture
def old(bench: Bench) -> Bench:
    """Ten runs of a DAG, one a day, the last one just over."""
    bench.declare(SPEC)
    for n in range(10):
        bench.trigger("d", run_id=f"r{n}", date=f"2023-01-{n + 1:02}")
        (token,) = bench.engine.world.by_token
        bench.turn(bench.ended(token, value=b"1", log=f"d/r{n}/a/1.log"))
        bench.now += DAY
    return bench


def clean(bench: Bench, rule: Rule, turns_max: int = 1000) -> int:
    """To its end; how many turns that took."""
    sweep = bench.engine.retention.begin(rule)
    for n in range(turns_max):
        if sweep.over:
            return n
        bench.now += retention.PAUSE_S + 0.001
        bench.turn()
        if bench.engine.retention._job is not None:
            bench.engine.retention._job.done.wait(20)
    raise AssertionError("it never came to its end")


def wide(bench: Bench) -> None:
    """Two runs of a thousand tasks, which are over."""
    bench.declare(WIDE)
    world = bench.engine.world
    world.capacity.slots, world.pools["default_pool"].slots = INSTANCES, INSTANCES
    for run_id in ("wide", "last"):
        bench.trigger("w", run_id=run_id)
        bench.turn(*[bench.ended(token) for token in list(world.by_token)])
        bench.now += 1.0
    assert len(rows(bench, "attempt")) == 2 * INSTANCES


def names(bench: Bench, dag_id: str = "d") -> list[str]:
    with bench.store.reader() as reader:
        return [run.run_id for run in reader.runs(dag_id, limit=10_000)[::-1]]


def rows(bench: Bench, table: str) -> list[Any]:
    return bench.store._driver.all(f"SELECT * FROM {table}", {})


def test_runs_that_ended_long_ago_go_with_all_that_was_their_own(old: Bench) -> None:
    before = old.now - 3 * DAY
    clean(old, Rule(before))
    assert names(old) == ["r7", "r8", "r9"]
    for table in ("task_instance", "attempt", "value"):
        assert len(rows(old, table)) == 3, table
    kept = {run.id for run in old.store.reader().runs("d")}
    assert {event.run for event in old.store.reader().events_after(0, 10_000)} - {None} <= kept
    assert rows(old, "removed_run") == []


def test_every_table_that_tells_of_a_run_is_a_part_of_it() -> None:
    ours = {table.name for table in PARTS_OF_A_RUN}
    assert {table.name for table in tables.metadata.tables.values() if "run" in table.c} - ours == {
        "event",
        "removed_run",
        "backfill_run",
    }
    assert {"task_instance", "attempt", "value", "call", "note", "question"} <= ours


def test_the_newest_of_a_dag_stay_however_old_they_are(old: Bench) -> None:
    old.now += 1000 * DAY
    clean(old, Rule(old.now - DAY, keep=4))
    assert names(old) == ["r6", "r7", "r8", "r9"]
    clean(old, Rule(None))
    assert names(old) == ["r9"]
    assert old.trigger("d", run_id="again") == "again"


def test_the_run_of_the_newest_date_stays_too(old: Bench) -> None:
    old.trigger("d", run_id="early", date="2020-01-01")
    finish_all(old)
    clean(old, Rule(None))
    assert names(old) == ["r9", "early"]


def test_what_is_not_over_stays_and_what_it_looks_back_at(old: Bench) -> None:
    old.declare(DagSpec("d", tasks=(TaskSpec("a", depends_on_past=True),)), version="v2")
    old.trigger("d", run_id="unfinished", date="2023-01-05T12:00")
    old.trigger("d", run_id="newest", date="2023-02-01")
    (token,) = [t for t, known in old.engine.world.by_token.items() if known[0].run_id == "unfinished"]
    unfinished = old.engine.world.by_token[token][0]
    assert unfinished.before is not None
    assert unfinished.before.run_id == "r4"
    clean(old, Rule(None))
    assert names(old) == ["r4", "r9", "unfinished", "newest"]  # r9: of the newest, which is not over either


def test_a_run_whose_callbacks_are_to_come_stays(old: Bench) -> None:
    old.declare(DagSpec("d", tasks=(TaskSpec("a", calls=("success",)),)), version="v2")
    for name in ("called", "last"):
        old.trigger("d", run_id=name, date="2023-02-01")
        (token,) = old.engine.world.by_token
        old.turn(old.ended(token))
        assert old.run_state("d", name) == "success"
    clean(old, Rule(None))
    assert names(old) == ["called", "last"]
    for call in list(old.engine.world.calls):
        old.turn(old.ended(call))
    clean(old, Rule(None))
    assert names(old) == ["last"]


def test_runs_of_a_backfill_that_is_not_over_stay(bench: Bench) -> None:
    spec = paused_daily(bench)
    begin(bench, spec, first="2023-10-01", last="2023-10-09", max_active=1)
    for _ in range(3):
        finish_all(bench)
    clean(bench, Rule(None))
    assert len(names(bench)) == 4


def test_only_the_dags_that_are_named_are_touched(old: Bench) -> None:
    old.declare(DagSpec("e", tasks=(TaskSpec("a", no_process=True),)), file="/dags/two.py")
    for n in range(3):
        old.trigger("e", run_id=f"e{n}")
    clean(old, Rule(None, dags=("e",)))
    assert (len(names(old)), names(old, "e")) == (10, ["e2"])


def test_a_wide_run_goes_in_bounded_turns_and_tasks_start_beside_it(bench: Bench) -> None:
    wide(bench)
    bench.declare(SPEC, file="/dags/two.py")
    sweep = bench.engine.retention.begin(Rule(None))
    left, turns = [], 0
    while not sweep.over:
        bench.now += retention.PAUSE_S + 0.001
        begun = len(bench.executor.starts)
        name = bench.trigger("d", run_id=f"beside{turns}")
        assert len(bench.executor.starts) == begun + 1, "the task of a run starts in the turn in which it is made"
        finish_all(bench)
        assert bench.run_state("d", name) == "success"
        left.append(sum(len(rows(bench, table)) - turns for table in ("task_instance", "attempt")))
        turns += 1
    gone = [before - after for before, after in pairwise(left)]
    assert max(gone) <= retention.ROWS_A_TURN_MAX + 2
    assert sum(gone) >= INSTANCES
    assert names(bench, "w") == ["last"]


def test_between_two_stretches_there_is_a_pause(bench: Bench) -> None:
    wide(bench)
    sweep = bench.engine.retention.begin(Rule(None))
    for _ in range(50):  # a busy engine turns often
        bench.turn()
    assert not sweep.over
    assert bench.engine.next_timer() == pytest.approx(bench.now + retention.PAUSE_S)


@pytest.mark.parametrize("at", range(12))
def test_an_engine_that_dies_in_between_leaves_the_rest_to_the_next(bench: Bench, at: int) -> None:
    wide(bench)
    bench.engine.retention.begin(Rule(None))
    for _ in range(at):
        bench.now += retention.PAUSE_S + 0.001
        bench.turn()
    bench.start()
    bench.settle()
    clean(bench, Rule(None))
    assert names(bench, "w") == ["last"]
    assert len(rows(bench, "task_instance")) == INSTANCES
    assert rows(bench, "removed_run") == []


def test_by_the_setting_it_is_done_by_itself_now_and_then(old: Bench) -> None:
    old.config = Config(dags_paused_at_creation=False, keep_runs_days=3.5, keep_runs_min=2)
    old.start()
    old.settle()
    assert names(old) == [f"r{n}" for n in range(10)]
    old.now += retention.FIRST_AFTER_S + 1
    for _ in range(50):
        old.now += retention.PAUSE_S + 0.001
        old.turn()
    assert names(old) == ["r7", "r8", "r9"]
    assert old.engine.next_timer() == pytest.approx(old.now + retention.EVERY_S, abs=10)
    old.now += 10 * DAY
    for _ in range(50):
        old.now += retention.PAUSE_S + 0.001
        old.turn()
    assert names(old) == ["r8", "r9"]


def test_unless_it_is_set_nothing_goes(old: Bench) -> None:
    old.now += 10_000 * DAY
    old.turn()
    assert old.engine.next_timer() is None
    assert len(names(old)) == 10


def test_old_lines_of_the_log_and_old_commands_go_but_never_the_newest(old: Bench) -> None:
    old.turn(do=lambda turn: turn.batch.events.append(Event(old.now, "variable", None, None, {"key": "k"})))
    last = old.store.reader().last_event()
    old.now += 1000 * DAY
    clean(old, Rule(old.now - DAY))
    events = old.store.reader().events_after(0, 10_000)
    assert [event.id for event in events if event.kind == "variable"] == [last]
    assert old.store.reader().last_event() >= last


def test_versions_of_no_run_go_and_the_current_one_stays(old: Bench) -> None:
    old.declare(DagSpec("d", tasks=(TaskSpec("a"), TaskSpec("b"))), version="v2")
    old.declare(DagSpec("d", tasks=(TaskSpec("a"), TaskSpec("c"))), version="v3")
    old.now += 1000 * DAY
    assert len(rows(old, "dag_version")) == 3
    clean(old, Rule(old.now - DAY))
    left = {row[0] for row in rows(old, "dag_version")}
    (run,) = old.store.reader().runs("d")
    current = old.engine.versions.current("d")
    assert current is not None
    assert left == {run.version, current.id}


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────


def sha(n: int) -> str:
    return f"{n:02x}" * 32


def content(folder: Path, n: int, age_s: float, now: float, ending: str = "") -> Path:
    path = folder / sha(n)[:2] / (sha(n) + ending)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("content")
    os.utime(path, (now - age_s, now - age_s))
    return path


@pytest.fixture
def places(old: Bench) -> Places:
    made = Places(*(old.folder / name for name in ("logs", "values", "sources")))
    for n in range(10):
        folder = made.logs / run_folder("d", f"r{n}") / "a"
        folder.mkdir(parents=True)
        (folder / "1.log").write_text("said")
    old.engine.retention.places = made
    return made


def keep_value(bench: Bench, n: int) -> None:
    with bench.store.reader() as reader:
        run = reader.runs("d", limit=1)[0].id
    row = ValueRow(run, "a", -1, f"k{n}", 1, "bytes", None, None, sha(n), 7)
    bench.turn(do=lambda turn: turn.batch.values.append(row))


def test_logs_of_runs_that_are_gone_go(old: Bench, places: Places) -> None:
    clean(old, Rule(None, keep=2))
    assert sorted(folder.name for folder in (places.logs / "d").iterdir()) == ["r8", "r9"]
    assert old.engine.retention.sweep is not None
    assert old.engine.retention.sweep.files == 8


def test_values_that_nobody_names_go_when_they_are_old(old: Bench, places: Places) -> None:
    named, unnamed = content(places.values, 1, 9 * DAY, old.now), content(places.values, 2, 9 * DAY, old.now)
    young, half = content(places.values, 3, 60.0, old.now), content(places.values, 4, 9 * DAY, old.now, ".123")
    keep_value(old, 1)
    clean(old, Rule(None, keep=100))
    assert named.exists()
    assert young.exists()
    assert not unnamed.exists()
    assert not half.exists()


def test_a_value_that_an_attempt_at_work_may_name_stays(old: Bench, places: Places) -> None:
    """However long it has been at work."""
    old.trigger("d", run_id="long", date="2023-02-01")
    (token,) = old.engine.world.by_token
    old.turn(old.started(token))
    begun = old.now
    old.now += 20 * DAY
    written, before = (
        content(places.values, 1, old.now - begun - 5, old.now),
        content(places.values, 2, 90 * DAY, begun),
    )
    clean(old, Rule(None, keep=100))
    assert written.exists()
    assert not before.exists()


def test_sources_of_versions_that_are_there_stay(old: Bench, places: Places) -> None:
    modules = {"/dags/one.py": sha(1)}
    old.files.want("/dags/one.py", lambda state, turn: None)
    old.files.pump()
    old.loaded([DagSpec("d", tasks=(TaskSpec("z"),))], sha(3), modules=modules)
    kept = content(places.sources, 1, 9 * DAY, old.now)
    gone = content(places.sources, 2, 9 * DAY, old.now)
    manifest = content(places.sources, 3, 9 * DAY, old.now, ".modules.json")
    other = content(places.sources, 4, 9 * DAY, old.now, ".modules.json")
    clean(old, Rule(None, keep=100))
    assert (kept.exists(), gone.exists(), manifest.exists(), other.exists()) == (True, False, True, False)


def test_a_file_that_is_found_there_is_young_again(old: Bench, places: Places) -> None:
    """Whoever writes the same content means it to be there."""
    found = content(places.values, 1, 9 * DAY, old.now)
    going = content(places.values, 2, 0.0, old.now, GOING)  # found by a writer while it was on its way out
    write_once(str(found), b"content")
    assert found.stat().st_mtime > old.now - 9 * DAY + 1
    job = remove_unnamed(places, old.store.reader, old.now - DAY)
    job.act(job)
    assert found.exists()
    assert not going.exists()
    assert going.with_name(sha(2)).exists()
