"""A cut-over from Airflow: no run twice, none left out, whether the files are known before or after."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from venturi.config import Config
from venturi.core.coming import LastRun
from venturi.engine.coming import take_over
from venturi.engine.pausing import set_paused

from .conftest import Bench
from .test_schedules import DAY, at, daily, dates, go_to, serve

LAST = LastRun(at("2023-11-10T00:00"), None, (at("2023-11-10T00:00"), at("2023-11-11T00:00")))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """As a home is that nobody has set up: new DAGs are paused."""
    (tmp_path / "dags").mkdir()
    made = Bench(tmp_path, [tmp_path / "dags"], config=Config(dags_paused_at_creation=True))
    made.settle()
    made.now = at("2023-11-14T12:00")
    yield made
    made.store.close()


def take(bench: Bench, **given: Any) -> dict[str, Any]:
    told: list[dict[str, Any]] = []
    head = {"dates": {dag_id: last.to_json() for dag_id, last in given.pop("last", {}).items()}, **given}
    bench.turn(do=lambda turn: told.append(take_over(bench.engine, head, turn)))
    return told[0]


def after(*days: int) -> list[str]:
    return [f"2023-11-{day:02}T00:00" for day in days]


def test_a_known_dag_goes_on_after_airflows_last_run(bench: Bench) -> None:
    serve(bench, daily(catchup=True))
    told = take(bench, last={"d": LAST}, paused={"d": False})
    assert told["dates"]["d"]["next"] == at("2023-11-12T00:00")
    go_to(bench, bench.now + 10 * DAY)
    assert dates(bench) == after(*range(11, 24))


def test_a_dag_whose_file_comes_later_goes_on_from_there_too(bench: Bench) -> None:
    told = take(bench, last={"d": LAST}, paused={"d": False})
    assert told["dates"]["d"] == {"kept": False, "known": False}
    bench.start()
    bench.settle()
    serve(bench, daily(catchup=True))
    go_to(bench, bench.now)
    assert dates(bench) == after(11, 12, 13)
    assert bench.store.reader().dag("d").paused is False


def test_a_pause_flag_is_taken_once(bench: Bench) -> None:
    """Whoever pauses the DAG here afterwards is not overruled when its file goes and comes."""
    take(bench, last={"d": LAST}, paused={"d": False})
    serve(bench, daily())
    assert bench.engine.world.dag("d").paused is False
    assert bench.engine.schedules.take_kept_pause("d") is None


def test_a_paused_dag_of_airflow_is_paused_here_and_starts_nothing(bench: Bench) -> None:
    serve(bench, daily(paused_upon_creation=False, catchup=False))
    take(bench, last={"d": LAST}, paused={"d": True})
    made = dates(bench)
    go_to(bench, bench.now + 3 * DAY)
    assert dates(bench) == made


def test_it_holds_over_a_crash_and_over_a_new_version(bench: Bench) -> None:
    serve(bench, daily(catchup=True))
    take(bench, last={"d": LAST})
    bench.start()
    bench.settle()
    serve(bench, daily(catchup=True, tags=("new",)), version="v2")
    bench.turn(do=lambda turn: set_paused(bench.engine, "d", False, turn))
    go_to(bench, bench.now)
    assert dates(bench) == after(11, 12, 13)


def test_a_run_of_1_10_whose_interval_nobody_knows_is_read_by_the_timetable(bench: Bench) -> None:
    serve(bench, daily(catchup=True))
    take(bench, last={"d": LastRun(LAST.date)}, paused={"d": False})
    go_to(bench, bench.now)
    assert dates(bench) == after(11, 12, 13)


def test_a_clock_that_goes_back_before_every_run_of_ours_does_not_bring_airflows_back(bench: Bench) -> None:
    serve(bench, daily(catchup=True))
    take(bench, last={"d": LAST}, paused={"d": False})
    go_to(bench, bench.now)
    bench.engine.clock_set(-3 * DAY)
    bench.now -= 3 * DAY
    go_to(bench, bench.now + 3 * DAY)
    assert dates(bench) == after(11, 12, 13)


def test_a_clock_behind_airflows_waits_instead_of_starting_from_the_beginning(bench: Bench) -> None:
    serve(bench, daily(catchup=True))
    bench.now = at("2023-11-10T12:00")
    take(bench, last={"d": LAST}, paused={"d": False})
    assert dates(bench) == []
    go_to(bench, at("2023-11-12T00:00"))
    assert dates(bench) == after(11)


def test_what_we_have_run_since_is_not_gone_back_behind_unless_it_is_asked_for(bench: Bench) -> None:
    serve(bench, daily(catchup=True))
    take(bench, last={"d": LAST}, paused={"d": False})
    go_to(bench, bench.now)
    assert take(bench, last={"d": LAST})["dates"]["d"]["kept"] is True
    earlier = LastRun(at("2023-11-08T00:00"))
    assert take(bench, last={"d": earlier}, overwrite=True)["dates"]["d"]["kept"] is False
    go_to(bench, bench.now + DAY)
    assert sorted(dates(bench)) == after(*range(9, 15))  # the days between are made, none of those that are there again


def test_it_waits_in_the_database_while_there_is_no_engine(bench: Bench) -> None:
    serve(bench, daily(catchup=True))
    given = {"dates": {"d": LAST.to_json()}, "paused": {"d": False}, "pools": {"gpu": {"slots": 2}}}
    bench.store.put_command("take_over", given)
    bench.commands.take_waiting(bench.store.waiting_commands())
    bench.turn()
    go_to(bench, bench.now)
    assert dates(bench) == after(11, 12, 13)
    with bench.store.reader() as reader:
        assert {pool.name: pool.slots for pool in reader.pools()}["gpu"] == 2
    assert bench.store.waiting_commands() == []


def test_pools_that_are_there_stay_and_the_untouched_default_pool_is_set(bench: Bench) -> None:
    take(bench, pools={"gpu": {"slots": 2, "description": "cards", "include_deferred": True}})
    told = take(bench, pools={"gpu": {"slots": 9}, "default_pool": {"slots": 64}})
    assert (told["pools_set"], told["pools_kept"]) == (["default_pool"], ["gpu"])
    assert (bench.engine.world.pool("gpu").slots, bench.engine.world.pool("default_pool").slots) == (2, 64)
    assert take(bench, pools={"gpu": {"slots": 9}}, overwrite=True)["pools_set"] == ["gpu"]
    assert bench.engine.world.pool("gpu").include_deferred is True
