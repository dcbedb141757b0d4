"""`airflow.utils.json.XComEncoder` and `XComDecoder`: for classes of values that write JSON files of their own.

What JSON cannot say is an object with `__classname__` and `__data__`; both are made and read here alone. Venturi's own
encoding of values is another one (`wire.values`).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

CLASS, DATA = "__classname__", "__data__"

_MADE: dict[type, Callable[[Any], Any]] = {
    datetime: datetime.isoformat,
    date: date.isoformat,
    timedelta: timedelta.total_seconds,
    Decimal: str,
    UUID: str,
    bytes: bytes.hex,
    tuple: list,
    set: list,
    frozenset: list,
}
_READ: dict[str, Callable[[Any], Any]] = {
    "datetime.datetime": datetime.fromisoformat,
    "datetime.date": date.fromisoformat,
    "datetime.timedelta": lambda seconds: timedelta(seconds=seconds),
    "decimal.Decimal": Decimal,
    "uuid.UUID": UUID,
    "builtins.bytes": bytes.fromhex,
    "builtins.tuple": tuple,
    "builtins.set": set,
    "builtins.frozenset": frozenset,
}


class XComEncoder(json.JSONEncoder):
    def iterencode(self, o: Any, _one_shot: bool = False) -> Any:
        return super().iterencode(_told(o), _one_shot)


class XComDecoder(json.JSONDecoder):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "object_hook": kwargs.get("object_hook") or _object})


def _told(value: Any) -> Any:
    """In what JSON has. A subclass is told as what it extends: pendulum's moments are datetimes."""
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, list):
        return [_told(one) for one in value]
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("JSON takes texts as keys alone. Return a dict whose keys are texts.")
        return {key: _told(one) for key, one in value.items()}
    for kind, make in _MADE.items():
        if isinstance(value, kind):
            return {CLASS: f"{kind.__module__}.{kind.__qualname__}", DATA: _told(make(value))}
    raise TypeError(f"cannot serialize object of type {type(value).__name__}. Return plain data.")


def _object(found: dict[str, Any]) -> Any:
    read = _READ.get(str(found.get(CLASS)))
    return found if read is None or DATA not in found else read(found[DATA])
