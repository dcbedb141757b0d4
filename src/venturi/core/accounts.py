"""Who may do what: roles, grants, and the one function that answers, which denies what nobody has allowed.

Owns the names of roles and what each holds. Knows no request, no password and no clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field

ADMIN = "admin"
NONE = "none"  # may nothing but what single DAGs grant
HOLDER = ""  # the account of whoever holds the home folder; no row has this name
NAME_CHARS_MAX = 128

# What each role may: (what, verb) pairs as routes name them. `admin` may everything.
_READS = frozenset(f"{what}:read" for what in ("dags", "runs", "tasks", "logs", "values", "assets", "pools", "about"))
_RUNS = frozenset(("runs:write", "tasks:write", "dags:write", "assets:write", "questions:write"))
_SETTINGS = frozenset(
    f"{what}:{verb}" for what in ("variables", "connections", "pools") for verb in ("read", "write")
) | {"values:write", "events:read"}
HOLDS: dict[str, frozenset[str]] = {
    NONE: frozenset(),
    "viewer": _READS,
    "user": _READS | _RUNS,
    "operator": _READS | _RUNS | _SETTINGS,
}
ROLES = (NONE, "viewer", "user", "operator", ADMIN)  # each holds what the one before it holds


@dataclass(frozen=True)
class Person:
    """Whoever asks: a person or a program."""

    name: str
    role: str
    grants: dict[str, str] = field(default_factory=dict)  # DAG → role there


def may(person: Person, action: str, dag_id: str | None = None) -> bool:
    """A grant adds in its DAG to what the role holds everywhere, and takes nothing away. What is not named is not
    allowed."""
    roles = {person.role}
    if dag_id is not None:
        roles.add(person.grants.get(dag_id, NONE))
    return any(role == ADMIN or action in HOLDS.get(role, frozenset()) for role in roles)


def scope(person: Person, action: str) -> frozenset[str] | None:
    """The DAGs in which it is allowed; None where it is in all."""
    if may(person, action):
        return None
    return frozenset(dag_id for dag_id in person.grants if may(person, action, dag_id))


def is_name(text: str) -> bool:
    return 0 < len(text) <= NAME_CHARS_MAX and text == text.strip() and text.isprintable() and ":" not in text
