"""The names of the places where tasks keep state beside their values.

Owns these two forms, which author code, engine and readers must agree on.
"""

from __future__ import annotations

import json


def scope_of_task(dag_id: str, run_id: str, task_id: str, map_index: int) -> str:
    """Where one task instance keeps its state over its tries."""
    return json.dumps([dag_id, run_id, task_id, map_index])


def scope_of_asset(name: str, uri: str) -> str:
    """Where tasks keep what they know of an asset, over all runs."""
    return json.dumps({"asset": [name, uri]})
