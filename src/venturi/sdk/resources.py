"""What a task asks of the machine: `executor_config={"cpus": 2, "ram_gb": 4, "gpus": 0.5}`, or Airflow's `resources=`.

Owns the words and their check. `resources=` bounds nothing in Airflow, so what it says is asked for as far as the
machine has it; our own words are meant exactly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..core.errors import AuthoringError

if TYPE_CHECKING:
    from .operator import Task

WORDS = ("cpus", "ram_mb", "ram_gb", "gpus")


def asked(task: Task) -> dict[str, Any] | None:
    config = task.executor_config
    given = {word: config[word] for word in WORDS if word in config} if isinstance(config, Mapping) else {}
    if given:
        return _exactly(task, given)
    return _as_far_as_there_is(task.resources) if task.resources else None


def _exactly(task: Task, given: Mapping[str, Any]) -> dict[str, Any] | None:
    numbers = {word: _number(task, word, value) for word, value in given.items() if value is not None}
    if "ram_gb" in numbers:
        if "ram_mb" in numbers:
            raise _wrong(task, "asks for ram_mb and for ram_gb", "Say one of them.")
        numbers["ram_mb"] = numbers.pop("ram_gb") * 1000
    gpus = numbers.get("gpus", 0)
    if gpus > 1 and gpus != int(gpus):
        raise _wrong(task, f"asks for {gpus:g} GPUs", "A part of one is less than 1; several are a whole number.")
    return {word: n for word, n in numbers.items() if n} or None


def _number(task: Task, word: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
        raise _wrong(task, f"asks for {word}={value!r}", "It is a number, such as 2 or 0.5.")
    return value


def _wrong(task: Task, problem: str, advice: str) -> AuthoringError:
    position = task.position
    named = f"Task '{task.task_id}' {problem} in its executor_config"
    return AuthoringError(problem=named, file=position.file, line=position.line, advice=advice)


def _as_far_as_there_is(given: Any) -> dict[str, Any] | None:
    """A mapping, or Airflow's object of it, whose parts have a quantity each."""
    found: dict[str, Any] = {}
    for theirs, ours in (("cpus", "cpus"), ("ram", "ram_mb"), ("gpus", "gpus")):
        value = given.get(theirs) if isinstance(given, Mapping) else getattr(given, theirs, None)
        value = getattr(value, "qty", value)
        if isinstance(value, (int, float)) and 0 < value < math.inf:
            found[ours] = math.ceil(value) if ours == "gpus" and value > 1 else value
    return {**found, "at_most": True} if found else None
