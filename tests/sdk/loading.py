"""Loads the text of a DAG file as a zygote does: written to disk, imported with the importer in place, described."""

from __future__ import annotations

import importlib.util
import textwrap
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from venturi.airflow import importer
from venturi.core.spec import DagSpec, check_graph
from venturi.sdk.collecting import collecting, dags_of
from venturi.sdk.dag import DAG
from venturi.sdk.describe import describe


class Loaded(NamedTuple):
    module: ModuleType
    dags: list[DAG]
    specs: list[DagSpec]

    @property
    def dag(self) -> DAG:
        (dag,) = self.dags
        return dag

    @property
    def spec(self) -> DagSpec:
        (spec,) = self.specs
        return spec

    def edges(self) -> set[tuple[str, str]]:
        return {(up, task.task_id) for task in self.spec.tasks for up in task.upstream}


_loads = 0


def load(folder: Path, text: str, name: str = "dag_file") -> Loaded:
    global _loads
    _loads += 1
    path = folder / f"{name}_{_loads}.py"
    path.write_text(textwrap.dedent(text))
    importer.install()
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with collecting() as collected:
        spec.loader.exec_module(module)
    dags = dags_of(module, collected)
    specs = [describe(dag) for dag in dags]
    for each in specs:
        check_graph(each)
    return Loaded(module, dags, specs)
