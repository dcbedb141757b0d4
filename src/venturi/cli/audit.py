"""`venturi audit`: who did what to accounts, over the API and in a browser; and whether that record is whole."""

from __future__ import annotations

from collections import deque
from typing import Any

import click

from ..config import find_home, read_config
from . import options
from .printing import FAILED, SUCCESS, fail, iso, show, table


@click.command()
@click.option("--verify", is_flag=True, help="Whether every line follows from the one before it. Exit code 0 or 1.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="The newest so many.")
@options.everywhere
def audit(verify: bool, limit: int, home_given: str | None, as_json: bool) -> int:
    """Who did what. The record is a chain: a line that is changed or taken out later is noticed."""
    from .reading import open_reader

    home = find_home(home_given)
    with open_reader(home, read_config(home)) as reader:
        if verify:
            broken = reader.accounts.broken_audit()
            if broken is not None:
                fail(f"The record does not hold from line {broken} on.", FAILED, "broken", line=broken)
            show({"whole": True}, as_json, "The record is whole.")
            return SUCCESS
        newest: deque[Any] = deque(maxlen=limit)
        last = 0
        while rows := reader.accounts.audit(last):
            newest.extend(rows)
            last = rows[-1].id
    data = [
        {"id": r.id, "at": iso(r.at), "who": r.who, "what": r.what, "about": r.about, "from": r.origin} for r in newest
    ]
    lines = [(str(d["at"])[:19].replace("T", " "), d["who"], d["what"], d["about"], d["from"]) for d in data]
    text = table(("AT (UTC)", "WHO", "WHAT", "ABOUT", "FROM"), lines) if lines else "Nothing is written yet."
    show({"audit": data}, as_json, text)
    return SUCCESS
