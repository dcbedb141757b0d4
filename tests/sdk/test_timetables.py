"""What a file says of its schedule, as data that can be evaluated without the file."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pendulum
import pytest
from dateutil.relativedelta import MO, relativedelta

from tests.sdk.loading import load
from venturi.sdk.exceptions import AirflowTimetableInvalid, BadAuthoring
from venturi.sdk.schedules import cron_problem, plain_schedule, schedule_problem
from venturi.sdk.timetables import (
    AssetTriggeredTimetable,
    ContinuousTimetable,
    CronDataIntervalTimetable,
    CronPartitionTimetable,
    CronTriggerTimetable,
    DagRunInfo,
    DataInterval,
    DeltaDataIntervalTimetable,
    DeltaTriggerTimetable,
    EventsTimetable,
    MultipleCronTriggerTimetable,
    NullTimetable,
    OnceTimetable,
    PartitionedAtRuntime,
    TimeRestriction,
)

CRON = {"timezone": "Europe/Paris", "expression": "0 1 * * 3"}


@pytest.mark.parametrize(
    ("schedule", "told"),
    [
        (None, None),
        ("@daily", "@daily"),
        ("5 4 * * sun", "5 4 * * sun"),
        (timedelta(hours=2), {"every_s": 7200.0}),
        (relativedelta(months=1, hours=-2), {"every": {"months": 1, "hours": -2}}),
        (relativedelta(day=0, weekday=MO(2)), {"every": {"day": 0, "weekday": [0, 2]}}),
        (NullTimetable(), None),
        (OnceTimetable(), "@once"),
        (ContinuousTimetable(), "@continuous"),
        (PartitionedAtRuntime(), {"timetable": "PartitionedAtRuntime"}),
        (
            CronDataIntervalTimetable("0 1 * * 3", timezone="Europe/Paris"),
            {"timetable": "CronDataIntervalTimetable", **CRON},
        ),
        (
            CronDataIntervalTimetable("@weekly", pendulum.timezone("UTC")),
            {"timetable": "CronDataIntervalTimetable", "expression": "0 0 * * 0", "timezone": "UTC"},
        ),
        (
            CronTriggerTimetable(
                "0 1 * * 3", timezone="Europe/Paris", interval=timedelta(days=1), run_immediately=timedelta(minutes=5)
            ),
            {
                "timetable": "CronTriggerTimetable",
                **CRON,
                "interval": {"every_s": 86400.0},
                "run_immediately": {"every_s": 300.0},
            },
        ),
        (
            MultipleCronTriggerTimetable("1 * * * *", "@daily", timezone="UTC"),
            {
                "timetable": "MultipleCronTriggerTimetable",
                "expressions": ["1 * * * *", "0 0 * * *"],
                "timezone": "UTC",
                "interval": {"every_s": 0.0},
                "run_immediately": False,
            },
        ),
        (
            CronPartitionTimetable("0 * * * *", timezone="UTC", run_offset=-1),
            {
                "timetable": "CronPartitionTimetable",
                "expression": "0 * * * *",
                "timezone": "UTC",
                "run_offset": -1,
                "run_immediately": False,
                "key_format": "%Y-%m-%dT%H:%M:%S",
            },
        ),
        (
            DeltaDataIntervalTimetable(timedelta(minutes=5)),
            {"timetable": "DeltaDataIntervalTimetable", "delta": {"every_s": 300.0}},
        ),
        (
            DeltaTriggerTimetable(relativedelta(months=1), interval=timedelta(days=1)),
            {
                "timetable": "DeltaTriggerTimetable",
                "delta": {"every": {"months": 1}},
                "interval": {"every_s": 86400.0},
            },
        ),
        (
            EventsTimetable(
                [pendulum.datetime(2024, 5, 2), datetime(2024, 5, 1), datetime(2024, 5, 1, tzinfo=timezone.utc)]
            ),
            {
                "timetable": "EventsTimetable",
                "event_dates": ["2024-05-01T00:00:00+00:00", "2024-05-02T00:00:00+00:00"],
                "restrict_to_events": False,
                "description": "2 events",
            },
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_schedule_has_a_plain_form(schedule, told):
    assert plain_schedule(schedule) == told
    json.dumps(told)
    assert schedule_problem(schedule) is None


@pytest.mark.parametrize(
    "cron",
    [
        "* * * * *",
        "*/5 0-6 1,15 jan-mar mon#2",
        "0 0 L * *",
        "0 0 * * 5L",
        "H * * * *",
        "0 9-17/2 * * MON-FRI",
        "15 3 ? * 7",
        "* * * * * 30",
        "0 0 1 1 * 0 2030",
    ],
)
def test_cron_expressions_of_every_common_kind_are_taken(cron):
    assert cron_problem(cron) is None


@pytest.mark.parametrize(
    ("schedule", "why"),
    [
        ("None", "it has 1 fields"),
        ("* * * *", "it has 4 fields"),
        ("60 * * * *", "'60' in it is not between 0 and 59"),
        ("* * * 13 *", "'13' in it is not between 1 and 12"),
        ("* * * * lun", "'lun' in it is not between 0 and 7"),
        ("*/0 * * * *", "steps by nothing"),
        ("a,b c", "2 fields"),
        ("@dayly", "the preset '@dayly' does not exist"),
        (timedelta(0), "no length of time that passes"),
        (5, "5 is no cron expression"),
        (["s3://a"], "which is no asset"),
    ],
)
def test_a_schedule_that_cannot_be_is_one_sentence_at_the_authors_line(tmp_path, schedule, why):
    assert why in str(schedule_problem(schedule))
    with pytest.raises(BadAuthoring, match="line 3") as caught:
        load(
            tmp_path,
            f"from datetime import timedelta\nfrom airflow import DAG\nDAG('d', schedule={schedule_text(schedule)})",
        )
    assert why in str(caught.value)


def schedule_text(schedule):
    return "timedelta(0)" if isinstance(schedule, timedelta) else repr(schedule)


@pytest.mark.parametrize(
    "make",
    [
        lambda: CronTriggerTimetable("61 * * * *", timezone="UTC"),
        lambda: DeltaTriggerTimetable(timedelta(-1)),
        lambda: EventsTimetable([]),
    ],
)
def test_timetables_check_what_they_are_given(make):
    with pytest.raises(AirflowTimetableInvalid):
        make()


def test_the_era_says_what_a_cron_text_means(tmp_path):
    """S5.31: and a schedule found in default_args is what was meant, with a warning."""
    two = load(tmp_path, "from airflow import DAG\nd = DAG('d', schedule_interval='@daily')").spec
    three = load(tmp_path, "from airflow.sdk import DAG\nd = DAG('d', schedule='@daily')").spec
    assert (two.data_intervals, three.data_intervals) == (True, False)
    stray = load(
        tmp_path,
        "from airflow import DAG\nd = DAG('d', default_args={'schedule_interval': None, 'owner': 'a'})",
    ).spec
    assert stray.schedule is None
    assert "stands in default_args" in stray.warnings[0]


def test_a_missing_schedule_is_daily_before_3_and_none_since(tmp_path):
    two = load(
        tmp_path, "from airflow.models import DAG\nfrom airflow.operators.bash import BashOperator\nd = DAG('d')"
    )
    assert two.spec.schedule == {"every_s": 86400.0}
    assert load(tmp_path, "from airflow.sdk import DAG\nd = DAG('d')").spec.schedule is None


def test_what_runs_without_end_runs_once_at_a_time(tmp_path):
    text = "from airflow.sdk import DAG\nd = DAG('d', schedule='@continuous', max_active_runs=5)"
    assert load(tmp_path, text).spec.max_active_runs == 1


def test_a_timetable_of_the_file_itself_reaches_the_spec_and_answers(tmp_path):
    found = load(
        tmp_path,
        """
        from datetime import timedelta
        from pendulum import DateTime, Time, UTC
        from airflow import DAG
        from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction, Timetable

        class Mornings(Timetable):
            description = "each morning"
            def __init__(self, hour):
                self.hour = hour
            def serialize(self):
                return {"hour": self.hour}
            @classmethod
            def deserialize(cls, data):
                return cls(data["hour"])
            @property
            def summary(self):
                return f"at {self.hour}"
            def infer_manual_data_interval(self, run_after):
                return DataInterval.exact(run_after)
            def next_dagrun_info(self, *, last_automated_data_interval, restriction):
                start = last_automated_data_interval.end if last_automated_data_interval else restriction.earliest
                return DagRunInfo.interval(start=start, end=start + timedelta(days=1))

        d = DAG("d", timetable=Mornings(7), start_date=DateTime(2024, 1, 1, tzinfo=UTC))
        """,
    )
    told = found.spec.schedule
    assert {key: told[key] for key in ("timetable", "held", "summary")} == {
        "timetable": "custom",
        "held": {"hour": 7},
        "summary": "at 7",
    }
    assert told["class"].endswith(":Mornings")
    mine = found.dag.schedule
    assert type(mine).deserialize(told["held"]).hour == 7
    first = pendulum.datetime(2024, 1, 1)
    info = mine.next_dagrun_info_v2(last_dagrun_info=None, restriction=TimeRestriction(first, None, False))
    assert (info.run_after, info.logical_date) == (pendulum.datetime(2024, 1, 2), first)
    again = mine.next_dagrun_info_v2(last_dagrun_info=info, restriction=TimeRestriction(first, None, False))
    assert again.data_interval == DataInterval(pendulum.datetime(2024, 1, 2), pendulum.datetime(2024, 1, 3))
    assert mine.infer_manual_data_interval(first) == (first, first)


def test_a_class_that_extends_ours_is_custom_and_keeps_what_it_was_given(tmp_path):
    spec = load(
        tmp_path,
        """
        from airflow import DAG
        from airflow.timetables.trigger import CronTriggerTimetable
        class Mine(CronTriggerTimetable):
            partitioned_at_runtime = True
        d = DAG("d", timetable=Mine("@daily", timezone="UTC"))
        """,
    ).spec
    assert spec.schedule["timetable"] == "custom"
    assert spec.schedule["held"]["expression"] == "0 0 * * *"
    assert spec.schedule["summary"] == "0 0 * * *"


def test_the_built_in_ones_answer_for_classes_that_extend_them():
    class Later(CronTriggerTimetable):
        def next_dagrun_info(self, *, last_automated_data_interval, restriction):
            found = super().next_dagrun_info(
                last_automated_data_interval=last_automated_data_interval, restriction=restriction
            )
            return found._replace(run_after=found.run_after.add(hours=1))

    begun = TimeRestriction(pendulum.datetime(2024, 1, 1, 5), None, True)
    found = Later("@daily", timezone="UTC").next_dagrun_info(last_automated_data_interval=None, restriction=begun)
    assert found == (pendulum.datetime(2024, 1, 2, 1), (pendulum.datetime(2024, 1, 2),) * 2, None, None)
    by_hand = CronDataIntervalTimetable("@daily", timezone="UTC").infer_manual_data_interval(
        run_after=pendulum.datetime(2024, 1, 2, 12)
    )
    assert by_hand == (pendulum.datetime(2024, 1, 1), pendulum.datetime(2024, 1, 2))


def test_equal_timetables_are_equal_and_run_infos_have_their_forms():
    assert CronTriggerTimetable("@daily", timezone="UTC") == CronTriggerTimetable("0 0 * * *", timezone="UTC")
    assert CronTriggerTimetable("@daily", timezone="UTC") != CronTriggerTimetable("@hourly", timezone="UTC")
    assert hash(OnceTimetable()) == hash(OnceTimetable())
    at = pendulum.datetime(2024, 1, 1)
    assert DagRunInfo.exact(at) == (at, (at, at), None, None)
    assert AssetTriggeredTimetable([]).can_be_scheduled
