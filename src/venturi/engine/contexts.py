"""What an attempt is told at its start: its context, its log's name, its source.

Owns the JSON that `runtime` turns into an `Instance`, and the elements that mapped instances are sent. Reads values
through the store; writes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ..config import Config
from ..core import mapping
from ..core.admission import Admitted
from ..core.readiness import length_in
from ..core.resources import amount
from ..core.spec import TaskSpec
from ..core.world import WHOLE, Call, Cell, Run
from ..executors.base import Start, Watch
from ..store.rows import DeferralRow, RunRow
from ..wire.log_names import log_name, run_log_name

_dumps = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), check_circular=False).encode

# (run, task id, key) → the encodings of what mapping over it gives
Elements = Callable[[int, str, str], list[bytes]]


class Contexts:
    def __init__(self, config: Config, elements: Elements, source_of: Callable[[int], dict[str, Any]]) -> None:
        self._config = config
        self._read_elements = elements
        self._source_of = source_of  # of a version
        self._run_parts: dict[int, str] = {}
        self._elements: dict[tuple[int, str, str], list[bytes]] = {}

    def start(
        self, one: Admitted, now: float, began_at: float | None = None, resume: DeferralRow | None = None
    ) -> Start:
        """`began_at`: when this try's first attempt did, for a sensor that is called again and for one that goes on."""
        run, task = one.run, one.run.plan.tasks[one.number]
        source = self._source_of(run.plan.version)
        needs = run.plan.needs.get(one.number)
        return Start(
            token=one.cell.token,
            source=source["load"],
            context=self._context(one, began_at, resume),
            log=log_path(run, task.task_id, one.map_index, one.cell.try_number, one.cell.lost),
            what=_what(run, task.task_id, one.map_index),
            isolation=task.isolation,
            time_limit_s=_time_left_s(task, began_at, now) if resume else task.time_limit_s,
            memory_limit_mb=task.memory_limit_mb or self._config.task_memory_limit_mb,
            fork_safe=source.get("fork_safe", True),
            gpus=one.cell.devices,
            cpus=amount(needs, "cpus") if needs is not None and needs.cpus and not needs.at_most else None,
        )

    def watch(self, run: Run, number: int, map_index: int, cell: Cell, trigger: str, data: str) -> Watch:
        task = run.plan.tasks[number]
        instance = {
            "dag_id": run.dag_id,
            "run_id": run.run_id,
            "task_id": task.task_id,
            "map_index": map_index,
            "try_number": cell.try_number + 1,
        }
        return Watch(
            token=cell.token,
            source=self._source_of(run.plan.version)["load"],
            trigger=trigger,
            data=data.encode(),
            log=log_path(run, task.task_id, map_index, cell.try_number + 1, cell.lost),
            what=_what(run, task.task_id, map_index),
            instance=instance,
        )

    def call(self, call: Call) -> Start:
        """The child that runs what an end has made due. Its log goes on where the attempt's ended."""
        run, detail = call.run, call.detail
        task_id = call.task_id or detail.get("task_id") or ""
        source = self._source_of(run.plan.version)
        told: dict[str, Any] = {
            "kind": call.kind,
            "of_run": not call.task_id,
            **{name: detail.get(name) for name in ("reason", "error", "started_at", "ended_at")},
            **{name: detail[name] for name in ("deadline", "slas", "blocking", "state") if name in detail},
        }
        text = (
            f'{_dumps(_run_part(run))[:-1]},"task_id":{_dumps(task_id)},"map_index":{call.map_index}'
            f',"try_number":{call.try_number},"token":{call.token},"call":{_dumps(told)}'
        )
        number = run.plan.index.get(task_id)
        if call.map_index != WHOLE and number is not None:
            text += self._mapped_part(run, number, call.map_index)
        log = log_path(run, task_id, call.map_index, call.try_number, 0) if call.task_id else run_log_path(run)
        return Start(
            token=call.token,
            source=source["load"],
            context=(text + "}").encode(),
            log=log,
            what=f"{_what(run, call.task_id, call.map_index)}, callbacks on {call.kind}",
            time_limit_s=self._config.callback_time_limit_s,
            memory_limit_mb=self._config.task_memory_limit_mb,
            fork_safe=source.get("fork_safe", True),
        )

    def forget(self, run: Run) -> None:
        self._run_parts.pop(run.id, None)
        for key in [key for key in self._elements if key[0] == run.id]:
            del self._elements[key]

    def _context(self, one: Admitted, began_at: float | None, resume: DeferralRow | None) -> bytes:
        run, task = one.run, one.run.plan.tasks[one.number]
        part = self._run_parts.get(run.id)
        if part is None:
            part = self._run_parts[run.id] = _dumps(_run_part(run))[:-1]
        text = (
            f'{part},"task_id":{_dumps(task.task_id)},"map_index":{one.map_index}'
            f',"try_number":{one.cell.try_number},"token":{one.cell.token}'
        )
        if one.cell.word is not None and one.cell.word.tries_before:
            text += f',"tries_before":{one.cell.word.tries_before}'
        if began_at is not None:
            text += f',"first_poke_at":{began_at!r}'
        if resume is not None:
            event = resume.event or "null"
            text += f',"resume":{{"method":{_dumps(resume.method)},"data":{resume.data},"event":{event}}}'
        if one.cell.devices:
            text += f',"gpus":{_dumps(one.cell.devices)}'
        if one.map_index != WHOLE:
            text += self._mapped_part(run, one.number, one.map_index)
        return (text + "}").encode()

    def _mapped_part(self, run: Run, number: int, map_index: int) -> str:
        node = run.nodes[number]
        length = length_in(run)
        indices: dict[str, int] = {}
        elements: list[str] = []
        sources = run.plan.sources(number)
        if len(node.sizes) != len(sources):  # of a callback that is handed out again after a clear
            raise IndexError(f"what {run.plan.tasks[number].task_id} was mapped over has been cleared")
        for source, at in zip(sources, mapping.indices(node.sizes, map_index), strict=True):
            indices[source.argument] = at
            if source.task_id is not None or source.join is not None:
                element = self._picked(run.id, mapping.pick(source, at, length))
                elements.append(f"{_dumps(source.argument)}:{element}")
        return f',"mapped_count":{node.n},"indices":{_dumps(indices)},"elements":{{{",".join(elements)}}}'

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
    partition = {} if run.partition_key is None else {n: getattr(run, n) for n in ("partition_key", "partition_date")}
    return {
        **partition,
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


def _what(run: Run, task_id: str, map_index: int) -> str:
    """A task instance in words, for messages."""
    return " · ".join(filter(None, (run.dag_id, task_id))) + (f" [{map_index}]" if map_index != WHOLE else "")


def _time_left_s(task: TaskSpec, began_at: float | None, now: float) -> float | None:
    """The time limit counts from the first attempt of a try, through the waiting."""
    if task.time_limit_s is None or began_at is None:
        return task.time_limit_s
    return max(0.001, task.time_limit_s - (now - began_at))


def run_log_path(run: Run) -> str:
    """Of what the run's own callbacks print."""
    return run_log_name(run.dag_id, run.run_id)


def log_path(run: Run | RunRow, task_id: str, map_index: int, try_number: int, lost: int) -> str:
    return log_name(run.dag_id, run.run_id, task_id, map_index, try_number, lost)
