"""`venturi check` on the author's side: imports each file once, in a fork of its own, and tells what came of it.

Owns the import with nothing kept and nothing started, the noticing of side effects, and stand-ins for variables and
connections that are not there. Started by `venturi check` in the bundle's interpreter (`-m venturi.runtime.checking`),
with a socket over which it answers and asks, one line of JSON each.
"""

from __future__ import annotations

import ast
import contextlib
import json
import os
import signal
import socket
import sys
from datetime import datetime, timezone
from typing import Any

from ..sdk.port import WithoutTask
from ..wire.frames import Head
from .environment import THREAD_VARIABLES, show_the_users_own
from .inspecting import Finding, airflow_names, credentials, makes_dags, without_credentials
from .loader import ImportTooLong, Limit, describe_error, read
from .side_effects import SideEffects
from .sources import Sources

LONG_PAST_DAYS = 7  # a start further back than this makes catching up a surprise
AGAIN = 3  # the exit status of a fork whose file is to be read once more, with stand-ins


class Line:
    """One line of JSON each way; the far side answers one ask at a time."""

    def __init__(self, fd: int) -> None:
        self._file = socket.socket(fileno=fd).makefile("rwb")

    def send(self, message: Head) -> None:
        self._file.write(json.dumps(message).encode() + b"\n")
        self._file.flush()

    def receive(self) -> Head | None:
        line = self._file.readline()
        return json.loads(line) if line else None


class AskingPort(WithoutTask):
    """sdk.port.Port while a file is checked: variables and connections are asked of `venturi check`."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def _ask(self, what: str, name: str) -> Any:
        self._line.send({"ask": what, "name": name})
        return (self._line.receive() or {}).get("value")

    def variable(self, key: str) -> str | None:
        found = self._ask("variable", key)
        return None if found is None else str(found)

    def connection(self, conn_id: str) -> dict[str, Any] | None:
        found = self._ask("connection", conn_id)
        return None if found is None else dict(found)


class Missing:
    """Which variables and connections the file asked for in vain, and on which line."""

    def __init__(self, stand_in: bool) -> None:
        self.found: dict[tuple[str, str], int] = {}
        self._stand_in = stand_in

    def watch(self) -> None:
        from ..sdk.connections import BaseHook, Connection
        from ..sdk.variables import Variable

        real_variable = Variable.get

        def variable(key: str, *args: Any, **named: Any) -> Any:
            try:
                return real_variable(key, *args, **named)
            except KeyError:
                self._note("variable", key)
                if not self._stand_in:
                    raise
                return _Anything(f"<{key}>")

        real_connection = BaseHook.get_connection

        def connection(conn_id: str, *_: Any, **__: Any) -> Any:
            from ..sdk.exceptions import AirflowNotFoundException

            try:
                return real_connection(conn_id)
            except AirflowNotFoundException:
                self._note("connection", conn_id)
                if not self._stand_in:
                    raise
                return Connection(conn_id, "generic", host="missing.invalid", login="", password="", extra="{}")

        Variable.get = staticmethod(variable)  # type: ignore[method-assign]
        BaseHook.get_connection = Connection.get = staticmethod(connection)  # type: ignore[method-assign]

    def _note(self, kind: str, name: str) -> None:
        from ..sdk.building import author_position

        self.found.setdefault((kind, name), author_position(3).line)

    def findings(self) -> list[Finding]:
        return [
            Finding(line, f"There is no {kind} '{name}' here. Set it with: venturi {kind}s set {name}")
            for (kind, name), line in self.found.items()
        ]


class _Anything(str):
    """Stands in for a variable: text that is also a number, and under any name there is more of the like."""

    def __int__(self) -> int:
        return 1

    def __float__(self) -> float:
        return 1.0

    def __getitem__(self, key: Any) -> str:
        return _Anything(f"<{key}>") if isinstance(key, str) else str.__getitem__(self, key)

    def get(self, key: str, default: Any = None) -> Any:
        return self[key] if default is None else default


def check_file(order: Head, line: Line, stand_in: bool) -> Head:
    """What is to be said of one file. Author code runs in here."""
    from ..sdk.port import installed

    file = order["file"]
    sources = Sources(order["root"], order["roots"], "", {})
    sources.install()
    missing, effects = Missing(stand_in), SideEffects(sources.owns)
    missing.watch()
    limit = Limit(order["time_limit_s"])
    error: Head | None = None
    specs, dags = b"[]", dict[str, Any]()
    with installed(AskingPort(line)):
        try:
            limit.run()
            effects.begin()
            _, dags, specs = read(file, sources)
        except BaseException as problem:
            effects.end()
            limit.end()
            error = describe_error(problem, file, sources)
            if isinstance(problem, ImportTooLong):
                error["message"] += " Move what takes long into a task."
        effects.end()
        limit.end()
    findings = [*missing.findings(), *effects.findings()]
    errors: list[Finding] = []
    if error is not None:
        place = "" if error["file"] == file else f"{os.path.relpath(error['file'], order['root'])}: "
        kind = "" if error["type"] in _PLAIN else f"{error['type']}: "
        found = Finding(error["line"] or 0, f"{place}{kind}{error['message']}")
        if missing.found and stand_in:
            findings.append(
                found._replace(message=f"With stand-ins the file cannot be read to its end. {found.message}")
            )
        else:
            errors.append(found)
    plain = json.loads(specs)
    _look_at_text(file, sources, bool(dags), error is not None, errors, findings)
    for spec in plain:
        findings += [Finding(spec.get("line") or 0, text) for text in spec.get("warnings", ())]
        findings += _dangerous_defaults(dags[spec["dag_id"]], spec)
        findings += _sla(dags[spec["dag_id"]], spec)
    if error is None:
        findings += _fork_guard()
    return {
        "errors": sorted(set(errors)),
        "warnings": sorted(set(findings)),
        "dags": {spec["dag_id"]: _edges(spec) for spec in plain},
        "missing": bool(missing.found),
        "specs": plain if order["wants_specs"] else [],
    }


_PLAIN = {"UnknownAirflowName", "BadAuthoring", "TimeLimitExceeded", "SystemExit"}


def _look_at_text(
    file: str, sources: Sources, has_dags: bool, failed: bool, errors: list[Finding], findings: list[Finding]
) -> None:
    from ..airflow.importer import difference, waits_for_wheel, why_not_served

    try:
        tree = ast.parse(sources.read(file))
    except (SyntaxError, ValueError, OSError):
        return  # the import has said so
    findings += credentials(tree)
    errors[:] = [Finding(line, without_credentials(message, tree)) for line, message in errors]
    told = {line for line, _ in errors}
    told_of: set[str] = set()
    for name in airflow_names(tree):
        differs = difference(name.path)
        if differs is not None and name.path not in told_of:
            told_of.add(name.path)
            findings.append(Finding(name.line, differs))
        why = why_not_served(name.path, file) or waits_for_wheel(name.path)
        if why is None or name.line in told:
            continue
        told.add(name.line)
        if failed and not name.is_optional:
            errors.append(Finding(name.line, why))
        else:
            findings.append(Finding(name.line, f"{why} What needs it will fail."))
    if not has_dags and not failed:
        at = makes_dags(tree)
        if at is not None:
            findings.append(Finding(at, "No DAG is found: it must be a global of the file, or opened with `with`."))


def _dangerous_defaults(dag: Any, spec: Head) -> list[Finding]:
    """What Airflow of the file's generation does unasked, and Venturi does not."""
    from ..sdk import era

    if not era.catches_up(dag.era) or dag.says_catchup or dag.catchup or spec.get("schedule") in (None, "@once"):
        return []
    start = spec.get("start_date")
    if start is None or (datetime.now(timezone.utc) - datetime.fromisoformat(start)).days < LONG_PAST_DAYS:
        return []
    message = (
        f"DAG '{dag.dag_id}' does not say `catchup`. Airflow {dag.era.value} would run every date since {start[:10]}; "
        "Venturi starts with the next one. Write catchup=False, or catchup=True if they are meant."
    )
    return [Finding(spec.get("line") or 0, message)]


def _sla(dag: Any, spec: Head) -> list[Finding]:
    """Of a file of Airflow 3, which has removed them; once for a DAG, however many tasks say it."""
    from ..sdk import era

    tasks = [task for task in dag.task_dict.values() if getattr(task, "sla", None) is not None]
    if era.keeps_slas(dag.fileloc) or (not tasks and getattr(dag, "sla_miss_callback", None) is None):
        return []
    names = ", ".join(task.task_id for task in tasks[:3]) + (" …" if len(tasks) > 3 else "")
    lines = {task["task_id"]: task.get("line") for task in spec.get("tasks", ())}
    line = next((lines[task.task_id] for task in tasks if lines.get(task.task_id)), spec.get("line") or 0)
    who = f"sla of {names}" if tasks else "sla_miss_callback"
    message = f"DAG '{dag.dag_id}': nothing acts on {who}, as Airflow 3 has removed SLAs."
    return [Finding(line, f"{message} Write deadline=DeadlineAlert(…) in the DAG.")]


def _edges(spec: Head) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {task["task_id"]: [] for task in spec.get("tasks", ())}
    for task in spec.get("tasks", ()):
        for up in task.get("upstream", ()):
            found[up].append(task["task_id"])
    return {task_id: sorted(down) for task_id, down in sorted(found.items())}


def _fork_guard() -> list[Finding]:
    from . import guard

    why = guard.why_unsafe({})
    return [] if why is None else [Finding(0, f"{why} Each task then starts a fresh interpreter: correct, but slower.")]


# ── processes ────────────────────────────────────────────────────────────────────────────────────────────


def serve(line: Line) -> None:
    # As in a zygote, or the guard would name thread pools that are not there when the file runs.
    show_the_users_own({name: os.environ.get(name) for name in THREAD_VARIABLES})
    while True:
        order = line.receive()
        if order is None:
            return
        status = _in_a_fork(order, line, False)
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) == AGAIN:
            status = _in_a_fork(order, line, True)
        if status != 0:
            line.send({"died": _how(status)})


def _in_a_fork(order: Head, line: Line, stand_in: bool) -> int:
    pid = os.fork()
    if pid == 0:
        status = 1
        with contextlib.suppress(BaseException):
            found = check_file(order, line, stand_in)
            if found.pop("missing") and found["errors"] and not stand_in:
                status = AGAIN
            else:
                line.send({"result": found})
                status = 0
        os._exit(status)
    return os.waitpid(pid, 0)[1]


def _how(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"Importing the file ended its process: signal {signal.Signals(os.WTERMSIG(status)).name}."
    return f"Importing the file ended its process with exit code {os.WEXITSTATUS(status)}."


def main(fd: int) -> None:
    from ..airflow import importer
    from ..sdk import connections, describe, instances, macros, variables  # noqa: F401

    if not getattr(sys.flags, "safe_path", False) and sys.path and sys.path[0] in ("", os.getcwd()):
        del sys.path[0]  # as in a zygote: the working directory's modules are not the file's
    line = Line(fd)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    importer.install()
    serve(line)


if __name__ == "__main__":
    main(int(sys.argv[1]))
