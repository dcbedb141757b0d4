"""What a row of the compatibility table is, and how an area writes its rows.

A row is written once per object, with every path that reaches it:

    ("sdk.python.PythonOperator", "airflow.operators.python airflow.operators.python_operator", "")

serves `venturi.sdk.python.PythonOperator` as `PythonOperator` of both modules. `path:Name` gives the object another
name there. The third part says what differs, and is empty where nothing does.
"""

from __future__ import annotations

from typing import NamedTuple

FULL, PARTIAL, REFUSED = "full", "partial", "refused"
MOVED = "wheel"  # it is in an official provider wheel, and served under the old name once that is installed

Served = tuple[str, str, str]  # our object; paths; what differs
Refused = tuple[str, str]  # paths with their names; what to do instead
Moved = tuple[str, str, str]  # module under `airflow.providers`; old modules under `airflow`; names, `Old=New`


class Told(str):
    """What differs, where it may be what the file is for: `venturi check` tells it to a file that takes the name."""

    __slots__ = ()


class Row(NamedTuple):
    module: str
    name: str
    kind: str
    reason: str


# Providers whose name has two parts; all others are called by their first.
FAMILIES = frozenset({"apache", "atlassian", "cncf", "common", "dbt", "ibm", "microsoft"})


def wheel_of(path: str) -> str:
    """The distribution that holds a path under `airflow.providers`; empty for any other path."""
    parts = path.split(".")
    if parts[:2] != ["airflow", "providers"] or len(parts) < 3:
        return ""
    words = parts[2:4] if parts[2] in FAMILIES else parts[2:3]
    return "-".join(["apache-airflow-providers", *words]).replace("_", "-")
