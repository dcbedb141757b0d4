"""Keys of partitions: which keys of a DAG's runs a key of an asset counts for, and which keys make up one.

Owns the meaning of the mappers, windows and wait policies that `sdk.partitions` writes into a schedule, one at a
time. A class of an author's own is asked in a process of its own, and what it says is handed in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any

from .timetables.zones import zone_of

KEY_CHARS_MAX = 250
KEYS_OF_AN_EVENT_MAX = 1000  # of a mapper that says no number of its own
UNSAID = "\x01"  # begins what stands for a key that a class of an author's own is still to say

Mapper = Mapping[str, Any]
_SOURCE_FORMAT = "%Y-%m-%dT%H:%M:%S"


# ── from the key of an asset to those of a DAG ───────────────────────────────────────────────────────────


def targets(mapper: Mapper, source: str) -> list[str]:
    """The keys that an event of this partition counts for, each once. Raises ValueError with one sentence."""
    try:
        found = list(dict.fromkeys(_mapped(mapper, source)))
    except OverflowError:
        raise ValueError(f"{source!r} lies outside of the calendar") from None
    check(found, source, mapper.get("max_downstream_keys"))
    return found


def check(found: list[Any], source: str, most: int | None) -> None:
    """Raises ValueError where these cannot be the keys that an event counts for."""
    most = most or KEYS_OF_AN_EVENT_MAX
    if len(found) > most:
        raise ValueError(f"it makes {len(found)} keys of {source!r}, and at most {most} are allowed")
    for key in found:
        if not isinstance(key, str) or not key.strip() or len(key) > KEY_CHARS_MAX or key.startswith(UNSAID):
            made = repr(key)[:40]
            raise ValueError(f"it makes {made} of {source!r}, which is no key of 1 to {KEY_CHARS_MAX} characters")


def _mapped(mapper: Mapper, source: str) -> list[str]:
    kind = mapper["mapper"]
    if kind in STARTS:
        return [formatted(mapper, STARTS[kind](read(mapper, source)))]
    if kind in _OTHERS:
        return _OTHERS[kind](mapper, source)
    raise ValueError(f"{mapper.get('class', kind)} is a class of the author's own, and not known here")


def _allowed(mapper: Mapper, source: str) -> list[str]:
    allowed = mapper["allowed_keys"]
    if source not in allowed:
        raise ValueError(f"{source!r} is none of the keys allowed, {', '.join(map(repr, allowed))}")
    return [source]


def _chained(mapper: Mapper, source: str) -> list[str]:
    keys = [source]
    for one in mapper["mappers"]:
        keys = [made for key in keys for made in _mapped(one, key)]
    return keys


def _product(mapper: Mapper, source: str) -> list[str]:
    parts, mappers = source.split(mapper["delimiter"]), mapper["mappers"]
    if len(parts) != len(mappers):
        raise ValueError(f"{source!r} has {len(parts)} parts between {mapper['delimiter']!r}, and not {len(mappers)}")
    return [mapper["delimiter"].join(_single(one, part) for one, part in zip(mappers, parts, strict=True))]


def _single(mapper: Mapper, source: str) -> str:
    found = _mapped(mapper, source)
    if len(found) != 1:
        raise ValueError(f"{mapper['mapper']} makes {len(found)} keys of {source!r} where one is needed")
    return found[0]


def _fanned_out(mapper: Mapper, source: str) -> list[str]:
    upstream, downstream = mapper["upstream_mapper"], mapper["downstream_mapper"]
    start = decoded(upstream, _single(upstream, source))
    return [as_text(downstream, part) for part in parts_of(mapper["window"], start)]


_OTHERS: dict[str, Callable[[Mapper, str], list[str]]] = {
    "IdentityMapper": lambda mapper, source: [source],
    "FixedKeyMapper": lambda mapper, source: [mapper["downstream_key"]],
    "AllowedKeyMapper": _allowed,
    "ChainMapper": _chained,
    "ProductMapper": _product,
    "RollupMapper": lambda mapper, source: _mapped(mapper["upstream_mapper"], source),
    "FanOutMapper": _fanned_out,
}


# ── stretches of the calendar ────────────────────────────────────────────────────────────────────────────


def _day(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


STARTS: dict[str, Callable[[datetime], datetime]] = {
    "StartOfHourMapper": lambda at: at.replace(minute=0, second=0, microsecond=0),
    "StartOfDayMapper": _day,
    "StartOfWeekMapper": lambda at: _day(at - timedelta(days=at.weekday())),
    "StartOfMonthMapper": lambda at: _day(at).replace(day=1),
    "StartOfQuarterMapper": lambda at: _day(at).replace(month=(at.month - 1) // 3 * 3 + 1, day=1),
    "StartOfYearMapper": lambda at: _day(at).replace(month=1, day=1),
}


def _zone(mapper: Mapper) -> tzinfo:
    return zone_of(mapper.get("timezone") or "UTC")


def _placed(shown: datetime, zone: tzinfo) -> datetime:
    """What clocks there show. Of a time that they skip it is as much later; of one they show twice the later."""
    there = shown.replace(tzinfo=zone, fold=0).astimezone(timezone.utc).astimezone(zone)
    skipped = there.replace(tzinfo=None, fold=0) != shown
    return there if skipped else shown.replace(tzinfo=zone, fold=1)


def read(mapper: Mapper, source: str) -> datetime:
    format = mapper.get("input_format") or _SOURCE_FORMAT
    try:
        at = datetime.strptime(source, format)
    except ValueError:
        raise ValueError(f"{source!r} is no time as in {format}") from None
    return _placed(at, _zone(mapper)) if at.tzinfo is None else at.astimezone(_zone(mapper))


def formatted(mapper: Mapper, at: datetime) -> str:
    made = at.strftime(mapper["output_format"])
    if mapper["mapper"] == "StartOfQuarterMapper":
        made = made.replace("{quarter}", str((at.month - 1) // 3 + 1))
    return made


def decoded(mapper: Mapper, key: str) -> Any:
    """From a key that it has made back to the moment, or to the key itself where it is about no time."""
    kind = mapper["mapper"]
    if kind not in STARTS:
        return key
    format = mapper["output_format"]
    try:
        if kind not in ("StartOfWeekMapper", "StartOfQuarterMapper"):
            return datetime.strptime(key, format)
        found = _pattern(format).fullmatch(key)
        told = {} if found is None else {name: int(text) for name, text in found.groupdict().items()}
        if kind == "StartOfWeekMapper":
            return datetime(told["Y"], told["m"], told["d"])
        return datetime(told["Y"], told["quarter"] * 3 - 2, 1)
    except (ValueError, KeyError, re.error):
        raise ValueError(f"{key!r} is no time as in {format}") from None


def _pattern(format: str) -> re.Pattern[str]:
    """What a week's or a quarter's key looks like, which `strptime` cannot read."""
    made = re.escape(format).replace(re.escape("{quarter}"), "(?P<quarter>[1-4])")
    return re.compile(re.sub("%([YmdHMSVUW])", lambda f: rf"(?P<{f[1]}>\d{{{4 if f[1] == 'Y' else 2}}})", made))


def encoded(mapper: Mapper, part: Any) -> str:
    """As the key of the asset that it is read from."""
    if not isinstance(part, datetime):
        return str(part)
    zone = _zone(mapper)
    shown = part if part.tzinfo is None else part.astimezone(zone).replace(tzinfo=None)
    return _placed(shown, zone).strftime(mapper.get("input_format") or _SOURCE_FORMAT)


def as_text(mapper: Mapper, part: Any) -> str:
    if isinstance(part, datetime):
        return formatted(mapper, part) if mapper["mapper"] in STARTS else part.isoformat()
    return str(part)


# ── windows ──────────────────────────────────────────────────────────────────────────────────────────────


def _months(at: datetime, by: int) -> datetime:
    count = at.year * 12 + at.month - 1 + by
    return at.replace(year=count // 12, month=count % 12 + 1)


_STEPS: dict[str, tuple[int, Callable[[datetime, int], datetime]]] = {
    "HourWindow": (60, lambda at, by: at + timedelta(minutes=by)),
    "DayWindow": (24, lambda at, by: at + timedelta(hours=by)),
    "WeekWindow": (7, lambda at, by: at + timedelta(days=by)),
    "QuarterWindow": (3, _months),
    "YearWindow": (12, _months),
}


def parts_of(window: Mapping[str, Any], start: Any) -> list[Any]:
    kind, backward = window["window"], window.get("direction") == "backward"
    if kind == "SegmentWindow":
        return list(window["segments"])
    if kind not in _STEPS and kind != "MonthWindow":
        raise ValueError(f"{window.get('class', kind)} is a class of the author's own, and not known here")
    if not isinstance(start, datetime):
        raise ValueError(f"{kind} counts times, and {start!r} is none")
    if kind in ("MonthWindow", "QuarterWindow", "YearWindow") and start.day != 1:
        raise ValueError(f"{kind} begins on the first of a month, and not on {start:%Y-%m-%d}")
    if kind == "MonthWindow":  # backward: the days after the first of the month before, up to the first of this one
        first = _months(start, -1) + timedelta(days=1) if backward else start
        end = start + timedelta(days=1) if backward else _months(start, 1)
        return [first + timedelta(days=by) for by in range((end - first).days)]
    many, step = _STEPS[kind]
    first = step(start, 1 - many) if backward else start
    return [step(first, by) for by in range(many)]


# ── is it enough? ────────────────────────────────────────────────────────────────────────────────────────


def needed(mapper: Mapper, key: str) -> list[str] | None:
    """The keys of an asset that make up this one of ours, in their order; None where any event of it is enough."""
    if mapper["mapper"] != "RollupMapper":
        return None
    upstream = mapper["upstream_mapper"]
    try:
        parts = parts_of(mapper["window"], decoded(upstream, key))
        return list(dict.fromkeys(encoded(upstream, part) for part in parts))
    except OverflowError:
        raise ValueError(f"{key!r} lies outside of the calendar") from None


def least(mapper: Mapper, many: int) -> int:
    """How many of so many keys must have come."""
    policy = mapper.get("wait_policy") or {"wait": "WaitForAll"}
    if policy["wait"] == "WaitForAll":
        return many
    if policy["wait"] != "MinimumCount":
        name = policy.get("class", policy["wait"])
        raise ValueError(f"{name} is a class of the author's own, and not known here")
    n = int(policy["n"])
    if n > many:
        raise ValueError(f"it waits for {n} keys, and there are only {many}")
    return n if n > 0 else max(0, many + n)


# ── when a partition begins ──────────────────────────────────────────────────────────────────────────────


def date_of(mapper: Mapper, key: str) -> float | None:
    """When a partition with this key begins; None where the key is about no time. Raises ValueError."""
    kind = mapper["mapper"]
    if kind in STARTS:
        found = STARTS[kind](decoded(mapper, key))
        return (_placed(found, _zone(mapper)) if found.tzinfo is None else found).timestamp()
    if kind == "ProductMapper":
        parts = key.split(mapper["delimiter"])
        if len(parts) != len(mapper["mappers"]):
            return None
        dates = [date_of(one, part) for one, part in zip(mapper["mappers"], parts, strict=True)]
        known = [date for date in dates if date is not None]
        return known[0] if len(known) == 1 else None
    within = {"ChainMapper": lambda: mapper["mappers"][-1], "FanOutMapper": lambda: mapper["downstream_mapper"]}
    within["RollupMapper"] = lambda: mapper["upstream_mapper"]
    return date_of(within[kind](), key) if kind in within else None


def carries(mapper: Mapper) -> bool:
    """Whether its keys begin when those of the asset do."""
    return bool(mapper["mapper"] == "IdentityMapper")


def date_of_time(schedule: Mapping[str, Any], zone: str, key: str) -> float:
    """Of a timetable that makes its keys of moments."""
    format = schedule["key_format"]
    try:
        at = datetime.strptime(key, format)
    except ValueError:
        raise ValueError(f"{key!r} is no time as in {format}") from None
    return (_placed(at, zone_of(schedule.get("timezone") or zone)) if at.tzinfo is None else at).timestamp()
