"""Checks a value against a JSON schema: the keywords that Airflow's Params use, without a library.

A keyword not known here does not refuse anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time
from typing import Any

_TYPES: dict[str, Callable[[Any], bool]] = {
    "null": lambda v: v is None,
    "boolean": lambda v: isinstance(v, bool),
    "integer": lambda v: (isinstance(v, int) and not isinstance(v, bool)) or (isinstance(v, float) and v.is_integer()),
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "string": lambda v: isinstance(v, str),
    "array": lambda v: isinstance(v, (list, tuple)),
    "object": lambda v: isinstance(v, Mapping),
}


def _date_time(text: str) -> None:
    datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", text))


_FORMATS: dict[str, Callable[[str], Any]] = {
    "date": date.fromisoformat,
    "date-time": _date_time,
    "time": lambda text: time.fromisoformat(re.sub(r"[zZ]$", "+00:00", text)),
    "email": lambda text: text.index("@"),
    "regex": re.compile,
}


def problems(value: Any, schema: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """What is wrong with the value, one sentence each; nothing if it fits."""
    where = f"{path}: " if path else ""
    kinds = schema.get("type")
    if kinds is not None:
        names = [kinds] if isinstance(kinds, str) else list(kinds)
        if not any(_TYPES.get(name, lambda _: True)(value) for name in names):
            yield f"{where}{value!r} is not of type {' or '.join(map(repr, names))}"
            return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}{value!r} is not one of {list(schema['enum'])!r}"
    if "const" in schema and value != schema["const"]:
        yield f"{where}{value!r} is not {schema['const']!r}"
    yield from _combined(value, schema, path)
    if isinstance(value, str):
        yield from _text(value, schema, where)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield from _number(value, schema, where)
    elif isinstance(value, (list, tuple)):
        yield from _array(value, schema, path)
    elif isinstance(value, Mapping):
        yield from _object(value, schema, path)


def _fits(value: Any, schema: Any) -> bool:
    return bool(schema) if isinstance(schema, bool) else next(problems(value, schema), None) is None


def _combined(value: Any, schema: Mapping[str, Any], path: str) -> Iterator[str]:
    where = f"{path}: " if path else ""
    for part in schema.get("allOf", ()):
        yield from problems(value, part, path)
    if "anyOf" in schema and not any(_fits(value, part) for part in schema["anyOf"]):
        yield f"{where}{value!r} fits none of the allowed forms"
    if "oneOf" in schema and sum(_fits(value, part) for part in schema["oneOf"]) != 1:
        yield f"{where}{value!r} does not fit exactly one of the allowed forms"
    if "not" in schema and _fits(value, schema["not"]):
        yield f"{where}{value!r} has a form that is not allowed"


def _text(value: str, schema: Mapping[str, Any], where: str) -> Iterator[str]:
    if len(value) < schema.get("minLength", 0):
        yield f"{where}{value!r} is shorter than {schema['minLength']} characters"
    if "maxLength" in schema and len(value) > schema["maxLength"]:
        yield f"{where}{value!r} is longer than {schema['maxLength']} characters"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{where}{value!r} does not match the pattern {schema['pattern']!r}"
    check = _FORMATS.get(schema.get("format", ""))
    if check is not None:
        try:
            check(value)
        except (ValueError, re.error):
            yield f"{where}{value!r} is not a {schema['format']!r}"


def _number(value: float, schema: Mapping[str, Any], where: str) -> Iterator[str]:
    if "minimum" in schema and value < schema["minimum"]:
        yield f"{where}{value!r} is less than the minimum of {schema['minimum']!r}"
    if "maximum" in schema and value > schema["maximum"]:
        yield f"{where}{value!r} is greater than the maximum of {schema['maximum']!r}"
    if "exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"]:
        yield f"{where}{value!r} is not greater than {schema['exclusiveMinimum']!r}"
    if "exclusiveMaximum" in schema and value >= schema["exclusiveMaximum"]:
        yield f"{where}{value!r} is not less than {schema['exclusiveMaximum']!r}"
    if "multipleOf" in schema and not float(value / schema["multipleOf"]).is_integer():
        yield f"{where}{value!r} is not a multiple of {schema['multipleOf']!r}"


def _array(value: Any, schema: Mapping[str, Any], path: str) -> Iterator[str]:
    where = f"{path}: " if path else ""
    if len(value) < schema.get("minItems", 0):
        yield f"{where}{list(value)!r} has fewer than {schema['minItems']} items"
    if "maxItems" in schema and len(value) > schema["maxItems"]:
        yield f"{where}{list(value)!r} has more than {schema['maxItems']} items"
    if schema.get("uniqueItems") and any(item in value[:at] for at, item in enumerate(value)):
        yield f"{where}{list(value)!r} holds an item twice"
    items = schema.get("items")
    if isinstance(items, Mapping):
        for at, item in enumerate(value):
            yield from problems(item, items, f"{path}[{at}]")


def _object(value: Mapping[str, Any], schema: Mapping[str, Any], path: str) -> Iterator[str]:
    where = f"{path}: " if path else ""
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{where}{name!r} is required"
    known = schema.get("properties", {})
    more = schema.get("additionalProperties", True)
    for name, part in value.items():
        inner = f"{path}.{name}" if path else str(name)
        if name in known:
            yield from problems(part, known[name], inner)
        elif more is False:
            yield f"{where}{name!r} is not expected"
        elif isinstance(more, Mapping):
            yield from problems(part, more, inner)


# ── the parameters of a DAG ──────────────────────────────────────────────────────────────────────────────


def wrong_parameter(params: Mapping[str, Any], conf: Mapping[str, Any]) -> tuple[str, str] | None:
    """(name, what is wrong) of the first parameter that a run with this configuration could not take."""
    for name, param in params.items():
        if name not in conf and "value" not in param:
            return name, "it has no value of its own, and none was given"
        value = conf[name] if name in conf else param["value"]
        wrong = next(problems(value, param.get("schema") or {}), None)
        if wrong is not None:
            return name, wrong if name in conf else f"its default does not fit, {wrong}"
    return None
