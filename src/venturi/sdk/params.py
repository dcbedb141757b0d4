"""Parameters of a DAG or task: a default, a JSON schema, and the value a run gives them."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from .exceptions import ParamValidationError


class _Missing:
    def __repr__(self) -> str:
        return "(no value)"

    def __bool__(self) -> bool:
        return False


MISSING = _Missing()


class Param:
    """`Param(5, type="integer", minimum=1)`: a default value and what is allowed in its place."""

    def __init__(self, default: Any = MISSING, description: str | None = None, **schema: Any) -> None:
        self.value = default
        self.description = description
        self.schema: dict[str, Any] = schema.pop("schema") if isinstance(schema.get("schema"), dict) else schema

    @property
    def has_value(self) -> bool:
        return self.value is not MISSING

    def resolve(self, value: Any = MISSING, suppress_exception: bool = False) -> Any:
        """The value, checked; without one given, the default."""
        found = self.value if value is MISSING else value
        if found is MISSING:
            if suppress_exception:
                return None
            raise ParamValidationError("No value passed and Param has no default value")
        wrong = self._problem(found) if self.schema else None
        if wrong is not None and not suppress_exception:
            raise ParamValidationError(wrong)
        self.value = found
        return found

    def _problem(self, value: Any) -> str | None:
        from ..core.schema import problems

        return next(problems(value, self.schema), None)

    def dump(self) -> dict[str, Any]:
        return {"value": self.value if self.has_value else None, "description": self.description, "schema": self.schema}

    def __repr__(self) -> str:
        return f"Param({self.value!r})"


class ParamsDict(MutableMapping[str, Any]):
    """Parameters by name: reading gives the value, setting keeps the schema."""

    def __init__(self, given: Mapping[str, Any] | None = None, suppress_exception: bool = False) -> None:
        self._params: dict[str, Param] = {}
        self.suppress_exception = suppress_exception
        self.update(given or {})

    def __setitem__(self, name: str, value: Any) -> None:
        if isinstance(value, Param):
            self._params[name] = copy.copy(value)  # values set later must not reach the author's own object
        elif name in self._params:
            self._params[name].value = value
        else:
            self._params[name] = Param(value)

    def __getitem__(self, name: str) -> Any:
        value = self._params[name].value
        return None if value is MISSING else value

    def __delitem__(self, name: str) -> None:
        del self._params[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._params)

    def __len__(self) -> int:
        return len(self._params)

    def __bool__(self) -> bool:
        return bool(self._params)

    def update(self, *given: Any, **more: Any) -> None:
        for part in (*given, more):
            source = part._params if isinstance(part, ParamsDict) else dict(part)
            for name, value in source.items():
                self[name] = value

    def get_param(self, name: str) -> Param:
        return self._params[name]

    def dump(self) -> dict[str, Any]:
        return {name: self[name] for name in self}

    def validate(self) -> dict[str, Any]:
        """Every value checked; the first that does not fit is an error that names it."""
        found: dict[str, Any] = {}
        for name, param in self._params.items():
            try:
                found[name] = param.resolve(suppress_exception=self.suppress_exception)
            except ParamValidationError as error:
                raise ParamValidationError(f"Invalid input for param {name}: {error}") from None
        return found

    def __repr__(self) -> str:
        return repr(self.dump())
