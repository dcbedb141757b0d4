"""`venturi doctor`: what is wrong here, and how to mend it. Looks only; changes nothing."""

from __future__ import annotations

import click

from ..config import find_home
from . import options
from .checks import ERROR, OK, WARNING, Found, examine
from .printing import FAILED, SUCCESS, say, show

_SIGNS = {OK: "✓", WARNING: "!", ERROR: "✗"}


@click.command()
@options.everywhere
def doctor(home_given: str | None, as_json: bool) -> int:
    """Look at the machine, the home and what serves in it. Exit code 0 if nothing is wrong, 1 if something is."""
    found = []
    for one in examine(find_home(home_given)):
        found.append(one)
        if not as_json:
            show({}, False, _text(one))
    wrong, notes = (sum(one.state == state for one in found) for state in (ERROR, WARNING))
    if as_json:
        show({"healthy": not wrong, "checks": [one._asdict() for one in found]}, True)
    else:
        say(_summary(wrong, notes))
    return FAILED if wrong else SUCCESS


def _text(one: Found) -> str:
    mend = f"\n    {one.mend}" if one.mend else ""
    return f"{_SIGNS[one.state]} {one.name}: {one.says}{mend}"


def _summary(wrong: int, notes: int) -> str:
    if not wrong and not notes:
        return "All is well."
    parts = [f"{wrong} {'thing is' if wrong == 1 else 'things are'} wrong"] if wrong else ["Nothing is wrong"]
    parts += [f"{notes} worth knowing"] if notes else []
    return ", ".join(parts) + "."
