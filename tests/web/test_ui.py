"""The interface's files: which are sent, how, and what stands there where none is built."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path
from typing import Any

import pytest

from venturi.config import Config, Home
from venturi.web import ui
from venturi.web.front import Front

GZIPPED = gzip.compress(b"plain", mtime=0)  # the same in each process that collects these tests

PAGE = "<!doctype html><title>Venturi</title>"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "ui_dist"
    made.mkdir()
    monkeypatch.setattr(ui, "FOLDER", made)
    return made


def build(folder: Path) -> None:
    (folder / "assets").mkdir()
    (folder / "index.html").write_text(PAGE)
    (folder / "theme.js").write_text("'use strict'")
    (folder / "assets" / "index-ab12.js").write_text("plain")
    (folder / "assets" / "index-ab12.js.gz").write_bytes(GZIPPED)
    (folder / "assets" / "index-ab12.js.br").write_bytes(b"brotli")
    (folder / ".sources").write_text("hash")


def ask(tmp_path: Path, path: str, accept: str = "", method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    front = Front(Home(tmp_path, tmp_path), Config())
    headers = [(b"host", b"localhost"), (b"accept-encoding", accept.encode())]
    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "headers": headers}
    scope |= {"query_string": b"", "scheme": "http", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80)}
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    asyncio.run(front(scope, receive, send))
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], told, b"".join(one["body"] for one in sent[1:])


def test_without_a_built_interface_the_first_page_says_how_to_build_it(folder: Path, tmp_path: Path) -> None:
    status, _, body = ask(tmp_path, "/")
    assert status == 200
    assert b"make ui" in body
    assert ask(tmp_path, "/dags")[0] == 404


@pytest.mark.parametrize("path", ["/", "/home", "/dags", "/dags/a%2Fb/runs/manual__12.5", "/assets", "/assets/417"])
def test_every_address_of_the_interface_begins_with_its_page(folder: Path, tmp_path: Path, path: str) -> None:
    build(folder)
    status, headers, body = ask(tmp_path, path)
    assert (status, body.decode()) == (200, PAGE)
    assert headers["cache-control"] == "no-store"


def test_the_page_runs_no_script_but_its_files(folder: Path, tmp_path: Path) -> None:
    build(folder)
    policy = ask(tmp_path, "/")[1]["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    ("accept", "coding", "body"),
    [("gzip, deflate, br", "br", b"brotli"), ("gzip", "gzip", GZIPPED), ("", None, b"plain")],
)
def test_files_are_sent_as_they_were_compressed_and_kept_for_ever(
    folder: Path, tmp_path: Path, accept: str, coding: str | None, body: bytes
) -> None:
    build(folder)
    _, headers, found = ask(tmp_path, "/assets/index-ab12.js", accept)
    assert headers.get("content-encoding") == coding
    assert "immutable" in headers["cache-control"]
    assert found == body
    assert "immutable" not in ask(tmp_path, "/theme.js")[1]["cache-control"]


def test_an_interface_that_is_built_anew_is_sent_at_once(folder: Path, tmp_path: Path) -> None:
    """As `ui/build.py` does it: the folder is another one, whatever was asked for before."""
    assert ask(tmp_path, "/dags")[0] == 404
    build(folder)
    assert ask(tmp_path, "/assets/index-ab12.js")[0] == 200
    folder.rename(tmp_path / "before")
    folder.mkdir()
    build(folder)
    (folder / "assets" / "index-ab12.js").rename(folder / "assets" / "index-cd34.js")
    assert ask(tmp_path, "/assets/index-cd34.js")[::2] == (200, b"plain")
    assert ask(tmp_path, "/assets/index-ab12.js")[0] == 404


@pytest.mark.parametrize("path", ["/assets/index-0000.js", "/../secret", "/assets/../../secret.txt", "/.sources"])
def test_nothing_else_is_sent(folder: Path, tmp_path: Path, path: str) -> None:
    build(folder)
    (tmp_path / "secret").write_text("of the home")
    (tmp_path / "secret.txt").write_text("of the home")
    status, _, body = ask(tmp_path, path)
    assert b"of the home" not in body
    assert status == 404 or body.decode() == PAGE


def test_a_head_has_no_body_and_a_change_is_refused(folder: Path, tmp_path: Path) -> None:
    build(folder)
    status, headers, body = ask(tmp_path, "/", method="HEAD")
    assert (status, body) == (200, b"")
    assert int(headers["content-length"]) == len(PAGE)
    assert ask(tmp_path, "/", method="POST")[0] == 405
