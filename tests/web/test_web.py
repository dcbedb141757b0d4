"""The web process: what it answers, to whom, and how it ends."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..cli.conftest import until

PATIENCE_S = 20


class Web:
    """A real web process on a socket of ours, as `up` starts it."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        read, self.lifeline = os.pipe()
        fds = (self.listener.fileno(), read)
        argv = ["-m", "venturi.web", "--home", str(home), "--fd", str(fds[0]), "--lifeline", str(read)]
        self.process = subprocess.Popen([sys.executable, *argv], pass_fds=fds, env={**os.environ, **environment})
        os.close(read)

    def get(self, path: str, host: str | None = None, method: str = "GET") -> tuple[int, bytes]:
        link = http.client.HTTPConnection(*self.listener.getsockname(), timeout=PATIENCE_S)
        link.request(method, path, headers={"Host": host} if host else {})
        answer = link.getresponse()
        return answer.status, answer.read()

    def cut_lifeline(self) -> None:
        if self.lifeline >= 0:
            os.close(self.lifeline)
            self.lifeline = -1

    def end(self) -> int:
        self.cut_lifeline()
        try:
            return self.process.wait(PATIENCE_S)
        finally:
            self.process.kill()
            self.listener.close()


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    made = Web(tmp_path, VENTURI_ALLOWED_HOSTS="flow.example, other.example")
    yield made
    made.end()


def test_health_has_airflows_shape_and_says_that_no_engine_answers(web):
    status, body = web.get("/health")
    found = json.loads(body)
    assert status == 200
    assert found["metadatabase"] == {"status": "unhealthy"}
    assert found["scheduler"] == {"status": "unhealthy", "latest_scheduler_heartbeat": None}
    assert found["triggerer"]["status"] is None
    assert set(found) == {"metadatabase", "scheduler", "triggerer", "dag_processor"}


def test_the_first_page_says_what_runs(web):
    status, body = web.get("/")
    assert status == 200
    assert b"Venturi" in body


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1:8080", "[::1]:80", "[::1]", "flow.example", "Other.Example:443"]
)
def test_known_hosts_are_answered(web, host):
    assert web.get("/health", host)[0] == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8080", "evil:localhost"]
)
def test_other_hosts_are_not(web, host):
    status, body = web.get("/", host)
    assert status == 403
    assert b"<h1>" not in body


def test_nothing_but_reading_is_served(web):
    assert web.get("/", method="POST")[0] == 405
    assert web.get("/nothing.txt")[0] == 404


def test_it_ends_with_its_lifeline(web):
    assert web.get("/health")[0] == 200
    assert web.end() == 0


def test_it_ends_with_its_lifeline_even_while_a_request_is_under_way(web):
    assert web.get("/health")[0] == 200
    with socket.create_connection(web.listener.getsockname()) as link:
        link.sendall(b"GET /health HTTP/1.1\r\nHost: loc")  # and never the rest
        assert web.end() == 0


def test_a_request_made_before_it_is_there_waits_in_the_backlog(tmp_path):
    web = Web(tmp_path)
    assert web.get("/health")[0] == 200  # at once after the start, without a second try
    web.end()


def holds_the_api(web: Web) -> bool:
    return "pydantic_core" in Path(f"/proc/{web.process.pid}/maps").read_text()


def test_a_process_that_nobody_asks_begins_anew_without_the_api(tmp_path):
    """The same process, on the same socket and with the same end: nothing else notices."""
    web = Web(tmp_path, VENTURI_WEB_IDLE_S="0.2")
    try:
        assert web.get("/health")[0] == 200
        assert not holds_the_api(web)
        for _ in range(2):
            assert web.get("/api/v2/version")[0] == 200
            until(lambda: not holds_the_api(web), "what nobody needs is let go")
            assert web.process.poll() is None
            assert web.get("/health")[0] == 200
        assert web.get("/api/v1/version")[0] == 401  # of 2.x, whose routes are imported by themselves
    finally:
        assert web.end() == 0


def test_a_stream_that_is_followed_keeps_it(tmp_path):
    web = Web(tmp_path, VENTURI_WEB_IDLE_S="0.2")
    try:
        link = http.client.HTTPConnection(*web.listener.getsockname(), timeout=PATIENCE_S)
        link.request("GET", "/api/v2/version")
        link.getresponse().read()
        held = socket.create_connection(web.listener.getsockname())  # as a stream does: a connection that is open
        link.close()
        until(lambda: web.get("/health")[0] == 200, "it answers")
        assert holds_the_api(web)
        held.close()
        until(lambda: not holds_the_api(web), "what nobody needs is let go")
    finally:
        web.end()


def test_whoever_opens_a_page_has_the_api_made_ready(web):
    link = http.client.HTTPConnection(*web.listener.getsockname(), timeout=PATIENCE_S)
    link.request("GET", "/", headers={"Accept": "text/html,application/xhtml+xml"})
    assert link.getresponse().read()
    until(lambda: holds_the_api(web), "it is imported before it is asked")
    link.close()
