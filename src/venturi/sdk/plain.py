"""What an author's objects say of themselves, as JSON holds it: the form in which they reach the spec."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any


def plain(value: Any) -> Any:
    """As JSON holds it; what JSON has no form for becomes text."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, (set, frozenset)):
        return sorted((plain(part) for part in value), key=str)
    if isinstance(value, timedelta) or type(value).__name__ == "relativedelta":
        return plain_span(value)
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)


def plain_span(span: Any) -> dict[str, Any] | None:
    """A length of time: {"every_s": seconds}, or {"every": {…}} where it counts in months or names a weekday."""
    if span is None:
        return None
    if isinstance(span, timedelta):
        return {"every_s": span.total_seconds()}
    found = {name: n for name in _STEPS if (n := getattr(span, name, None))}
    found.update({name: n for name in _PLACES if (n := getattr(span, name, None)) is not None})
    weekday = getattr(span, "weekday", None)
    if weekday is not None:
        found["weekday"] = weekday if isinstance(weekday, int) else [weekday.weekday, weekday.n]
    return {"every": found}


# Of dateutil's relativedelta: how far, and to which place in the calendar.
_STEPS = ("years", "months", "days", "leapdays", "hours", "minutes", "seconds", "microseconds")
_PLACES = ("year", "month", "day", "hour", "minute", "second", "microsecond")


def class_path(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def zone_text(zone: Any) -> str:
    """A time zone by its name, or by its offset where it has none."""
    if isinstance(zone, str):
        return zone
    for attribute in ("name", "key", "zone"):
        name = getattr(zone, attribute, None)
        if isinstance(name, str) and name:
            return name
    return str(zone) if zone is not None else "UTC"
