"""The words about tasks: `tasks …`, and 1.10's `list_tasks`, `test`, `run` and so on."""

from __future__ import annotations

from . import OUT, Command

_ONE = "dag_id task_id run --map-index=N"
_INSIDE = "-S|-sd|--subdir=PATH"

ROWS = (
    Command("tasks list", "tasks.ls", "venturi ls --json", f"dag_id -t|--tree {_INSIDE}", once="list_tasks"),
    Command(
        "tasks test",
        "inside.test",
        "the task alone, in the file's own interpreter; nothing is kept",
        f"dag_id task_id run? -n|-dr|--dry-run -t|-tp|--task-params=JSON --env-vars=JSON --map-index=N {_INSIDE}",
        "-m|--post-mortem -pm",
        once="test",
    ),
    Command(
        "tasks run",
        "tasks.run",
        "venturi run-task DAG TASK; in a run that is there: venturi clear DAG RUN TASK",
        f"{_ONE} -m|--mark-success {_INSIDE}",
        "-f|--force -i|--ignore-dependencies -A|--ignore-all-dependencies -I|--ignore-depends-on-past "
        "-d|--depends-on-past=HOW -l|--local -r|--raw -N|--interactive -int --pool=NAME --cfg-path=FILE --ship-dag "
        "-p|--pickle=ID -j|--job-id=ID --read-from-db --no-shut-down-logging",
        once="run",
    ),
    Command("tasks render", "inside.render", "the filled templates of a task", f"{_ONE} {_INSIDE}", once="render"),
    Command("tasks state", "tasks.state", "venturi status DAG RUN --json", _ONE, once="task_state"),
    Command("tasks failed-deps", "tasks.why", "venturi why DAG RUN TASK", _ONE, once="task_failed_deps"),
    Command("tasks states-for-dag-run", "tasks.states", "venturi status DAG RUN", f"dag_id run {OUT}"),
    Command(
        "tasks clear",
        "tasks.clear",
        "venturi clear DAG RUN [TASK]",
        "dag_id -t|--task-regex=REGEX -s|--start-date=DATE -e|--end-date=DATE -u|--upstream -d|--downstream "
        "-f|--only-failed -r|--only-running -y|--yes -c|--no-confirm -R|--dag-regex",
        "-x|--exclude-subdags -X|--exclude-parentdag -dx",
        once="clear",
    ),
)
