"""Who did what, as `venturi audit` tells it: for admins alone."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel

from ..here import OWN, At, Routes
from ..paging import LIMIT, Limit, limit_of, moment

routes = Routes("Venturi", OWN)


class Deed(BaseModel):
    """One row of the record, each with the hash that holds it to those before it."""

    id: int
    at: datetime
    who: str
    what: str
    about: str
    origin: str
    hash: str


class Deeds(BaseModel):
    """A stretch of the record, oldest first."""

    deeds: list[Deed]
    last: int


@routes.get("/audit", may="audit:read")
def get_audit(
    here: At,
    after: Annotated[int, Query(ge=0, le=2**63 - 1, description="The last row that is known.")] = 0,
    limit: Limit = LIMIT,
) -> Deeds:
    """Changes of accounts and over the API, sign-ins and what was refused; `last` is the newest row there is."""
    with here.reader() as reader:
        rows = reader.accounts.audit(after, limit_of(limit)) if limit else []
        last = reader.accounts.last_audit()
    told = [
        Deed(id=r.id, at=moment(r.at), who=r.who, what=r.what, about=r.about, origin=r.origin, hash=r.hash)
        for r in rows
    ]
    return Deeds(deeds=told, last=last)
