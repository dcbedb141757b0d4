"""Hostile input, as SECURITY.md lists it: each fault is tried on a real tree, or on the part that has to stand it."""

from __future__ import annotations

import http.client
import json
import re
import socket
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from venturi.bundles import zips
from venturi.config import Config, Home
from venturi.store import open_store
from venturi.store.accounts import By
from venturi.web import errors, server
from venturi.web.front import BODY_BYTES_MAX
from venturi.web.own import live

from ..cli.conftest import Place, until
from .conftest import Api

SCRIPT = "<script>alert(1)</script>"
WITHOUT_END = ("/api/venturi/v1/events", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/wait")
NEVER_PAGES = ("application/json", "text/plain", "application/x-ndjson", "text/event-stream", "text/javascript",
               "text/css", "application/problem+json")  # fmt: skip

HOSTILE = f"""
from airflow.sdk import DAG, task
from airflow.providers.standard.operators.bash import BashOperator

with DAG("hostile", schedule=None, tags=["{SCRIPT}"], description="{SCRIPT}",
         doc_md="[x](javascript:alert(1)) {SCRIPT}",
         dag_display_name="{SCRIPT}", params={{"x": "{SCRIPT}"}}, owner_links={{"me": "https://me.example/"}},
         default_args={{"owner": "{SCRIPT}"}}, is_paused_upon_creation=False):
    BashOperator(task_id="given", env={{"X": "{{{{ params.x }}}}"}}, append_env=True,
                 bash_command='echo "$X" "{{{{ params.x | length }}}}"', doc_md="{SCRIPT}")

    @task
    def printed(params=None):
        print("{SCRIPT}", params["x"])
        return "{SCRIPT}"

    printed()
"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    place = Place(tmp_path_factory.mktemp("hostile"))
    (place.dags / "hostile.py").write_text(HOSTILE)
    (place.dags / "broken.py").write_text(f"from airflow.sdk import DAG\nraise ValueError({SCRIPT!r})\n")
    said = place.up()
    assert said.status == 0, said.err
    api = Api(place, int(said.json["url"].rpartition(":")[2]))
    until(lambda: api.ask("GET", "dags/hostile").status == 200, "the DAG is there")
    yield api
    place("down")
    place.end()


@pytest.fixture(scope="module")
def described(hostile: Api) -> dict[str, Any]:
    return hostile.get("/openapi.json")


def filled(path: str, value: str, **known: str) -> str:
    return re.sub(r"\{([^}]*)\}", lambda m: quote(known.get(m[1].partition(":")[0], value), safe="%"), path)


# ── 64: what is text stays text ──


def test_no_answer_with_names_of_authors_is_a_page(hostile: Api, described: dict[str, Any]) -> None:
    """Fault 64: an answer that a browser would run as a page is one of ours, and those allow no script in them."""
    run_id = hostile.run("hostile", conf={"x": SCRIPT}, note=SCRIPT)
    known = {"dag_id": "hostile", "dag_run_id": run_id, "run_id": run_id, "task_id": "printed", "map_index": "-1"}
    known |= {"try_number": "1", "task_try_number": "1", "xcom_key": "return_value", "version_number": "1"}
    held = 0
    for path, methods in described["paths"].items():
        if "get" not in methods or path in WITHOUT_END:
            continue
        for accept in ("*/*", "text/html,application/xhtml+xml"):
            answer = hostile.ask("GET", filled(path, "1", **known), headers={"Accept": accept})
            held += SCRIPT.encode() in answer.body
            kind = answer.headers.get("content-type", "application/json").partition(";")[0]
            assert kind in NEVER_PAGES, (path, kind)
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "default-src 'none'" in answer.headers["content-security-policy"], path
    assert held > 10, "the script was there to be found"
    for path in ("/", "/login", f"/login?token={quote(SCRIPT)}", "/docs"):
        answer = hostile.ask("GET", path)
        assert SCRIPT.encode() not in answer.body
        policy = answer.headers["content-security-policy"]
        assert "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0], path
        assert "frame-ancestors 'none'" in policy, path


# ── 65: names are names ──

TRAVERSALS = (
    "..%2F..%2F..%2Fetc%2Fpasswd", "%2Fetc%2Fpasswd", "%2E%2E", "..%5C..%5Cetc", "a%00b", "%FF%FE", "%ED%A0%AF",
    "%E2%80%AE", "a%0D%0Ab", "x" * 5000, "%252e%252e%252f", "....%2F%2F", "C%3A%5C", "~root", "%F0%9F%92%A9",
)  # fmt: skip


@pytest.mark.parametrize("name", TRAVERSALS, ids=range(len(TRAVERSALS)))
def test_a_name_leads_nowhere_else(hostile: Api, described: dict[str, Any], name: str) -> None:
    """Fault 65."""
    for path, methods in described["paths"].items():
        if "{" not in path or path in WITHOUT_END:
            continue
        for method in set(methods) & {"get", "delete"}:
            made = re.sub(r"\{[^}]*\}", lambda _: name, path)
            answer = hostile.ask(method.upper(), made)
            assert 400 <= answer.status < 500 or answer.body in (b"[]", b"{}") or answer.status == 200, (made, answer)
            assert answer.status < 500, (made, answer)
            assert b"root:" not in answer.body
    for path in (f"/{name}", f"/docs/{name}", f"/api/v2/{name}", f"/static/{name}"):
        answer = hostile.ask("GET", path)
        assert answer.status < 500, (path, answer)
        assert b"root:" not in answer.body


@pytest.mark.parametrize(
    "run_id", ["../../../../escaped", "/escaped", "..", ".", "a/b", "a\\b", "x" * 250, "ü\u202e💩", "-rf", "a b%2e"]
)
def test_a_runs_name_never_leads_its_logs_out_of_their_folder(hostile: Api, run_id: str) -> None:
    """Fault 65: it is refused, or the log lies where logs lie."""
    made = hostile.ask("POST", "dags/hostile/dagRuns", {"logical_date": None, "dag_run_id": run_id})
    assert made.status in (200, 400, 422), made.body
    if made.status != 200:
        return
    hostile.over("hostile", run_id)
    path = f"dags/hostile/dagRuns/{quote(run_id, safe='')}/taskInstances/printed/logs/1"
    assert SCRIPT in json.dumps(hostile.get(path))
    logs = hostile.place.home.logs.resolve()
    left = [f for f in hostile.place.folder.rglob("1.log") if not f.resolve().is_relative_to(logs)]
    assert not left
    assert not list(hostile.place.folder.rglob("escaped"))


# ── 66: other sites ──


def test_no_other_site_is_given_leave_by_a_preflight(hostile: Api) -> None:
    """Fault 66; changes by cookies are in test_accounts."""
    asked = {"Origin": "http://evil.test", "Access-Control-Request-Method": "PATCH"}
    for path in ("/api/v2/dags/hostile", "/api/venturi/v1/events", "/api/venturi/v1/sign-in", "/"):
        answer = hostile.ask("OPTIONS", path, headers=asked)
        assert answer.status in (404, 405), path
        assert not [name for name in answer.headers if name.startswith("access-control")]
    assert hostile.ask("GET", "/api/venturi/v1/events", headers={"Host": "evil.test"}).status == 403


# ── 71: zips ──


def test_a_zip_is_listed_by_what_it_says_and_never_unpacked(tmp_path: Path) -> None:
    """Fault 71: entries that lead out, links, bombs and crowds."""
    bomb = tmp_path / "bomb.zip"
    dag = b"from airflow import DAG\n"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("flow.py", dag)
        made.writestr("../out.py", dag)
        made.writestr("/etc/out.py", dag)
        made.writestr("big.py", dag + b"#" * (zips.FILE_BYTES_MAX + 1))
        link = zipfile.ZipInfo("link.py")
        link.external_attr = 0o120777 << 16
        made.writestr(link, "/etc/passwd")
    read: list[int] = []

    def judged(data: bytes) -> bool:
        read.append(len(data))
        return b"DAG" in data

    assert zips.dag_files_in(bomb, judged) == [bomb / "flow.py"]
    assert max(read) <= zips.FILE_BYTES_MAX
    assert [f.name for f in tmp_path.rglob("*")] == ["bomb.zip"]
    crowd = tmp_path / "crowd.zip"
    with zipfile.ZipFile(crowd, "w") as made:
        for n in range(zips.FILES_MAX + 1):
            made.writestr(f"f{n}", b"")
    with pytest.raises(OSError, match="files"):
        zips.dag_files_in(crowd)


def test_nothing_is_uploaded(described: dict[str, Any]) -> None:
    """Fault 71: no operation takes a file."""
    for path, methods in described["paths"].items():
        for method, told in methods.items():
            taken = (told.get("requestBody") or {}).get("content", {})
            assert set(taken) <= {"application/json"}, (method, path, set(taken))


# ── 72: asking elsewhere ──


def test_no_operation_reaches_out_with_what_it_is_given(hostile: Api) -> None:
    """Fault 72: a connection is not tested from here, nor is there another way to have an address asked."""
    with socket.create_server(("127.0.0.1", 0)) as trap:
        body = {"connection_id": "trap", "conn_type": "http", "host": "127.0.0.1", "port": trap.getsockname()[1]}
        for path in ("connections/test", "connections/enqueue-test"):
            answer = hostile.ask("POST", path, body)
            assert answer.status in (400, 403, 404, 422), answer
        trap.setblocking(False)
        with pytest.raises(BlockingIOError):
            trap.accept()


# ── 73, 74: text that is no program ──

INJECTIONS = ("' OR '1'='1", '"; DROP TABLE run; --', "1) UNION SELECT password FROM account --", "%' ESCAPE '")


@pytest.mark.parametrize("text", INJECTIONS, ids=range(len(INJECTIONS)))
def test_filters_and_orders_are_values_and_known_names(hostile: Api, described: dict[str, Any], text: str) -> None:
    """Fault 73: every parameter of every list."""
    tried = 0
    for path, methods in described["paths"].items():
        if "get" not in methods or path in WITHOUT_END:
            continue
        for one in methods["get"].get("parameters", []):
            if one["in"] != "query":
                continue
            made = filled(path, "~", dag_id="~" if "dagRuns" in path else "hostile", dag_run_id="~")
            answer = hostile.ask("GET", made, **{one["name"]: text})
            assert answer.status < 500, (path, one["name"], answer.body)
            if one["name"] == "order_by":
                assert answer.status in (400, 404, 422), (path, answer.body)
            assert b"argon2" not in answer.body
            tried += 1
    assert tried > 100
    assert hostile.get("dags")["total_entries"] == 1


def test_what_is_given_to_a_run_is_never_a_template_nor_a_command(hostile: Api, tmp_path: Path) -> None:
    """Fault 74."""
    trap = tmp_path / "trap"
    given = f"{{{{ 7 * 7 }}}} {{{{ ''.__class__.__mro__ }}}} $(touch {trap}) `touch {trap}`; touch {trap}"
    run_id = hostile.run("hostile", conf={"x": given})
    for task in ("given", "printed"):
        log = json.dumps(hostile.get(f"dags/hostile/dagRuns/{run_id}/taskInstances/{task}/logs/1"))
        assert json.dumps(given)[1:-1] in log, log
    assert not trap.exists()


# ── 75: too much, too slow ──


def test_a_page_a_body_and_streams_have_their_limits(hostile: Api) -> None:
    """Fault 75."""
    assert hostile.ask("GET", "eventLogs", limit=10**9).status == 200
    assert len(hostile.get("eventLogs", limit=10**9)["event_logs"]) <= 100
    assert hostile.ask("GET", "dags", limit=2**70).status == 422
    link = http.client.HTTPConnection("127.0.0.1", hostile.port, timeout=60)
    link.putrequest("POST", "/api/v2/variables")
    link.putheader("Content-Length", str(BODY_BYTES_MAX + 1))
    link.putheader("Authorization", f"Bearer {hostile.token}")
    link.endheaders()
    assert link.getresponse().status == 413
    link.close()
    deep = "[" * 100_000 + "]" * 100_000
    link = http.client.HTTPConnection("127.0.0.1", hostile.port, timeout=60)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {hostile.token}"}
    link.request("POST", "/api/v2/variables", f'{{"key": "deep", "value": {deep}}}', headers)
    assert link.getresponse().status in (400, 413, 422)
    link.close()

    streams = []
    try:
        for _ in range(live.STREAMS_MAX):
            stream = http.client.HTTPConnection("127.0.0.1", hostile.port, timeout=60)
            stream.request("GET", "/api/venturi/v1/events", headers={"Authorization": f"Bearer {hostile.token}"})
            answer = stream.getresponse()
            assert answer.status == 200
            streams.append((stream, answer))
        assert hostile.ask("GET", "/api/venturi/v1/events").status == 503
        assert hostile.get("dags")["total_entries"] == 1
    finally:
        for stream, _ in streams:
            stream.close()


@pytest.fixture
def serving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    """The server in this process, with little patience."""
    for name, value in (("HEAD_S", 0.05), ("BODY_S", 0.05), ("LOOK_S", 0.01), ("CONNECTIONS_MAX", 3)):
        monkeypatch.setattr(server, name, value)
    home = Home(tmp_path, tmp_path)
    listener = socket.create_server(("127.0.0.1", 0))
    made = server.Quiet(home, Config())
    thread = threading.Thread(target=made.run, kwargs={"sockets": [listener]})
    thread.start()
    yield listener.getsockname()
    made.should_exit = True
    thread.join(60)
    listener.close()


@pytest.mark.parametrize(
    "part",
    [
        b"",
        b"GET /health HTTP/1.1\r\nHost: loc",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n",  # answered, and then nothing more
        b"POST /auth/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{",
        b"POST /auth/token HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
    ],
    ids=["nothing", "half a head", "after an answer", "half a body", "half a chunked body"],
)
def test_who_never_finishes_a_request_is_let_go(serving: tuple[str, int], part: bytes) -> None:
    """Fault 75."""
    with socket.create_connection(serving, timeout=60) as link:
        link.sendall(part)
        while link.recv(1 << 16):
            pass  # until the other side ends it


def test_no_more_connections_are_held_than_there_may_be(serving: tuple[str, int]) -> None:
    held = [socket.create_connection(serving, timeout=60) for _ in range(server.CONNECTIONS_MAX + 1)]
    try:
        assert held[-1].recv(1) == b""
    finally:
        for link in held:
            link.close()


# ── 76: lines ──


def test_a_line_that_is_sent_makes_no_line_of_a_log_or_of_the_audit(tmp_path: Path, hostile: Api, caplog: Any) -> None:
    """Fault 76."""
    forged = "a\r\n2026-01-01 admin signed in\x1b[31m"
    with open_store(hostile.place.home.database, create=False) as store:
        store.accounts.note(By(forged, forged), forged, forged)
        row = store.accounts.audit(limit=100_000)[-1]
    assert not [text for text in (row.who, row.what, row.about, row.origin) if not text.isprintable()]
    assert hostile.ask("POST", "/auth/token", {"username": forged, "password": "x"}).status == 401
    assert errors.in_one_line(forged).isprintable()
    answer = hostile.ask("PATCH", f"dags/{quote(forged, safe='')}", {"is_paused": True})
    assert answer.status == 404
    assert "\n" not in answer.headers.get("location", "")
    with open_store(hostile.place.home.database, create=False) as store:
        assert not [row for row in store.accounts.audit(limit=100_000) if not row.about.isprintable()]
