"""`airflow webserver`, `scheduler` and their like: each ensures the one tree and stays with it; the database and jobs.

Whoever starts the tree is the tree: ending that command stops it. The others say that they join, and end when it does.
"""

from __future__ import annotations

import socket
import time
from argparse import Namespace
from pathlib import Path

from ...config import environment
from ...core.errors import VenturiError
from .. import processes
from ..printing import COULD_NOT_START, FAILED, SUCCESS, fail, say
from . import At, finding

_RETRY_S = 1.0
_ROLES = {"SchedulerJob": "engine", "TriggererJob": "crew", "DagProcessorJob": "engine", "LocalTaskJob": "crew"}


def webserver(at: At, given: Namespace) -> int:
    said = (
        ("--port", given.port),
        ("--host", given.hostname),
        ("--tls-cert", given.ssl_cert),
        ("--tls-key", given.ssl_key),
    )
    options = [word for name, value in said if value for word in (name, value)]
    return _serve(at, given, [*options, *(["--behind-proxy"] if given.proxy_headers else [])])


def scheduler(at: At, given: Namespace) -> int:
    return _serve(at, given, [])


def standalone(at: At, _: Namespace) -> int:
    return _serve(at, Namespace(daemon=False, pid=None), [])


def _serve(at: At, given: Namespace, options: list[str]) -> int:
    folder = environment("AIRFLOW__CORE__DAGS_FOLDER")
    options += ["--dags", folder] if folder else []
    if not given.daemon:
        return at.run("up", "--join", *options)
    told = at.verb("up", "-D", *options).data
    if told["already"]:
        say(f"Venturi runs already, with all that `airflow {at.words}` is for: {told['url']}")
        return SUCCESS
    file = Path(given.pid or at.home.root / f"airflow-{at.words}.pid")
    try:
        file.write_text(f"{told['pid']}\n")
    except OSError as error:
        say(f"{file} cannot be written: {error.strerror}.")
    say(f"Venturi runs: {told['url']}  (stop it with: venturi down, or: kill {told['pid']})")
    return SUCCESS


def check_jobs(at: At, given: Namespace) -> int:
    """The probe of Airflow's images."""
    kinds = [given.job_type] if given.job_type else list(_ROLES)
    unknown = [kind for kind in kinds if kind not in _ROLES]
    if unknown:
        fail(f"There are no jobs of kind {unknown[0]}; there are: {', '.join(_ROLES)}.", COULD_NOT_START, "usage")
    here = given.hostname in (None, socket.gethostname(), socket.getfqdn(), "localhost")
    alive = here and any(
        processes.noted(at.home, role) is not None and processes.answers(at.home, role)
        for role in {_ROLES[kind] for kind in kinds}
    )
    print("Found one alive job." if alive else "No alive jobs found.")
    return SUCCESS if alive else FAILED


# ── the database ─────────────────────────────────────────────────────────────────────────────────────────


def database(at: At, given: Namespace) -> int:
    """`db init`, `db migrate`, `db upgrade`: what the first or next start would do, done now."""
    chosen = [f"--{name.replace('_', '-')}" for name, value in vars(given).items() if value and name in _OF_MIGRATIONS]
    if chosen:
        meaning = "a database is taken to the form of this Venturi, or left as it is"
        fail(f"{chosen[0]} has no meaning here: {meaning}.", COULD_NOT_START, "usage")
    return at.run("db", "migrate")


_OF_MIGRATIONS = ("to_revision", "to_version", "show_sql_only", "from_revision", "from_version")


def _place(at: At) -> str:
    from ...store.airflow_database import in_words

    return in_words(str(at.config.database_url or at.home.database))


def check_database(at: At, given: Namespace) -> int:
    again = int(getattr(given, "retry", None) or 0)
    pause_s = float(getattr(given, "retry_delay", None) or _RETRY_S)
    while True:
        try:
            with at.reader() as reader:
                reader.last_event()
            print(f"Connection successful: {_place(at)}")
            return SUCCESS
        except VenturiError:
            if again <= 0:
                raise
        again -= 1
        time.sleep(pause_s)


def reset(at: At, given: Namespace) -> int:
    """All that Venturi has made goes, logs and accounts too; a fresh database is made."""
    status = at.run("down", "--purge", *(["--yes"] if given.yes else []))
    return status if given.skip_init else max(status, at.run("db", "migrate"))


def shell(at: At, _: Namespace) -> int:
    return at.run("db", "shell")


def clean(at: At, given: Namespace) -> int:
    if given.clean_before_timestamp is None:
        fail("Say what is old: --clean-before-timestamp DATE.", COULD_NOT_START, "usage")
    before = finding.iso(given.clean_before_timestamp)
    if not given.dry_run:
        finding.sure(f"Runs that ended before {before} are removed for good.", given.yes)
    dags = [word for name in (given.dag_ids or "").split(",") if name.strip() for word in ("--dag", name.strip())]
    return at.run("clean", "--before", before, *dags, *(["--dry-run"] if given.dry_run else []))


def rotate_key(at: At, _: Namespace) -> int:
    return at.run("connections", "rotate-key")
