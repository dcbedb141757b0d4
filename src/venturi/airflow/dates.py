"""`airflow.utils.dates` and the like: what DAG files of 1.10 and 2.x call for their dates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any

from ..sdk.times import read, utcnow

cron_presets: dict[str, str] = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
}
_UNITS_S = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
_STEPS_MAX = 1_000_000


def days_ago(n: int, hour: int = 0, minute: int = 0, second: int = 0, microsecond: int = 0) -> datetime:
    """Midnight (or the hour given) UTC so many days ago."""
    return utcnow().replace(hour=hour, minute=minute, second=second, microsecond=microsecond) - timedelta(days=n)


def apply_defaults(function: Callable[..., Any]) -> Callable[..., Any]:
    """Every operator gets its default_args without it."""
    return function


def date_range(
    start_date: datetime, end_date: datetime | None = None, num: int | None = None, delta: timedelta | None = None
) -> list[datetime]:
    """Dates from the start, `delta` apart: to the end, or so many (backwards if `num` is negative)."""
    if delta is None:
        return []
    if not isinstance(delta, timedelta):
        raise TypeError(f"date_range takes a timedelta between its dates here, not {delta!r}.")
    if end_date is not None and (num is not None or start_date > end_date):
        raise ValueError("date_range takes an end that is not before its start, or a number of dates.")
    if num is not None:
        return sorted(start_date + delta * (n if num > 0 else -n) for n in range(abs(num)))
    last = end_date if end_date is not None else utcnow()
    if delta <= timedelta(0):
        raise ValueError("date_range needs a delta above zero to come to an end.")
    found: list[datetime] = []
    at = start_date
    while at <= last and len(found) < _STEPS_MAX:
        found.append(at)
        at += delta
    return found


def round_time(dt: datetime, delta: timedelta, start_date: datetime | None = None) -> datetime:
    """The moment nearest to `dt` among those `delta` apart from `start_date` on."""
    if not isinstance(delta, timedelta):
        raise TypeError(f"round_time takes a timedelta here, not {delta!r}.")
    start = start_date if start_date is not None else datetime.min.replace(tzinfo=dt.tzinfo)
    steps = (dt - start) // delta
    below = start + steps * delta
    return below if dt - below < below + delta - dt else below + delta


def infer_time_unit(time_seconds_arr: Sequence[float]) -> str:
    """The unit in which these durations in seconds read well."""
    longest = max(time_seconds_arr, default=0)
    if not time_seconds_arr:
        return "hours"
    for unit, below in (("seconds", 2 * 60), ("minutes", 2 * 3600), ("hours", 2 * 86400)):
        if longest <= below:
            return unit
    return "days"


def scale_time_units(time_seconds_arr: Sequence[float], unit: str) -> list[float]:
    """Durations in seconds, in another unit."""
    return [seconds / _UNITS_S.get(unit, 1) for seconds in time_seconds_arr]


def parse_execution_date(execution_date_str: str) -> datetime:
    return read(execution_date_str)


def datetime_to_nano(moment: datetime | None) -> int | None:
    """Nanoseconds since 1970."""
    if moment is None:
        return None
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)
    return int(moment.timestamp() * 1_000_000_000)


# ── airflow.utils.timezone ───────────────────────────────────────────────────────────────────────────────


def parse_timezone(name: str | int) -> tzinfo:
    """A time zone by its name, or an offset from UTC in seconds."""
    if isinstance(name, int):
        return timezone(timedelta(seconds=name))
    from zoneinfo import ZoneInfo

    return timezone.utc if name.upper() == "UTC" else ZoneInfo(name)


def local_timezone() -> tzinfo:
    """The one of this machine."""
    found = datetime.now().astimezone().tzinfo
    return found if found is not None else timezone.utc


def from_timestamp(timestamp: float, tz: str | tzinfo = timezone.utc) -> datetime:
    if isinstance(tz, str):
        tz = local_timezone() if tz.lower() == "local" else parse_timezone(tz)
    return datetime.fromtimestamp(timestamp, tz)


def td_format(td_object: timedelta | float | None) -> str | None:
    """A duration in words: `1d:2h:3m`."""
    if td_object is None:
        return None
    left = int(td_object.total_seconds() if isinstance(td_object, timedelta) else td_object)
    if left == 0:
        return "<1s"
    words = []
    for sign, seconds in (("y", 31_536_000), ("M", 2_592_000), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        n, left = divmod(left, seconds)
        if n:
            words.append(f"{n}{sign}")
    return ":".join(words)
