"""The words about DAGs, their runs and backfills: `dags …`, `backfill`, `assets …`, and 1.10's `list_dags` …"""

from __future__ import annotations

from . import OUT, Command

_DATES = "-s|--start-date=DATE -e|--end-date=DATE"
_REGEX = "--treat-dag-id-as-regex -y|--yes"
_TRIGGER = "dag_id -r|--run-id=NAME -c|--conf=JSON -e|--exec-date=DATE -l|--logical-date=DATE"
_BACKFILL = f"dag_id {_DATES} -t|--task-regex=REGEX -i|--ignore-dependencies -B|--run-backwards -c|--conf=JSON -y|--yes"
_BACKFILL += " --reset-dagruns --rerun-failed-tasks -n|-dr|--dry-run -m|--mark-success --treat-dag-as-regex"
_BACKFILL_LEFT_OUT = (
    "-l|--local -x|--donot-pickle -I|--ignore-first-depends-on-past --pool=NAME --delay-on-limit=SECONDS"
)
_BACKFILL_LEFT_OUT += " --continue-on-failures --disable-retry"
_PICTURE = "-s|--save=FILE"

ROWS = (
    Command("dags list", "dags.ls", "venturi ls", f"{OUT} --columns=NAMES -l|--local"),
    Command("list_dags", "dags.ls_ids", "venturi ls", "-r|--report"),
    Command("dags details", "dags.details", "venturi ls --json", f"dag_id {OUT}"),
    Command("dags list-import-errors", "dags.import_errors", "venturi ls", OUT, "-l|--local"),
    Command("dags report", "dags.report", "venturi check PATH", OUT),
    Command(
        "dags list-runs",
        "dags.runs",
        "venturi status DAG",
        f"dag? -d|--dag-id=DAG --no-backfill --state=queued,running,success,failed --limit=N {_DATES} {OUT}",
        once="list_dag_runs",
    ),
    Command(
        "dags list-jobs",
        "dags.jobs",
        "venturi status",
        f"-d|--dag-id=DAG --state=running,success,failed --limit=N {OUT}",
    ),
    Command("dags state", "dags.state", "venturi status DAG RUN", "dag_id run", once="dag_state"),
    Command(
        "dags next-execution",
        "dags.next_dates",
        "venturi simulate DAG",
        "dag_id -n|--num-executions=N --table "
        "--field=logical_date,data_interval.start,data_interval.end,run_after,partition_key,partition_date",
        once="next_execution",
    ),
    Command("dags pause", "dags.pause", "venturi pause DAG", f"dag_id {_REGEX} {OUT}", once="pause"),
    Command("dags unpause", "dags.unpause", "venturi unpause DAG", f"dag_id {_REGEX} {OUT}", once="unpause"),
    Command(
        "dags trigger",
        "dags.trigger",
        "venturi trigger DAG",
        f"{_TRIGGER} {OUT}",
        "--no-replace-microseconds",
        once="trigger_dag",
    ),
    Command("dags delete", "dags.delete", "venturi remove DAG", "dag_id -y|--yes", once="delete_dag"),
    Command("dags show", "dags.show", "the graph, as Graphviz reads it", f"dag_id {_PICTURE}", "--imgcat", "show_dag"),
    Command("dags show-dependencies", "Who starts by what is told by: venturi assets waiting."),
    Command(
        "dags test",
        "inside.test_dag",
        "venturi run FILE",
        "dag_id date? -c|--conf=JSON -f|--dagfile-path=FILE -S|-sd|--subdir=PATH --show-dagrun "
        "--mark-success-pattern=REGEX",
        "--imgcat-dagrun --save-dagrun=FILE --use-executor",
    ),
    Command(
        "dags clear",
        "tasks.clear_run",
        "venturi clear DAG RUN",
        "dag_id --run-id=RUN --partition-key=KEY --partition-date-start=DATE --partition-date-end=DATE "
        "-f|--only-failed -r|--only-running -y|--yes",
    ),
    Command("dags reserialize", "dags.read_again", "files are read when they are saved", "", "--clear-only"),
    Command("dags stability", "Files are kept by what is in them; look at one with: venturi check FILE."),
    Command(
        "dags backfill", "backfills.old", "venturi backfill DAG --wait", _BACKFILL, _BACKFILL_LEFT_OUT, once="backfill"
    ),
    Command(
        "backfill create",
        "backfills.create",
        "venturi backfill DAG",
        "--dag-id=DAG --from-date=DATE --to-date=DATE --dag-run-conf=JSON --run-backwards --max-active-runs=N "
        "--reprocess-behavior=none,completed,failed --dry-run",
        "--run-on-latest-version --no-run-on-latest-version",
    ),
    Command("assets list", "assets.ls", "venturi assets ls", f"--alias --columns=NAMES {OUT}"),
    Command("assets details", "assets.details", "venturi assets events NAME", f"--name=NAME --uri=URI --alias {OUT}"),
    Command("assets materialize", "assets.materialize", "venturi trigger DAG", f"--name=NAME --uri=URI {OUT}"),
    Command("datasets list", "assets.ls", "venturi assets ls", f"--columns=NAMES {OUT}"),
    Command("datasets details", "assets.details", "venturi assets events NAME", f"--name=NAME --uri=URI {OUT}"),
    Command(
        "partitions clear",
        "Over the API: clearPartitions. Run one again with: venturi clear DAG RUN.",
    ),
)
