"""Where an attempt's log lies under the logs folder: the name that whoever writes and whoever reads it agree on.

Owns that form. Opens nothing.
"""

from __future__ import annotations

from hashlib import sha256
from urllib.parse import quote

NAME_BYTES_MAX = 200  # file systems allow 255


def run_log_name(dag_id: str, run_id: str) -> str:
    """Of what the run's own callbacks print."""
    return f"{run_folder(dag_id, run_id)}/callbacks.log"


def run_folder(dag_id: str, run_id: str) -> str:
    """Where everything of one run is logged."""
    return f"{_safe(dag_id)}/{_safe(run_id)}"


def log_name(dag_id: str, run_id: str, task_id: str, map_index: int, try_number: int, lost: int) -> str:
    """Readable with `tail`, and nothing an id holds can leave the logs folder. A map index of −1 is none."""
    parts = [_safe(dag_id), _safe(run_id), _safe(task_id)]
    if map_index != -1:
        parts.append(str(map_index))
    again = f"-{lost + 1}" if lost else ""
    return "/".join([*parts, f"{try_number}{again}.log"])


def watcher_log_name(name: str, token: int) -> str:
    """Of what a watcher of assets prints; no DAG's folder begins with a dot."""
    return f".watchers/{_safe(name)}-{token:x}.log"


def _safe(name: str) -> str:
    made = quote(name, safe=" +:@=,")
    if len(made) > NAME_BYTES_MAX:  # two long names that begin alike stay apart
        made = f"{made[: NAME_BYTES_MAX - 17]}-{sha256(made.encode()).hexdigest()[:16]}"
    return "%2E" + made[1:] if made.startswith(".") else made
