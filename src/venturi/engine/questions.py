"""Questions to people: kept in the commit in which the task begins to wait, answered exactly once.

Owns the words of refusals, and the event that an answer, or its absence at the end of the time, becomes.
"""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from ..core.moves import Event
from ..core.questions import NOBODY_IN_TIME, TRIGGER, Answered, Asked, answerer, whole_params, wrong_answer
from ..core.states import TaskState
from ..core.step import End, Turn
from ..core.world import WHOLE, Cell, Run
from ..executors.base import Fired
from ..wire.frames import Head
from ..wire.values import encode

if TYPE_CHECKING:
    from .turn import Engine


def asked(run: Run, number: int, map_index: int, cell: Cell, end: End, turn: Turn) -> None:
    """An attempt ends by asking."""
    if end.wait is not None and end.wait.trigger == TRIGGER and cell.state is TaskState.DEFERRED:
        detail = json.loads(end.wait.data)["trigger"]["question"]
        task_id = run.plan.tasks[number].task_id
        turn.batch.questions.append(Asked(run.id, task_id, map_index, cell.token, detail, turn.now))


def at_its_end(question: dict[str, Any]) -> tuple[str, bytes]:
    """The event of a question that nobody has answered in time."""
    defaults = question.get("defaults")
    if defaults is None:
        return "event", encode({"error": NOBODY_IN_TIME, "error_type": "timeout"}, "event").data
    return "event", _answer(list(defaults), whole_params(question, {}), float(question["due_at"]), None)


def not_answered(engine: Engine, token: int, turn: Turn) -> None:
    """Its time is over: that its defaults are taken is kept as an answer by nobody."""
    known = engine.world.deferred.get(token)
    if known is None:
        return
    run, number, map_index, _ = known
    task_id = run.plan.tasks[number].task_id
    row = engine.reader.question(run.id, task_id, map_index)
    if row is not None and row.token == token and row.detail.get("defaults") is not None:
        kept = {"chosen": row.detail["defaults"], "params": whole_params(row.detail, {})}
        turn.batch.answers.append(Answered(run.id, task_id, map_index, token, kept, None, turn.now))


class Refused(NamedTuple):
    code: str
    message: str


def answer(engine: Engine, head: Head, turn: Turn) -> dict[str, Any] | Refused:
    """The command: {dag_id, run_id, task_id, map_index, options, params, by}."""
    dag_id, run_id, task_id = (str(head[name]) for name in ("dag_id", "run_id", "task_id"))
    map_index = WHOLE if head.get("map_index") is None else int(head["map_index"])
    chosen, params, by = [str(o) for o in head["options"]], dict(head.get("params") or {}), str(head["by"])
    named = f"Task '{task_id}'" + (f" [{map_index}]" if map_index != WHOLE else "")
    kept = engine.reader.run(dag_id, run_id)
    if kept is None:
        return Refused("no_such_run", f"DAG '{dag_id}' has no run '{run_id}'.")
    row = engine.reader.question(kept.id, task_id, map_index)
    if row is None:
        advice = "List what is asked with: venturi questions"
        return Refused("not_asked", f"{named} of run '{run_id}' has not asked anything. {advice}")
    known = engine.world.deferred.get(row.token)
    if known is None:
        said = ""
        if row.answer is not None:
            said = f": {row.by or 'nobody in time'} answered {', '.join(row.answer['chosen'])}"
        return Refused("answered", f"{named} of run '{run_id}' waits for no answer any more{said}.")
    user = answerer(row.detail, by)
    if user is None:
        names = ", ".join(str(u.get("name") or u.get("id")) for u in row.detail["assigned_users"])
        return Refused("not_assigned", f"{named} asks {names}, not '{by}'. Say who answers with --by.")
    wrong = wrong_answer(row.detail, chosen, params)
    if wrong is not None:
        return Refused("wrong_answer", wrong)
    run, filled = known[0], whole_params(row.detail, params)
    given = {"chosen": chosen, "params": filled}
    turn.batch.answers.append(Answered(run.id, task_id, map_index, row.token, given, user["name"], turn.now))
    told = {"task_id": task_id, "map_index": map_index, "by": user["name"], **given}
    turn.batch.events.append(Event(turn.now, "answered", dag_id, run.id, told))
    engine.fired(Fired(row.token, "event", {}, _answer(chosen, filled, turn.now, user)), turn)
    return {"dag_id": dag_id, "run_id": run_id, **told}


def _answer(chosen: list[str], params: dict[str, Any], at: float, user: dict[str, str] | None) -> bytes:
    """As `execute_complete` takes it."""
    event = {
        "chosen_options": chosen,
        "params_input": params,
        "responded_at": datetime.fromtimestamp(at, timezone.utc),
        "responded_by_user": user,
        "timedout": user is None,
    }
    return encode(event, "the answer").data
