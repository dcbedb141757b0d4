"""What a timetable class of the author's own says: its next dates, and what a run made by hand is about.

Runs author code, in a fork of the zygote that has imported the class and that nothing waits for: it may hang or break
alone. Owns the translation between plain times and what such a class is called with.
"""

from __future__ import annotations

import os
import traceback
from datetime import datetime, timezone
from typing import Any

from ..sdk import times
from ..sdk.partitions import keys_of, least_of
from ..sdk.timetables import DagRunInfo, DataInterval, TimeRestriction
from ..wire.frames import Head
from .environment import Places
from .loader import Failed, Imported, load


def told(imported: Imported | None, head: Head, places: Places) -> Head:
    """The answer, or an `error` in one sentence. `imported` is None where the file cannot be forked from."""
    try:
        if imported is None:
            made = load(head["source"], places, None, [], [])
            if isinstance(made, Failed):
                return {"error": f"The file could not be imported: {made.error['message']}"}
            imported = made
        return answer(imported.dags, head["want"])
    except BaseException as error:
        return {"error": _sentence(error, head["source"]["root"])}


def _sentence(error: BaseException, root: str) -> str:
    """What was raised, and at which line of the author's."""
    place = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        file = frame.f_code.co_filename
        if file.startswith(os.path.join(root, "")):
            place = f" in {os.path.basename(file)}:{line}"
    return f"{type(error).__name__}: {error}{place}"


def answer(dags: dict[str, Any], want: Head) -> Head:
    """`dates` [[run_after, logical_date, interval]…], and whether there are no more; or for `manual` an `interval`; or
    of a `partition` of an asset the `keys` that it counts for."""
    if want.get("partition") is not None:
        return _keys(dags[want["dag_id"]].schedule, want["partition"])
    timetable = _timetable(dags[want["dag_id"]].schedule)
    if want.get("manual") is not None:
        found = timetable.infer_manual_data_interval(run_after=_time(want["manual"]))
        return {"interval": _interval(found)}
    restriction = TimeRestriction(_time(want["earliest"]), _time(want["latest"]), bool(want["catchup"]))
    last = _info(want["last"])
    dates: list[Any] = []
    for _ in range(want["count"]):
        info = _next(timetable, last, restriction)
        if info is None:
            return {"dates": dates, "done": True}
        planned = _planned(info)
        if dates and planned[0] <= dates[-1][0]:
            break  # it goes by the time at which it is asked: what follows is asked for when this has been made
        dates.append(planned)
        last = info
    return {"dates": dates, "done": False}


def _keys(schedule: Any, want: Head) -> Head:
    """What a partition mapper of the author's own says: each key, what of the asset makes it up, when it begins."""
    name, uri = want["asset"]
    mapper = schedule.get_partition_mapper(name=name, uri=uri)
    told = []
    for key in keys_of(mapper, want["source"]):
        needed = sorted(mapper.to_upstream(key)) if mapper.is_rollup else None
        least = 0 if needed is None else least_of(mapper.wait_policy, len(needed))
        date = mapper.to_partition_date(key)
        told.append({"key": key, "needed": needed, "least": least, "date": None if date is None else _seconds(date)})
    return {"keys": told, "most": mapper.max_downstream_keys}


def _timetable(schedule: Any) -> Any:
    """Beside assets it is their other half."""
    return getattr(schedule, "timetable", schedule)


def _next(timetable: Any, last: Any, restriction: TimeRestriction) -> Any:
    ask = getattr(timetable, "next_dagrun_info_v2", None)
    if ask is not None:
        return ask(last_dagrun_info=last, restriction=restriction)
    interval = last.data_interval if last is not None else None
    return timetable.next_dagrun_info(last_automated_data_interval=interval, restriction=restriction)


def _planned(info: Any) -> list[Any]:
    interval = _interval(info.data_interval)
    told = [_seconds(info.run_after), interval[0] if interval else None, interval]
    key, date = getattr(info, "partition_key", None), getattr(info, "partition_date", None)
    return told if key is None else [*told, str(key), None if date is None else _seconds(date)]


def _interval(interval: Any) -> list[float] | None:
    return None if interval is None else [_seconds(interval.start), _seconds(interval.end)]


def _info(last: Any) -> DagRunInfo | None:
    if last is None:
        return None
    run_after, _, interval = last
    made = None if interval is None else DataInterval(*(_time(moment) for moment in interval))  # type: ignore[arg-type]
    return DagRunInfo(_time(run_after), made)  # type: ignore[arg-type]


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else times.with_pendulum(datetime.fromtimestamp(seconds, timezone.utc))


def _seconds(moment: Any) -> float:
    aware = times.make_aware(moment)
    assert aware is not None
    return float(aware.timestamp())
