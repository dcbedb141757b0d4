"""Reads a bundle's requirements as pip would, and makes of them what is asked of pip.

Owns the lines: which file and line each came from, so that a failure can name it. Lines for Airflow itself are left out
(we are it); its extras stay as the provider packages they stand for. Installs nothing.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ..core.errors import AuthoringError

# What an installed Airflow would have given a DAG file beside itself. Without versions: the bundle's own lines win.
COMPANIONS = ("Jinja2", "pendulum", "python-dateutil", "requests", "SQLAlchemy")
# What official provider wheels import and do not declare, because every Airflow brings it.
OF_WHEELS = (
    *("anyio", "asgiref", "attrs", "Deprecated", "dill", "lazy-object-proxy", "packaging", "python-slugify", "pytz"),
    *("PyYAML", "structlog", "tabulate", "tenacity"),
)
PROVIDERS = "apache-airflow-providers-"
AIRFLOW_ITSELF = frozenset({"apache-airflow", "apache-airflow-core", "apache-airflow-task-sdk"})
# Extras of Airflow that name no provider: features of its own servers, or plain libraries.
EXTRAS_OF_ITSELF = frozenset(
    {
        *("all", "all-core", "all-dbs", "async", "aiobotocore", "apache-atlas", "cgroups", "cloudpickle", "crypto"),
        *("dask", "deprecated-api", "devel", "devel-all", "devel-ci", "doc", "github-enterprise", "google-auth"),
        *("gunicorn", "kerberos", "ldap", "leveldb", "memray", "otel", "pandas", "password", "polars", "rabbitmq"),
        *("s3fs", "saml", "sentry", "statsd", "uv", "virtualenv", "webhdfs"),
    }
)
EXTRAS_RENAMED = {"aws": "amazon", "gcp": "google", "gcp-api": "google", "kubernetes": "cncf-kubernetes"}
EXTRAS_RENAMED |= {
    "azure": "microsoft-azure",
    "spark": "apache-spark",
    "hive": "apache-hive",
    "mssql": "microsoft-mssql",
}
_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?")
_INCLUDE = re.compile(r"(?:-r\s*|--requirement[ =]\s*|-c\s*|--constraint[ =]\s*)(.+)$")
_FORM = "1"  # of an environment; another one is built anew


class Line(NamedTuple):
    text: str
    file: Path
    number: int

    @property
    def package(self) -> str:
        """The name it asks for, as registries spell it; empty for an option or a path."""
        found = _NAME.match(self.text)
        if found is None or self.text.startswith("-"):
            return ""
        return spelled(found[1])


class Requirements(NamedTuple):
    lines: list[Line]
    constraints: list[Line]
    notices: list[str]

    @property
    def companions(self) -> tuple[str, ...]:
        """What is installed beside the lines, and gives way to them."""
        wheels = any(line.package.startswith(PROVIDERS) for line in self.lines)
        return (*COMPANIONS, *OF_WHEELS) if wheels else COMPANIONS

    @property
    def key(self) -> str:
        """Names the environment that these lines make: the same text, the same environment."""
        version = ".".join(map(str, sys.version_info[:2]))
        parts = [_FORM, version, *self.companions, "--", *(x.text for x in self.lines), "--"]
        parts += [x.text for x in self.constraints]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    @property
    def has_hashes(self) -> bool:
        return any("--hash" in line.text for line in self.lines)

    def line_of(self, package: str) -> Line | None:
        return next((x for x in (*self.lines, *self.constraints) if x.package == spelled(package)), None)


def spelled(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def read(file: Path) -> Requirements:
    """Raises AuthoringError where a file that is named cannot be read."""
    found = Requirements([], [], [])
    _read(file, False, found, [])
    return found


def _read(file: Path, constrains: bool, found: Requirements, above: list[Path]) -> None:
    for line in _logical_lines(file):
        include = _INCLUDE.match(line.text)
        if include is None:
            _take(line, constrains, found)
            continue
        named = include[1].strip().strip("\"'")
        if "://" in named:
            (found.constraints if constrains else found.lines).append(line)  # pip fetches it
            continue
        other = (file.parent / named).resolve()
        if not other.is_file():
            raise AuthoringError(
                problem=f"The requirements file {named} that is named here is not there",
                file=str(line.file),
                line=line.number,
                advice=f"Add {other}, or take this line out.",
            )
        if other not in above:
            _read(other, constrains or line.text.startswith(("-c", "--c")), found, [*above, file.resolve()])


def _logical_lines(file: Path) -> Iterator[Line]:
    """Without comments and empty lines; what a backslash continues is one line."""
    text, began = "", 0
    for number, raw in enumerate(file.read_text("utf-8-sig").splitlines(), 1):
        began = began or number
        part = re.sub(r"(^|\s)#.*$", "", raw)
        if part.endswith("\\"):
            text += part[:-1]
            continue
        whole = (text + part).strip()
        if whole:
            yield Line(whole, file, began)
        text, began = "", 0


def _take(line: Line, constrains: bool, found: Requirements) -> None:
    if line.package not in AIRFLOW_ITSELF:
        (found.constraints if constrains else found.lines).append(line)
        return
    if constrains:
        return
    found.notices.append(f"{line.file.name}, line {line.number}: '{line.text}' is left out, Venturi takes its place.")
    named = _NAME.match(line.text)
    for extra in (named[2] or "").split(",") if named else ():
        provider = spelled(extra.strip())
        if provider and provider not in EXTRAS_OF_ITSELF:
            provider = EXTRAS_RENAMED.get(provider, provider)
            found.lines.append(line._replace(text=f"{PROVIDERS}{provider}"))
