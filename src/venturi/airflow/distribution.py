"""`importlib.metadata.version("apache-airflow")`: the number that `airflow.__version__` says, for files that ask so.

Given only to who asks by this name; lists of what is installed do not hold it.
"""

from __future__ import annotations

from importlib.metadata import Distribution
from typing import Any

from . import VERSION

_NUMBERS = {"apache-airflow": VERSION, "apache-airflow-core": VERSION, "apache-airflow-task-sdk": "1.3.2"}


class Served(Distribution):
    """Airflow, as far as Venturi takes its place: a name and a number, and no files."""

    def __init__(self, name: str) -> None:
        self._name = name

    def read_text(self, filename: str) -> str | None:
        told = f"Metadata-Version: 2.1\nName: {self._name}\nVersion: {_NUMBERS[self._name]}\n"
        return told if filename in ("METADATA", "PKG-INFO") else None

    def locate_file(self, path: Any) -> Any:
        raise FileNotFoundError(f"{self._name} is served by Venturi and has no files.")


def of_name(name: str | None) -> list[Distribution]:
    spelled = (name or "").lower().replace("_", "-").replace(".", "-")
    return [Served(spelled)] if spelled in _NUMBERS else []
