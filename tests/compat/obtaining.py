"""Obtains what is compared: wheels from the registry, their example DAGs, and environments with a real Airflow in them.

Everything is kept in `.prove/compat` and fetched once. Nothing of it is ever committed.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from .sandbox import TOP

PLACE = TOP / ".prove" / "compat"
VERSIONS = {"3.3": "3.3.2", "2.11": "2.11.2", "1.10": "1.10.15"}
STANDARD = "1.21.0"

# Which wheels hold the example DAGs of a generation.
WHEELS = {
    "3.3": [f"apache-airflow-core=={VERSIONS['3.3']}", f"apache-airflow-providers-standard=={STANDARD}"],
    "2.11": [f"apache-airflow=={VERSIONS['2.11']}"],
    "1.10": [f"apache-airflow=={VERSIONS['1.10']}"],
    # The last provider wheels that brought their examples along, early in 2022.
    "providers": [
        f"apache-airflow-providers-{each}"
        for each in (
            "amazon==3.0.0",
            "docker==2.5.0",
            "http==2.0.3",
            "postgres==4.0.0",
            "slack==4.2.0",
            "sqlite==2.1.0",
        )
    ],
}
# Of which each file that differs from those above is looked at as well.
OLDER = [
    *(f"apache-airflow=={each}" for each in ("2.0.2", "2.2.5", "2.4.3", "2.6.3", "2.8.4", "2.10.5")),
    *("apache-airflow-core==3.0.6", "apache-airflow-providers-standard==1.0.0"),
    *(f"apache-airflow-providers-amazon=={each}" for each in ("1.4.0", "2.6.0")),
    *("apache-airflow-providers-docker==1.2.0", "apache-airflow-providers-postgres==2.4.0"),
    *("apache-airflow-providers-http==1.1.1", "apache-airflow-providers-slack==3.0.0"),
]
# What is installed for a real one. No 1.10: it needs a Python that is no longer made.
AIRFLOWS = {
    "3.3": [*WHEELS["3.3"], "apache-airflow-task-sdk==1.3.2"],
    "2.11": [*WHEELS["2.11"], f"apache-airflow-providers-standard=={STANDARD}"],
}
# What public files import beside Airflow itself, in both Airflows and beside Venturi.
LIBRARIES = ["beautifulsoup4", "boto3", "httpx", "pandas", "psycopg2-binary", "requests", "virtualenv"]
# What provider wheels import and do not name, because every Airflow brings it.
UNNAMED = ["deprecated", "python-slugify"]
# What the examples of 1.10 import beside Airflow, in the versions of their time.
OF_1_10 = [
    "future",
    *(f"google-cloud-{name}<2" for name in ("dlp", "language", "videointelligence", "vision")),
    "protobuf<3.21",
    "grpcio-status<1.49",  # the last for that protobuf: to find it takes pip a quarter of an hour
]
PROVIDERS = ["amazon", "common-sql", "docker", "http", "postgres", "slack", "smtp", "sqlite"]


class Example(NamedTuple):
    key: str  # generation and path: the name of the file in every table
    file: Path
    roots: list[str]
    content: str  # the beginning of the SHA-1 of its bytes
    environment: dict[str, str] = {}  # noqa: RUF012 - variables that the file reads, never changed


def content_of(file: Path) -> str:
    return hashlib.sha1(file.read_bytes()).hexdigest()[:10]


def examples(generation: str) -> list[Example]:
    """The example DAG files of a generation, extracted from its wheels."""
    folder = PLACE / "files" / generation
    for requirement in WHEELS[generation]:
        _extract(_wheel(requirement), folder)
    return [
        Example(f"{generation}/{file.relative_to(folder)}", file, [], content_of(file)) for file in dag_files(folder)
    ]


def older() -> Iterator[Example]:
    """Each file once, by its content."""
    seen = {example.content for generation in WHEELS for example in examples(generation)}
    for requirement in OLDER:
        folder = PLACE / "files" / "older" / requirement.replace("==", "-")
        _extract(_wheel(requirement), folder)
        for file in dag_files(folder):
            if (content := content_of(file)) not in seen:
                seen.add(content)
                yield Example(f"older/{file.relative_to(folder.parent)}", file, [], content)


def dag_files(folder: Path) -> Iterator[Path]:
    """Those that Airflow itself would look into: both words in it, and no helper or plugin."""
    for file in sorted(folder.rglob("*.py")):
        text = file.read_bytes().lower()
        beside = {"plugins", "libs", "subdags"} & set(file.relative_to(folder).parts)
        if b"dag" in text and b"airflow" in text and not beside and file.name not in ("__init__.py", "test_utils.py"):
            yield file


def _wheel(requirement: str) -> Path:
    folder = PLACE / "wheels"
    folder.mkdir(parents=True, exist_ok=True)
    name, _, version = requirement.partition("==")
    pattern = f"{name.replace('-', '_')}-{version}-*.whl"
    if not any(folder.glob(pattern)):
        _pip(sys.executable, "download", "--no-deps", "--dest", str(folder), requirement)
    return next(folder.glob(pattern))


def _extract(wheel: Path, folder: Path) -> None:
    done = folder / f".{wheel.name}"
    if done.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder, [m for m in archive.namelist() if "/example_dags/" in m])
    done.touch()


# ── environments ─────────────────────────────────────────────────────────────────────────────────────────


def airflow(version: str) -> Path:
    """The interpreter of an environment that holds a real Airflow; made when first asked for, which takes minutes."""
    libraries = [*AIRFLOWS[version], *[f"apache-airflow-providers-{name}" for name in PROVIDERS], *LIBRARIES]
    return _environment(f"airflow-{version}", libraries)


def venturi() -> Path:
    """The interpreter of an environment that holds this checkout, the same libraries, and the official providers
    without any Airflow: what they need beside it is installed, it is not."""
    providers = [f"apache-airflow-providers-{name}" for name in (*PROVIDERS, "common-compat", "common-io")]
    python = _environment("venturi", ["-e", str(TOP), *LIBRARIES, *UNNAMED, *OF_1_10])
    done = python.parent.parent / ".providers"
    if not done.exists() or done.read_text() != "\n".join(providers):
        _pip(str(python), "install", "--no-deps", *providers)
        needed = subprocess.run([python, "-c", _NEEDED, *providers], capture_output=True, text=True, check=True)
        _pip(str(python), "install", *needed.stdout.split("\n")[:-1])
        done.write_text("\n".join(providers))
    return python


_NEEDED = """
import importlib.metadata, sys
for name in sys.argv[1:]:
    for line in importlib.metadata.requires(name) or []:
        if not line.startswith("apache-airflow") and "extra ==" not in line:
            print(line)
"""


def _environment(name: str, wanted: list[str]) -> Path:
    folder = PLACE / name
    python = folder / "bin" / "python"
    made = folder / ".made"
    if not made.exists() or made.read_text() != "\n".join(wanted):
        print(f"Making the environment {name} (once, some minutes).", flush=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        _pip(str(python), "install", *wanted)
        made.write_text("\n".join(wanted))
    return python


def _pip(python: str, *arguments: str) -> None:
    command = [python, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    said = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PIP_NO_INPUT": "1"})
    if said.returncode:
        raise SystemExit(f"pip {' '.join(arguments)} failed:\n{said.stderr[-2000:]}")
