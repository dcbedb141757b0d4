"""Times as DAG files write them: reading, making aware, UTC. Stdlib datetimes in here; pendulum where the context
promises it and it is installed, imported at that moment.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import Any

utc = timezone.utc


def utcnow() -> datetime:
    return datetime.now(utc)


def utc_epoch() -> datetime:
    return datetime(1970, 1, 1, tzinfo=utc)


def is_localized(value: datetime) -> bool:
    return value.utcoffset() is not None


def is_naive(value: datetime) -> bool:
    return value.utcoffset() is None


def make_aware(value: datetime | None, timezone: tzinfo | None = None) -> datetime | None:
    if value is None:
        return None
    return value if is_localized(value) else value.replace(tzinfo=timezone or utc)


def make_naive(value: datetime, timezone: tzinfo | None = None) -> datetime:
    return value.astimezone(timezone or utc).replace(tzinfo=None)


def convert_to_utc(value: datetime | None) -> datetime | None:
    aware = make_aware(value)
    return None if aware is None else aware.astimezone(utc)


def coerce_datetime(value: datetime | None, tz: tzinfo | None = None) -> datetime | None:
    aware = make_aware(value, tz)
    return None if aware is None else with_pendulum(aware)


def parse(string: str, timezone: tzinfo | None = None, *, strict: bool = False) -> datetime:
    """A point in time from text, with pendulum where it is installed."""
    try:
        import pendulum
    except ImportError:
        return read(string, timezone)
    return pendulum.parse(string, tz=timezone or "UTC", strict=strict)  # type: ignore[return-value]


def read(value: Any, tz: tzinfo | None = None) -> datetime:
    """An aware datetime from a datetime, a date or ISO text."""
    if isinstance(value, str):
        text = value.strip()
        try:
            value = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)
        except ValueError:
            from dateutil.parser import parse as parse_anything

            value = parse_anything(text)
    elif isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if not isinstance(value, datetime):
        raise TypeError(f"{value!r} is not a point in time")
    return value if is_localized(value) else value.replace(tzinfo=tz or utc)


def seconds(value: Any) -> float | None:
    """A duration given as timedelta or as a number of seconds."""
    if value is None:
        return None
    return float(value.total_seconds()) if isinstance(value, timedelta) else float(value)


def with_pendulum(value: datetime) -> datetime:
    """The same moment as pendulum's class, if pendulum is there."""
    try:
        import pendulum
    except ImportError:
        return value
    if isinstance(value, pendulum.DateTime):
        return value
    if value.tzinfo is utc:
        return pendulum.DateTime(
            value.year,
            value.month,
            value.day,
            value.hour,
            value.minute,
            value.second,
            value.microsecond,
            tzinfo=pendulum.UTC,
        )
    return pendulum.instance(value)


def zone_name(value: datetime | None) -> str:
    """The IANA name of a datetime's zone where it has one, else UTC."""
    zone = getattr(value, "tzinfo", None)
    for attribute in ("name", "key", "zone"):
        name = getattr(zone, attribute, None)
        if isinstance(name, str) and name:
            return name
    return "UTC"


def aware_datetime(*args: Any, **kwargs: Any) -> datetime:
    """`datetime(…)` in UTC unless a zone is given."""
    made = datetime(*args, **kwargs)
    return made if made.tzinfo is not None else made.replace(tzinfo=utc)


def zone(name: Any) -> Any:
    """A time zone by its name: pendulum's where it is installed."""
    if not isinstance(name, str):
        return name
    try:
        import pendulum
    except ImportError:
        from zoneinfo import ZoneInfo

        return ZoneInfo(name)
    return pendulum.timezone(name)
