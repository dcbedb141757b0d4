"""Who asks, and what they may: the one authorisation of every route, which denies what nobody has allowed.

Owns finding the person in a request (a bearer token, a name and password, or the cookie of a session), and what a
request with a cookie must show beside it. What a role holds is `core.accounts`; where accounts are kept is `keeping`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from ..core.accounts import Person, may, scope
from ..store.accounts import By
from .errors import Fault
from .front import SLASH
from .keeping import Shown, keeper_of, origin_of

__all__ = ["Allowed", "Person", "may", "scope"]

CSRF_HEADER = "x-csrf-token"
_READS = ("GET", "HEAD", "OPTIONS")

_bearer = HTTPBearer(auto_error=False, description="The token that `venturi token` prints.")
Given = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]


class Allowed:
    """The dependency of a route: whoever asks is known, and may do this. Without an action to be known is enough.

    `by_grant`: the route itself keeps to the DAGs in which it is allowed (`Here.in_scope`, `Here.must_see`)."""

    def __init__(self, action: str | None, by_grant: bool = False) -> None:
        self.action, self.by_grant = action, by_grant

    async def __call__(self, request: Request, given: Given) -> Person:
        shown = shown_by(request, given)
        keeper = keeper_of(request)
        person = await run_in_threadpool(keeper.person, shown)
        if person is None:
            raise Fault(401, "Say who you are: a bearer token, as `venturi token` prints it.")
        changes = request.method not in _READS
        if changes and shown.session is not None:
            must_be_ours(request, shown.session)
        keeper.limits.count("requests", f"{person.name} {shown.origin}")
        if (wait_s := keeper.limits.wait_s("requests", f"{person.name} {shown.origin}")) > 0:
            raise Fault(429, f"Too many requests; go on in {wait_s:.0f} s.")
        if self.action is not None:
            dag_id = str(request.path_params.get("dag_id") or "").replace(SLASH, "/") or None
            dag_id = None if dag_id == "~" else dag_id
            only = request.state.only = scope(person, self.action)
            is_of_some = dag_id is None and self.by_grant and bool(only)
            if not may(person, self.action, dag_id) and not is_of_some:
                raise Fault(403, f"{person.name} may not do this ({self.action}).")
            if changes and not self.action.endswith(":read"):
                path = request.url.path.replace(SLASH, "/")
                await run_in_threadpool(keeper.note, By(person.name, shown.origin), request.method, path)
        request.state.person = person
        return person


def shown_by(request: Request, given: HTTPAuthorizationCredentials | None = None) -> Shown:
    """A header wins over a cookie, which browsers send unasked."""
    origin = origin_of(request)
    if given is not None:
        return Shown(origin, token=given.credentials)
    header = request.headers.get("authorization")
    if header is not None:
        name, password = _basic(header)
        return Shown(origin, name=name, password=password)
    return Shown(origin, session=request.cookies.get(cookie_name(request)))


def must_be_ours(request: Request, session: str | None, csrf: str | None = None) -> None:
    """A change that a browser sends with a cookie comes from a page of ours, and shows what only such a page knows."""
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin" or not _is_own_origin(request):
        raise Fault(403, "This came from a page of another site.")
    given = csrf if csrf is not None else request.headers.get(CSRF_HEADER, "")
    if session is not None and not hmac.compare_digest(csrf_of(session).encode(), given.encode("utf-8", "replace")):
        raise Fault(403, f"A change by a session shows its token in the header {CSRF_HEADER}.")


def _is_own_origin(request: Request) -> bool:
    origin = request.headers.get("origin")
    if origin is None:
        return True
    scheme, netloc, *_ = urlsplit(origin)
    # A page that came without TLS may be anybody's.
    return netloc.lower() == request.headers.get("host", "").lower() and (scheme == "https" or not is_tls(request))


def csrf_of(session: str) -> str:
    """Nobody without the session can make it, and it does not tell the session."""
    return hashlib.sha256(f"csrf {session}".encode("utf-8", "replace")).hexdigest()


def is_tls(request: Request) -> bool:
    return request.url.scheme == "https"


def cookie_name(request: Request) -> str:
    """Cookies know no ports: two homes on one machine would sign each other out by a common name."""
    return "__Host-venturi" if is_tls(request) else f"venturi-{request.url.port or 80}"


def _basic(header: str) -> tuple[str | None, str | None]:
    """Of a client that knows names and passwords alone, as those of Airflow 2.x do. The home's token is a password of
    any name."""
    kind, _, value = header.partition(" ")
    if kind.lower() != "basic":
        return None, None
    try:
        name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None, None
    return name, password
