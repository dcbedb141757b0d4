"""Whether both sides have made the same runs, and where not, which named difference it is.

Owns the table of differences. Each has a test of its own: it explains nothing but what it says. A cron text is held
against a scan of every minute, which knows neither side; a length of time against counting.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from croniter import croniter
from dateutil.relativedelta import relativedelta

from ..core.test_timetables_by_scan import Scan
from .cases import IN_WORDS, Case

Runs = list[list[Any]]  # run id, logical date, start and end of the interval


class Difference(NamedTuple):
    generations: tuple[str, ...]
    why: str
    explains: Callable[[str, Case, Runs, Runs], bool]


class Verdict(NamedTuple):
    same: bool
    looks_first: bool = False  # as Airflow does it where its scheduler looks before the file is read
    difference: str | None = None
    detail: str = ""


def judge(generation: str, case: Case, ours: dict[str, Any], both: list[dict[str, Any]]) -> Verdict:
    """`both`: what Airflow makes where after a pause the file is read first, and where its scheduler looks first."""
    for error in (ours.get("error"), *(theirs.get("error") for theirs in both)):
        if error:
            return Verdict(False, detail=error)
    mine = ours["runs"]
    for at, theirs in enumerate(both):
        if mine == theirs["runs"]:
            return Verdict(True, looks_first=at > 0)
    for theirs in (each["runs"] for each in both):
        for name, difference in DIFFERENCES.items():
            if generation in difference.generations and difference.explains(generation, case, mine, theirs):
                return Verdict(False, difference=name, detail=_in_words(mine, theirs))
    return Verdict(False, detail=_in_words(mine, both[0]["runs"]))


def first_difference(ours: Runs, theirs: Runs) -> int:
    at = 0
    while at < min(len(ours), len(theirs)) and ours[at] == theirs[at]:
        at += 1
    return at


def _in_words(ours: Runs, theirs: Runs) -> str:
    at = first_difference(ours, theirs)
    told = [runs[at][0] if at < len(runs) else "none" for runs in (ours, theirs)]
    return f"run {at + 1}: {told[0]} here, {told[1]} there"


# ── cron texts, by a scan of every minute ────────────────────────────────────────────────────────────────


class Meant(Scan):
    """What a cron text means on a clock that is never changed is asked of the library, minute by minute."""

    def __init__(self, expression: str, zone: str) -> None:
        from zoneinfo import ZoneInfo

        self.expression, self.zone = expression, ZoneInfo(zone)
        self.every_hour = croniter(expression).expanded[1] == ["*"]

    def shows(self, shown: datetime) -> bool:
        return bool(croniter.match(self.expression, shown))


class _Fires:
    def __init__(self, case: Case) -> None:
        self._scan = Meant(IN_WORDS.get(case["schedule"], case["schedule"]), case["zone"])
        self._days: dict[datetime, set[int]] = {}

    def __contains__(self, moment: float) -> bool:
        day = datetime.fromtimestamp(moment, timezone.utc).replace(hour=0, minute=0, second=0)
        if day not in self._days:
            self._days[day] = set(self._scan.fires(day, day + timedelta(days=1)))
        return int(moment) in self._days[day]


def _is_cron(case: Case) -> bool:
    return case["kind"] in ("cron", "preset") and case["schedule"] != "@once"


def _about_intervals(generation: str, case: Case) -> bool:
    return case["as_class"] == "DataInterval" or (not case["as_class"] and generation == "2.11")


def _moments(generation: str, case: Case, run: list[Any]) -> list[float]:
    """What its schedule has to do with."""
    return [run[2], run[3]] if _about_intervals(generation, case) else [run[3]]


def _by_clocks(generation: str, case: Case, ours: Runs, theirs: Runs) -> bool:
    """All of ours is as the scan says. Where theirs parts from it, it does not, or has passed over one of ours."""
    if not _is_cron(case) or case["zone"] == "UTC":
        return False
    fires, at = _Fires(case), first_difference(ours, theirs)
    if not all(moment in fires for run in ours[at:] for moment in _moments(generation, case, run)):
        return False
    if len({run[0] for run in ours}) < len(ours) or at >= len(theirs):
        return False
    there = _moments(generation, case, theirs[at])
    if not all(moment in fires for moment in there):
        return True
    return at < len(ours) and ours[at][3] < theirs[at][3]


def _every_hour(case: Case) -> bool:
    return bool(croniter(IN_WORDS.get(case["schedule"], case["schedule"])).expanded[1] == ["*"])


def _half_an_hour(generation: str, case: Case, ours: Runs, theirs: Runs) -> bool:
    return case["zone"] == "Australia/Lord_Howe" and _by_clocks(generation, case, ours, theirs)


def _pause_over_change(generation: str, case: Case, ours: Runs, theirs: Runs) -> bool:
    return _is_cron(case) and _every_hour(case) and _by_clocks(generation, case, ours, theirs)


def _several_passed_over(generation: str, case: Case, ours: Runs, theirs: Runs) -> bool:
    return _is_cron(case) and not _every_hour(case) and _by_clocks(generation, case, ours, theirs)


# ── lengths of time, by counting ─────────────────────────────────────────────────────────────────────────


def _counted(case: Case, first: float, ours: list[float]) -> bool:
    """Whether each of ours is some whole number of lengths after the first, in order and none twice."""
    length, at = relativedelta(**case["schedule"]), datetime.fromtimestamp(first, timezone.utc)
    for moment in ours:
        while at.timestamp() < moment:
            at += length
        if at.timestamp() != moment:
            return False
    return ours == sorted(set(ours))


def _rhythm(generation: str, case: Case, ours: Runs, theirs: Runs) -> bool:
    """Alike until nobody looked; ours goes on in its rhythm, theirs in one that begins when somebody looks again."""
    if case["kind"] not in ("length", "calendar") or case["catchup"] or _about_intervals(generation, case):
        return False
    at, jump = first_difference(ours, theirs), case["steps"][1][1]
    if at == 0 or at >= len(theirs) or theirs[at][3] != jump:
        return False
    return _counted(case, ours[0][3], [run[3] for run in ours]) and ours[at - 1][3] <= jump


def _thirty_days(generation: str, case: Case, ours: Runs, theirs: Runs) -> bool:
    """Ours end where counting from the start date comes to."""
    by_months = case["kind"] == "calendar" and "months" in case["schedule"]
    if not by_months or case["catchup"] or not _about_intervals(generation, case):
        return False
    from zoneinfo import ZoneInfo

    start = datetime(*case["start"], tzinfo=ZoneInfo(case["zone"])).timestamp()  # type: ignore[misc]
    return _counted(case, start, [run[3] for run in ours])


# ── the table ────────────────────────────────────────────────────────────────────────────────────────────

_BOTH = ("2.11", "3.3")
DIFFERENCES = {
    "clocks put by half an hour": Difference(
        _BOTH,
        "Where the hour is `*`, Airflow adds what the clocks show to the moment itself, which is right for whole hours "
        "alone: on Lord Howe its dates are off by half an hour until it looks anew. Ours are as a scan of every minute "
        "says.",
        _half_an_hour,
    ),
    "clocks changed between two dates of an hourly schedule": Difference(
        _BOTH,
        "The same addition, where the hour is `*` and the next date is days away, beyond the change of clocks: "
        "Airflow's is an hour off, and with clocks put forward the dates of that hour are left out.",
        _pause_over_change,
    ),
    "several times that clocks pass over": Difference(
        _BOTH,
        "02:00, 02:15, 02:30 and 02:45 in a night without them: forward Airflow sees one of them, back it sees the "
        "last, so that an interval begins where none has ended. Here they are one date, in both directions.",
        _several_passed_over,
    ),
    "a new rhythm after a pause": Difference(
        _BOTH,
        "A length of time without catch-up that starts at moments: when nobody has looked for longer than that, "
        "Airflow begins a new rhythm at the moment at which it looks again, to the microsecond, so that dates depend "
        "on when a scheduler was restarted. Here it goes on in its rhythm (decision 016).",
        _rhythm,
    ),
    "a month taken for thirty days": Difference(
        ("2.11",),
        "Lengths by the calendar without catch-up: 2.11 rounds to multiples of 30 or 365 days since 1970, and so "
        "leaves the day and hour of the start date. Mended in 3.x, which counts from the start date, as is done here.",
        _thirty_days,
    ),
}
