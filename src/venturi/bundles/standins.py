"""Empty packages that answer to Airflow's names, for the environments of bundles alone.

A provider package depends on `apache-airflow`; Venturi serves that import, so what pip needs is a name with a version
and nothing in it. Owns the writing of these wheels. They hold no module: `import airflow` finds nothing of theirs.
"""

from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path

from .requirements import AIRFLOW_ITSELF

# Airflow's own numbers for the release whose surface we serve; the local part keeps a registry's from being taken.
VERSIONS = {"apache-airflow": "3.3.2", "apache-airflow-core": "3.3.2", "apache-airflow-task-sdk": "1.3.2"}
LOCAL = "venturi"
assert VERSIONS.keys() == AIRFLOW_ITSELF


def constraints() -> list[str]:
    return [f"{name}=={version}+{LOCAL}" for name, version in sorted(VERSIONS.items())]


def write(folder: Path) -> None:
    """All of them into `folder`, which pip is then told to look in."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, version in VERSIONS.items():
        _write_wheel(folder, name, f"{version}+{LOCAL}")


def _write_wheel(folder: Path, name: str, version: str) -> None:
    stem = f"{name.replace('-', '_')}-{version}"
    files = {
        "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: Served by Venturi.\n",
        "WHEEL": "Wheel-Version: 1.0\nGenerator: venturi\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    info = f"{stem}.dist-info"
    record = "".join(f"{info}/{file},sha256={_digest(text)},{len(text)}\n" for file, text in files.items())
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
        for file, text in {**files, "RECORD": f"{record}{info}/RECORD,,\n"}.items():
            wheel.writestr(zipfile.ZipInfo(f"{info}/{file}", (2020, 1, 1, 0, 0, 0)), text)


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
