"""Serves `import airflow…` from the table, by a finder that stands before all others; no Airflow is installed.

A module under `airflow` is made when it is first imported or reached as an attribute; its names are looked up in the
table each time they are asked for, so that every file that takes a name is noted for its era. Modules of installed
provider wheels (`wheels`) and an author's own files in a folder called `airflow` (`siblings`) are found as well.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from ..sdk import era, macros
from ..sdk.building import author_position
from . import siblings, stand_ins, wheels
from .nearest import MissingAttribute, UnknownAirflowName, sentence
from .table import MOVED, REFUSED, TABLE, Row, module_paths
from .table.rows import FAMILIES, Told

_MODULES = module_paths() | {f"{wheels.PROVIDERS}{family}" for family in FAMILIES}

# On the path of the Python processes that author code starts; it holds nothing but a way to `install`.
FOR_CHILDREN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "for_children")
# Under these, plugins may bring more.
_PLUGGED = frozenset({"airflow.operators", "airflow.sensors", "airflow.hooks", "airflow.macros", "airflow.executors"})

__all__ = ["UnknownAirflowName", "install", "sentence", "uninstall", "used_paths"]


class AirflowModule(ModuleType):
    """One module under `airflow`."""

    def __getattr__(self, name: str) -> Any:
        place = self.__name__
        path = f"{place}.{name}"
        row = TABLE.get(path)
        if row is not None:
            found = of_row(path, row)
            era.note(author_position(2).file, path)
            return found
        if path in _MODULES:
            return importlib.import_module(path)
        if name == "__all__":
            return [known.rpartition(".")[2] for known in TABLE if known.rpartition(".")[0] == place]
        if place.startswith(wheels.PROVIDERS):
            behind = wheels.behind(place)
            if behind is not None and hasattr(behind, name):
                return getattr(behind, name)
        if name.startswith("__"):
            raise AttributeError(name)  # Python's own question about a module, many times an import
        if place in _PLUGGED:
            from . import plugins

            brought = plugins.object_in(place, name)
            if brought is not None:
                return brought
        raise MissingAttribute(path)

    def __setattr__(self, name: str, value: Any) -> None:
        """`airflow.decorators.task_group` is a function and a module that has it: the name stays the function."""
        if not (isinstance(value, ModuleType) and f"{self.__name__}.{name}" in TABLE):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        inner = [known.rpartition(".")[2] for known in (*TABLE, *_MODULES) if known.rpartition(".")[0] == self.__name__]
        return sorted({*super().__dir__(), *inner})


def of_row(path: str, row: Row) -> Any:
    """The object that a row names, or its refusal."""
    if row.kind == REFUSED:
        raise UnknownAirflowName(path)
    try:
        return getattr(importlib.import_module(row.module), row.name)
    except (ImportError, AttributeError) as error:
        if not row.module.startswith(wheels.PROVIDERS):
            raise
        if _stands_in(path, row):
            from ..sdk.uninstalled import stand_in

            return stand_in(path, row.reason)
        raise UnknownAirflowName(path, error) from error


def _stands_in(path: str, row: Row) -> bool:
    """1.10 brought its operators along: what is in no installed wheel loads all the same, and fails when it runs."""
    kinds = ("Operator", "Sensor", "Hook")
    old = row.kind == MOVED and not path.startswith(wheels.PROVIDERS)
    return old and path.endswith(kinds) and not wheels.is_here(row.module)


def why_not_served(path: str, file: str) -> str | None:
    """None if `file` can take this name, else the sentence that it fails with. Imports nothing of a wheel's."""
    row = TABLE.get(path)
    if row is not None:
        ours = row.kind != REFUSED and not row.module.startswith(wheels.PROVIDERS)
        here = ours or row.module in _MODULES or wheels.is_here(row.module) or _stands_in(path, row)
        return None if here else sentence(path)
    place = path.rpartition(".")[0]
    if not place or path in _MODULES or wheels.is_here(path) or wheels.is_here(place):
        return None
    if siblings.find(path, file) is not None or siblings.find(place, file) is not None:
        return None
    return why_not_served(place, file) if place in TABLE else sentence(path)  # an attribute of an object


def waits_for_wheel(path: str) -> str | None:
    """What to say of an old name that can be taken, but does its work only with a wheel that is not installed."""
    row = TABLE.get(path)
    needs = row is not None and row.kind == MOVED and not wheels.is_here(row.module)
    return sentence(path) if needs else None


def difference(path: str) -> str | None:
    """What to say of a name that can be taken, and does less than in Airflow."""
    row = TABLE.get(path)
    return f"'{path}': {row.reason}" if row is not None and isinstance(row.reason, Told) else None


class Finder:  # by shape: importlib.abc would bring tempfile, shutil and bz2 into every zygote
    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "airflow" and not fullname.startswith("airflow."):
            return None
        ours = fullname in _MODULES
        if fullname.startswith(wheels.PROVIDERS):
            spec = wheels.find(fullname, ours)
            if spec is not None:
                return spec
        if not ours and fullname.rpartition(".")[0] in _PLUGGED:
            from . import plugins

            names = plugins.module_of(fullname)
            if names is not None:
                return ModuleSpec(fullname, _Given(names))  # type: ignore[arg-type]
        if not ours:
            spec = siblings.find(fullname, author_position(2).file)
            if spec is not None:
                return spec
            raise UnknownAirflowName(fullname)
        spec = ModuleSpec(fullname, self, is_package=True)  # type: ignore[arg-type]
        if fullname == wheels.PROVIDERS[:-1]:
            spec.submodule_search_locations = wheels.folders(fullname)
        return spec

    def find_distributions(self, context: Any = None) -> list[Any]:
        """Asked by importlib.metadata, which is loaded then."""
        from .distribution import of_name

        return of_name(getattr(context, "name", None))

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return AirflowModule(spec.name, f"{spec.name}, as Venturi serves it.")

    def exec_module(self, module: ModuleType) -> None:
        era.note(author_position(2).file, module.__name__)


class _Given:
    """Loads a module whose names are known already."""

    def __init__(self, names: dict[str, Any]) -> None:
        self._names = names

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return ModuleType(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__.update(self._names)


def _macros_of_plugins(name: str) -> Any:
    from . import plugins

    return plugins.macros_of(name)


_finder = Finder()


def install() -> None:
    """From now on `airflow` is ours in this process, also where a real one is installed."""
    if _finder not in sys.meta_path:
        for name in [name for name in sys.modules if name == "airflow" or name.startswith("airflow.")]:
            if not isinstance(sys.modules[name], AirflowModule):
                del sys.modules[name]
        sys.meta_path.insert(0, _finder)
        macros.further[:] = [_macros_of_plugins]
        stand_ins.install()


def uninstall() -> None:
    """Take it back, for tests."""
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
    for name in [name for name in sys.modules if name == "airflow" or name.startswith("airflow.")]:
        del sys.modules[name]


def used_paths() -> dict[str, set[str]]:
    """The names under `airflow` that each file has taken so far."""
    return era.used_paths()
