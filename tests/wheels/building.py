"""The environment of the proof: official provider wheels without Airflow, what they require, and Venturi.

Built once under .prove/ and kept; a change of what is asked for builds another.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

from venturi.bundles.requirements import COMPANIONS, OF_WHEELS

TOP = Path(__file__).parents[2]
PROVIDERS = (
    *(
        "standard",
        "common-compat",
        "common-sql",
        "http",
        "postgres",
        "docker",
        "amazon",
        "smtp",
        "ssh",
        "slack",
        "sqlite",
    ),
    "cncf-kubernetes",
)
# For modules of extras: their wheel names them, and does not bring them.
EXTRAS = ("datafusion", "pandas")

_REQUIRED = """
import importlib.metadata, json
from packaging.requirements import Requirement
found = set()
for dist in importlib.metadata.distributions():
    for line in (dist.requires or ()) if dist.name.startswith("apache-airflow-providers-") else ():
        asked = Requirement(line)
        if not asked.name.startswith("apache-airflow") and (not asked.marker or asked.marker.evaluate({"extra": ""})):
            asked.marker = None
            found.add(str(asked))
print(json.dumps(sorted(found)))
"""


def environment() -> Path:
    """Its python."""
    asked = json.dumps([PROVIDERS, COMPANIONS, OF_WHEELS, EXTRAS, sys.version])
    folder = TOP / ".prove" / f"wheels-{hashlib.sha256(asked.encode()).hexdigest()[:12]}"
    python = folder / "bin" / "python"
    if not (folder / "made").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        wheels = [f"apache-airflow-providers-{name}" for name in PROVIDERS]
        subprocess.run([*install, "--no-deps", *wheels], check=True)
        subprocess.run([*install, "packaging"], check=True)
        out = subprocess.run([python, "-c", _REQUIRED], check=True, capture_output=True, text=True).stdout
        subprocess.run([*install, *json.loads(out), *COMPANIONS, *OF_WHEELS, *EXTRAS, "-e", TOP], check=True, cwd=TOP)
        (folder / "made").touch()
    return python
