"""`Variable`: named texts kept outside DAG files. Where one is looked for is `backends`' business."""

from __future__ import annotations

import json
from typing import Any

from ..core.errors import Refused
from .port import has_port, port

_NOT_GIVEN: Any = object()


def _text(key: str) -> str | None:
    from .backends import find_variable

    return find_variable(key)


def _setter() -> Any:
    found = getattr(port(), "set_variable", None) if has_port() else None
    if found is None:
        raise Refused(
            reason="Variables cannot be written here.", advice="Write them in a task, or with: venturi variables set"
        )
    return found


class Variable:
    def __init__(self, key: str | None = None, val: Any = None, description: str | None = None) -> None:
        self.key, self.val, self.description = key, val, description

    def get_val(self) -> Any:
        return self.val

    @staticmethod
    def get(
        key: str,
        default_var: Any = _NOT_GIVEN,
        deserialize_json: bool = False,
        *,
        default: Any = _NOT_GIVEN,
        **_: Any,
    ) -> Any:
        """The variable's text, or what it says as JSON; KeyError if there is none and no default."""
        found = _text(key)
        if found is None:
            for fallback in (default, default_var):
                if fallback is not _NOT_GIVEN:
                    return fallback
            raise KeyError(f"Variable {key} does not exist. Set it with: venturi variables set {key} VALUE")
        return json.loads(found) if deserialize_json else found

    @staticmethod
    def set(
        key: str,
        value: Any,
        description: str | None = None,
        serialize_json: bool = False,
        **_: Any,
    ) -> None:
        _setter()(key, json.dumps(value, indent=2) if serialize_json else str(value), description)

    @staticmethod
    def delete(key: str, **_: Any) -> int:
        there = _text(key) is not None
        _setter()(key, None)
        return int(there)

    @staticmethod
    def setdefault(key: str, default: Any, description: str | None = None, deserialize_json: bool = False) -> Any:
        found = Variable.get(key, default_var=None, deserialize_json=deserialize_json)
        if found is not None:
            return found
        if default is None:
            raise ValueError("Default Value must be set")
        Variable.set(key, default, description, serialize_json=deserialize_json)
        return default

    @staticmethod
    def update(key: str, value: Any, serialize_json: bool = False, **_: Any) -> None:
        """As `set`, for a variable that is there."""
        if _text(key) is None:
            raise KeyError(f"Variable {key} does not exist")
        Variable.set(key, value, serialize_json=serialize_json)


class VariableAccess:
    """`var.value.name` and `var.json.name` in templates."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__"):
            raise AttributeError(key)
        return Variable.get(key, deserialize_json=self._as_json)

    def __getitem__(self, key: str) -> Any:
        return Variable.get(key, deserialize_json=self._as_json)

    def get(self, key: str, default_var: Any = _NOT_GIVEN, *, default: Any = _NOT_GIVEN) -> Any:
        return Variable.get(key, default_var, self._as_json, default=default)

    def __repr__(self) -> str:
        return "<variables>"
