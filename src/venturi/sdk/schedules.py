"""What starts a DAG, from what the file said to plain data that `core` can evaluate.

Owns the reading of `schedule=`; the classes that may stand there are in `timetables` and `assets`, and are loaded
only by files that name them. The plain forms:

    None, or text: a cron expression or a preset ("@daily", "@once", "@continuous")
    {"every_s": seconds}, {"every": {"months": 1 …}}
    {"assets": expression}                     `assets` says what an expression is
    {"timetable": "CronTriggerTimetable", …}   its class and what it was given
    {"timetable": "custom", "class": "module:name", "held": what its serialize() gave, "summary": …}

Text and lengths of time mean data intervals in files of 1.10 and 2.x, and plain moments in those of 3.x: the spec's
`data_intervals` says which.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from .plain import class_path, plain, plain_span

PRESETS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
WITHOUT_TIME = ("@once", "@continuous")

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
# Minute, hour, day, month, weekday, and then what six and seven fields add: seconds and years.
_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7), (0, 59), (1970, 2099))
_PART = re.compile(r"(?:\*|\?|l|(\w+)(?:-(\w+))?)(?:/(\d+))?$")
_SPECIAL = re.compile(
    r"(?:l[w\d]?|\w{1,3}l|\w+#(?:\d|l)|[hr](?:\(\d+-\d+\))?)(?:/\d+)?$"
)  # last, nth weekday, hashed, random


def cron_problem(expression: str) -> str | None:
    """What is wrong with a cron expression, in words; None if nothing is."""
    if expression in PRESETS:
        return None
    fields = expression.lower().split()
    if not 5 <= len(fields) <= 7:
        return f"it has {len(fields)} fields, and a cron expression has five (or six, with seconds last)"
    for text, (least, most) in zip(fields, _RANGES, strict=False):
        names = _MONTHS if (least, most) == (1, 12) else _DAYS if (least, most) == (0, 7) else []
        for part in text.split(","):
            if _SPECIAL.match(part):
                continue
            found = _PART.match(part)
            if found is None:
                return f"'{part}' in it is no number, range or name"
            for word in found.group(1, 2):
                if word is None:
                    continue
                number = int(word) if word.isdigit() else None if word not in names else least
                if number is None or not least <= number <= most:
                    return f"'{word}' in it is not between {least} and {most}"
            if found.group(3) == "0":
                return f"'{part}' in it steps by nothing"
    return None


def schedule_problem(schedule: Any) -> str | None:
    """Why nothing can start by this, in words; None if something can."""
    if isinstance(schedule, str):
        if schedule in PRESETS or schedule in WITHOUT_TIME:
            return None
        if schedule.startswith("@"):
            known = ", ".join([*PRESETS, *WITHOUT_TIME])
            return f"the preset {schedule!r} does not exist; there are {known}"
        wrong = cron_problem(schedule)
        return f"{schedule!r} is no cron expression: {wrong}" if wrong else None
    if isinstance(schedule, timedelta):
        return None if schedule > timedelta(0) else f"{schedule!r} is no length of time that passes"
    if schedule is None or type(schedule).__name__ == "relativedelta":
        return None
    if isinstance(schedule, (list, tuple, set, frozenset)):
        return _wrong_assets(schedule)
    if _is_asset(schedule) or callable(getattr(schedule, "serialize", None)):
        return None
    return f"{schedule!r} is no cron expression, length of time, timetable or asset"


def _wrong_assets(schedule: Any) -> str | None:
    stray = next((part for part in schedule if not _is_asset(part)), None)
    return None if stray is None else f"its list holds {stray!r}, which is no asset"


def _is_asset(value: Any) -> bool:
    return callable(getattr(value, "as_plain", None)) and hasattr(value, "iter_assets")


def plain_schedule(schedule: Any) -> Any:
    if schedule is None or isinstance(schedule, str):
        return schedule
    if isinstance(schedule, timedelta) or type(schedule).__name__ == "relativedelta":
        return plain_span(schedule)
    if isinstance(schedule, (list, tuple, set, frozenset)):
        from .assets import condition_of

        return {"assets": condition_of(list(schedule)).as_plain()} if schedule else None
    if _is_asset(schedule):
        return {"assets": schedule.as_plain()}
    return plain_timetable(schedule)


def plain_timetable(timetable: Any) -> Any:
    from .timetables import BUILT_IN

    if type(timetable) in BUILT_IN:
        return timetable.as_plain()
    return {
        "timetable": "custom",
        "class": class_path(type(timetable)),
        "held": plain(timetable.serialize()),
        **({"partitioned": True} if _has_partitions(timetable) else {}),
        "summary": str(getattr(timetable, "summary", "") or type(timetable).__name__),
    }


def _has_partitions(timetable: Any) -> bool:
    return any(getattr(timetable, name, False) for name in ("partitioned", "partitioned_at_runtime"))


def runs_at_once_max(schedule: Any) -> int | None:
    """How many runs at a time the schedule itself admits."""
    if schedule == "@continuous":
        return 1
    found = getattr(schedule, "active_runs_limit", None)
    return found if isinstance(found, int) else None
