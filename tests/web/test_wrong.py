"""Wrong input of each kind: the right status, and one clear sentence that says what to do."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest

from .conftest import Api

RUNS = "/api/v2/dags/flow/dagRuns"
SPAN = {"from_date": "2026-02-01T00:00:00Z", "to_date": "2026-01-01T00:00:00Z"}
WRONG: list[tuple[str, str, Any, int, str]] = [
    ("POST", "/api/v2/variables", b"{oops", 422, "no JSON"),
    ("POST", "/api/v2/variables", b"\xff\xfe", 422, "no JSON"),
    ("POST", "/api/v2/variables", b"", 422, "required"),
    ("POST", "/api/v2/variables", b"[" * 100_000, 400, "nested too deep"),
    ("POST", "/api/v2/variables", [], 422, "no JSON object"),
    ("POST", "/api/v2/variables", {"key": 1, "value": "b"}, 422, "This must be a text."),
    ("POST", "/api/v2/variables", {"key": "a" * 251, "value": "b"}, 422, "This must have at most 250 characters."),
    ("GET", "/api/v2/dags/a%00b", None, 422, "U+0000 is no part of a text."),
    ("GET", "/api/v2/dags?paused=maybe", None, 422, "This must be true or false."),
    ("GET", f"{RUNS}?cursor=nonsense", None, 400, "none of ours"),
    ("POST", "/api/v2/connections", {"connection_id": "a b", "conn_type": "x"}, 422, "This must match ^[A-Za-z0-9_."),
    ("POST", "/api/v2/connections", {"connection_id": "a", "conn_type": "x", "port": 2**20}, 422, "65535 or less"),
    (
        "POST",
        "/api/v2/connections",
        {"connection_id": "a", "conn_type": "x", "extra": "{"},
        422,
        "must be a JSON object",
    ),
    (
        "POST",
        "/api/v2/connections/test",
        {"connection_id": "a", "conn_type": "x"},
        403,
        "venturi connections test NAME",
    ),
    ("PATCH", f"{RUNS}/x", {"state": "sideways"}, 422, "This must be 'queued', 'success' or 'failed'."),
    ("POST", "/api/venturi/v1/tokens", {"name": "a", "role": "king", "days": 1}, 422, "'operator' or 'admin'."),
    ("POST", "/api/venturi/v1/tokens", {"name": "a", "role": "user", "days": -1}, 422, "greater than 0"),
    (
        "PUT",
        "/api/venturi/v1/accounts/nobody/grants",
        {"dag": "flow", "role": "user"},
        404,
        "There is no account 'nobody'",
    ),
    ("GET", "/api/venturi/v1/audit?after=1&text=x", None, 400, "without text and before"),
    ("GET", "/api/v2/auth/login?next=http://evil.test", None, 400, "no address of Venturi"),
    ("POST", "/login", {}, 415, "takes a form"),
    ("POST", "/api/v2/variables", {"key": "a"}, 422, "required"),
    ("POST", "/api/v2/variables", {"key": "a", "value": "b", "vlaue": "c"}, 422, "no field of this name"),
    ("POST", "/api/v2/pools", {"name": "a", "slots": "many"}, 422, "integer"),
    ("POST", "/api/v2/pools", {"name": "a", "slots": -7}, 422, "greater"),
    ("DELETE", "/api/v2/pools/default_pool", None, 400, "cannot be removed"),
    ("GET", "/api/v2/dags?limit=x", None, 422, "integer"),
    ("GET", "/api/v2/dags?limit=-1", None, 422, "greater"),
    ("GET", "/api/v2/dags?order_by=nonsense", None, 400, "One can by: dag_id"),
    ("GET", f"{RUNS}?state=nonsense", None, 422, "There are: queued, running"),
    ("GET", f"{RUNS}?start_date_gte=soon", None, 422, "datetime"),
    ("GET", "/api/v2/dags/nothing", None, 404, "There is no DAG 'nothing'."),
    ("GET", f"{RUNS}/nothing", None, 404, "There is no run 'nothing'."),
    ("GET", "/api/v2/eventLogs/abc", None, 422, "integer"),
    ("POST", RUNS, {"logical_date": "soon"}, 422, "datetime"),
    ("POST", RUNS, {"logical_date": None, "conf": [1]}, 422, "no JSON object"),
    ("POST", RUNS, {"logical_date": None, "dag_run_id": ""}, 422, "This must not be empty."),
    ("POST", RUNS, {"logical_date": None, "data_interval_start": SPAN["to_date"]}, 422, "both ends"),
    ("POST", RUNS, {"logical_date": None, "note": "n" * 1001}, 422, "at most 1000"),
    ("PATCH", "/api/v2/dags/flow", {}, 422, "required"),
    ("POST", "/api/v2/backfills", {"dag_id": "flow", **SPAN}, 400, "before it begins"),
    ("GET", "/api/v2/nothing", None, 404, "/docs shows what there is"),
    ("PUT", "/api/v2/dags", None, 405, "PUT is not served at /api/v2/dags"),
    ("GET", "/assets/nothing.js", None, 404, "nothing here"),
    ("POST", "/docs", None, 405, "Only GET"),
    ("GET", "/api/venturi/v1/dags/flow/why?task=numbers", None, 400, "Of which run"),
    ("GET", "/api/venturi/v1/dags/flow/simulate?first=never", None, 422, "datetime"),
    ("POST", "/api/v1/dags/flow/dagRuns", b"{oops", 422, "no JSON"),
    ("GET", "/api/v1/dags/nothing", None, 404, "There is no DAG 'nothing'."),
    ("POST", "/auth/token", {"username": "ann"}, 422, "required"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "words"), WRONG)
def test_what_is_wrong_is_said_in_one_sentence(
    api: Api, method: str, path: str, body: Any, status: int, words: str
) -> None:
    link = http.client.HTTPConnection("127.0.0.1", api.port, timeout=60)
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {api.token}"}
    link.request(method, path, data, headers)
    answer = link.getresponse()
    told = json.loads(answer.read())["detail"]
    link.close()
    assert answer.status == status, told
    sentences = [told] if isinstance(told, str) else [one["msg"] for one in told]
    assert any(words in sentence for sentence in sentences), sentences
    assert all(sentence == sentence.strip() and "\n" not in sentence for sentence in sentences)
