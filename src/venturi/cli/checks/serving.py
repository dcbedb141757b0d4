"""What serves: processes, sockets and locks of the home, the port, and who may reach it."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlsplit

from .. import processes
from . import ERROR, OK, WARNING, Found, Patient

ANSWER_S = 5.0


def processes_of(patient: Patient) -> Iterator[Found]:
    home = patient.home
    alive = {role: processes.noted(home, role) for role in ("up", *processes.ROLES)}
    if alive["up"] is None:
        crew = alive["crew"]
        if crew is not None and alive["engine"] is None:
            says = f"A crew (pid {crew['pid']}) is at work without an engine: its results wait."
            yield Found("processes", WARNING, says, "venturi up takes them; venturi down ends it.")
        else:
            yield Found("processes", OK, "Venturi does not run here")
        return
    gone = [role for role in processes.ROLES if alive[role] is None]
    deaf = [role for role in ("engine", "crew") if alive[role] is not None and not processes.answers(home, role)]
    for role in (*gone, *deaf):
        says = f"The {role} {'is not there' if role in gone else 'does not answer'}, though Venturi runs."
        yield Found(
            "processes", ERROR, says, f"It is started again; if it is not, look into {processes.log_file(home, role)}"
        )
    if not (gone or deaf):
        yield Found("processes", OK, f"up (pid {alive['up']['pid']}), {', '.join(processes.ROLES)} answer")


def leftovers(patient: Patient) -> Iterator[Found]:
    folder = patient.home.run
    names = []
    for role in ("up", *processes.ROLES):
        note, address = folder / f"{role}.json", folder / f"{role}.sock"
        if processes.noted(patient.home, role) is None:
            names += [file.name for file in (note, address) if file.exists()]
    if names and processes.noted(patient.home, "up") is None:
        says = f"{', '.join(names)} in {folder} are of processes that were killed."
        yield Found("leftovers", WARNING, says, "Nothing is lost; the next venturi up replaces them.")
    else:
        yield Found("leftovers", OK, "none")


def port(patient: Patient) -> Iterator[Found]:
    up = processes.noted(patient.home, "up")
    config = patient.config
    if up is None:
        problem = _why_not_free(config.host, config.port)
        if problem is None:
            yield Found("port", OK, f"{config.host}:{config.port} is free")
        else:
            mend = "Another one: venturi up --port N (or port in venturi.toml)."
            yield Found("port", ERROR, f"{config.host}:{config.port}: {problem}.", mend)
        return
    url = str(up.get("url") or "")
    problem = _why_silent(url)
    if problem is None:
        yield Found("port", OK, f"{url} answers")
    else:
        mend = f"venturi restart; its log: {processes.log_file(patient.home, 'web')}"
        yield Found("port", ERROR, f"{url} does not answer: {problem}.", mend)


def _why_not_free(host: str, number: int) -> str | None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, number))
        except OSError as error:
            return (error.strerror or str(error)).lower()
    return None


def _why_silent(url: str) -> str | None:
    if urlsplit(url).scheme == "https":  # by a certificate of its own, perhaps: whether it listens is enough
        try:
            socket.create_connection((urlsplit(url).hostname or "", urlsplit(url).port or 443), ANSWER_S).close()
        except OSError as error:
            return str(error.strerror or error)
        return None
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=ANSWER_S) as answer:
            answer.read()
    except urllib.error.HTTPError:
        return None
    except (OSError, ValueError) as error:
        return str(getattr(error, "reason", None) or error)
    return None


def reach(patient: Patient) -> Iterator[Found]:
    from ...web import binding

    objection = binding.objection(patient.home, patient.config)
    if objection is not None:
        yield Found("reach", ERROR, objection)
    elif binding.is_loopback(patient.config.host):
        yield Found("reach", OK, "this machine alone")
    else:
        yield Found(
            "reach", OK, f"{patient.config.host}, by {'TLS' if patient.config.tls_cert else 'a proxy in front'}"
        )


def waiting_commands(patient: Patient) -> Iterator[Found]:
    if not patient.has_database:
        return
    with patient.reader() as reader:
        n = len(reader.waiting_commands())
    if n and not processes.answers(patient.home, "engine"):
        says = f"{n} {'command waits' if n == 1 else 'commands wait'} for an engine."
        yield Found("commands", WARNING, says, "venturi up does them.")
    else:
        yield Found("commands", OK, "none waits")
