"""`airflow dags backfill` (1.10: `airflow backfill`), which waits for its end, and `airflow backfill create`."""

from __future__ import annotations

from argparse import Namespace

from ..printing import COULD_NOT_START, SUCCESS, fail
from . import At, finding

_REPROCESS = {"none": "none", "completed": "all", "failed": "failed", None: "none"}


def old(at: At, given: Namespace) -> int:
    first, last = given.start_date or given.end_date, given.end_date or given.start_date
    if first is None:
        fail("Say which dates: --start-date DATE, --end-date DATE.", COULD_NOT_START, "usage")
    if given.mark_success:
        fail("Runs that are there are marked with: venturi mark DAG RUN success", COULD_NOT_START, "usage")
    dag_ids = finding.dags_like(at, given.dag_id) if given.treat_dag_as_regex else [given.dag_id]
    options = ["--reverse"] if given.run_backwards else []
    options += ["--conf", given.conf] if given.conf else []
    if given.reset_dagruns:
        if not given.dry_run:
            finding.sure(f"Runs of {', '.join(dag_ids)} that are over are run again.", given.yes)
        options += ["--reprocess", "all"]
    elif given.rerun_failed_tasks:
        options += ["--reprocess", "failed"]
    options += ["--dry-run"] if given.dry_run else ["--wait", "--ignore-pause"]
    worst = SUCCESS
    for dag_id in dag_ids:
        tasks = _tasks(at, dag_id, given)
        worst = max(worst, at.run("backfill", "start", dag_id, "--from", first, "--to", last, *options, *tasks))
    return worst


def _tasks(at: At, dag_id: str, given: Namespace) -> list[str]:
    if not given.task_regex:
        return []
    with at.reader() as reader:
        chosen = finding.tasks_like(finding.spec(reader, dag_id), given.task_regex)
    upstream = [] if given.ignore_dependencies else ["--upstream"]
    return [*(word for task in chosen for word in ("--task", task)), *upstream]


def create(at: At, given: Namespace) -> int:
    missing = [
        f"--{name.replace('_', '-')}" for name in ("dag_id", "from_date", "to_date") if getattr(given, name) is None
    ]
    if missing:
        fail(f"airflow backfill create needs {', '.join(missing)}.", COULD_NOT_START, "usage")
    options = ["--conf", given.dag_run_conf] if given.dag_run_conf else []
    options += ["--max-active", given.max_active_runs] if given.max_active_runs else []
    options += [f"--{name}" for name, said in (("reverse", given.run_backwards), ("dry-run", given.dry_run)) if said]
    options += ["--reprocess", _REPROCESS[given.reprocess_behavior]]
    return at.run("backfill", "start", given.dag_id, "--from", given.from_date, "--to", given.to_date, *options)
