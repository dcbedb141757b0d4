"""The API as a whole: who is answered, what is described, what a mistake looks like."""

from __future__ import annotations

import gzip
import re

import pytest
from fastapi.routing import APIRoute

from venturi.config import Config, Home
from venturi.core.accounts import HOLDS
from venturi.web.api import about
from venturi.web.app import MODULES, OWN, make_app
from venturi.web.own import sign_in
from venturi.web.token_file import is_token, token_of
from venturi.web.who import Allowed, Person, may

SIGN_IN = {"/api/venturi/v1/sign-in", "/auth/token", "/auth/token/cli"}  # by name and password, or not at all
SENDS_ON = {"/api/v2/auth/login", "/api/v2/auth/logout"}
OPEN = {"/api/v2/monitor/health", "/api/v2/version", "/docs", "/docs.js", "/docs.css"}


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    root = tmp_path_factory.mktemp("home")
    return make_app(Home(root, root), Config())


def all_routes(app) -> list[APIRoute]:
    """Those that the description knows."""
    inside = [about.open_routes, sign_in.routes, *(module.routes.router for module in (*MODULES, *OWN))]
    found = [route for router in inside for route in router.routes if isinstance(route, APIRoute)]
    assert len(found) == sum(len(methods) for methods in app.openapi()["paths"].values())
    return found


def actions_of(route: APIRoute) -> list[str]:
    return [d.call.action for d in route.dependant.dependencies if isinstance(d.call, Allowed)]


def test_every_route_asks_once_who_may_do_it_but_for_those_that_are_open(app):
    wrong = [r.path for r in all_routes(app) if len(actions_of(r)) != (r.path not in OPEN | SIGN_IN | SENDS_ON)]
    assert not wrong


def test_nothing_is_answered_to_nobody(api):
    known, api.token = api.token, None
    try:
        for path, methods in api.ask("GET", "/openapi.json").json["paths"].items():
            for method in methods:
                address = re.sub(r"\{[^}]+\}", "1", path)
                answer = api.ask(method.upper(), address)
                wanted = 200 if path in OPEN else 422 if path in SIGN_IN else 307 if path in SENDS_ON else 401
                assert answer.status == wanted, (method, path)
        api.token = "wrong"
        answer = api.ask("GET", "dags")
        assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
    finally:
        api.token = known


def test_each_role_may_what_is_said_of_it_and_nothing_else(app):
    actions = {action for route in all_routes(app) for action in actions_of(route)} - {None}
    of_admins = {"config:read", "audit:read", "accounts:read", "accounts:write"}
    assert {a for a in actions if not any(may(Person("p", role), a) for role in HOLDS)} == of_admins
    assert all(may(Person("p", "admin"), action) for action in actions)
    assert not any(may(Person("p", "nobody's role"), action) for action in actions)
    assert not any(action.endswith(":write") for action in HOLDS["viewer"])
    granted = Person("p", "none", {"mine": "viewer"})
    assert may(granted, "logs:read", "mine")
    assert not may(granted, "logs:read", "other")
    assert not may(granted, "runs:write", "mine")


def test_the_token_is_its_owners_alone(tmp_path):
    home = Home(tmp_path, tmp_path)
    made = token_of(home)
    assert token_of(home) == made
    assert home.token.stat().st_mode & 0o777 == 0o600
    assert is_token(home, made)
    assert not any(is_token(home, wrong) for wrong in ("", made[:-1], made + "x", "\udcff"))


def test_the_description_names_every_operation_once_and_its_refusals(app):
    told = app.openapi()
    names = [one["operationId"] for methods in told["paths"].values() for one in methods.values()]
    assert len(names) == len(set(names))
    for path, methods in told["paths"].items():
        for method, one in methods.items():
            if path not in OPEN | SIGN_IN | SENDS_ON:
                assert {"401", "403", "404"} <= one["responses"].keys(), (method, path)


def test_the_page_of_the_api_asks_nobody_else_for_anything(api):
    page = api.ask("GET", "/docs")
    assert page.status == 200
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert not re.search(rb"https?://|<script>|style=|onclick", page.body)
    for name in ("docs.js", "docs.css"):
        found = api.ask("GET", f"/{name}")
        assert found.status == 200
        assert not re.search(rb"https?://", found.body)


def test_wrong_input_gets_a_status_and_a_sentence_and_never_its_own_words_back(api):
    answer = api.ask("PATCH", "dags/flow", {"is_paused": "top secret"})
    assert answer.status == 422
    assert b"top secret" not in answer.body
    assert api.ask("GET", "/api/v2/nothing").status == 404
    assert api.ask("DELETE", "/api/v2/version").status == 405
    assert api.ask("GET", "dags/%00").status == 422
    assert api.ask("GET", "dags/flow/dagRuns", offset=2**63).status == 422
    assert api.ask("GET", "dags/flow/dagRuns", offset=2**63 - 1).json["dag_runs"] == []
    huge = api.ask("POST", "dags/flow/dagRuns", headers={"Content-Length": str(2**40)})
    assert huge.status == 413


def test_the_description_that_is_served_is_the_one_of_the_routes(app, api):
    """A file, so that nothing has to be imported to tell it; written anew by `make docs`."""
    served = api.ask("GET", "/openapi.json")
    assert served.json == app.openapi()
    packed = api.ask("GET", "/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.body) == served.body
    assert len(packed.body) < len(served.body) / 10
