"""What comes along from an Airflow: which run was the last, and where a schedule goes on from."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from venturi.core.coming import Found, LastRun, is_by_timetable, is_later, last_of, pools_to_set
from venturi.core.spec import DagSpec
from venturi.core.timetables import Planned, timetable_of


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()


def next_after(came: LastRun, schedule: Any = "@daily", now: str = "2026-03-10T12:00", **more: Any) -> Planned | None:
    spec = DagSpec("d", schedule=schedule, **{"data_intervals": True, "catchup": True, **more})
    timetable = timetable_of(spec)
    assert timetable is not None
    return timetable.next(last_of(timetable, came), at("2020-01-01T00:00"), None, spec.catchup, at(now))


DAY = (at("2026-03-01T00:00"), at("2026-03-02T00:00"))


@pytest.mark.parametrize(
    "came",
    [
        pytest.param(LastRun(DAY[0]), id="1.10: the date alone"),
        pytest.param(LastRun(DAY[0], None, DAY), id="2.2: with its interval"),
        pytest.param(LastRun(DAY[0], DAY[1], DAY), id="3.0: and when it could start"),
    ],
)
def test_the_next_run_is_the_one_after_airflows_last_in_every_generation(came: LastRun) -> None:
    found = next_after(came)
    assert found is not None
    assert (found.logical_date, found.run_after) == (at("2026-03-02T00:00"), at("2026-03-03T00:00"))


def test_a_file_that_starts_at_moments_goes_on_after_a_run_that_was_about_a_day() -> None:
    """The day from the 1st to the 2nd was run on the 2nd; the moment after that is the 3rd."""
    found = next_after(LastRun(DAY[0], DAY[1], DAY), data_intervals=False)
    assert found is not None
    assert found.run_after == at("2026-03-03T00:00")


def test_a_file_that_starts_at_moments_goes_on_after_a_moment() -> None:
    moment = at("2026-03-02T00:00")
    found = next_after(LastRun(moment, moment, (moment, moment)), data_intervals=False)
    assert found is not None
    assert found.logical_date == at("2026-03-03T00:00")


def test_a_length_of_time_goes_on_in_its_rhythm() -> None:
    found = next_after(LastRun(at("2026-03-01T05:17")), {"every_s": 21600.0})
    assert found is not None
    assert (found.logical_date, found.run_after) == (at("2026-03-01T11:17"), at("2026-03-01T17:17"))


def test_a_date_that_the_schedule_does_not_have_any_more_is_gone_on_from_all_the_same() -> None:
    found = next_after(LastRun(at("2026-03-01T07:30")))
    assert found is not None
    assert found.logical_date == at("2026-03-02T00:00")


def test_once_is_not_started_again() -> None:
    assert next_after(LastRun(at("2026-03-01T00:00")), "@once") is None


def test_without_catch_up_the_newest_that_was_missed_comes_next_and_never_airflows_last_again() -> None:
    found = next_after(LastRun(DAY[0]), catchup=False)
    assert found is not None
    assert found.logical_date == at("2026-03-09T00:00")
    found = next_after(LastRun(DAY[0]), catchup=False, now="2026-03-02T00:00")
    assert found is not None
    assert found.logical_date == at("2026-03-02T00:00")


@pytest.mark.parametrize(
    ("run_type", "run_id", "counts"),
    [
        (None, "scheduled__2026-03-01T00:00:00+00:00", True),
        (None, "backfill_2026-03-01T00:00:00+00:00", True),
        (None, "manual__2026-03-01T00:00:00+00:00", False),
        (None, "trig__2026-03-01T00:00:00+00:00", False),
        ("scheduled", "my own name", True),
        ("manual", "scheduled__2026-03-01T00:00:00+00:00", False),
        ("dataset_triggered", "dataset_triggered__2026", False),
    ],
)
def test_only_what_a_timetable_or_a_backfill_has_made_counts(run_type: str | None, run_id: str, counts: bool) -> None:
    assert is_by_timetable(run_type, run_id) is counts


def test_of_several_sources_the_later_last_run_and_the_later_source_hold() -> None:
    found, other = Found(), Found()
    found.saw("d", LastRun(20.0))
    other.saw("d", LastRun(10.0))
    found.variables, other.variables = {"k": ("old", None)}, {"k": ("new", None)}
    found.add(other)
    assert (found.last["d"].date, found.variables["k"][0]) == (20.0, "new")


def test_a_run_by_hand_is_not_the_last_but_is_told_while_it_is_unfinished() -> None:
    found = Found()
    found.saw_run("d", "manual__x", "manual", "running", LastRun(10.0))
    found.saw_run("d", "scheduled__x", "scheduled", "success", LastRun(5.0))
    assert found.last["d"].date == 5.0
    assert [one.run_id for one in found.unfinished] == ["manual__x"]


def test_a_later_run_of_our_own_is_later() -> None:
    theirs = Planned(20.0, 10.0, (10.0, 20.0))
    assert is_later(Planned(30.0, 20.0, None), theirs)
    assert not is_later(theirs, theirs)
    assert not is_later(None, theirs)


def test_pools_that_are_there_are_kept_and_the_default_pool_only_if_somebody_has_changed_it() -> None:
    found = {"default_pool": {"slots": 64}, "gpu": {"slots": 2}, "cpu": {"slots": 3}}
    there: dict[str, tuple[int, str | None]] = {"default_pool": (128, None), "gpu": (1, None)}
    assert pools_to_set(found, there, False) == (["default_pool", "cpu"], ["gpu"])
    assert pools_to_set(found, {**there, "default_pool": (32, None)}, False)[1] == ["default_pool", "gpu"]
    assert pools_to_set(found, there, True)[1] == []
