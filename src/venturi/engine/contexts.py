"""What an attempt is told at its start: its context, its log's name, its source.

Owns the JSON that `runtime` turns into an `Instance`, and the elements that mapped instances are sent. Reads values
through the store; writes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from ..config import Config
from ..core import mapping
from ..core.admission import Admitted
from ..core.readiness import length_in
from ..core.world import WHOLE, Run
from ..executors.base import Start
from ..store.rows import RunRow

_dumps = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), check_circular=False).encode

NAME_BYTES_MAX = 200  # file systems allow 255

# (run, task id, key) → the encodings of what mapping over it gives
Elements = Callable[[int, str, str], list[bytes]]


class Contexts:
    def __init__(self, config: Config, elements: Elements, source_of: Callable[[int], dict[str, Any]]) -> None:
        self._config = config
        self._read_elements = elements
        self._source_of = source_of  # of a version
        self._run_parts: dict[int, str] = {}
        self._elements: dict[tuple[int, str, str], list[bytes]] = {}

    def start(self, one: Admitted, first_poke_at: float | None = None) -> Start:
        run, task = one.run, one.run.plan.tasks[one.number]
        source = self._source_of(run.plan.version)
        return Start(
            token=one.cell.token,
            source=source["load"],
            context=self._context(one, first_poke_at),
            log=log_path(run, task.task_id, one.map_index, one.cell.try_number, one.cell.lost),
            what=f"{run.dag_id} · {task.task_id}" + (f" [{one.map_index}]" if one.map_index != WHOLE else ""),
            isolation=task.isolation,
            time_limit_s=task.time_limit_s,
            memory_limit_mb=task.memory_limit_mb or self._config.task_memory_limit_mb,
            fork_safe=source.get("fork_safe", True),
        )

    def forget(self, run: Run) -> None:
        self._run_parts.pop(run.id, None)
        for key in [key for key in self._elements if key[0] == run.id]:
            del self._elements[key]

    def _context(self, one: Admitted, first_poke_at: float | None) -> bytes:
        run, task = one.run, one.run.plan.tasks[one.number]
        part = self._run_parts.get(run.id)
        if part is None:
            part = self._run_parts[run.id] = _dumps(_run_part(run))[:-1]
        text = (
            f'{part},"task_id":{_dumps(task.task_id)},"map_index":{one.map_index}'
            f',"try_number":{one.cell.try_number},"token":{one.cell.token}'
        )
        if first_poke_at is not None:
            text += f',"first_poke_at":{first_poke_at!r}'
        if one.map_index != WHOLE:
            text += self._mapped_part(one)
        return (text + "}").encode()

    def _mapped_part(self, one: Admitted) -> str:
        run = one.run
        length = length_in(run)
        indices: dict[str, int] = {}
        elements: list[str] = []
        for source, at in zip(run.plan.sources(one.number), one.indices(), strict=True):
            indices[source.argument] = at
            if source.task_id is not None or source.join is not None:
                element = self._picked(run.id, mapping.pick(source, at, length))
                elements.append(f"{_dumps(source.argument)}:{element}")
        n = run.nodes[one.number].n
        return f',"mapped_count":{n},"indices":{_dumps(indices)},"elements":{{{",".join(elements)}}}'

    def _picked(self, run: int, pick: mapping.Pick) -> str:
        """As `sdk.references` takes it: a value's element, a literal's index, [part, element] of joined parts, and of
        zipped ones a list with [element], or [] where a part has ended."""
        source = pick.source
        if source.join is None:
            if source.task_id is None:
                return str(pick.at)
            return self._element(run, source.task_id, source.key, pick.at).decode()
        parts = ["[]" if part is None else self._picked(run, part) for part in pick.parts]
        if source.join == "concat":
            return f"[{pick.chosen},{parts[0]}]"
        held = (text if part is None else f"[{text}]" for text, part in zip(parts, pick.parts, strict=True))
        return f"[{','.join(held)}]"

    def _element(self, run: int, task_id: str, key: str, at: int) -> bytes:
        known = self._elements.get((run, task_id, key))
        if known is None:
            known = self._elements[run, task_id, key] = self._read_elements(run, task_id, key)
        return known[at]


def _run_part(run: Run) -> dict[str, Any]:
    return {
        "dag_id": run.dag_id,
        "run_id": run.run_id,
        "run_type": run.run_type,
        "logical_date": run.logical_date,
        "interval_start": run.interval_start,
        "interval_end": run.interval_end,
        "run_queued_at": run.queued_at,
        "run_started_at": run.started_at,
        "conf": run.conf,
    }


def log_path(run: Run | RunRow, task_id: str, map_index: int, try_number: int, lost: int) -> str:
    """Readable with `tail`, and nothing an id holds can leave the logs folder."""
    parts = [_safe(run.dag_id), _safe(run.run_id), _safe(task_id)]
    if map_index != WHOLE:
        parts.append(str(map_index))
    again = f"-{lost + 1}" if lost else ""
    return "/".join([*parts, f"{try_number}{again}.log"])


def _safe(name: str) -> str:
    made = quote(name, safe=" +:@=,")
    if len(made) > NAME_BYTES_MAX:  # two long names that begin alike stay apart
        made = f"{made[: NAME_BYTES_MAX - 17]}-{sha256(made.encode()).hexdigest()[:16]}"
    return "%2E" + made[1:] if made.startswith(".") else made
