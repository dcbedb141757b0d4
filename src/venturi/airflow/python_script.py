"""The script by which a provider wheel runs a function in another Python, such as one in a container.

Owns what `write_python_script` and `_SERIALIZERS` of the `standard` provider are to such wheels: a script that is
called with the files of the arguments, the result, the texts and the failure. Our own operators have theirs elsewhere.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

_SCRIPT = """\
import sys
import {library}

{source}

{given}
{texts}
try:
    _result = {name}(*_given["args"], **_given["kwargs"])
except Exception as _error:
    with open(sys.argv[4], "w") as _file:
        _file.write(str(_error))
    raise
with open(sys.argv[2], "wb") as _file:
    if _result is not None:
        {library}.dump(_result, _file)
"""
_NOTHING_GIVEN = '_given = {"args": [], "kwargs": {}}\n'
_GIVEN = """\
with open(sys.argv[1], "rb") as _file:
    _given = {library}.load(_file)
"""
_TEXTS = """\
with open(sys.argv[3]) as _file:
    virtualenv_string_args = [_line.strip() for _line in _file]
"""


def write_python_script(
    jinja_context: Mapping[str, Any], filename: str, render_template_as_native_obj: bool = False
) -> None:
    """`jinja_context` is what Airflow fills its own template with; its names are kept."""
    library = jinja_context.get("pickling_library", "pickle")
    sent = jinja_context.get("op_args") or jinja_context.get("op_kwargs")
    script = _SCRIPT.format(
        library=library,
        source=jinja_context["python_callable_source"],
        given=_GIVEN.format(library=library) if sent else _NOTHING_GIVEN,
        texts=_TEXTS if jinja_context.get("string_args_global", True) else "",
        name=jinja_context["python_callable"],
    )
    with open(filename, "w", encoding="utf-8") as file:
        file.write(script)


class _Serializers(Mapping[str, ModuleType]):
    """Each is imported when it is asked for."""

    _names = ("pickle", "dill", "cloudpickle")

    def __getitem__(self, name: str) -> ModuleType:
        if name not in self._names:
            raise KeyError(name)
        return importlib.import_module(name)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


SERIALIZERS = _Serializers()
