"""Two hundred schedules, by a seed: what they are, when they are looked at, and the DAG file that holds them all.

Owns the choice of them. Half lie around a day on which the clocks of their zone change.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from croniter import croniter

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "America/St_Johns", "Australia/Lord_Howe")
PRESETS = ("@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly", "@midnight", "@once")
IN_WORDS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
}
LENGTHS = (
    {"minutes": 20},
    {"hours": 1},
    {"hours": 7},
    {"days": 1},
    {"days": 1, "hours": 6},
    {"weeks": 1},
)
BY_CALENDAR = ({"months": 1}, {"days": 10}, {"months": 3, "days": 1})
LATE_S = (0, 0, 1, 37)  # after the date, when somebody looks
YEAR = 2026


class Case(dict[str, Any]):
    """Plain data, as it goes to a program of Airflow's: `id`, `schedule`, `kind`, `zone`, `catchup`, `start`, `end`
    (as the clocks of the zone show them), `begin` (the first look), `steps` and `late_s`. A step is ["live", until] or
    ["jump", to]: nobody looked in between."""


def cases(seed: int, count: int) -> list[Case]:
    chance = random.Random(seed)
    return [_case(chance, f"s{n:03}") for n in range(count)]


# ── what they are ────────────────────────────────────────────────────────────────────────────────────────


def _case(chance: random.Random, id: str) -> Case:
    zone = chance.choice(ZONES)
    kind = chance.choices(("preset", "cron", "length", "calendar"), (20, 110, 50, 20))[0]
    schedule: Any
    if kind == "preset":
        schedule = chance.choice(PRESETS)
    elif kind == "cron":
        schedule = _expression(chance)
    else:
        schedule = dict(chance.choice(LENGTHS if kind == "length" else BY_CALENDAR))
    # A class says itself whether it is about intervals or moments; else that is the generation's to say.
    as_class = chance.choice(("", "", "", "Trigger", "DataInterval")) if kind != "preset" else ""
    case = Case(id=id, kind=kind, schedule=schedule, as_class=as_class, zone=zone, catchup=chance.random() < 0.5)
    if as_class == "Trigger" and chance.random() < 0.5:
        case["interval_hours"] = chance.choice((1, 24))
    _when(chance, case)
    return case


def _expression(chance: random.Random) -> str:
    minute = chance.choice(("0", "30", "15", "7,37", "*/20", "*/15", "10-50/13", str(chance.randrange(60))))
    hour = chance.choice(("*", "*", "*/5", "1-3", "2", "2", "8-18/4", "0,12", str(chance.randrange(24))))
    days = chance.choice(
        ("* * *",) * 8
        + ("* * MON-FRI", "* * 1,3,5", "* * sun", "1,15 * *", "L * *", "* * L5", "* * 2#1", "* * fri#3", "*/3 * *")
        + ("* JAN-JUN/2 *", "13 * FRI", "1-7 * 1-5", "* 3,10,11 0")
    )
    return f"{minute} {hour} {days}"


# ── when they are looked at ──────────────────────────────────────────────────────────────────────────────


def _when(chance: random.Random, case: Case) -> None:
    change = chance.choice(_changes(case["zone"]) or [_moment(chance)])
    around = change if chance.random() < 0.6 else _moment(chance)
    back = _after(case, around - timedelta(days=1), 1) - (around - timedelta(days=1))
    begin = around - min(back, timedelta(days=40)) * chance.random() * 3
    begin = begin.replace(second=0, microsecond=0) + timedelta(seconds=chance.choice((0, 0, 17)))
    period = _after(case, begin, 1) - begin if case["schedule"] != "@once" else timedelta(days=1)
    period = max(period, timedelta(minutes=10))
    case["begin"] = begin.timestamp()
    ahead = [chance.randint(3, 7), chance.randint(9, 13), chance.randint(14, 17)]
    live, to, again = (_after(case, begin, n) for n in ahead)
    to += (_after(case, to, 1) - to) * chance.random() * 0.9
    case["steps"] = [["live", live.timestamp()], ["jump", to.timestamp()], ["live", max(to, again).timestamp()]]
    case["late_s"] = chance.choice(LATE_S)
    start = (
        _before(case, begin, chance.randint(1, 9) if case["catchup"] else chance.randint(1, 60))
        - min(period, timedelta(days=1)) * 0.3
    )
    if chance.random() < 0.12:
        start = begin + period * chance.uniform(0.2, 2.5)  # begins later than it is known
    exact = chance.random() < 0.5
    case["start"] = _shown(start, case["zone"], exact)
    case["end"] = (
        _shown(_after(case, begin, chance.randint(2, 12)), case["zone"], exact) if chance.random() < 0.3 else None
    )


def _after(case: Case, moment: datetime, n: int) -> datetime:
    """About the n-th date after the moment: clocks that change are of no matter here."""
    schedule = case["schedule"]
    if schedule == "@once":
        return moment + timedelta(days=n)
    if isinstance(schedule, dict):
        given = dict(schedule)
        days = given.pop("months", 0) * 30 + given.pop("days", 0)
        return moment + (timedelta(days=days) + timedelta(**given)) * n
    dates = croniter(IN_WORDS.get(schedule, schedule), moment.astimezone(timezone.utc).replace(tzinfo=None))
    found = moment
    for _ in range(n):
        found = dates.get_next(datetime).replace(tzinfo=timezone.utc)
    return found


def _before(case: Case, moment: datetime, n: int) -> datetime:
    schedule = case["schedule"]
    if not isinstance(schedule, str) or schedule == "@once":
        return moment - (_after(case, moment, n) - moment)
    dates = croniter(IN_WORDS.get(schedule, schedule), moment.astimezone(timezone.utc).replace(tzinfo=None))
    found = moment
    for _ in range(n):
        found = dates.get_prev(datetime).replace(tzinfo=timezone.utc)
    return found


def _moment(chance: random.Random) -> datetime:
    return datetime(YEAR, 1, 1, tzinfo=timezone.utc) + timedelta(minutes=chance.randrange(365 * 24 * 60))


def _changes(zone: str) -> list[datetime]:
    """When the clocks of the zone change in that year, to the hour."""
    at, found, clocks = datetime(YEAR, 1, 1, tzinfo=timezone.utc), [], ZoneInfo(zone)
    while at.year == YEAR:
        then = at + timedelta(hours=1)
        if at.astimezone(clocks).utcoffset() != then.astimezone(clocks).utcoffset():
            found.append(at)
        at = then
    return found


def _shown(moment: datetime, zone: str, exact: bool) -> list[int]:
    """As it is written in the file; `exact`: to the hour."""
    shown = moment.astimezone(ZoneInfo(zone))
    return [shown.year, shown.month, shown.day, shown.hour, 0 if exact else shown.minute]


# ── the file ─────────────────────────────────────────────────────────────────────────────────────────────

HEADS = {
    "2.11": "from airflow import DAG\nfrom airflow.operators.empty import EmptyOperator",
    "3.3": "from airflow.sdk import DAG\nfrom airflow.providers.standard.operators.empty import EmptyOperator",
}
HEAD = """from datetime import timedelta

import pendulum
from dateutil.relativedelta import relativedelta

{head}
from airflow.timetables.interval import CronDataIntervalTimetable, DeltaDataIntervalTimetable
from airflow.timetables.trigger import CronTriggerTimetable, DeltaTriggerTimetable


def at(zone, year, month, day, hour, minute):
    return pendulum.datetime(year, month, day, hour, minute, tz=zone)

"""
ONE = """
with DAG("{id}", schedule={schedule}, start_date={start}, end_date={end}, catchup={catchup}, max_active_runs=100_000):
    EmptyOperator(task_id="a")
"""


def file_of(made: list[Case], generation: str) -> str:
    parts = [HEAD.format(head=HEADS[generation])]
    for case in made:
        start = f"at({case['zone']!r}, *{case['start']})"
        end = f"at({case['zone']!r}, *{case['end']})" if case["end"] else "None"
        parts.append(ONE.format(**{**case, "schedule": _written(case), "start": start, "end": end}))
    return "".join(parts)


def _written(case: Case) -> str:
    schedule, as_class = case["schedule"], case["as_class"]
    if isinstance(schedule, str):
        text = repr(schedule)
    else:
        kind = "relativedelta" if case["kind"] == "calendar" else "timedelta"
        text = f"{kind}({', '.join(f'{name}={n}' for name, n in schedule.items())})"
    if not as_class:
        return text
    given = [text]
    if case["kind"] == "cron":
        given.append(f"timezone={case['zone']!r}")
    if "interval_hours" in case:
        given.append(f"interval=timedelta(hours={case['interval_hours']})")
    return f"{'Cron' if case['kind'] == 'cron' else 'Delta'}{as_class}Timetable({', '.join(given)})"


def in_words(case: Case) -> str:
    end = f", until {_date(case['end'])}" if case["end"] else ""
    catchup = "with catch-up" if case["catchup"] else "without catch-up"
    return f"{_written(case)} in {case['zone']} from {_date(case['start'])}{end}, {catchup}"


def _date(shown: list[int]) -> str:
    return "{:04}-{:02}-{:02} {:02}:{:02}".format(*shown)
