"""Official provider wheels, installed without Airflow: `airflow.providers.…` falls through to their files.

A wheel's own names win; a name that it has dropped is served from the table. The providers that belong to Airflow
itself (`standard`, `common.compat`) are ours first: a bundle that has their wheel installed gets from it what we have
not. Owns the search on sys.path and the joining of a wheel's module with the table's rows.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from .table import TABLE
from .table.arguments import ARGUMENTS

PROVIDERS = "airflow.providers."
OURS_FIRST = ("airflow.providers.standard", "airflow.providers.common.compat")
_WITH_OLD_ARGUMENTS = frozenset(row.operator.rpartition(".")[0] for row in ARGUMENTS)
_behind: dict[str, ModuleType | None] = {}


def folders(package: str) -> list[str]:
    """Every folder of sys.path that may hold modules of this package."""
    inner = package.replace(".", "/")
    return [f"{entry or '.'}/{inner}" for entry in sys.path]


def find(fullname: str, ours: bool) -> ModuleSpec | None:
    """The module in an installed wheel; None where there is none, or where ours comes first."""
    if ours and fullname.startswith(OURS_FIRST):
        return None
    spec = _on_disk(fullname)
    if spec is None:
        return None
    if spec.loader is None:  # a folder that several wheels share
        return None if ours else spec
    if ours or fullname in _WITH_OLD_ARGUMENTS:
        _join(spec)
    return spec


def behind(fullname: str) -> ModuleType | None:
    """The wheel's own module where ours comes first, loaded when a name is asked for that the table does not have."""
    if fullname not in _behind:
        _behind[fullname] = None  # also while it is loaded: what it asks of itself is ours or not there
        spec = _on_disk(fullname)
        if spec is not None and spec.loader is not None:
            module = ModuleType(fullname)
            module.__spec__ = spec
            module.__file__ = spec.origin
            module.__package__ = fullname if spec.submodule_search_locations else fullname.rpartition(".")[0]
            try:
                spec.loader.exec_module(module)
            except BaseException:
                del _behind[fullname]  # so that the next who asks gets this reason, and not "is not here"
                raise
            _behind[fullname] = module
    return _behind[fullname]


def is_here(fullname: str) -> bool:
    """Whether a module is in an installed wheel."""
    return fullname.startswith(PROVIDERS) and _on_disk(fullname) is not None


def _on_disk(fullname: str) -> ModuleSpec | None:
    return PathFinder.find_spec(fullname, folders(fullname.rpartition(".")[0]))


def _join(spec: ModuleSpec) -> None:
    """Once the wheel's module is executed, what it lacks is looked up in the table."""
    loader: Any = spec.loader
    fullname = spec.name
    execute = loader.exec_module

    def joined(module: ModuleType) -> None:
        execute(module)
        if fullname in _WITH_OLD_ARGUMENTS:
            from .dropped import restore

            restore(module)
        own = module.__dict__.get("__getattr__")

        def of_table(name: str) -> Any:
            path = f"{module.__name__}.{name}"
            row = TABLE.get(path)
            if row is not None:
                from .importer import of_row  # it imports this module

                return of_row(path, row)
            if own is not None:
                return own(name)
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

        module.__dict__["__getattr__"] = of_table

    loader.exec_module = joined
