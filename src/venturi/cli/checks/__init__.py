"""What `venturi doctor` looks at: each check says what is well, worth knowing or wrong, and how to mend it.

A check is a function of the home that yields `Found`. What it judges by is measured in a function of its own, so that
each can be shown what is wrong. Nothing is changed here, and no secret is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from ...config import Home
from ..in_home import InHome

OK, WARNING, ERROR = "ok", "warning", "error"


class Found(NamedTuple):
    name: str
    state: str
    says: str
    mend: str = ""


class Patient(InHome):
    """The home that is looked at."""


Check = Callable[[Patient], Iterator[Found]]


def checks() -> dict[str, Check]:
    """In the order in which they are told: what others build on comes first."""
    from . import keeping, machine, serving, work

    return {
        "settings": keeping.settings,
        "home": keeping.home,
        "python": machine.python,
        "memory": machine.memory,
        "disk": machine.disk,
        "limits": machine.limits,
        "database": keeping.database,
        "sealing key": keeping.sealing_key,
        "clock": keeping.clock,
        "processes": serving.processes_of,
        "leftovers": serving.leftovers,
        "port": serving.port,
        "reach": serving.reach,
        "commands": serving.waiting_commands,
        "DAG files": work.import_errors,
        "environments": work.environments,
        "Docker": work.docker,
        "mail": work.mail,
    }


def examine(home: Home) -> Iterator[Found]:
    """All of them; one that cannot be made is what is wrong."""
    from ...core.errors import VenturiError
    from ..printing import Exit

    patient = Patient(home)
    for name, check in checks().items():
        found = False
        try:
            for one in check(patient):
                found = True
                yield one
        except (VenturiError, Exit, OSError, ValueError) as error:
            yield Found(name, ERROR, " ".join(str(error).split()) or type(error).__name__)
            found = True
        if not found:
            yield Found(name, OK, "nothing to look at yet")
