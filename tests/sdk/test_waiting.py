"""Sensors of ours wait without a process in every mode; an author's own look stays his own."""

from __future__ import annotations

import asyncio
import os
import textwrap
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from venturi.sdk.looking import LISTED_FROM, Looker
from venturi.sdk.running import Instance, TaskResult, run
from venturi.sdk.times import utcnow
from venturi.testing import LocalPort, LocalStore

from .loading import load

HEAD = """
from datetime import datetime, timedelta, timezone
from airflow import DAG
from airflow.sensors.date_time import DateTimeSensor
from airflow.sensors.external_task import ExternalTaskSensor
from airflow.sensors.filesystem import FileSensor
from airflow.sensors.weekday import DayOfWeekSensor
class Own(FileSensor):
    def poke(self, context):
        return super().poke(context) or self.own
    own = False
class Wraps(FileSensor):
    def execute(self, context):
        return super().execute(context)
class Tells(FileSensor):
    def execute_complete(self, context, event=None):
        return "told"
"""


def attempt(folder: Path, sensor: str, **more: Any) -> TaskResult:
    text = textwrap.indent(sensor.replace("(", "(task_id='s', ", 1), "    ")
    dag = load(folder, f"{HEAD}\nwith DAG('d', schedule=None) as dag:\n{text}").dag
    instance = Instance("d", "r", "s", logical_date=datetime(2024, 1, 1, tzinfo=timezone.utc), **more)
    return run(dag, instance, LocalPort(LocalStore(), instance))


@pytest.mark.parametrize("mode", ["mode='poke'", "mode='reschedule'", "deferrable=True"])
@pytest.mark.parametrize(
    ("sensor", "trigger", "words"),
    [
        ("FileSensor(filepath='/no/such', timeout=50", "FileTrigger", "the file /no/such"),
        ("DateTimeSensor(target_time='2999-01-01', timeout=50", "DateTimeTrigger", "2999-01-01T00:00:00+00:00"),
        (
            "ExternalTaskSensor(external_dag_id='o', external_task_id='t', timeout=50",
            "WorkflowTrigger",
            "t in DAG o (run of 2024-01-01T00:00:00+00:00)",
        ),
    ],
)
def test_it_looks_once_and_defers_in_every_mode(
    sensor: str, trigger: str, words: str, mode: str, tmp_path: Path
) -> None:
    ended = attempt(tmp_path, f"{sensor}, {mode})")
    assert ended.outcome == "deferred"
    wait = ended.wait
    assert wait is not None
    assert wait.trigger.rpartition(".")[2] == trigger
    assert wait.words == words
    assert wait.trigger_kwargs["end_from_trigger"] is True
    assert wait.timeout_s is not None
    assert 40 < wait.timeout_s <= 50


def test_a_day_of_the_week_is_a_moment_and_that_of_a_date_never_comes(tmp_path: Path) -> None:
    day = (utcnow() + timedelta(days=2)).strftime("%A")
    wait = attempt(tmp_path, f"DayOfWeekSensor(week_day='{day}')").wait
    assert wait is not None
    moment = wait.trigger_kwargs["moment"]
    assert (moment.strftime("%A"), moment.hour) == (day, 0)
    wait = attempt(tmp_path, "DayOfWeekSensor(week_day='Friday', use_task_logical_date=True, timeout=9)").wait
    assert wait is not None
    assert wait.timeout_s is not None
    assert wait.timeout_s <= 9
    assert wait.trigger_kwargs["moment"] > utcnow() + timedelta(seconds=9)


def test_its_time_counts_from_its_first_attempt_and_ends_with_a_last_look(tmp_path: Path) -> None:
    first = utcnow() - timedelta(seconds=30)
    late = {"first_poke_at": first, "resume": {"method": "go_on", "kwargs": {}, "event": {"kind": "timeout"}}}
    there, absent = "FileSensor(filepath=__file__, timeout=20", "FileSensor(filepath='/no/such', timeout=20"
    assert attempt(tmp_path, f"{there})", **late).outcome == "success"
    ended = attempt(tmp_path, f"{absent})", **late)
    assert ended.outcome == "fail_now"
    assert ended.error is not None
    assert "exceeds the specified timeout of 20" in ended.error["message"]
    assert attempt(tmp_path, f"{absent}, soft_fail=True)", **late).outcome == "skipped"
    assert attempt(tmp_path, f"{absent}, never_fail=True)", **late).outcome == "skipped"
    assert attempt(tmp_path, f"{absent}, mode='reschedule')", first_poke_at=first).outcome == "fail_now"


@pytest.mark.parametrize("kind", ["Own", "Wraps"])
def test_an_authors_own_look_is_called_again_as_its_mode_says(kind: str, tmp_path: Path) -> None:
    assert attempt(tmp_path, f"{kind}(filepath='/no/such', mode='reschedule')").outcome == "reschedule"


def test_what_an_author_does_after_the_wait_is_still_done(tmp_path: Path) -> None:
    for sensor in (
        "FileSensor(filepath='/no/such', post_execute=print)",
        "Tells(filepath='/no/such', deferrable=True)",
    ):
        wait = attempt(tmp_path, sensor).wait
        assert wait is not None
        assert "end_from_trigger" not in wait.trigger_kwargs
    event = {"kind": "event", "payload": True}
    resume = {"method": "execute_complete", "kwargs": {}, "event": event}
    assert attempt(tmp_path, "Tells(filepath='/no/such', deferrable=True)", resume=resume).value == "told"


# ── many who wait for files ──


def found(folder: Path, patterns: list[tuple[str, bool]], then: Callable[[], None]) -> list[str]:
    """What each of them finds that begins to wait before `then`. The long interval would tell of nothing in time."""

    async def go() -> list[str]:
        looker = Looker()
        waits = [asyncio.create_task(looker.found(str(folder / p), r, 3600.0)) for p, r in patterns]
        await asyncio.sleep(0.1)
        assert not any(wait.done() for wait in waits)
        then()
        done = await asyncio.wait_for(asyncio.gather(*waits), 30)
        assert looker._folders == {}
        return done

    return asyncio.run(go())


def test_a_change_of_the_folder_tells_all_who_wait_in_it(tmp_path: Path) -> None:
    names = [f"{n}.csv" for n in range(2 * LISTED_FROM)]
    assert found(tmp_path, [(name, False) for name in names], lambda: [(tmp_path / n).touch() for n in names]) == [
        str(tmp_path / name) for name in names
    ]


def test_patterns_folders_and_what_lies_deeper_are_found(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "old").mkdir()
    os.utime(tmp_path, (0, 0))

    def come() -> None:
        (tmp_path / "new" / "deep").mkdir(parents=True)
        (tmp_path / "new" / "deep" / "x.txt").touch()
        (tmp_path / "empty" / "file").touch()
        (tmp_path / "part-1").touch()

    wanted = [
        ("part-*", False),
        ("empty", False),
        ("**/x.txt", True),
        ("new/*/x.txt", False),
        ("new/deep/x.txt", False),
    ]
    deep = str(tmp_path / "new" / "deep" / "x.txt")
    assert found(tmp_path, wanted, come) == [str(tmp_path / "part-1"), str(tmp_path / "empty"), deep, deep, deep]


def test_who_waits_no_longer_is_forgotten(tmp_path: Path) -> None:
    async def go() -> None:
        looker = Looker()
        waits = [asyncio.create_task(looker.found(str(tmp_path / "x"), False, 60.0)) for _ in range(2)]
        await asyncio.sleep(0.05)
        waits[0].cancel()
        (tmp_path / "x").touch()
        assert await asyncio.wait_for(waits[1], 30) == str(tmp_path / "x")
        assert looker._folders == {}

    asyncio.run(go())


def test_looks_at_long_intervals_come_in_few_rounds_and_none_for_who_has_gone(tmp_path: Path) -> None:
    """Else ten thousand that began one after the other are ten thousand rounds a minute."""

    async def go() -> None:
        looker = Looker()
        waits = [asyncio.create_task(looker.found(str(tmp_path / str(n)), False, 60.0)) for n in range(200)]
        while len(looker._due) < 200 or min(looker._due)[0] < time.monotonic():
            await asyncio.sleep(0.01)
        assert len({at for at, _, _ in looker._due}) <= 3
        for number in range(200):
            (tmp_path / str(number)).touch()
        await asyncio.wait_for(asyncio.gather(*waits), 30)
        assert looker._next_due_s() == float("inf")

    asyncio.run(go())
