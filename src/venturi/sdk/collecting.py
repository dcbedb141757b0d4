"""Which DAGs a file has: DAG objects are noted while the file is imported, and chosen when it is done.

Owns the choice, and the import of a file in an author's own process (a test's `DagBag`). Zygotes import in their own
way, and choose with this.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from . import building
from .dag import DAG


@contextmanager
def collecting() -> Iterator[list[DAG]]:
    """DAGs made meanwhile are gathered in the list given."""
    collected: list[DAG] = []
    building.collections.append(collected)
    try:
        yield collected
    finally:
        building.collections.remove(collected)
        building.open_dags.clear()  # an import that failed inside a `with` leaves them open
        building.open_groups.clear()
        building.scopes.clear()


def dags_of(module: Any, collected: list[DAG]) -> list[DAG]:
    """The DAGs reachable as a global of the module, and those opened with `with` (a function under `@dag` does that),
    unless auto_register=False. Of two with one id the later stays."""
    reachable = {id(value) for value in list(vars(module).values()) if isinstance(value, DAG)}
    collected_ids = {id(dag) for dag in collected}
    # A DAG made before this collecting began, by a module that was already there, counts if it is a global here.
    earlier = [
        value for value in list(vars(module).values()) if isinstance(value, DAG) and id(value) not in collected_ids
    ]
    file = getattr(module, "__file__", None)
    found: dict[str, DAG] = {}
    for dag in [*earlier, *collected]:
        if dag.is_part_of is not None:
            continue
        if id(dag) not in reachable and not (dag.was_opened and dag.auto_register):
            continue
        before = found.pop(dag.dag_id, None)
        if before is not None and before is not dag:
            lines = f"{before.position.line} and {dag.position.line}"
            dag.warnings.append(
                f"DAG id '{dag.dag_id}' is made twice in this file, at lines {lines}; the later one counts."
            )
        found[dag.dag_id] = dag
        if file:
            dag.fileloc = file  # a DAG made by a function of another module belongs to the file that is loaded
    return list(found.values())


# ── in an author's own process ───────────────────────────────────────────────────────────────────────────


class DagFile(NamedTuple):
    """A file that may hold DAGs, and what goes on sys.path for it."""

    path: str
    roots: list[str]


def dag_files(place: str, safe_mode: bool = True) -> list[DagFile]:
    """The file, or the files of a folder that may hold DAGs, found as in a bundle."""
    from .. import testing  # the one permitted upward call

    return [DagFile(path, roots) for path, roots in testing.dag_files(place, safe_mode)]


def import_file(path: str) -> list[DAG]:
    """Import the file under a name of its own, as often as one asks, and give its DAGs."""
    import hashlib
    import importlib.util
    import sys

    name = f"unusual_prefix_{hashlib.sha1(path.encode()).hexdigest()}_{path.rpartition('/')[2].partition('.')[0]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with collecting() as collected:
            spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return dags_of(module, collected)
