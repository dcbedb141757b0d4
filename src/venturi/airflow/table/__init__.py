"""The compatibility table, as data: import path → our object, and how fully it stands in for Airflow's.

The importer serves these paths and no others. Kinds: full, partial (the reason says what differs), refused (the
reason says what to do; the import fails with it), wheel (an old name of what is in an official provider wheel, served
once that is installed). The rows stand in one module per area; how they are written is said in `rows`. A path may
stand in one area only.
"""

from __future__ import annotations

from . import (
    assets,
    dags,
    deferral,
    exceptions,
    extending,
    models,
    moments,
    old_amazon,
    old_google,
    old_names,
    operators,
    providers,
    sensors,
    server,
    settings,
    small,
    wheels,
)
from .rows import FULL, MOVED, PARTIAL, REFUSED, Row, wheel_of

AREAS = (
    dags,
    operators,
    sensors,
    models,
    settings,
    assets,
    deferral,
    moments,
    exceptions,
    extending,
    providers,
    wheels,
    server,
    small,
)
OLD = (old_names, old_amazon, old_google)

__all__ = ["AREAS", "FULL", "MOVED", "PARTIAL", "REFUSED", "TABLE", "Row", "counts", "module_paths"]


def _rows() -> dict[str, Row]:
    found: dict[str, Row] = {}
    for area in AREAS:
        for target, paths, reason in area.SERVED:
            module, _, name = target.rpartition(".")
            for path in paths.split():
                place, _, other = path.partition(":")
                row = Row(f"venturi.{module}", name, PARTIAL if reason else FULL, reason)
                _add(found, f"{place}.{other or name}", row)
        for refused, reason in area.REFUSED:
            for path in refused.split():
                _add(found, path, Row("", "", REFUSED, reason))
    _add_bridge(found)
    _add_old_names(found)
    return found


_BRIDGE = "airflow.providers.common.compat.sdk"


def _add_bridge(found: dict[str, Row]) -> None:
    """The provider that offers the names of `airflow.sdk` to files of 2.x and 3.x alike: under it all of them again."""
    for path, row in list(found.items()):
        name = path.removeprefix("airflow.sdk.")
        if name != path and ("." not in name or name.startswith("timezone.")):
            found.setdefault(f"{_BRIDGE}.{name}", row)


def _add_old_names(found: dict[str, Row]) -> None:
    """Where the other areas say nothing else. What we serve under the provider's path, we serve under its old one."""
    for area in OLD:
        for target, places, names in area.MOVED:
            module = f"airflow.providers.{target}"
            for word in names.split():
                old, _, new = word.partition("=")
                ours = found.get(f"{module}.{new or old}")
                kind, reason = (MOVED, wheel_of(module)) if ours is None else (ours.kind, ours.reason)
                row = Row(module, new or old, kind, reason)
                for place in places.split():
                    found.setdefault(f"airflow.{place}.{old}", row)
                    if new and place != f"providers.{target}":  # 2.x had the new name in the old module, too
                        found.setdefault(f"airflow.{place}.{new}", row)


def _add(found: dict[str, Row], path: str, row: Row) -> None:
    if found.setdefault(path, row) is not row:
        twice.append(path)


twice: list[str] = []  # paths that more than one row names; a test says that there are none
TABLE: dict[str, Row] = _rows()


def module_paths() -> set[str]:
    """Every module under `airflow` that has a row in it or below it."""
    found: set[str] = set()
    for path in TABLE:
        place = path.rpartition(".")[0]
        while place and place not in found:
            found.add(place)
            place = place.rpartition(".")[0]
    return found


def counts() -> dict[str, int]:
    found = {FULL: 0, PARTIAL: 0, MOVED: 0, REFUSED: 0}
    for row in TABLE.values():
        found[row.kind] += 1
    return found
