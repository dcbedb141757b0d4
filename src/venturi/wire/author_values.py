"""An author's objects made again from what was kept of them: dataclasses, models, enums and their like.

On his side only: this is where his classes are imported.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from .values import Bad, found_in


def made(form: str, found: dict[str, Any]) -> Any:
    """The object again. Bad where its class is gone or refuses."""
    name = found["class"]
    kind = _import_class(name)
    try:
        return _MAKERS[form](kind, found)
    except Exception as error:
        raise Bad(f"{name} could not be made again: {type(error).__name__}: {error}") from error


def _import_class(name: str) -> Any:
    module_name, _, qualname = name.partition(":")
    try:
        module = sys.modules.get(module_name) or import_module(module_name)
    except Exception as error:
        raise Bad(f"{name} cannot be imported: {type(error).__name__}: {error}") from error
    kind = found_in(module, qualname)
    if kind is None:
        raise Bad(f"{module_name} no longer has a class {qualname}")
    return kind


def _make_dataclass(kind: Any, found: dict[str, Any]) -> Any:
    """Made by its own constructor where that needs nothing but fields (what __post_init__ derives is there again);
    the fields are then set to what they were."""
    held = dict(found["held"])
    known = {f.name: f for f in dataclasses.fields(kind)}
    wants_more = any(
        getattr(f, "_field_type", None) is getattr(dataclasses, "_FIELD_INITVAR", ...)
        for f in kind.__dataclass_fields__.values()
    )
    if wants_more or not kind.__dataclass_params__.init:
        made = kind.__new__(kind)
    else:
        made = kind(**{n: v for n, v in held.items() if n in known and known[n].init})
    for name, value in held.items():
        if name in known:
            object.__setattr__(made, name, value)
    return made


def _make_attrs(kind: Any, found: dict[str, Any]) -> Any:
    held = dict(found["held"])
    made = kind.__new__(kind)
    for attribute in kind.__attrs_attrs__:
        if attribute.name in held:
            object.__setattr__(made, attribute.name, held[attribute.name])
    return made


def _make_own(kind: Any, found: dict[str, Any]) -> Any:
    """By its class's own deserialize(data, version), or deserialize(data)."""
    make, version = kind.deserialize, found.get("version")
    if version is None:
        version = getattr(kind, "__version__", 0)
    code = getattr(getattr(make, "__func__", make), "__code__", None)
    takes = code.co_argcount - (1 if hasattr(make, "__self__") else 0) if code is not None else 2
    return make(found["held"], version) if takes > 1 else make(found["held"])


def _make_enum(kind: Any, found: dict[str, Any]) -> Any:
    members = kind.__members__
    return members[found["name"]] if found["name"] in members else kind(found["value"])


_MAKERS: dict[str, Callable[[Any, dict[str, Any]], Any]] = {
    "dataclass": _make_dataclass,
    "attrs": _make_attrs,
    "pydantic": lambda kind, found: kind.model_validate(found["held"]),
    "namedtuple": lambda kind, found: kind._make(found["items"]),
    "enum": _make_enum,
    "own": _make_own,
}
