"""`venturi run FILE`: one DAG file, run to its end, here and now.

If an engine has the home, the file is handed to it. Otherwise this process is the engine, in the foreground, for this
run alone. Both ways a client follows the run, so that there is one path from the command to the exit code.
"""

from __future__ import annotations

import os
import select
import signal
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from ..bundles import single_file_bundle
from ..bundles.finding import may_hold_dags
from ..bundles.zips import dag_files_in, is_dag_file
from ..config import Config, Home, find_home, read_config
from ..core.errors import AlreadyRunning, ConnectionLost, EngineRefused, NoEngine
from . import options, printing, processes
from .client import Client
from .environments import build_for
from .following import View, view
from .printing import fail, say

TAKE_OVER_S = 30.0  # how long an engine that holds the home may take to answer
CREW_AGAIN_S = 0.2  # between two looks whether it must be started anew
CREW_END_S = 2.0
POLL_S = 0.05


@click.command()
@click.argument("file")
@click.argument("dag_id", required=False)
@click.option("--conf", metavar="JSON", help="The run's configuration, an object.")
@click.option("--date", metavar="ISO", help="The run's logical date. [default: now]")
@options.everywhere
def run(
    file: str, dag_id: str | None, conf: str | None, date: str | None, home_given: str | None, as_json: bool
) -> int:
    """Run one DAG of FILE to the end. Exit code 0: success, 1: failed, 2: it could not start."""
    path = Path(file).expanduser().absolute()
    path = _inside(path) if path.suffix == ".zip" else path
    if not is_dag_file(path):
        fail(f"There is no file {path}.", printing.COULD_NOT_START, "no_such_file")
    home = find_home(home_given)
    home.make()
    config = read_config(home)
    build_for(home, single_file_bundle(path))
    order = {"file": str(path), "dag_id": dag_id, "conf": options.read_conf(conf), "date": date}
    job = Job(home, order)
    job.catch_signals()
    give_up_at = time.monotonic() + TAKE_OVER_S
    while True:
        try:
            with Client(home) as client:
                job.do(client)
            break
        except NoEngine:
            try:
                Foreground(home, home_given, config, job).serve()
                break
            except AlreadyRunning as other:  # it starts, or ends, at this moment
                if time.monotonic() > give_up_at:
                    fail(str(other), printing.COULD_NOT_START, "engine_does_not_answer")
                time.sleep(POLL_S)
    return _finish(job, config, as_json)


def _inside(archive: Path) -> Path:
    """The one DAG file of a zip."""
    try:
        found = dag_files_in(archive, may_hold_dags)
    except OSError as error:
        fail(f"{archive} cannot be read: {error.strerror}.", printing.COULD_NOT_START, "no_such_file")
    if len(found) != 1:
        names = f" It has: {', '.join(map(str, found))}." if found else ""
        fail(f"{archive} does not have one DAG file.{names}", printing.COULD_NOT_START, "no_such_file")
    return found[0]


@dataclass
class Job:
    """One file to be run: handed over, followed, cancelled on Ctrl-C."""

    home: Home
    order: dict[str, Any]
    dag_id: str = ""
    run_id: str = ""
    refusal: EngineRefused | None = None
    interrupts: int = 0
    client: Client | None = None
    on_kill: list[Any] = field(default_factory=list)

    def do(self, client: Client) -> None:
        """Until the run is final, or refused."""
        self.client = client
        try:
            answer = client.call("run_file", **self.order)
        except EngineRefused as refusal:
            self.refusal = refusal
            return
        except ConnectionLost as lost:
            fail(f"{lost} It is not known whether the run was made.", printing.COULD_NOT_START, "engine_gone")
        self.dag_id, self.run_id = answer["dag_id"], answer["run_id"]
        if self.interrupts:
            self._cancel()
        shown = view(self.dag_id)
        try:
            self._follow(client, shown)
        finally:
            shown.close()

    def _follow(self, client: Client, shown: View) -> None:
        while True:
            try:
                for event in client.follow(self.dag_id, self.run_id):
                    shown.take(event)
                return
            except ConnectionLost:
                client = self._again()
                self.client = client

    def _again(self) -> Client:
        """The engine has crashed or restarts: the run goes on without it, and is followed again when it is back."""
        say("The engine is gone; the run goes on, and is followed again when the engine is back.")
        give_up_at = time.monotonic() + TAKE_OVER_S
        while True:
            try:
                return Client(self.home)
            except NoEngine:
                if time.monotonic() > give_up_at:
                    fail(f"It has not come back. The next engine goes on with run {self.run_id}.", code="engine_gone")
                time.sleep(POLL_S)

    # ── Ctrl-C ──

    def catch_signals(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

    def _on_signal(self, *_: object) -> None:
        self.interrupts += 1
        if self.interrupts == 1 and self.run_id:
            say("Cancelling the run. Again: end at once.")
            self._cancel()
        elif self.interrupts > 1 or self.client is None:
            for kill in self.on_kill:
                kill()
            os._exit(printing.INTERRUPTED)

    def _cancel(self) -> None:
        if self.client is not None:
            try:
                self.client.send("cancel_run", dag_id=self.dag_id, run_id=self.run_id, reason="cancelled by Ctrl-C")
            except ConnectionLost:
                pass  # `_again` follows on; a second Ctrl-C ends us


class Foreground:
    """This process as the home's engine, and a crew beside it, for one job."""

    def __init__(self, home: Home, home_given: str | None, config: Config, job: Job) -> None:
        self._home, self._home_given, self._config, self._job = home, home_given, config, job
        self._crew: int | None = None  # started by us
        self._crew_at = 0.0
        self._ready = threading.Event()
        self._problem: BaseException | None = None

    def serve(self) -> None:
        self._see_to_crew()  # first, so that it starts while the engine is imported
        from ..engine.main import serve

        follower = threading.Thread(target=self._do_job, name="job", daemon=True)
        follower.start()
        self._job.on_kill.append(self._end_crew)
        try:
            serve(self._home, self._config, [], True, self._be_ready, on_crew_lost=self._see_to_crew)
        except AlreadyRunning:
            self._job.on_kill.clear()
            raise
        self._end_crew()
        self._wait_for_crew()
        follower.join()
        if self._problem is not None:
            raise self._problem

    def _be_ready(self) -> None:
        processes.note(self._home, "engine", os.getpid(), foreground=True)
        self._ready.set()

    def _do_job(self) -> None:
        self._ready.wait()
        try:
            with Client(self._home) as client:
                try:
                    self._job.do(client)
                except BaseException as problem:
                    self._problem = problem
                client.send("stop", when_idle=True)
        except (NoEngine, ConnectionLost) as problem:
            self._problem = self._problem or problem

    def _see_to_crew(self) -> None:
        """Called whenever the crew cannot be reached: it may be starting, or gone."""
        if self._crew is not None and os.waitpid(self._crew, os.WNOHANG)[0]:
            self._crew = None
        if time.monotonic() - self._crew_at > CREW_AGAIN_S:
            self._crew_at = time.monotonic()
            pid, ours = processes.ensure_crew(self._home, self._home_given)
            if ours:
                self._crew = pid

    def _end_crew(self) -> None:
        """Ours alone: an adopted one may have attempts of other runs."""
        if self._crew is not None:
            processes.stop_crew(self._home, 0.0)

    def _wait_for_crew(self) -> None:
        """It ends in milliseconds; whoever starts the next `run` at once should not find it dying."""
        if self._crew is None:
            return
        fd = os.pidfd_open(self._crew)
        if select.select([fd], [], [], CREW_END_S)[0]:
            os.waitpid(self._crew, 0)
        os.close(fd)


def _finish(job: Job, config: Config, as_json: bool) -> int:
    if job.refusal is not None:
        _tell_refusal(job.refusal, as_json)
    from .reading import open_reader, run_result, run_text

    with open_reader(job.home, config) as reader:
        result = run_result(reader, job.home, job.dag_id, job.run_id)
        printing.show(result, as_json, run_text(reader, job.home, result))
    if job.interrupts:
        return printing.INTERRUPTED
    return printing.SUCCESS if result["state"] == "success" else printing.FAILED


def _tell_refusal(refusal: EngineRefused, as_json: bool) -> None:
    parts = refusal.parts
    error = parts.get("error") or {}
    if error.get("traceback"):
        say(str(error["traceback"]).rstrip())
    where = f" ({error['file']}, line {error['line']})" if error.get("line") else ""
    more = {"dag_ids": parts["dag_ids"]} if "dag_ids" in parts and as_json else {}
    fail(f"{refusal}{where}", printing.COULD_NOT_START, str(parts.get("code")), **more)
