"""Serves `import airflow…` from the table, by a finder that stands before all others; no Airflow is installed.

A module under `airflow` is made when it is first imported or reached as an attribute; its names are looked up in the
table each time they are asked for, so that every file that takes a name is noted for its era.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from ..sdk import era
from ..sdk.building import author_position
from .table import REFUSED, TABLE, module_paths

_MODULES = module_paths()


class UnknownAirflowName(ModuleNotFoundError):
    """A name under `airflow` that the table does not hold. Its `name` stays empty, so that the import statement does
    not replace this sentence by its own."""


def sentence(path: str) -> str:
    """What to tell someone who imports a path that is not served."""
    row = TABLE.get(path)
    if row is not None and row.kind == REFUSED:
        return f"'{path}' is not served by Venturi. {row.reason}"
    name = path.rpartition(".")[2]
    known = [place for place, row in TABLE.items() if row.kind != REFUSED]
    same_name = [place for place in known if place.rpartition(".")[2] == name]
    import difflib  # only for this sentence: every zygote holds what is imported above

    near = same_name[:1] or difflib.get_close_matches(path, [*known, *sorted(_MODULES)], 1, 0.5)
    advice = f"The nearest it has is '{near[0]}'." if near else "It has nothing near it."
    return f"Venturi does not serve '{path}'. {advice}"


class AirflowModule(ModuleType):
    """One module under `airflow`."""

    def __getattr__(self, name: str) -> Any:
        place = self.__name__
        path = f"{place}.{name}"
        row = TABLE.get(path)
        if row is not None:
            if row.kind == REFUSED:
                raise UnknownAirflowName(sentence(path))
            era.note(author_position(2).file, path)
            return getattr(importlib.import_module(row.module), row.name)
        if path in _MODULES:
            return importlib.import_module(path)
        if name == "__all__":
            return [known.rpartition(".")[2] for known in TABLE if known.rpartition(".")[0] == place]
        raise AttributeError(sentence(path))

    def __dir__(self) -> list[str]:
        inner = [known.rpartition(".")[2] for known in (*TABLE, *_MODULES) if known.rpartition(".")[0] == self.__name__]
        return sorted({*super().__dir__(), *inner})


class Finder:  # by shape: importlib.abc would bring tempfile, shutil and bz2 into every zygote
    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "airflow" and not fullname.startswith("airflow."):
            return None
        if fullname not in _MODULES:
            raise UnknownAirflowName(sentence(fullname))
        return ModuleSpec(fullname, self, is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return AirflowModule(spec.name, f"{spec.name}, as Venturi serves it.")

    def exec_module(self, module: ModuleType) -> None:
        era.note(author_position(2).file, module.__name__)


_finder = Finder()


def install() -> None:
    """From now on `airflow` is ours in this process, also where a real one is installed."""
    if _finder not in sys.meta_path:
        for name in [name for name in sys.modules if name == "airflow" or name.startswith("airflow.")]:
            if not isinstance(sys.modules[name], AirflowModule):
                del sys.modules[name]
        sys.meta_path.insert(0, _finder)


def uninstall() -> None:
    """Take it back, for tests."""
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
    for name in [name for name, module in sys.modules.items() if isinstance(module, AirflowModule)]:
        del sys.modules[name]


def used_paths() -> dict[str, set[str]]:
    """The names under `airflow` that each file has taken so far."""
    return era.used_paths()
