"""`DagBag`: the DAGs of a folder, imported in this process, as a project's own tests ask for them.

Which files are looked at is decided as for a bundle, `.airflowignore` included. Nothing is kept or started.
"""

from __future__ import annotations

import os
import sys
import traceback
from typing import Any, NamedTuple

from ..core.spec import check_graph
from ..sdk import settings
from ..sdk.collecting import DagFile, dag_files, import_file
from ..sdk.dag import DAG
from ..sdk.describe import describe
from .forms import check_cycle


class FileLoadStat(NamedTuple):
    file: str
    duration: Any
    dag_num: int
    task_num: int
    dags: str


class DagBag:
    def __init__(
        self,
        dag_folder: str | os.PathLike[str] | None = None,
        include_examples: Any = None,
        safe_mode: bool = True,
        *_: Any,
        collect_dags: bool = True,
        **__: Any,
    ) -> None:
        self.dag_folder = os.path.abspath(os.path.expanduser(dag_folder or settings.DAGS_FOLDER))
        self.dags: dict[str, DAG] = {}
        self.import_errors: dict[str, str] = {}
        self.dagbag_stats: list[FileLoadStat] = []
        self.captured_warnings: dict[str, tuple[str, ...]] = {}
        if collect_dags:
            self.collect_dags(safe_mode=safe_mode)

    @property
    def dag_ids(self) -> list[str]:
        return list(self.dags)

    def size(self) -> int:
        return len(self.dags)

    def get_dag(self, dag_id: str, session: Any = None) -> DAG | None:
        return self.dags.get(dag_id)

    def collect_dags(self, dag_folder: Any = None, *_: Any, safe_mode: bool = True, **__: Any) -> None:
        for file in dag_files(os.path.abspath(dag_folder or self.dag_folder), safe_mode):
            self._take(file)

    def process_file(self, filepath: str, only_if_updated: bool = True, safe_mode: bool = True) -> list[DAG]:
        return [dag for file in dag_files(os.path.abspath(filepath), safe_mode) for dag in self._take(file)]

    def bag_dag(self, dag: DAG, *_: Any, **__: Any) -> None:
        check_cycle(dag)
        check_graph(describe(dag))  # what the engine would refuse
        self.dags[dag.dag_id] = dag

    def dagbag_report(self) -> str:
        lines = [f"{stat.file}: {stat.dag_num} DAGs, {stat.task_num} tasks" for stat in self.dagbag_stats]
        return "\n".join([*lines, *(f"{file}: {text}" for file, text in self.import_errors.items())])

    def _take(self, file: DagFile) -> list[DAG]:
        import time

        began = time.monotonic()
        self.import_errors.pop(file.path, None)
        before = list(sys.path)
        sys.path[:0] = [root for root in file.roots if root not in sys.path]
        try:
            found = import_file(file.path)
            for dag in found:
                self.bag_dag(dag)
        except Exception:
            self.import_errors[file.path] = traceback.format_exc(limit=-3)
            return []
        finally:
            sys.path[:] = [*[entry for entry in sys.path if entry not in before], *before]
        from datetime import timedelta

        ids = str([dag.dag_id for dag in found])
        took = timedelta(seconds=time.monotonic() - began)
        self.dagbag_stats.append(FileLoadStat(file.path, took, len(found), sum(len(d.tasks) for d in found), ids))
        self.captured_warnings[file.path] = tuple(text for dag in found for text in dag.warnings)
        return found
