"""Plugins: classes that extend `AirflowPlugin` in a folder of plugins, or named by an installed package.

Read when something is asked for that a plugin may bring: `airflow.operators.<plugin>`, `macros.<plugin>`. Owns the
finding and reading of them. Plugin folders are on sys.path behind the DAG file's own, so that a plain import of a
module in them (a timetable, a shared operator) needs none of this.
"""

from __future__ import annotations

import importlib
import os
import sys
from types import ModuleType
from typing import Any

from ..sdk.settings import conf

# What a plugin may bring, and the module of Airflow under which it is found.
KINDS = ("operators", "sensors", "hooks", "macros", "executors")
FOLDER = "plugins"


class AirflowPlugin:
    """A plugin names itself and what it brings."""

    name: str | None = None
    operators: list[Any] = []  # noqa: RUF012  (as authors write it)
    sensors: list[Any] = []  # noqa: RUF012
    hooks: list[Any] = []  # noqa: RUF012
    executors: list[Any] = []  # noqa: RUF012
    macros: list[Any] = []  # noqa: RUF012
    timetables: list[Any] = []  # noqa: RUF012
    listeners: list[Any] = []  # noqa: RUF012
    priority_weight_strategies: list[Any] = []  # noqa: RUF012

    @classmethod
    def on_load(cls, *args: Any, **kwargs: Any) -> None:
        """Called once when the plugin has been read."""


_found: list[type[AirflowPlugin]] | None = None
problems: dict[str, str] = {}  # file or package → why it could not be read


def plugins() -> list[type[AirflowPlugin]]:
    """Every plugin that this process can reach, read once."""
    global _found
    if _found is None:
        _found = []  # a plugin that asks for another while it is read gets what is there by then
        modules = [(f"{folder}/{name}", name) for folder in folders() for name in _modules_in(folder)]
        for place, name in modules:
            try:
                _take(importlib.import_module(name))
            except Exception as error:
                problems[place] = f"{type(error).__name__}: {error}"
        _found += [kind for kind in _installed() if kind not in _found]
        for kind in _found:
            kind.on_load()
    return _found


def folders() -> list[str]:
    """The folders of plugins that are on sys.path."""
    named = conf.get("core", "plugins_folder", fallback=None)
    return [e for e in sys.path if (os.path.basename(e) == FOLDER or e == named) and os.path.isdir(e)]


def _modules_in(folder: str) -> list[str]:
    """Modules, and those of packages, as names under the folder."""
    found = []
    for place, inner, files in os.walk(folder):
        inner[:] = sorted(name for name in inner if name.isidentifier() and not name.startswith(("_", ".")))
        package = os.path.relpath(place, folder).replace(os.sep, ".")
        for name in sorted(files):
            stem = name[:-3]
            if name.endswith(".py") and ((stem.isidentifier() and not stem.startswith("_")) or stem == "__init__"):
                parts = [*([] if package == "." else [package]), *([] if stem == "__init__" else [stem])]
                if parts and _mentions_a_plugin(os.path.join(place, name)):
                    found.append(".".join(parts))
    return found


def _mentions_a_plugin(file: str) -> bool:
    """Others in the folder are read when they are imported."""
    with open(file, "rb") as opened:
        return b"AirflowPlugin" in opened.read()


def _take(module: ModuleType) -> None:
    assert _found is not None
    for value in list(vars(module).values()):
        is_plugin = isinstance(value, type) and issubclass(value, AirflowPlugin) and value is not AirflowPlugin
        if is_plugin and value.name and value not in _found:
            _found.append(value)


def _installed() -> list[type[AirflowPlugin]]:
    from importlib.metadata import entry_points

    found = []
    for entry in entry_points(group="airflow.plugins"):
        try:
            loaded = entry.load()
        except Exception as error:
            problems[entry.value] = f"{type(error).__name__}: {error}"
            continue
        if isinstance(loaded, type) and issubclass(loaded, AirflowPlugin):
            found.append(loaded)
    return found


# ── under Airflow's names ────────────────────────────────────────────────────────────────────────────────


def module_of(fullname: str) -> dict[str, Any] | None:
    """What a plugin brings under `airflow.operators.<plugin>` and the like: by name."""
    parts = fullname.split(".")
    if len(parts) != 3 or parts[1] not in KINDS:
        return None
    for kind in plugins():
        if kind.name == parts[2]:
            return _by_name(getattr(kind, parts[1], ()))
    return None


def object_in(place: str, name: str) -> Any:
    """What any plugin brings of this name directly under `airflow.operators` and the like, as in 1.10; or None."""
    parts = place.split(".")
    if len(parts) != 2 or parts[1] not in KINDS:
        return None
    for kind in plugins():
        found = _by_name(getattr(kind, parts[1], ())).get(name)
        if found is not None:
            return found
    return None


def macros_of(name: str) -> Any:
    """`macros.<plugin>` in a template, or a macro of this name."""
    brought = module_of(f"airflow.macros.{name}")
    if brought:
        made = ModuleType(f"airflow.macros.{name}")
        made.__dict__.update(brought)
        return made
    return object_in("airflow.macros", name)


def _by_name(objects: Any) -> dict[str, Any]:
    return {each.__name__: each for each in objects or () if hasattr(each, "__name__")}
