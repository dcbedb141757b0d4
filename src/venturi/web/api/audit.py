"""Who did what, as `venturi audit` tells it: for admins alone."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from ..errors import Fault
from ..here import OWN, At, Routes
from ..models.shapes import Shape
from ..paging import LIMIT, NUMBER_MAX, Limit, Text, limit_of

routes = Routes("Venturi", OWN)
Before = Annotated[int | None, Query(ge=0, le=NUMBER_MAX, description="Only lines before this one.")]
After = Annotated[int | None, Query(ge=0, le=NUMBER_MAX, description="What follows this line, oldest first.")]


class AuditLine(Shape):
    """Who did what, when, and from where; with the hash that holds it to the line before."""

    id: int
    at: float
    who: str
    what: str
    about: str
    origin: str
    hash: str


class Audit(Shape):
    """A stretch of the record; `last` is the newest line there is."""

    lines: list[AuditLine]
    last: int


@routes.get("/audit", may="audit:read")
def get_audit(here: At, text: Text = "", before: Before = None, after: After = None, limit: Limit = LIMIT) -> Audit:
    """Changes of accounts and over the API, sign-ins and what was refused: newest first, of those that hold `text` in
    any of their words. With `after`, for a copy that is kept elsewhere, what has come since."""
    if after is not None and (text or before is not None):
        raise Fault(400, "after: What follows a line is told whole, without text and before.")
    with here.reader() as reader:
        accounts, n = reader.accounts, limit_of(limit)
        rows = accounts.newest_audit(text, before, n) if after is None else accounts.audit(after, n)
        last = accounts.last_audit()
    told = [
        AuditLine(id=r.id, at=r.at, who=r.who, what=r.what, about=r.about, origin=r.origin, hash=r.hash) for r in rows
    ]
    return Audit(lines=told, last=last)
