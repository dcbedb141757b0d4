"""Pid files and the starting of processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from venturi.cli import processes
from venturi.config import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path, tmp_path)
    made.make()
    return made


def test_a_living_process_is_known_by_its_note(home):
    processes.note(home, "engine", os.getpid(), foreground=True)
    known = processes.noted(home, "engine")
    assert known is not None
    assert (known["pid"], known["foreground"]) == (os.getpid(), True)
    processes.forget(home, "engine")
    assert processes.noted(home, "engine") is None


def test_an_ended_process_is_not_known_even_before_it_is_reaped(home):
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    processes.note(home, "crew", child.pid)
    assert processes.noted(home, "crew") is not None
    assert child.stdin is not None
    child.stdin.close()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert processes.noted(home, "crew") is None
    child.wait()


def test_another_process_of_the_same_pid_is_not_taken_for_the_noted_one(home):
    file = home.run / "web.json"
    processes.note(home, "web", os.getpid())
    known = json.loads(file.read_text())
    file.write_text(json.dumps({**known, "ticks": known["ticks"] - 1}))
    assert processes.noted(home, "web") is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": "x"}', "null"])
def test_a_broken_note_is_nobody(home, content):
    (home.run / "engine.json").write_text(content)
    assert processes.noted(home, "engine") is None


def test_a_spawned_process_has_its_own_session_its_log_and_the_descriptors_it_was_lent(home):
    read, write = os.pipe()
    log = processes.log_file(home, "probe")
    code = f"import os; print(os.getsid(0) == os.getpid()); os.write({write}, b'here')"
    pid = processes.spawn([sys.executable, "-c", code], log, [write])
    os.close(write)
    assert os.read(read, 10) == b"here"
    assert os.read(read, 10) == b""  # nobody else holds it
    os.close(read)
    os.waitpid(pid, 0)
    assert log.read_text() == "True\n"
    assert not os.access(log, os.R_OK, follow_symlinks=False) or log.stat().st_mode & 0o077 == 0


def test_a_large_log_begins_anew_beside_its_predecessor(home, monkeypatch):
    monkeypatch.setattr(processes, "LOG_BYTES_MAX", 10)
    log = processes.log_file(home, "probe")
    log.write_text("much too long for ten\n")
    os.waitpid(processes.spawn([sys.executable, "-c", "print('new')"], log), 0)
    assert log.read_text() == "new\n"
    assert log.with_suffix(".1.log").read_text() == "much too long for ten\n"


def test_the_tail_of_a_log_is_its_last_lines_that_say_something(home):
    log = processes.log_file(home, "probe")
    log.write_text("\n".join([*map(str, range(1000)), "", ""]))
    assert processes.tail(log, 2) == "998\n999"
    assert processes.tail(home.logs / "none") == ""
