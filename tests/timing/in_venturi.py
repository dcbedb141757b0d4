"""Our side: the file is read as a zygote reads it, and the engine makes the runs, at times that are said.

A program: `python -m tests.timing.in_venturi FILE CASES OUT`, with the output of `in_airflow`.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from venturi.config import Config
from venturi.core.spec import DagSpec, dag_from_json

from ..engine.conftest import Bench
from ..engine.test_schedules import serve
from .in_airflow import RUNS_MAX


def specs_of(file: Path) -> dict[str, DagSpec]:
    from venturi.airflow import importer
    from venturi.bundles.finding import import_roots, single_file_bundle
    from venturi.runtime.environment import Places
    from venturi.runtime.loader import Failed, Limit, load
    from venturi.sdk.port import installed
    from venturi.testing import LocalPort, LocalStore
    from venturi.wire import messages

    importer.install()
    with tempfile.TemporaryDirectory() as scratch, installed(LocalPort(LocalStore())):
        bundle = single_file_bundle(file)
        source = messages.source(str(file), str(bundle.root), import_roots(bundle, file), sys.executable)
        made = load(source, Places(scratch, scratch, scratch, "", "", 65536), Limit(120.0), [], [])
    if isinstance(made, Failed):
        raise SystemExit(f"{file.name}: {made.error['message']}")
    return {spec["dag_id"]: dag_from_json(spec) for spec in json.loads(made.specs)}


def one(case: dict[str, Any], spec: DagSpec) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "dags").mkdir()
        bench = Bench(Path(folder), [Path(folder) / "dags"], config=Config(dags_paused_at_creation=False))
        try:
            bench.settle()
            bench.now = case["begin"]
            serve(bench, spec)
            _all_due(bench)
            for kind, to in case["steps"]:
                if kind == "live":
                    _live(bench, to, case["late_s"])
                bench.now = max(bench.now, to)
                _all_due(bench)
            with bench.store.reader() as reader:
                runs = reader.runs(spec.dag_id, limit=RUNS_MAX)[::-1]
        finally:
            bench.store.close()
    return {"runs": [[run.run_id, run.logical_date, run.interval_start, run.interval_end] for run in runs]}


def _live(bench: Bench, until: float, late_s: float) -> None:
    while (timer := bench.engine.next_timer()) is not None and timer <= until:
        bench.now = max(bench.now, timer + late_s)
        _all_due(bench)


def _all_due(bench: Bench) -> None:
    bench.turn()
    for _ in range(RUNS_MAX):
        timer = bench.engine.next_timer()
        if timer is None or timer > bench.now:
            return
        bench.turn()


def main(file: str, cases: str, out: str) -> None:
    specs = specs_of(Path(file))
    told = {}
    for case in json.loads(Path(cases).read_text()):
        try:
            told[case["id"]] = one(case, specs[case["id"]])
        except Exception as error:
            told[case["id"]] = {"error": f"{type(error).__name__}: {error}"[:300]}
    Path(out).write_text(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
