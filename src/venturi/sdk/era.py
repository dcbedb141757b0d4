"""Which generation of Airflow a file was written for, from the names it imports. The one place that decides it.

The importer notes each name a file takes; `era_of` reads them. What differs by era is asked for here too, so that
the differences can be read in one place.
"""

from __future__ import annotations

import re
from datetime import timedelta
from enum import Enum
from typing import Any


class Era(Enum):
    ONE = "1.10"
    TWO = "2.x"
    THREE = "3.x"


# Compiled when first asked for: a file that imports nothing of `airflow` never needs them.
_THREE = r"airflow\.(sdk|providers\.standard|providers\.common\.compat\.sdk)(\.|$)"
_TWO = (
    r"airflow\.(decorators|providers|datasets|Dataset|timetables|io|notifications|triggers|listeners|"
    r"operators\.(bash|python|empty|dummy|email|trigger_dagrun|latest_only|branch|datetime|weekday|subdag|"
    r"generic_transfer|smooth)|sensors\.(base|python|bash|filesystem|external_task|time_delta|time_sensor|date_time|weekday)"
    r"|hooks\.(base|filesystem|subprocess)|utils\.(task_group|edgemodifier|context|types)|models\.(param|xcom_arg|taskmixin))(\.|$)"
)
_ONE = (
    r"airflow\.(contrib(\.|$)|(operators|sensors|hooks)\.\w+_(operator|sensor|hook)(\.|$)|operators\.sensors(\.|$)|"
    r"(operators|sensors|hooks)\.[A-Z]\w*$)"
)

_used: dict[str, set[str]] = {}


def note(file: str, path: str) -> None:
    """This file has imported this name under `airflow`."""
    _used.setdefault(file, set()).add(path)


def used_paths() -> dict[str, set[str]]:
    return _used


def era_of(file: str) -> Era:
    """A file of several eras at once counts as the newest it names; one that names no telling path is 2.x, and one
    that imports nothing of `airflow` is ours, which is as 3.x."""
    paths = _used.get(file)
    if not paths or _any(_THREE, paths):
        return Era.THREE
    if _any(_TWO, paths):
        return Era.TWO
    return Era.ONE if _any(_ONE, paths) else Era.TWO


def _any(pattern: str, paths: set[str]) -> bool:
    return any(re.match(pattern, path) for path in paths)


def missing_schedule(era: Era) -> Any:
    """What a DAG without a schedule means."""
    return None if era is Era.THREE else timedelta(days=1)


def catches_up(era: Era) -> bool:
    """Whether a DAG that does not say `catchup` runs every date since its start in Airflow. Here it never does."""
    return era is not Era.THREE


def tolerates_stray_arguments(era: Era) -> bool:
    """1.10 took arguments that an operator does not know with a warning; later ones refuse them."""
    return era is Era.ONE


def keeps_value_of_a_branch(file: str) -> bool:
    """Whether what a branch or a short circuit has returned is its value too when it leaves tasks out. In Airflow 3.x
    the leaving out is all that comes of it; a file of ours keeps the value."""
    return not _used.get(file) or era_of(file) is not Era.THREE


def strict_undefined(era: Era) -> bool:
    """Whether an unknown name in a template is an error; in 1.10 it was empty text."""
    return era is not Era.ONE


def has_data_intervals(era: Era) -> bool:
    """Whether a cron text or a length of time cuts time into intervals, each run at its end, as before 3.x; in 3.x it
    names moments."""
    return era is not Era.THREE


def keeps_slas(file: str) -> bool:
    """Whether anybody watches the `sla` of a task; Airflow 3 has removed it. A file of ours has it."""
    return not _used.get(file) or era_of(file) is not Era.THREE


def limits_each_run(era: Era) -> bool:
    """Whether `max_active_tasks` is of each run, as since 3.0, or of all runs of the DAG together."""
    return era is Era.THREE
