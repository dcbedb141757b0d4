"""`venturi up`: ready at once, restarts what crashes, adopts what lives, ends in order."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from venturi.cli import processes
from venturi.linux import descendants, start_ticks

from .conftest import HELLO, WAITING, Gate, Place, until

ROLES = {"engine", "crew", "web"}


def health(url: str) -> dict:
    link = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    link.request("GET", "/health")
    return json.loads(link.getresponse().read())


def alive(place: Place) -> dict[str, int]:
    return {role: known["pid"] for role in ("up", *processes.ROLES) if (known := processes.noted(place.home, role))}


def test_it_is_ready_when_it_returns_and_gone_when_stopped(place: Place):
    said = place.up()
    assert said.status == 0
    assert set(place.pids()) == ROLES
    found = health(said.json["url"])
    assert found["scheduler"]["status"] == found["metadatabase"]["status"] == "healthy"
    assert found["scheduler"]["latest_scheduler_heartbeat"]
    assert place("down", "--json").json == {"stopped": True}
    assert alive(place) == {}
    assert place("status", "--json").json == {"processes": []}


def test_a_second_one_says_what_runs(place: Place):
    first = place.up().json
    second = place.up()
    assert second.status == 0
    assert second.json == {**first, "already": True}


def holders(port: int) -> list[int]:
    """The processes that `lsof -i tcp:PORT` would list, in its order."""
    with open("/proc/net/tcp") as file:
        rows = [line.split() for line in file]
    sockets = {f"socket:[{row[9]}]" for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "0A"}
    found = set()
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if os.readlink(link) in sockets:
                found.add(int(link.parts[2]))
        except OSError:
            pass
    return sorted(found)


def test_the_first_that_holds_the_port_ends_it_all(place: Place):
    """S2.25: `lsof -i tcp:8080` lists several; `kill` of the first is how its author stops it."""
    port = urlsplit(place.up().json["url"]).port
    assert port is not None
    os.kill(holders(port)[0], signal.SIGTERM)
    until(lambda: alive(place) == {} and holders(port) == [], "all of it is gone")


@pytest.mark.parametrize("role", sorted(ROLES))
def test_what_crashes_is_started_again(place: Place, role):
    url = place.up().json["url"]
    before = place.pids()
    os.kill(before[role], signal.SIGKILL)
    until(lambda: alive(place).get(role, before[role]) != before[role], f"another {role}")
    after = until(lambda: (now := place.pids()).keys() >= ROLES and now, "all three again")
    assert {r for r in ROLES if after[r] != before[r]} == {role}
    until(lambda: health(url)["scheduler"]["status"] == "healthy", "healthy again")


def test_after_a_kill_of_up_engine_and_web_end_and_the_next_up_adopts_the_crew(place: Place, gate: Gate):
    place.dags.joinpath("waiting.py").write_text(WAITING)
    place.up()
    until(lambda: place("trigger", "waiting", "--unpause", "--conf", gate.conf).status == 0, "the file is read")
    gate.has_begun()
    before = alive(place)
    os.kill(before["up"], signal.SIGKILL)
    until(lambda: set(alive(place)) == {"crew"}, "engine and web end with their lifeline")
    place.up()
    assert place.pids()["crew"] == before["crew"]
    gate.open()
    until(lambda: place("status", "waiting", "--json").json["state"] == "success", "the attempt is adopted")


def test_after_a_kill_of_up_and_engine_a_crew_without_work_ends_with_all_that_is_its(place: Place):
    place._environment["VENTURI_CREW_IDLE_S"] = "5"  # longer than an engine takes to come
    (place.dags / "hello.py").write_text(HELLO)
    place.up()
    until(lambda: "hello" in place("ls").out, "the file is read, so that there are zygotes")
    pids = alive(place)
    everything = {pid for one in pids.values() for pid in (one, *descendants(one))}
    for role in ("up", "engine"):
        os.kill(pids[role], signal.SIGKILL)
    until(lambda: not [pid for pid in everything if start_ticks(pid)], "all of them have ended")


def test_down_leaves_the_crew_at_work_if_told_to(place: Place):
    place.up()
    crew = place.pids()["crew"]
    assert place("down", "--keep-tasks").status == 0
    assert alive(place) == {"crew": crew}
    place.up()
    assert place.pids()["crew"] == crew
    assert place("down").status == 0
    assert alive(place) == {}


def test_down_ends_a_crew_that_was_left_alone(place: Place):
    place.up()
    place("down", "--keep-tasks")
    assert place("down", "--json").json == {"stopped": True}
    assert alive(place) == {}


def test_down_waits_for_attempts_when_told_to_drain(place: Place, gate: Gate):
    place.dags.joinpath("waiting.py").write_text(WAITING)
    place.up()
    until(lambda: place("trigger", "waiting", "--unpause", "--conf", gate.conf).status == 0, "the file is read")
    gate.has_begun()
    stopping = place.begin("down", "--drain")
    assert stopping.stderr is not None
    assert "Stopping" in stopping.stderr.readline()
    gate.open()
    stopping.communicate()
    assert stopping.returncode == 0
    assert place("status", "waiting", "--json").json["state"] == "success"


def test_restart_is_the_same_up_with_a_new_engine_and_the_same_crew(place: Place):
    first = place.up().json
    before = place.pids()
    again = place("restart", "--json")
    assert again.json == {"pid": first["pid"], "url": first["url"]}
    after = place.pids()
    assert after["crew"] == before["crew"]
    assert after["engine"] != before["engine"]
    assert after["web"] != before["web"]
    assert health(first["url"])["scheduler"]["status"] == "healthy"


def test_a_port_that_is_taken_is_said_at_once_and_nothing_stays(place: Place):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = place("up", "-D", "--json", "--port", port)
    assert said.status == 1
    assert port in said.json["error"]["message"]
    assert alive(place) == {}
    said = place("up", "-D", "--port", "99999")
    assert (said.status, said.err) == (1, "There is no port 99999: ports go from 1 to 65535.\n")
    assert alive(place) == {}


def test_what_cannot_come_up_says_why_from_its_log(place: Place):
    place.home.make()
    place.home.database.write_bytes(b"this is no database" * 100)
    said = place.up()
    assert said.status == 1
    assert "engine" in said.json["error"]["message"]
    assert "venturi-engine.log" in said.json["error"]["message"]
    until(lambda: set(alive(place)) <= {"crew"}, "nothing stays")


def test_in_the_foreground_it_ends_on_ctrl_c(place: Place):
    running = place.begin("up", "--port", "0", "--json")
    assert running.stdout is not None
    ready = json.loads(running.stdout.readline())
    assert health(ready["url"])["scheduler"]["status"] == "healthy"
    running.send_signal(signal.SIGINT)
    out, _ = running.communicate()
    assert (running.returncode, out) == (0, "")
    assert alive(place) == {}


def test_on_the_home_of_a_run_it_waits_and_says_for_whom(place: Place, gate: Gate):
    running = place.begin("run", gate.file, "--conf", gate.conf)
    gate.has_begun()
    waiting = place.begin("up", "-D", "--port", "0")
    assert waiting.stderr is not None
    assert f"(pid {running.pid})" in waiting.stderr.readline()
    gate.open()
    running.communicate()
    waiting.communicate()
    assert (running.returncode, waiting.returncode) == (0, 0)
    assert set(place.pids()) == ROLES


def test_a_dag_file_is_found_triggered_and_looked_at(place: Place):
    place.up()
    place.dags.joinpath("hello.py").write_text(HELLO)
    listed = until(lambda: place("ls", "--json").json["dags"], "the file is read")
    assert [(d["dag_id"], d["paused"]) for d in listed] == [("hello", True)]
    said = place("trigger", "hello", "--json")
    assert "paused" in said.err
    run_id = said.json["run_id"]
    assert place("status", "hello", run_id, "--json").json["state"] == "queued"
    assert place("unpause", "hello", "--json").json == {"dag_id": "hello", "paused": False}
    until(lambda: place("status", "hello", run_id, "--json").json["state"] == "success", "it runs when unpaused")
    assert "counting" in place("logs", "hello", run_id, "numbers").out
    assert "counting" in place("logs", "hello", run_id, "numbers", "--json").json["text"]
    assert place("logs", "hello", run_id, "square").status == 1  # mapped: says so
    for wrong, sentence in (
        (("none",), "DAG 'hello' has no task 'none'. It has: numbers, square."),
        (("numbers", "--try", "9"), "There is no try '9'. Task 'numbers' has had 1 in this run."),
    ):
        said = place("logs", "hello", run_id, *wrong)
        assert (said.status, said.err) == (1, sentence + "\n")
    said = place("trigger", "hello", "--date", "yesterday")
    assert (said.status, said.err.count("\n")) == (2, 1)
    assert said.err.startswith("'yesterday' is no date; write it like 2026-01-31")
    assert place("pause", "hello", "--json").json["paused"] is True
    assert place("trigger", "no_such_dag", "--json").json["error"]["code"] == "no_such_dag"


def test_without_an_engine_a_command_waits_for_the_next_one(place: Place):
    place.dags.joinpath("hello.py").write_text(HELLO)
    place.up()
    until(lambda: place("ls", "--json").json["dags"], "the file is read")
    place("down")
    said = place("trigger", "hello", "--unpause", "--json")
    assert said.status == 0
    assert "waits" in said.err
    run_id = said.json["run_id"]
    place.up()

    def succeeded() -> bool:
        now = place("status", "hello", run_id, "--json")
        return now.status == 0 and now.json["state"] == "success"

    until(succeeded, "the next engine takes the command up")


def test_a_folder_of_dag_files_can_be_given(place: Place):
    folder = place.folder / "project"
    folder.mkdir()
    (folder / "hello.py").write_text(HELLO)
    place.up("--dags", str(folder))
    found = until(lambda: place("ls", "--json").json["dags"], "the file is read")
    assert found[0]["file"] == str(folder / "hello.py")
