"""Settings and places: one frozen object each, read once.

Merge order, later wins: built-in defaults, `venturi.toml` in the home, `VENTURI_*` environment variables,
command-line options. Importable by every package but core; the only place that reads environment variables.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from .core.errors import BadFile, BadHome

SOCKET_PATH_BYTES_MAX = 100  # Linux allows 108 with the closing NUL


@dataclass(frozen=True)
class Home:
    """The folder that holds everything of one installation, and the names of what is in it."""

    root: Path  # where dags/ and plugins/ are
    own: Path  # our files; `.venturi/` inside an Airflow home

    @property
    def database(self) -> Path:
        return self.own / "venturi.db"

    @property
    def logs(self) -> Path:
        return self.own / "logs"

    @property
    def spool(self) -> Path:
        return self.own / "spool"

    @property
    def values(self) -> Path:
        return self.own / "values"

    @property
    def sources(self) -> Path:
        return self.own / "sources"

    @property
    def sealing_key(self) -> Path:
        return self.own / "sealing.key"

    @property
    def token(self) -> Path:
        """Of the API, for its owner's eyes."""
        return self.own / "api-token"

    @property
    def environments(self) -> Path:
        return self.own / "environments"

    @property
    def run(self) -> Path:
        """Locks, pid files, sockets: nothing here survives a reboot with a meaning."""
        return self.own / "run"

    def make(self) -> None:
        try:
            for folder in (self.own, self.logs, self.spool, self.values, self.sources, self.run):
                folder.mkdir(parents=True, exist_ok=True)
            self.own.chmod(0o700)
        except OSError as error:
            reason = f"{error.strerror} ({error.filename})"
            raise BadHome(
                home=self.root, source="where our files go", reason=reason, advice="Choose another folder with --home."
            ) from None

    def socket(self, name: str) -> str:
        """The address of one of our sockets, short enough for the kernel even when the home is deep."""
        direct = str(self.run / f"{name}.sock")
        if len(os.fsencode(direct)) <= SOCKET_PATH_BYTES_MAX:
            return direct
        import hashlib  # OpenSSL is 4 MB that every process would carry

        digest = hashlib.sha256(os.fsencode(self.own.resolve())).hexdigest()[:16]
        folder = Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp") / f"venturi-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        return str(folder / f"{digest}-{name}.sock")


def _folder(text: str, source: str) -> Path:
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError:
        name = text.split("/")[0]
        raise BadHome(
            home=text, source=source, reason=f"there is no user '{name[1:]}'", advice='Give a path, as in HOME="$PWD".'
        ) from None


def find_home(given: str | None = None, environ: Mapping[str, str] = os.environ) -> Home:
    """`--home`, else $VENTURI_HOME, else $AIRFLOW_HOME (our files in its `.venturi/`), else `~/.venturi`."""
    source, chosen = ("--home", given) if given else ("$VENTURI_HOME", environ.get("VENTURI_HOME"))
    if chosen:
        root = _folder(chosen, source)
        return Home(root, root)
    airflow = environ.get("AIRFLOW_HOME")
    if airflow:
        root = _folder(airflow, "$AIRFLOW_HOME")
        return Home(root, root / ".venturi")
    root = Path.home() / ".venturi"
    return Home(root, root)


@dataclass(frozen=True)
class Config:
    database_url: str | None = None  # None: SQLite in the home
    slots: int = 2 * (os.cpu_count() or 1)
    max_active_tasks_per_dag: int = 16  # of a DAG whose file says nothing of it, as the next two
    max_active_runs_per_dag: int = 16
    catchup_by_default: bool = False
    dags_paused_at_creation: bool = True
    parse_time_limit_s: float = 30.0
    timetable_time_limit_s: float = 10.0  # of a timetable class of the author's own, for its next dates
    parse_memory_limit_mb: float | None = 4096.0
    task_memory_limit_mb: float | None = None
    refresh_interval_s: float = 300.0  # every file is imported again this often, off the hot path
    trigger_blocks_s_max: float = 30.0  # how long a trigger may keep its host's event loop before it is broken off
    start_timeout_s: float = 600.0  # between handing a task out and its beginning; 0: for ever
    callback_time_limit_s: float = 60.0  # of the child that runs callbacks and sends mail
    infrastructure_retries: int = 2
    grace_s: float = 5.0  # between SIGTERM and SIGKILL
    drain_s: float = 30.0  # how long `down` lets attempts finish
    crew_idle_s: float = 60.0  # a crew without an engine ends this long after its last attempt
    file_zygotes_max: int = 8
    log_bytes_max: int = 1024 * 1024 * 1024  # per attempt
    log_line_bytes_max: int = 64 * 1024
    keep_runs_days: float | None = None  # runs that ended longer ago are removed; None: none is
    keep_runs_min: int = 20  # of each DAG the newest stay however old they are
    value_inline_bytes_max: int = 64 * 1024  # larger values go to the value store
    dag_ignore_file_syntax: str = "regexp"  # of .airflowignore: regexp or glob
    resources_cpus: float | None = None  # that tasks may ask for; None: what the machine has
    resources_ram_mb: float | None = None
    resources_gpus: str | None = None  # how many, or their names with commas between
    port: int = 8080
    host: str = "127.0.0.1"
    tls_cert: str | None = None  # files in PEM: the certificate with those above it, and its key
    tls_key: str | None = None
    behind_proxy: bool = (
        False  # whether something in front speaks TLS and says who asks (X-Forwarded-Proto, -Host, -For)
    )
    allowed_hosts: str = ""  # host names the web process answers to beside this machine's own, with commas between
    web_idle_s: float = 900.0  # unasked for so long, the web process begins anew without the API, which is 60 MB
    health_port: int | None = None  # of this machine alone, for `/health` and nothing else
    expose_config: bool = False  # whether the API shows these settings


# Airflow's variables that mean the same here; ours win. An airflow.cfg is not asked: it holds every default of the
# Airflow that wrote it, among them one that catches up.
_AIRFLOW_SPELLINGS = {
    "slots": "AIRFLOW__CORE__PARALLELISM",
    "max_active_tasks_per_dag": "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG",
    "max_active_runs_per_dag": "AIRFLOW__CORE__MAX_ACTIVE_RUNS_PER_DAG",
    "catchup_by_default": "AIRFLOW__SCHEDULER__CATCHUP_BY_DEFAULT",
    "dags_paused_at_creation": "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION",
    "start_timeout_s": "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT",
    "dag_ignore_file_syntax": "AIRFLOW__CORE__DAG_IGNORE_FILE_SYNTAX",
}


def _converted(kind: str, text: Any, source: str) -> Any:
    if not isinstance(text, str):
        return text
    if text == "" and "None" in kind:
        return None
    if kind.startswith("bool"):
        return text.strip().lower() in ("1", "true", "yes", "on")
    try:
        if kind.startswith("int"):
            return int(text)
        if kind.startswith("float"):
            return float(text)
    except ValueError:
        raise BadFile(file=source, problem=f"'{text}' is no number", advice="Correct or remove it.") from None
    return text


def read_config(home: Home, environ: Mapping[str, str] = os.environ, **given: Any) -> Config:
    known = {f.name: str(f.type) for f in fields(Config)}
    merged: dict[str, Any] = {}
    file = home.own / "venturi.toml"
    if file.exists():
        said = _said_in(file)
        merged.update({k: v for k, v in said.items() if k in known})
        merged.update(_resources(said.get("resources"), file))
    for name, kind in known.items():
        source = _variable_of(name, environ)
        if source is not None:
            merged[name] = _converted(kind, environ[source], source)
    merged.update({k: v for k, v in given.items() if v is not None})
    return replace(Config(), **merged)


def _variable_of(name: str, environ: Mapping[str, str]) -> str | None:
    """The variable that says it, ours before Airflow's."""
    spelled = (f"VENTURI_{name.upper()}", _AIRFLOW_SPELLINGS.get(name, ""))
    return next((variable for variable in spelled if variable in environ), None)


@dataclass(frozen=True)
class Setting:
    name: str
    value: Any
    source: str  # "default", the file or the variable that says it; "unknown" for a name that means nothing


def settings_of(home: Home, environ: Mapping[str, str] = os.environ) -> list[Setting]:
    """Each with where it comes from, and what venturi.toml says beside."""
    config = read_config(home, environ)
    file = home.own / "venturi.toml"
    said = _said_in(file) if file.exists() else {}
    of_file = {*said, *(f"resources_{name}" for name in said.get("resources") or ())}
    found = []
    for field in fields(Config):
        source = _variable_of(field.name, environ) or ("venturi.toml" if field.name in of_file else "default")
        found.append(Setting(field.name, getattr(config, field.name), source))
    unknown = sorted(set(said) - {field.name for field in fields(Config)} - _OF_OTHERS)
    return [*found, *(Setting(name, said[name], "unknown") for name in unknown)]


_OF_OTHERS = {"resources", "python", "containers"}  # tables of venturi.toml that are read elsewhere


def _resources(said: Any, file: Path) -> dict[str, Any]:
    """[resources] of venturi.toml: cpus, ram_mb, gpus (a number of them, or a list of names)."""
    found: dict[str, Any] = {}
    for name, value in (said or {}).items():
        field = f"resources_{name}"
        if field == "resources_gpus":
            found[field] = ",".join(map(str, value)) if isinstance(value, list) else str(value)
        elif field in ("resources_cpus", "resources_ram_mb") and isinstance(value, (int, float)) and value >= 0:
            found[field] = float(value)
        else:
            raise BadFile(
                file=file, problem=f"[resources] {name} = {value!r} says nothing", advice="Say cpus, ram_mb or gpus."
            )
    return found


def _said_in(file: Path) -> dict[str, Any]:
    try:
        return read_toml(file)
    except (OSError, ValueError) as error:
        raise BadFile(file=file, problem=" ".join(str(error).split()), advice="It is TOML: name = value.") from None


def read_toml(file: Path) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return dict(tomllib.loads(file.read_text("utf-8")))


def environment(name: str) -> str | None:
    """One environment variable, as author code may set it; with `read_config` the only ways to the environment."""
    return os.environ.get(name)


def environment_names(prefix: str) -> list[str]:
    return [name for name in os.environ if name.startswith(prefix)]
