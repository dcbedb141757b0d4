"""What an instance of a mapped task is called: what its author's template said, else the element that it was given.

Owns these words. They are there before the instance begins, since the elements are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ...config import Home
from ...core.mapping import indices
from ...core.spec import MapSource, TaskSpec
from ...store import Reader
from ..readers import Known
from ..values import native

LABEL_CHARS_MAX = 80
VALUE_BYTES_MAX = 4 << 20
# What names a record best, first come first.
_NAMES = ("label", "name", "title", "id", "key", "symbol", "ticker", "slug", "path", "file", "url", "uri")


def labels_of(
    home: Home, reader: Reader, known: Known, run: int, task_id: str, indexes: Iterable[int]
) -> dict[int, str]:
    """Index → label, of those that have one."""
    wanted = set(indexes)
    made = {index: text for index, text in _by_element(home, reader, known, run, task_id, wanted).items() if text}
    if len(wanted) == 1:
        attempts = reader.attempts(run, task_id, next(iter(wanted)))
    else:
        attempts = [one for one in reader.attempts(run) if one.task_id == task_id]
    for attempt in attempts:
        said = (attempt.detail or {}).get("label")
        if said and attempt.map_index in wanted:
            made[attempt.map_index] = str(said)[:LABEL_CHARS_MAX]
    return made


def _sources(known: Known, task: TaskSpec) -> tuple[MapSource, ...]:
    if task.mapped:
        return task.mapped
    groups = {group.group_id: group for group in known.spec.groups}
    group = groups.get(task.group_id or "")
    while group is not None:
        if group.mapped:
            return group.mapped
        group = groups.get(group.parent or "")
    return ()


def _by_element(home: Home, reader: Reader, known: Known, run: int, task_id: str, wanted: set[int]) -> dict[int, str]:
    task = known.tasks.get(task_id)
    sources = () if task is None else _sources(known, task)
    if not sources or any(one.join is not None for one in sources):
        return {}
    elements = [_elements(home, reader, run, one) for one in sources]
    lengths = [source.length if found is None else len(found) for source, found in zip(sources, elements, strict=True)]
    if all(found is None for found in elements) or not all(lengths):
        return {}
    made = {}
    for index in wanted:
        if index < 0:
            continue
        places = indices([n or 1 for n in lengths], index)
        parts = [
            text_of(found[at])
            for found, at in zip(elements, places, strict=True)
            if found is not None and at < len(found)
        ]
        made[index] = ", ".join(part for part in parts if part)[:LABEL_CHARS_MAX]
    return made


def _elements(home: Home, reader: Reader, run: int, source: MapSource) -> list[Any] | None:
    """None: only the DAG's file knows them."""
    if source.task_id is None:
        return None
    kept = reader.value_elements(run, source.task_id, source.key)
    if sum(one.bytes for one in kept) > VALUE_BYTES_MAX:
        return None
    found = [native(home, one) for one in kept]
    if len(kept) == 1 and kept[0].map_index == -1:
        value = found[0]
        if isinstance(value, dict):
            return [[key, one] for key, one in value.items()]
        return value if isinstance(value, list) else None
    return found or None


def text_of(element: Any) -> str:
    """Short, on one line."""
    if isinstance(element, dict):
        for name in _NAMES:
            if isinstance(element.get(name), (str, int)) and not isinstance(element[name], bool):
                return str(element[name])
    if isinstance(element, list) and element and isinstance(element[0], (str, int)):
        return str(element[0])
    text = element if isinstance(element, str) else json.dumps(element, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= LABEL_CHARS_MAX else text[: LABEL_CHARS_MAX - 1] + "…"
