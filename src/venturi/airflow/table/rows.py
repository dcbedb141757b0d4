"""What a row of the compatibility table is, and how an area writes its rows.

A row is written once per object, with every path that reaches it:

    ("sdk.python.PythonOperator", "airflow.operators.python airflow.operators.python_operator", "")

serves `venturi.sdk.python.PythonOperator` as `PythonOperator` of both modules. `path:Name` gives the object another
name there. The third part says what differs, and is empty where nothing does.
"""

from __future__ import annotations

from typing import NamedTuple

FULL, PARTIAL, REFUSED = "full", "partial", "refused"

Served = tuple[str, str, str]  # our object; paths; what differs
Refused = tuple[str, str]  # paths with their names; what to do instead


class Row(NamedTuple):
    module: str
    name: str
    kind: str
    reason: str
