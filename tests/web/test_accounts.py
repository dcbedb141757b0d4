"""Who gets in, and what they may: generated over every route, tried on a real tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from fastapi.routing import APIRoute

from venturi.config import Config
from venturi.core.accounts import ROLES, Person, may
from venturi.store import open_store
from venturi.store.accounts import By
from venturi.web import passwords
from venturi.web.api import about
from venturi.web.app import MODULES, OWN, make_app
from venturi.web.limits import LIMITS, Limits
from venturi.web.old import routes as old_routes
from venturi.web.own import sign_in
from venturi.web.who import Allowed

from .conftest import Answer, Api

BY = By("the tests", "here")
PASSWORD = "three small boats at noon"
OPEN = {"/api/v2/version", "/api/v2/monitor/health", "/api/v1/version", "/api/v1/health"}
SIGNING_IN = {"/api/venturi/v1/sign-in", "/auth/token", "/auth/token/cli", "/login", "/logout", "/home"}
SIGNING_IN |= {"/api/v2/auth/login", "/api/v2/auth/logout"}  # they send on to these
STREAM = "/api/venturi/v1/events"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def tokens(api: Api) -> dict[str, str]:
    """One of each role, and one that may nothing but what it is granted in `flow`."""
    made = {role: api.place("token", "create", f"a {role}", "--role", role).out.strip() for role in ROLES}
    given = ("--role", "none", "--grant", "flow=operator")
    return {**made, "of flow": api.place("token", "create", "of flow", *given).out.strip()}


@pytest.fixture(scope="module")
def ann(api: Api) -> str:
    with open_store(api.place.home.database, create=False) as store:
        store.accounts.create("ann", "operator", passwords.hashed(PASSWORD), BY)
    return "ann"


def all_routes() -> Iterator[tuple[str, APIRoute]]:
    """Every route with its path, of all applications."""
    inside = [about.open_routes, *(module.routes.router for module in (*MODULES, *OWN))]
    for router in (*inside, sign_in.routes, sign_in.pages, old_routes.routes.router):
        for route in router.routes:
            assert isinstance(route, APIRoute), route
            yield route.path, route


def routes_of(api: Api) -> Iterator[tuple[str, str, str | None]]:
    """Every route: its method, its path, and the action it takes."""
    for path, route in all_routes():
        found = [d.call.action for d in route.dependant.dependencies if isinstance(d.call, Allowed)]
        for method in sorted(route.methods):
            yield method, path, found[0] if found else "open"


def ask(api: Api, method: str, path: str, token: str | None, body: Any = None, **headers: str) -> Answer:
    known, api.token = api.token, token
    try:
        return api.ask(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    finally:
        api.token = known


def filled(path: str, dag_id: str) -> str:
    return re.sub(r"\{[^}]*\}", "1", path.replace("{dag_id}", dag_id))


def test_every_route_names_what_it_takes_or_is_known_to_be_open(api: Api) -> None:
    described = {(m.upper(), path) for path, methods in api.get("/openapi.json")["paths"].items() for m in methods}
    assert described <= {(method, re.sub(r":path}", "}", path)) for method, path, _ in routes_of(api)}
    assert len(described) > 120
    served = {route.path for route in make_app(api.place.home, Config()).routes}
    assert served <= {path for path, _ in all_routes()}
    found = {path for _, path, action in routes_of(api) if action == "open"}
    assert found <= OPEN | SIGNING_IN, found - OPEN - SIGNING_IN


@pytest.mark.parametrize("role", ROLES[:-1])
def test_every_role_at_every_route_may_what_it_holds_and_nothing_else(
    api: Api, tokens: dict[str, str], role: str
) -> None:
    """Fault 69, by names of nothing: what is allowed finds nothing, what is not allowed does not say so."""
    wrong = []
    for method, path, action in routes_of(api):
        if action in ("open", None):
            continue
        allowed = may(Person("p", role), action)
        if allowed and path == STREAM:
            continue
        status = ask(api, method, filled(path, "no_such_dag"), tokens[role]).status
        if (status in (401, 403)) == allowed:
            wrong.append((method, path, action, status))
    assert not wrong


def test_what_is_granted_in_one_dag_opens_nothing_of_another(api: Api, tokens: dict[str, str], done: str) -> None:
    """Fault 69: no list, log, value, source or error of another DAG."""
    lists = by_grant(api)
    for method, path, action in routes_of(api):
        if action in ("open", None) or (path in lists and "{dag_id}" not in path):
            continue
        assert ask(api, method, filled(path, "waiting"), tokens["of flow"]).status == 403, (method, path)
        if path not in lists:
            assert ask(api, method, filled(path, "~"), tokens["of flow"]).status == 403, (method, path)
    assert ask(api, "GET", "dags/flow", tokens["of flow"]).status == 200
    assert ask(api, "GET", "dags/flow/dagRuns", tokens["of flow"]).status == 200


def by_grant(api: Api) -> set[str]:
    """The paths of routes that keep to the DAGs in which somebody may do this."""
    return {
        path
        for path, route in all_routes()
        if any(getattr(d.call, "by_grant", False) for d in route.dependant.dependencies)
    }


def test_lists_hold_what_is_granted_and_nothing_else(api: Api, tokens: dict[str, str], done: str) -> None:
    """Fault 69: every list that somebody with grants alone may see, beside what one who may all sees in it."""
    other = api.send("POST", "dags/follows/dagRuns", {"logical_date": None, "dag_run_id": "unseen"})["dag_run_id"]
    try:
        seen = 0
        for method, path, _ in routes_of(api):
            if path not in by_grant(api) or method != "GET" or path == STREAM:
                continue
            address = re.sub(r"\{(dag_id|dag_run_id|task_id)\}", "~", path)
            all_of_it = ask(api, "GET", address, api.token)
            answer = ask(api, "GET", address, tokens["of flow"])
            assert answer.status == all_of_it.status, (path, answer.body)
            for name in (b'"waiting"', b'"follows"', other.encode()):
                assert name not in answer.body, path
            seen += b'"follows"' in all_of_it.body
        assert seen >= 6, "there was something to be kept"
        assert [one["dag_id"] for one in ask(api, "GET", "dags", tokens["of flow"]).json["dags"]] == ["flow"]
        runs = ask(api, "GET", "dags/~/dagRuns", tokens["of flow"]).json
        assert done in {one["dag_run_id"] for one in runs["dag_runs"]}
        assert runs["total_entries"] == len(runs["dag_runs"])
        body = ask(api, "POST", "dags/~/dagRuns/list", tokens["of flow"], {"dag_ids": ["follows", "flow"]}).json
        assert {one["dag_id"] for one in body["dag_runs"]} == {"flow"}
        body = ask(api, "POST", "dags/~/dagRuns/~/taskInstances/list", tokens["of flow"], {}).json
        assert {one["dag_id"] for one in body["task_instances"]} == {"flow"}
    finally:
        api.send("PATCH", "dags/follows/dagRuns/unseen", {"state": "failed"})


def test_a_dag_that_is_named_in_a_body_is_asked_for_as_one_in_an_address(
    api: Api, tokens: dict[str, str], done: str
) -> None:
    """Fault 69: no way around by `~` or by a body that names another DAG than the address."""
    mine, path = tokens["of flow"], quote(done, safe="")
    there = {"from_date": "2026-01-01T00:00:00Z", "to_date": "2026-01-02T00:00:00Z"}
    for action in ("backfills", "backfills/dry_run"):
        assert ask(api, "POST", action, mine, {"dag_id": "waiting", **there}).status == 403
    assert ask(api, "POST", "backfills/dry_run", mine, {"dag_id": "flow", **there}).status == 200
    named = {"dag_id": "waiting", "dag_run_id": "x"}
    assert ask(api, "POST", "dags/~/clearDagRuns", mine, {"dag_runs": [named]}).status == 403
    assert ask(api, "POST", "dags/flow/clearDagRuns", mine, {"dag_runs": [named]}).status == 400
    for address, entity, status in (
        ("dags/~/dagRuns", {**named, "note": "n"}, 403),
        ("dags/flow/dagRuns", {**named, "note": "n"}, 400),
        ("dags/~/dagRuns", {"dag_id": "flow", "dag_run_id": done, "note": "n"}, None),
        (f"dags/flow/dagRuns/{path}/taskInstances", {"task_id": "wait", **named, "note": "n"}, 400),
        (f"dags/flow/dagRuns/{path}/taskInstances", {"task_id": "total", "dag_run_id": "other", "note": "n"}, 400),
        ("dags/~/dagRuns/~/taskInstances", {"task_id": "wait", **named, "note": "n"}, 403),
        ("dags/flow/dagRuns/~/taskInstances", {"task_id": "total", "dag_run_id": done, "note": "n"}, None),
    ):
        answer = ask(api, "PATCH", address, mine, {"actions": [{"action": "update", "entities": [entity]}]})
        assert answer.status == 200, answer.body
        told = answer.json["update"]
        assert [one["status_code"] for one in told["errors"]] == ([] if status is None else [status]), address
    paused = ask(api, "PATCH", "dags", mine, {"is_paused": False})
    assert [one["dag_id"] for one in paused.json["dags"]] == ["flow"]


def test_every_answer_has_the_headers_that_keep_browsers_from_guessing(api: Api) -> None:
    for method, path, _ in routes_of(api):
        answer = ask(api, method, filled(path, "no_such_dag"), None)
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert answer.headers["x-frame-options"] == "DENY", path
        assert "access-control-allow-origin" not in answer.headers, path
    for path in ("/login", "/docs"):
        policy = ask(api, "GET", path, None).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


def test_a_link_signs_in_once_and_leads_home(api: Api) -> None:
    link = api.place("login").out.strip()
    path = link[link.index("/login") :]
    token = path.partition("token=")[2]
    assert token in ask(api, "GET", path, None).body.decode()  # looking at it does not use it up
    first = form(api, "/login", {"token": token})
    assert (first.status, first.headers["location"]) == (303, "/home")
    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    known = ask(api, "GET", "/api/venturi/v1/me", None, Cookie=cookie.partition(";")[0])
    assert known.json["name"] == "admin"
    second = form(api, "/login", {"token": token})
    assert second.status == 401
    assert b"has been used" in second.body
    assert b"<script>" not in ask(api, "GET", "/login?" + urlencode({"token": "<script>"}), None).body


def form(api: Api, path: str, fields: dict[str, str], **headers: str) -> Answer:
    import http.client

    link = http.client.HTTPConnection("127.0.0.1", api.port, timeout=60)
    link.request("POST", path, urlencode(fields), {**FORM, **headers})
    answer = link.getresponse()
    found = Answer(answer.status, answer.read(), {k.lower(): v for k, v in answer.getheaders()})
    link.close()
    return found


def signed_in(api: Api, name: str) -> tuple[str, str]:
    """The cookie, and what a change shows beside it."""
    answer = ask(api, "POST", "/api/venturi/v1/sign-in", None, {"username": name, "password": PASSWORD})
    assert answer.status == 200, answer.body
    return answer.headers["set-cookie"].partition(";")[0], answer.json["csrf_token"]


def test_a_change_by_a_session_comes_from_a_page_of_ours_and_shows_its_token(api: Api, ann: str) -> None:
    """Fault 66."""
    cookie, csrf = signed_in(api, ann)
    path, body = "dags/flow", {"is_paused": False}
    assert ask(api, "GET", path, None, Cookie=cookie).status == 200
    assert ask(api, "PATCH", path, None, body, Cookie=cookie).status == 403
    assert ask(api, "PATCH", path, None, body, Cookie=cookie, X_CSRF_Token="0" * 64).status == 403
    assert ask(api, "PATCH", path, None, body, Cookie=cookie, X_CSRF_Token=csrf).status == 200
    for more in ({"Origin": "http://evil.test"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}):
        assert ask(api, "PATCH", path, None, body, Cookie=cookie, X_CSRF_Token=csrf, **more).status == 403, more
    own = f"http://127.0.0.1:{api.port}"
    assert ask(api, "PATCH", path, None, body, Cookie=cookie, X_CSRF_Token=csrf, Origin=own).status == 200
    assert form(api, "/login", {"username": ann, "password": PASSWORD}, Origin="http://evil.test").status == 403
    assert ask(api, "GET", path, None, Cookie=cookie, Host="evil.test").status == 403


def test_a_session_is_over_at_once_by_signing_out_and_by_a_new_role(api: Api, ann: str) -> None:
    """Fault 68."""
    cookie, csrf = signed_in(api, ann)
    again, _ = signed_in(api, ann)
    assert cookie != again
    assert ask(api, "GET", "/api/venturi/v1/me", None, Cookie=cookie).json["name"] == ann
    assert ask(api, "POST", "/api/venturi/v1/sign-out", None, Cookie=cookie, X_CSRF_Token=csrf).status == 204
    assert ask(api, "GET", "/api/venturi/v1/me", None, Cookie=cookie).status == 401
    assert ask(api, "GET", "/api/venturi/v1/me", None, Cookie=again).status == 200
    assert api.place("users", "set-role", ann, "operator").status == 0
    assert ask(api, "GET", "/api/venturi/v1/me", None, Cookie=again).status == 401


def test_airflows_addresses_lead_to_where_one_signs_in_and_out(api: Api, ann: str) -> None:
    def leads(path: str) -> tuple[int, str]:
        answer = ask(api, "GET", path, None)
        return answer.status, answer.headers.get("location", "")

    assert leads("auth/login") == (307, "/login")
    here = f"http://127.0.0.1:{api.port}"
    for given in ("/dags/flow?a=1", f"{here}/dags/flow?a=1"):
        assert leads("auth/login?" + urlencode({"next": given})) == (307, "/login?next=%2Fdags%2Fflow%3Fa%3D1")
    for given in ("http://evil.test/", "//evil.test", f"{here}.evil.test/", "/\\evil.test"):
        assert leads("auth/login?" + urlencode({"next": given}))[0] == 400, given
    assert leads("auth/logout") == (307, "/logout")
    assert leads("/logout") == (303, "/login")
    cookie, csrf = signed_in(api, ann)
    page = ask(api, "GET", "/logout", None, Cookie=cookie)  # which ends nothing: any site can name it
    assert f'value="{csrf}"' in page.body.decode()
    assert ask(api, "GET", "/api/venturi/v1/me", None, Cookie=cookie).status == 200
    out = form(api, "/logout", {"csrf": csrf}, Cookie=cookie)
    assert (out.status, out.headers["location"]) == (303, "/login")
    assert ask(api, "GET", "/api/venturi/v1/me", None, Cookie=cookie).status == 401


def test_a_favorite_is_its_owners_alone_and_takes_no_more_than_to_see_the_dag(
    api: Api, ann: str, tokens: dict[str, str]
) -> None:
    def marked(token: str) -> list[str]:
        return [one["dag_id"] for one in ask(api, "GET", "dags?is_favorite=true", token).json["dags"]]

    assert ask(api, "POST", "dags/flow/favorite", tokens["viewer"]).status == 204
    assert ask(api, "POST", "dags/flow/favorite", tokens["viewer"]).status == 204
    assert (marked(tokens["viewer"]), marked(tokens["user"])) == (["flow"], [])
    assert ask(api, "GET", "dags/flow/details", tokens["viewer"]).json["is_favorite"]
    others = ask(api, "GET", "dags?is_favorite=false", tokens["viewer"]).json["dags"]
    assert [one["dag_id"] for one in others] == ["follows", "waiting"]
    assert ask(api, "POST", "dags/waiting/favorite", tokens["of flow"]).status == 403
    assert ask(api, "POST", "dags/none/favorite", tokens["viewer"]).status == 404
    assert ask(api, "POST", "dags/flow/unfavorite", tokens["viewer"]).status == 204
    assert marked(tokens["viewer"]) == []


def test_clients_of_airflow_get_a_token_by_name_and_password(api: Api, ann: str) -> None:
    for path in ("/auth/token", "/auth/token/cli"):
        answer = ask(api, "POST", path, None, {"username": ann, "password": PASSWORD})
        assert answer.status == 201
        assert ask(api, "GET", "dags", answer.json["access_token"]).status == 200
    wrong = ask(api, "POST", "/auth/token", None, {"username": ann, "password": "another one entirely"})
    assert (wrong.status, wrong.json) == (401, {"detail": "The name or the password is wrong."})
    unknown = ask(api, "POST", "/auth/token", None, {"username": "eve", "password": "another one entirely"})
    assert (unknown.status, unknown.json) == (401, wrong.json)


def test_wrong_passwords_are_slowed_down_for_who_tries_and_for_nobody_else(api: Api, ann: str) -> None:
    """Fault 67: of a name and an address; the counters are of a window that ends."""
    most, _ = LIMITS["sign-in of a name from an address"]
    wrong = {"username": "mallory", "password": "not the right one"}
    statuses = [ask(api, "POST", "/auth/token", None, wrong).status for _ in range(most + 1)]
    assert statuses == [401] * most + [429]
    assert signed_in(api, ann)


def test_a_window_ends_and_its_counter_with_it() -> None:
    now = [0.0]
    limits = Limits(lambda: now[0])
    most, length_s = LIMITS["sign-in of an address"]
    for _ in range(most):
        assert limits.wait_s("sign-in of an address", "a") == 0
        limits.count("sign-in of an address", "a")
    assert limits.wait_s("sign-in of an address", "a") == length_s
    assert limits.wait_s("sign-in of an address", "b") == 0
    now[0] = length_s
    assert limits.wait_s("sign-in of an address", "a") == 0


def test_changes_are_written_down_with_who_and_from_where_and_without_secrets(api: Api, ann: str) -> None:
    cookie, csrf = signed_in(api, ann)
    canary = "canary-of-the-audit"
    body = {"key": "plain", "value": canary}
    assert ask(api, "POST", "variables", None, body, Cookie=cookie, X_CSRF_Token=csrf).status == 201
    with open_store(api.place.home.database, create=False) as store:
        rows = store.accounts.audit()
        assert store.accounts.broken_audit() is None
    assert ("ann", "POST", "/api/v2/variables", "127.0.0.1") in [(r.who, r.what, r.about, r.origin) for r in rows]
    newest = max(row.id for row in rows)
    told = api.get("/api/venturi/v1/audit", after=newest - 1, limit=1)
    assert [(one["id"], one["who"], one["hash"]) for one in told["lines"]] == [
        (row.id, row.who, row.hash) for row in rows if row.id == newest
    ]
    assert told["last"] >= newest
    assert api.ask("GET", "/api/venturi/v1/audit", after=1, text="x").status == 400
    assert ask(api, "GET", "/api/venturi/v1/audit", None, Cookie=cookie).status == 403  # of an operator
    text = repr(rows)
    assert not [secret for secret in (canary, PASSWORD, csrf, cookie.partition("=")[2]) if secret in text]
