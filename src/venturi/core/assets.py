"""Assets in a spec: which ones it declares, from the expressions that `sdk.assets` writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def declared_in(spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every asset that a DAG's spec (as JSON) makes, uses or starts by, once, in the order of meeting."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    expressions: list[Any] = [spec.get("schedule")]
    for task in spec.get("tasks", ()):
        expressions += [*task.get("outlets", ()), *task.get("inlets", ())]
    for one in _in(expressions):
        found.setdefault((one["name"], one["uri"]), one)
    return list(found.values())


def _in(parts: Iterable[Any]) -> Iterator[dict[str, Any]]:
    for part in parts:
        if isinstance(part, Mapping):
            one = part.get("asset")
            if isinstance(one, Mapping) and "uri" in one:
                yield dict(one)
            yield from _in(part.get(word) for word in ("assets", "all", "any") if word in part)
        elif isinstance(part, (list, tuple)):
            yield from _in(part)
