"""Signing in and out: by name and password, by a link that works once, for people and for Airflow's clients.

Owns these routes and their two pages, which work without a script.
"""

from __future__ import annotations

import html
from typing import Annotated
from urllib.parse import parse_qs, urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from ...core.accounts import ADMIN, HOLDER, Person
from ...store.accounts import By
from ...store.reading_accounts import HOLDER_NAME, SESSION_S
from ..errors import Fault, described
from ..here import named
from ..keeping import WRONG, keeper_of, origin_of
from ..passwords import CHARS_MAX
from ..who import Allowed, cookie_name, csrf_of, is_tls, must_be_ours, shown_by

_PROBLEMS = described(
    {
        400: "The request holds what is no text.",
        401: "Nobody is known to ask.",
        403: "It came from a page of another site.",
        404: "It is not there.",
        429: "It was tried too often; the answer says when to go on.",
        503: "The database does not answer.",
    }
)
routes = APIRouter(tags=["Accounts"], responses=_PROBLEMS, generate_unique_id_function=named)
pages = APIRouter(include_in_schema=False)
DAY_S, CLI_S = 24 * 3600.0, 3600.0
FORM_BYTES_MAX = 16 * 1024
POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
LINK_USED = "This link has been used, or is older than ten minutes. Make another with: venturi login"


class Credentials(BaseModel):
    """A name and its password."""

    username: str = Field(max_length=200)
    password: str = Field(max_length=CHARS_MAX)


class AccessToken(BaseModel):
    """A bearer token."""

    access_token: str


class Me(BaseModel):
    """Who asks."""

    name: str
    role: str
    grants: dict[str, str]
    csrf_token: str | None = None


def _me(person: Person, session: str | None) -> Me:
    return Me(
        name=person.name,
        role=person.role,
        grants=person.grants,
        csrf_token=csrf_of(session) if session is not None else None,
    )


def _by_password(request: Request, name: str, password: str) -> Person:
    person = keeper_of(request).by_password(name, password, origin_of(request))
    if person is None:
        raise Fault(401, WRONG)
    return person


def _session(request: Request, account: str, who: str) -> str:
    """A new one; what the browser had before ends with it."""
    with keeper_of(request).writing() as accounts:
        return accounts.session_new(
            account, By(who, origin_of(request)), instead=request.cookies.get(cookie_name(request))
        )


def _with_cookie(request: Request, answer: Response, session: str) -> Response:
    answer.set_cookie(
        cookie_name(request),
        session,
        max_age=int(SESSION_S),
        path="/",
        secure=is_tls(request),
        httponly=True,
        samesite="lax",
    )
    return answer


def _without_cookie(request: Request, answer: Response) -> Response:
    answer.delete_cookie(cookie_name(request), path="/", secure=is_tls(request), httponly=True, samesite="lax")
    return answer


def _end(request: Request) -> None:
    shown = shown_by(request)
    if shown.session is not None:
        person = keeper_of(request).person(shown)
        with keeper_of(request).writing() as accounts:
            accounts.session_end(shown.session, By(person.name if person else "nobody", shown.origin))


# ── for programs ─────────────────────────────────────────────────────────────────────────────────────────


@routes.post("/api/venturi/v1/sign-in", response_model=Me)
def sign_in(request: Request, given: Credentials) -> Response:
    """A session, as a cookie. Changes by it show `csrf_token` in the header X-CSRF-Token."""
    must_be_ours(request, None)
    person = _by_password(request, given.username, given.password)
    session = _session(request, person.name, person.name)
    return _with_cookie(request, JSONResponse(_me(person, session).model_dump()), session)


@routes.post("/api/venturi/v1/sign-out", status_code=204, dependencies=[Depends(Allowed(None))])
def sign_out(request: Request) -> Response:
    """The session ends."""
    _end(request)
    return _without_cookie(request, Response(status_code=204))


@routes.get("/api/venturi/v1/me")
def me(request: Request, person: Annotated[Person, Depends(Allowed(None))]) -> Me:
    """Who asks, and what they may."""
    has_header = "authorization" in request.headers
    return _me(person, None if has_header else request.cookies.get(cookie_name(request)))


@routes.post("/auth/token", status_code=201)
def create_token(request: Request, given: Credentials) -> AccessToken:
    """A token for a day, for whoever knows the password."""
    return _token(request, given, DAY_S)


@routes.post("/auth/token/cli", status_code=201)
def create_token_cli(request: Request, given: Credentials) -> AccessToken:
    """A token for an hour."""
    return _token(request, given, CLI_S)


def _token(request: Request, given: Credentials, life_s: float) -> AccessToken:
    must_be_ours(request, None)
    person = _by_password(request, given.username, given.password)
    with keeper_of(request).writing() as accounts:
        by = By(person.name, origin_of(request))
        _, secret = accounts.token_new(person.name, "auth/token", person.role, person.grants, life_s, by)
    return AccessToken(access_token=secret)


@routes.get("/api/v2/auth/login", status_code=307, response_class=RedirectResponse, name="login")
def to_login(request: Request, next: str = "") -> RedirectResponse:
    """To the page on which people sign in; `next` is the page of ours that follows."""
    leads = next.removeprefix(str(request.base_url).rstrip("/"))
    if leads and not _is_here(leads):
        raise Fault(400, "next: This is no address of Venturi.")
    return RedirectResponse(f"/login?{urlencode({'next': leads})}" if leads else "/login")


@routes.get("/api/v2/auth/logout", status_code=307, response_class=RedirectResponse, name="logout")
def to_logout() -> RedirectResponse:
    """To the page on which people sign out: a session does not end by an address that another site can name."""
    return RedirectResponse("/logout")


# ── for people ───────────────────────────────────────────────────────────────────────────────────────────


def _page(title: str, body: str, status: int = 200) -> HTMLResponse:
    text = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{html.escape(title)}</title><link rel="stylesheet" href="/sign-in.css">'
        f"<main><h1>{html.escape(title)}</h1>"
        f"{body}</main></html>"
    )
    # No `Referrer-Policy: no-referrer` here: a form would then come with the origin "null".
    return HTMLResponse(text, status, {"Content-Security-Policy": POLICY})


def _form(said: str = "", status: int = 200, leads: str = "") -> HTMLResponse:
    told = f'<p role="alert">{html.escape(said)}</p>' if said else ""
    then = f'<input type="hidden" name="next" value="{html.escape(leads)}">' if _is_here(leads) else ""
    return _page(
        "Sign in to Venturi",
        f'{told}<form method="post" action="/login">{then}'
        '<p><label>Name <input name="username" autocomplete="username" required></label></p>'
        '<p><label>Password <input name="password" type="password" autocomplete="current-password" required>'
        "</label></p><p><button>Sign in</button></p></form>"
        "<p>On the machine itself: <code>venturi login</code> prints a link.</p>",
        status,
    )


def _is_here(path: str) -> bool:
    """Whether it is an address of ours, and none that a browser would take for another site's."""
    return path.startswith("/") and path.isprintable() and not path.startswith("//") and "\\" not in path


@pages.get("/login")
def login_page(token: str | None = None, next: str = "") -> Response:
    """What opens a link does not use it up: the button does."""
    if token is None:
        return _form(leads=next)
    return _page(
        "Sign in to Venturi",
        f'<form method="post" action="/login"><input type="hidden" name="token" value="{html.escape(token)}">'
        "<p><button>Sign in</button></p></form>",
    )


@pages.post("/login")
async def login(request: Request) -> Response:
    given = await _fields(request)
    return await run_in_threadpool(_login, request, given)


def _login(request: Request, given: dict[str, str]) -> Response:
    try:
        must_be_ours(request, None)
        if "token" in given:
            account, who = _by_link(request, given["token"])
        else:
            person = _by_password(request, given.get("username", ""), given.get("password", ""))
            account = who = person.name
    except Fault as fault:
        return _form(fault.detail, fault.status, given.get("next", ""))
    leads = given.get("next", "")
    then = RedirectResponse(leads if _is_here(leads) else "/home", 303)
    return _with_cookie(request, then, _session(request, account, who))


def _by_link(request: Request, token: str) -> tuple[str, str]:
    with keeper_of(request).writing() as accounts:
        account = accounts.link_taken(token)
    if account is None:
        raise Fault(401, LINK_USED)
    return account, HOLDER_NAME if account == HOLDER else account


@pages.get("/home")
def home_page(request: Request) -> Response:
    shown = shown_by(request)
    person = keeper_of(request).person(shown)
    if person is None or shown.session is None:
        return RedirectResponse("/login", 303)
    may = "everything" if person.role == ADMIN else f"what a {html.escape(person.role)} may"
    return _page(
        "Venturi",
        f"<p>You are signed in as {html.escape(person.name)} and may do {may}.</p>"
        f'<p>The API is described at <a href="/docs">/docs</a>.</p>{_out(shown.session)}',
    )


@pages.get("/logout")
def logout_page(request: Request) -> Response:
    shown = shown_by(request)
    person = keeper_of(request).person(shown)
    if person is None or shown.session is None:
        return RedirectResponse("/login", 303)
    return _page("Sign out of Venturi", f"<p>You are {html.escape(person.name)}.</p>{_out(shown.session)}")


def _out(session: str) -> str:
    return (
        '<form method="post" action="/logout">'
        f'<input type="hidden" name="csrf" value="{csrf_of(session)}"><p><button>Sign out</button></p></form>'
    )


@pages.post("/logout")
async def logout(request: Request) -> Response:
    given = await _fields(request)
    session = request.cookies.get(cookie_name(request))
    must_be_ours(request, session, given.get("csrf", ""))
    await run_in_threadpool(_end, request)
    return _without_cookie(request, RedirectResponse("/login", 303))


async def _fields(request: Request) -> dict[str, str]:
    """Of a form as browsers send it; nothing else is read."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise Fault(415, "This takes a form.")
    body = await request.body()
    if len(body) > FORM_BYTES_MAX:
        raise Fault(413, f"A form may have {FORM_BYTES_MAX} bytes.")
    try:
        found = parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=10)
    except ValueError:
        raise Fault(400, "This is no form.") from None
    return {name: values[0] for name, values in found.items()}
