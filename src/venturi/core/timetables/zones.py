"""What the clocks of a time zone show: stretches of time in which they keep one distance to UTC.

Owns the finding of the moments at which clocks are put forward or back. All in whole seconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1)
_STEP_S = 6 * 3600  # no zone has changed its clocks twice within it and come back to what they showed
_FIXED = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?$")
FOREVER = 1 << 60


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `start` to before `end` the clocks show UTC + `offset`."""

    start: int
    end: int
    offset: int
    before: int  # the offset of the stretch before
    after: int  # of the one after


@lru_cache(maxsize=256)
def zone_of(name: str) -> tzinfo:
    """Raises ValueError with one sentence for a zone that there is not."""
    if name.upper() in ("UTC", "GMT", "Z", ""):
        return timezone.utc
    fixed = _FIXED.match(name.strip())
    if fixed is not None:
        sign, hours, minutes = fixed.groups()
        distance = timedelta(hours=int(hours), minutes=int(minutes or 0))
        return timezone(distance if sign == "+" else -distance)
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"there is no time zone {name!r}; its name is one such as 'Europe/Berlin'") from None


@lru_cache(maxsize=65536)
def offset_at(name: str, moment: int) -> int:
    zone = zone_of(name)
    shown = (_EPOCH + timedelta(seconds=moment)).replace(tzinfo=timezone.utc).astimezone(zone)
    found = shown.utcoffset()
    return int(found.total_seconds()) if found is not None else 0


@lru_cache(maxsize=4096)
def stretch_at(name: str, moment: int) -> Stretch:
    if isinstance(zone_of(name), timezone):
        offset = offset_at(name, 0)
        return Stretch(-FOREVER, FOREVER, offset, offset, offset)
    found = _stretch_in(name, _year_of(moment), moment)
    assert found is not None
    return found


def _stretch_in(name: str, year: int, moment: int) -> Stretch | None:
    """Looked up among the changes of this year and its neighbours; a stretch may end where a year does, without
    the clocks having changed."""
    for stretch in _of_year(name, year):
        if stretch.start <= moment < stretch.end:
            return stretch
    return None


@lru_cache(maxsize=1024)
def _of_year(name: str, year: int) -> tuple[Stretch, ...]:
    first, last = _start_of(year), _start_of(year + 1)
    edges, at, offset = [first], first, offset_at(name, first)
    while at < last:
        then = min(at + _STEP_S, last)
        if offset_at(name, then) != offset:
            edges.append(_change_between(name, at, then, offset))
            offset = offset_at(name, then)
        at = then
    if edges[-1] != last:
        edges.append(last)
    offsets = [offset_at(name, first - 1), *(offset_at(name, edge) for edge in edges)]
    return tuple(
        Stretch(edges[n], edges[n + 1], offsets[n + 1], offsets[n], offsets[n + 2]) for n in range(len(edges) - 1)
    )


def _change_between(name: str, low: int, high: int, offset: int) -> int:
    while high - low > 1:
        middle = (low + high) // 2
        if offset_at.__wrapped__(name, middle) == offset:
            low = middle
        else:
            high = middle
    return high


def _year_of(moment: int) -> int:
    return (_EPOCH + timedelta(seconds=moment)).year


def _start_of(year: int) -> int:
    return int((datetime(year, 1, 1) - _EPOCH).total_seconds())
