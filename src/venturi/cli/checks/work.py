"""What tasks need: DAG files that can be read, environments, a Docker engine where one is used, a mail server."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from ...config import environment
from . import ERROR, OK, WARNING, Found, Patient

ANSWER_S = 5.0
DOCKER_URL = "unix:///var/run/docker.sock"


def import_errors(patient: Patient) -> Iterator[Found]:
    if not patient.has_database:
        return
    with patient.reader() as reader:
        errors, n = reader.import_errors(), sum(dag.active for dag in reader.dags())
    for one in errors:
        line = f", line {one.error['line']}" if one.error.get("line") else ""
        says = f"{one.file}{line}: {one.error.get('message')}"
        yield Found("DAG files", ERROR, " ".join(says.split()), f"Correct it; look with: venturi check {one.file}")
    if not errors:
        yield Found("DAG files", OK, f"{n} {'DAG' if n == 1 else 'DAGs'}, all of them read")


def environments(patient: Patient) -> Iterator[Found]:
    from ...bundles.environments import Environments
    from ...crew.spawning import why_unfit
    from ..environments import unready

    well = True
    for line in unready(patient.home):
        well, state = False, WARNING if "is being built" in line else ERROR
        mend = "" if state == WARNING else "Correct requirements.txt; then: venturi environments build FOLDER"
        yield Found("environments", state, " ".join(line.split()), mend)
    for one, known in Environments(patient.home.environments).all():
        why = why_unfit(one.python) if known["state"] == "ready" else ""
        if why:
            well, root = False, known.get("root", "FOLDER")
            mend = f"venturi environments rm {one.key}; then: venturi environments build {root}"
            yield Found("environments", ERROR, f"The environment of {root} cannot be used. {why}", mend)
    if well:
        yield Found("environments", OK, "none is missing")


# ── Docker ───────────────────────────────────────────────────────────────────────────────────────────────


def docker(patient: Patient) -> Iterator[Found]:
    users = _users_of_docker(patient)
    url = environment("DOCKER_HOST") or DOCKER_URL
    problem = _why_no_engine(url)
    if problem is None:
        yield Found("Docker", OK, f"an engine answers at {url}")
    elif users:
        says = f"No Docker engine answers at {url} ({problem}), and {', '.join(users[:3])} start containers."
        mend = "Start one, set DOCKER_HOST, or declare a substitute in the bundle's venturi.toml."
        yield Found("Docker", ERROR, says, mend)
    else:
        yield Found("Docker", OK, f"no engine at {url}, and no DAG here needs one")


def _users_of_docker(patient: Patient) -> list[str]:
    if not patient.has_database:
        return []
    found = []
    with patient.reader() as reader:
        for dag in reader.dags():
            if dag.active and dag.version is not None:
                tasks = reader.version(dag.version).spec.get("tasks", ())
                if any("docker" in str(task.get("operator", "")).lower() for task in tasks):
                    found.append(f"'{dag.dag_id}'")
    return found


class _OverSocket(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=ANSWER_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(ANSWER_S)
        self.sock.connect(self._path)


def _why_no_engine(url: str) -> str | None:
    parts = urlsplit(url)
    if parts.scheme == "ssh":
        return None  # by a login of its own, which is not tried here
    link: http.client.HTTPConnection
    try:
        if parts.scheme == "unix":
            link = _OverSocket(parts.path)
        else:
            link = http.client.HTTPConnection(parts.hostname or "", parts.port or 2375, timeout=ANSWER_S)
        link.request("GET", "/_ping")
        status = link.getresponse().status
        link.close()
    except (OSError, ValueError, http.client.HTTPException) as error:
        return getattr(error, "strerror", None) or str(error) or type(error).__name__
    return None if status < 500 else f"it answers {status}"


# ── mail ─────────────────────────────────────────────────────────────────────────────────────────────────


def mail(patient: Patient) -> Iterator[Found]:
    """Whether the server that is named speaks; nobody is logged in and nothing is sent."""
    server = _mail_server(patient)
    if server is None:
        yield Found("mail", OK, "no server is named: mails are put into outbox/ of the home")
        return
    host, number = server
    try:
        with socket.create_connection((host, number), ANSWER_S) as link:
            said = b"220" if number == 465 else link.recv(512)  # TLS from the start says nothing first
    except OSError as error:
        problem: str | None = str(error.strerror or error)
    else:
        problem = None if said.startswith(b"220") else "what answers is no mail server"
    if problem is None:
        yield Found("mail", OK, f"{host}:{number} speaks")
    else:
        mend = "It is named by the connection smtp_default, or by AIRFLOW__SMTP__SMTP_HOST and _PORT."
        yield Found("mail", ERROR, f"The mail server {host}:{number} does not answer: {problem}.", mend)


def _mail_server(patient: Patient) -> tuple[str, int] | None:
    from ...sdk.connections import Connection
    from ...sdk.settings import conf
    from ..answering import HomeAnswers

    written = environment("AIRFLOW_CONN_SMTP_DEFAULT")
    fields: dict[str, Any] | None
    if written:
        fields = Connection.read(written, "smtp_default").fields()
    else:
        with HomeAnswers(patient.home, patient.config) as answers:
            fields = answers.answer("connection", "smtp_default")
    if fields and fields.get("host"):
        return str(fields["host"]), int(fields.get("port") or 465)
    host = conf.get("smtp", "smtp_host", fallback=None)
    return (str(host), conf.getint("smtp", "smtp_port", fallback=25)) if host else None
