"""Who asks, and what they may: the one authorisation of every route, which denies what nobody has allowed.

Owns `Person`, finding it in a request, and `may`. The first form knows one person, the holder of the home's token, who
is an admin.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from .errors import Fault
from .front import SLASH
from .token_file import is_token

ADMIN = "admin"
# What each role may: (what, verb) pairs as routes name them. `admin` may everything.
_READS = frozenset(f"{what}:read" for what in ("dags", "runs", "tasks", "logs", "values", "assets", "pools", "about"))
_RUNS = frozenset(("runs:write", "tasks:write", "dags:write", "assets:write", "questions:write"))
_SETTINGS = frozenset(
    f"{what}:{verb}" for what in ("variables", "connections", "pools") for verb in ("read", "write")
) | {"values:write", "events:read"}
ROLES: dict[str, frozenset[str]] = {
    "viewer": _READS,
    "user": _READS | _RUNS,
    "operator": _READS | _RUNS | _SETTINGS,
}

_bearer = HTTPBearer(auto_error=False, description="The token that `venturi token` prints.")


@dataclass(frozen=True)
class Person:
    name: str
    role: str
    grants: dict[str, str] = field(default_factory=dict)  # DAG → role there


def may(person: Person, action: str, dag_id: str | None = None) -> bool:
    """Deny by default."""
    role = person.grants.get(dag_id, person.role) if dag_id else person.role
    return role == ADMIN or action in ROLES.get(role, frozenset())


class Allowed:
    """The dependency of a route: whoever asks is known, and may do this."""

    def __init__(self, action: str) -> None:
        self.action = action

    async def __call__(
        self, request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
    ) -> Person:
        person = _person(request, given)
        if person is None:
            raise Fault(401, "Say who you are: a bearer token, as `venturi token` prints it.")
        dag_id = str(request.path_params.get("dag_id") or "").replace(SLASH, "/") or None
        if not may(person, self.action, None if dag_id == "~" else dag_id):
            raise Fault(403, f"{person.name} may not do this ({self.action}).")
        request.state.person = person
        return person


def _person(request: Request, given: HTTPAuthorizationCredentials | None) -> Person | None:
    shown = given.credentials if given is not None else _password(request.headers.get("authorization", ""))
    if shown is None or not is_token(request.app.state.home, shown):
        return None
    return Person("admin", ADMIN)


def _password(header: str) -> str | None:
    """Of a client that knows names and passwords alone, as those of Airflow 2.x do: the token is the password."""
    kind, _, value = header.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return None
