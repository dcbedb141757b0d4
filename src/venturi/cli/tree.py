"""The verbs of the process tree: `up`, `down`, `restart`, `status`, `logs`."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import click

from ..config import Home, find_home, read_config
from ..core.errors import ConnectionLost, NoEngine, VenturiError
from ..web import binding
from . import options, printing, processes
from .client import Client
from .printing import Exit, fail, say, show

RESTART_S = 30.0
ASK_S = 2.0
POLL_S = 0.02
LOG_JSON_BYTES_MAX = 1024 * 1024


@click.command()
@options.everywhere
@click.option("--port", type=int, help="Of the web process. [default: 8080]")
@click.option("--host", metavar="ADDR", help="The address to listen on. [default: 127.0.0.1, this machine alone]")
@click.option("--tls-cert", metavar="FILE", help="Speak TLS, with this certificate (PEM).")
@click.option("--tls-key", metavar="FILE", help="And this key.")
@click.option("--behind-proxy", is_flag=True, help="Something in front speaks TLS and says who asks (X-Forwarded-…).")
@click.option(
    "--dags", multiple=True, metavar="DIR", help="A folder of DAG files, beside dags/ in the home. Repeatable."
)
@click.option("-D", "--daemon", is_flag=True, help="Return once it is ready.")
@click.option("--join", is_flag=True, help="Where it runs already, stay until it ends.")
def up(
    home_given: str | None,
    as_json: bool,
    port: int | None,
    host: str | None,
    tls_cert: str | None,
    tls_key: str | None,
    behind_proxy: bool,
    dags: tuple[str, ...],
    daemon: bool,
    join: bool,
) -> int:
    """Start Venturi and hold it together until it is stopped."""
    home = find_home(home_given)
    home.make()
    folders = [os.path.abspath(os.path.expanduser(folder)) for folder in dags]
    for folder in folders:
        if not os.path.isdir(folder):
            fail(f"There is no folder {folder}.", printing.COULD_NOT_START, "no_such_folder")
    argv = [sys.executable, "-m", "venturi.cli.up", *(["--home", str(home.own)] if home_given else [])]
    argv += ["--port", str(port)] if port is not None else []
    argv += [part for folder in folders for part in ("--dags", folder)]
    files = {
        name: os.path.abspath(os.path.expanduser(file)) if file else None
        for name, file in (("tls_cert", tls_cert), ("tls_key", tls_key))
    }
    reached = {"host": host, "behind_proxy": behind_proxy or None, **files}
    _must_be_safe(home, reached)
    argv += binding.words(reached)
    argv += ["--join"] if join else []
    if daemon:
        return _up_in_background(home, argv, as_json)
    return _become([*argv, "--ready-fd", "1"] if as_json else argv)


def _must_be_safe(home: Home, reached: dict[str, Any]) -> None:
    if processes.noted(home, "up") is None:  # else it is said that it runs
        objection = binding.objection(home, read_config(home, **reached))
        if objection is not None:
            fail(objection, printing.COULD_NOT_START, "not_safe")


def _become(argv: list[str]) -> NoReturn:
    sys.stdout.flush()
    processes.hand_on()
    os.execv(argv[0], argv)


def _up_in_background(home: Home, argv: list[str], as_json: bool) -> int:
    read, write = os.pipe2(os.O_CLOEXEC)
    log = processes.log_file(home, "up")
    processes.spawn([*argv, "--ready-fd", str(write)], log, [write])
    os.close(write)
    with os.fdopen(read) as lines:
        for line in lines:
            said: dict[str, Any] = json.loads(line)
            if "say" in said:
                say(said["say"])
            elif said.get("ok"):
                already = said.get("already")
                text = already or f"Venturi runs: {said['url']}  (stop it with: venturi down)"
                show({"pid": said["pid"], "url": said["url"], "already": bool(already)}, as_json, text)
                return printing.SUCCESS
            else:
                fail(said["message"], printing.FAILED, "not_ready")
    raise Exit(f"It ended at its start. The end of {log}:\n{processes.tail(log)}", code="not_ready")


@click.command()
@options.everywhere
@click.option("--drain", is_flag=True, help="Let attempts finish, as long as it takes.")
@click.option("--keep-tasks", is_flag=True, help="Leave the crew and its attempts at work.")
@click.option(
    "--purge", "purges", is_flag=True, help="Then remove all that Venturi has made in the home, after asking."
)
@click.option("--yes", "-y", is_flag=True, help="Do not ask first.")
def down(home_given: str | None, as_json: bool, drain: bool, keep_tasks: bool, purges: bool, yes: bool) -> int:
    """Stop Venturi. Attempts that do not finish in 30 seconds are ended, and run again after the next `up`."""
    home = find_home(home_given)
    if purges:
        from .purge import ask_first, purge

        if keep_tasks:
            fail("--keep-tasks leaves something at work, and --purge takes away what it works in.", code="usage")
        ask_first(home, yes, as_json)
    drain_s = None if drain else read_config(home).drain_s
    was_running = True
    try:
        with Client(home, "up") as client:
            say("Stopping.")
            try:
                client.call("stop", drain_s=drain_s, keep_tasks=keep_tasks)
            except ConnectionLost:
                pass  # it has ended
    except NoEngine:
        was_running = _stop_without_up(home, drain_s, keep_tasks)
    said = "Venturi has stopped." if was_running else "Venturi was not running."
    if purges:
        gone = purge(home)
        show({"stopped": was_running, "removed": gone}, as_json, f"{said} Removed: {', '.join(gone) or 'nothing'}.")
        return printing.SUCCESS
    show({"stopped": was_running}, as_json, said)
    return printing.SUCCESS


def _stop_without_up(home: Home, drain_s: float | None, keep_tasks: bool) -> bool:
    """After a SIGKILL of `up` a crew may be at work; a foreground `run` is not ours to end."""
    engine = processes.noted(home, "engine")
    if engine is not None and engine.get("foreground"):
        fail(f"`venturi run` (pid {engine['pid']}) is at work in the foreground; end it there with Ctrl-C.", code="run")
    crew = processes.noted(home, "crew")
    if crew is None or keep_tasks:
        return False
    told = False
    while processes.noted(home, "crew") is not None:
        told = told or processes.stop_crew(home, processes.FOR_EVER_S if drain_s is None else drain_s)
        time.sleep(POLL_S)
    return True


@click.command()
@options.everywhere
def restart(home_given: str | None, as_json: bool) -> int:
    """Start engine and web anew, with the code now installed. Attempts go on meanwhile."""
    home = find_home(home_given)
    try:
        with Client(home, "up") as client:
            client.call("restart")
    except NoEngine:
        fail(f"Venturi is not running for {home.own}. Start it with: venturi up", code="not_running")
    give_up_at = time.monotonic() + RESTART_S
    while time.monotonic() < give_up_at:
        try:
            with Client(home, "up", ASK_S) as client:
                answer = client.call("status")
            if answer["ready"]:
                show({"pid": answer["pid"], "url": answer["url"]}, as_json, f"Venturi runs: {answer['url']}")
                return printing.SUCCESS
        except (NoEngine, ConnectionLost):
            pass  # between the two
        time.sleep(POLL_S)
    log = processes.log_file(home, "engine")
    raise Exit(f"It is not ready after {RESTART_S:g} s. The end of {log}:\n{processes.tail(log)}", code="not_ready")


@click.command()
@click.argument("dag_id", required=False)
@click.argument("run_id", required=False)
@options.everywhere
def status(dag_id: str | None, run_id: str | None, home_given: str | None, as_json: bool) -> int:
    """What runs. With DAG (and RUN, else its newest): the state of that run."""
    home = find_home(home_given)
    if dag_id is not None:
        from .reading import open_reader, run_status

        with open_reader(home, read_config(home)) as reader:
            found, text = run_status(reader, dag_id, run_id)
        if found["state"] in ("queued", "running"):
            from .why import told_why

            found["why"] = told_why(home, dag_id, found["run_id"])["sentence"]
            text = f"{text}\n{found['why']}"
        show(found, as_json, text)
        return printing.SUCCESS
    alive = [(role, known) for role in processes.ROLES if (known := processes.noted(home, role))]
    rows = [{"role": role, "pid": known["pid"]} for role, known in alive]
    text = printing.table(("ROLE", "PID"), [(r["role"], r["pid"]) for r in rows]) if rows else ""
    show({"processes": rows}, as_json, "\n".join(filter(None, [text, _in_words(home)])) if not as_json else None)
    return printing.SUCCESS


def _in_words(home: Home) -> str:
    held = processes.noted(home, "up")
    try:
        with Client(home, timeout_s=ASK_S) as client:
            engine = client.call("status")
    except (VenturiError, OSError):
        return f"No engine answers for {home.own}. Start one with: venturi up"
    where = held["url"] if held else f"in the foreground of pid {engine['pid']}"
    counts = (
        (engine["dags"], "DAG", "DAGs"),
        (engine["runs"], "unfinished run", "unfinished runs"),
        (engine["live"], "attempt at work", "attempts at work"),
    )
    return " · ".join([where, *(f"{n} {one if n == 1 else many}" for n, one, many in counts)])


@click.command()
@click.argument("dag_id")
@click.argument("run_id")
@click.argument("task_id")
@click.option("--map-index", type=int, default=-1, help="Of a mapped task. [default: none]")
@click.option("--try", "try_number", type=int, help="[default: the newest]")
@click.option("-f", "--follow", is_flag=True, help="Go on as the log grows, until the task has ended.")
@options.everywhere
def logs(
    dag_id: str,
    run_id: str,
    task_id: str,
    map_index: int,
    try_number: int | None,
    follow: bool,
    home_given: str | None,
    as_json: bool,
) -> int:
    """Print the log of a task."""
    home = find_home(home_given)
    from .reading import find_log, instance_ended, open_reader

    with open_reader(home, read_config(home)) as reader:
        file = find_log(reader, home, dag_id, run_id, task_id, map_index, try_number)
        if as_json:
            size = file.stat().st_size
            with open(file, "rb") as log:
                log.seek(max(0, size - LOG_JSON_BYTES_MAX))
                text = log.read().decode("utf-8", "replace")
            show({"file": str(file), "bytes": size, "whole": size <= LOG_JSON_BYTES_MAX, "text": text}, True)
            return printing.SUCCESS
        _print_file(file, lambda: not follow or instance_ended(reader, dag_id, run_id, task_id, map_index))
    return printing.SUCCESS


def _print_file(file: Path, is_over: Callable[[], bool]) -> None:
    out = sys.stdout.buffer
    with open(file, "rb") as log:
        while True:
            over = is_over()  # before the last read, so that nothing written meanwhile is missed
            while chunk := log.read(1 << 16):
                out.write(chunk)
            out.flush()
            if over:
                return
            time.sleep(0.1)
