"""Pages, orders and filters of lists, as Airflow's clients spell them.

Owns their forms in a query, and how they become a store's conditions.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timezone
from typing import Annotated, Any, NamedTuple, TypeVar

from fastapi import Query
from pydantic import AfterValidator, BaseModel, Field

from ..store import Reader
from ..store.reading_pages import Condition, Order, Stretch, are_keys
from .errors import Fault
from .front import SLASH

LIMIT, LIMIT_MAX = 50, 100
NUMBER_MAX = 2**63 - 1
_T = TypeVar("_T")

Limit = Annotated[int, Query(ge=0, le=NUMBER_MAX, description="At most this many, and never more than 100.")]
Offset = Annotated[int, Query(ge=0, le=NUMBER_MAX, description="How many to pass over.")]
Number = Annotated[int, Field(ge=-(2**63), le=NUMBER_MAX)]
OrderBy = Annotated[list[str], Query(max_length=10, description="Names of fields; with - before them, falling.")]


def _written(text: str) -> str:
    if "\0" in text:
        raise ValueError("U+0000 is no part of a text")
    text = text.replace(SLASH, "/")
    text.encode()
    return text


Text = Annotated[str, AfterValidator(_written)]  # what a database takes
Pattern = Annotated[
    Text | None, Query(description="Any of the parts between |; % stands for any text, _ for a letter.")
]
Start = Annotated[Text | None, Query(description="How it begins; several with | between.")]
Texts = Annotated[list[Text], Query()]
Numbers = Annotated[list[Number], Query()]


def seconds(moment: datetime) -> float:
    """Without a zone it is UTC."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def at(moment: float | None) -> datetime | None:
    return None if moment is None else datetime.fromtimestamp(moment, timezone.utc)


def moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, timezone.utc)


def limit_of(limit: int) -> int:
    return min(limit, LIMIT_MAX)


def order_of(asked: str | Sequence[str], fields: dict[str, str]) -> list[Order]:
    """`fields`: what clients call them → what the store does."""
    found = []
    for one in [asked] if isinstance(asked, str) else asked:
        name = one.removeprefix("-")
        if name not in fields:
            known = ", ".join(fields)
            raise Fault(400, f"One cannot order by '{name}'. One can by: {known}.")
        found.append(Order(fields[name], one.startswith("-")))
    return found


def conditions(**given: Any) -> list[Condition]:
    """`field__how=value`; what is None or an empty list asks for nothing."""
    found = []
    for name, value in given.items():
        field, _, how = name.rpartition("__")
        if value is None or value == []:
            continue
        if how in ("like", "prefix"):
            value = [part.strip() for part in value.split("|") if part.strip()][:20]
            if not value:
                continue
        elif how in ("in", "out"):
            value = [getattr(one, "value", one) for one in value]
        elif isinstance(value, datetime):
            value = seconds(value)
        found.append(Condition(field, how, value))
    return found


class SpanQuery(BaseModel):
    """By when runs and task instances were, in a query."""

    run_after_gte: datetime | None = None
    run_after_gt: datetime | None = None
    run_after_lte: datetime | None = None
    run_after_lt: datetime | None = None
    logical_date_gte: datetime | None = None
    logical_date_gt: datetime | None = None
    logical_date_lte: datetime | None = None
    logical_date_lt: datetime | None = None
    start_date_gte: datetime | None = None
    start_date_gt: datetime | None = None
    start_date_lte: datetime | None = None
    start_date_lt: datetime | None = None
    end_date_gte: datetime | None = None
    end_date_gt: datetime | None = None
    end_date_lte: datetime | None = None
    end_date_lt: datetime | None = None
    updated_at_gte: datetime | None = None
    updated_at_gt: datetime | None = None
    updated_at_lte: datetime | None = None
    updated_at_lt: datetime | None = None
    duration_gte: float | None = None
    duration_gt: float | None = None
    duration_lte: float | None = None
    duration_lt: float | None = None


_HOWS = {"gte": "ge", "gt": "gt", "lte": "le", "lt": "lt"}


def spans(filters: BaseModel, fields: dict[str, str]) -> list[Condition]:
    """Of every `NAME_gte`, `_gt`, `_lte`, `_lt` in a form: `fields` says what NAME is to the store."""
    found: list[Condition] = []
    for name, field in fields.items():
        for end, how in _HOWS.items():
            value = getattr(filters, f"{name}_{end}", None)
            if value is not None:
                found += conditions(**{f"{field}__{how}": value})
    return found


class Cursor(NamedTuple):
    """Beside which row a page lies, as an opaque word; an empty one asks for the first page. What is made or removed
    meanwhile neither doubles a row nor passes one over."""

    beside: tuple[Any, ...] | None  # what the list is ordered by, of that row
    backwards: bool
    order: str

    @classmethod
    def of(cls, cursor: str | None, order: Sequence[Order]) -> Cursor | None:
        """None where pages are counted by offsets."""
        if cursor is None:
            return None
        said = ",".join(f"-{one.field}" if one.falling else one.field for one in order)
        if cursor == "":
            return cls(None, False, said)
        try:
            read = json.loads(base64.urlsafe_b64decode(cursor.encode()))
            made = cls(tuple(read["beside"]), bool(read["backwards"]), str(read["order"]))
        except (ValueError, TypeError, KeyError, binascii.Error, RecursionError):
            raise Fault(400, "The cursor is none of ours.") from None
        plain = all(one is None or isinstance(one, (str, int, float)) for one in made.beside or ())
        if made.order != said or not plain or any(isinstance(one, str) and "\0" in one for one in made.beside or ()):
            raise Fault(400, "The cursor is none of this list in this order.")
        return made

    def must_be_of(self, listing: str, order: Sequence[Order]) -> None:
        if self.beside is not None and not are_keys(listing, order, self.beside):
            raise Fault(400, "The cursor is none of this list in this order.")

    def told(self, found: Stretch) -> dict[str, str | None]:
        """The cursors beside a page."""
        before = found.more if self.backwards else self.beside is not None
        after = self.backwards or found.more
        return {
            "next_cursor": self._word(found.keys[-1], False) if found.keys and after else None,
            "previous_cursor": self._word(found.keys[0], True) if found.keys and before else None,
        }

    def _word(self, keys: Sequence[Any], backwards: bool) -> str:
        told = {"beside": list(keys), "backwards": backwards, "order": self.order}
        return base64.urlsafe_b64encode(json.dumps(told).encode()).decode()


def sought_by(
    at: Cursor, reader: Reader, listing: str, wanted: Sequence[Condition], order: Sequence[Order], limit: int
) -> Stretch:
    at.must_be_of(listing, order)
    return reader.seek(listing, wanted, order, limit_of(limit), at.beside, at.backwards)


def stretch_of(
    rows: Sequence[_T], keys: list[tuple[Any, ...]], order: Sequence[Order], limit: int, at: Cursor
) -> Stretch:
    """As the store seeks, among rows that are in this order already."""
    begin, end = 0, len(rows)
    if at.beside is not None:
        before = sum(_comes_before(key, at.beside, order) for key in keys)
        same = sum(key == at.beside for key in keys)
        begin, end = (0, before) if at.backwards else (before + same, len(rows))
    if at.backwards:
        begin, more = max(begin, end - limit), end - begin > limit
    else:
        end, more = min(end, begin + limit), end - begin > limit
    return Stretch(list(rows[begin:end]), keys[begin:end], more)


def _comes_before(one: Sequence[Any], other: Sequence[Any], order: Sequence[Order]) -> bool:
    for mine, theirs, (_, falling) in zip(one, other, order, strict=True):
        if mine != theirs:
            if mine is None or theirs is None:
                return theirs is None
            return bool(mine > theirs if falling else mine < theirs)
    return False


def sliced(rows: Sequence[_T], limit: int, offset: int) -> list[_T]:
    return list(rows[offset : offset + limit_of(limit)])


def sorted_by(rows: Iterable[_T], order: Iterable[Order], value: Callable[[_T, str], Any]) -> list[_T]:
    """As the store orders: what is not there comes last."""
    made = list(rows)
    for field, falling in reversed(list(order)):
        there = [row for row in made if value(row, field) is not None]
        missing = [row for row in made if value(row, field) is None]
        there.sort(key=lambda row: value(row, field), reverse=falling)
        made = there + missing
    return made


def fits(text: str | None, pattern: str | None = None, prefix: str | None = None) -> bool:
    """Whether a text fits what `_pattern` and `_prefix_pattern` ask for, as the store would say."""
    if pattern is not None and pattern.strip():
        parts = [part.strip() for part in pattern.split("|") if part.strip()]
        if text is None or not any(_like(text.lower(), f"%{part}%".lower()) for part in parts):
            return False
    if prefix is not None and prefix.strip():
        parts = [part.strip() for part in prefix.split("|") if part.strip()]
        return text is not None and text.startswith(tuple(parts))
    return True


def _like(text: str, pattern: str) -> bool:
    """SQL's LIKE, in time that grows with both lengths alone."""
    t = p = 0
    star, mark = -1, 0
    while t < len(text):
        if p < len(pattern) and pattern[p] == "%":
            star, mark, p = p, t, p + 1
        elif p < len(pattern) and pattern[p] in ("_", text[t]):
            t, p = t + 1, p + 1
        elif star >= 0:
            mark += 1
            t, p = mark, star + 1
        else:
            return False
    return all(one == "%" for one in pattern[p:])
