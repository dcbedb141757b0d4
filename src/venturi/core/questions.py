"""What a task asks a person: the form of a question and of an answer, which answers fit, and what they lead to.

Pure. Who may answer is said by the question; that somebody is who he says he is, is whoever takes the answer's to know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .schema import problems

TRIGGER = "venturi.sdk.people.Question"  # by which an attempt says that it waits for a person
NOBODY_IN_TIME = "The timeout has passed, and the response has not yet been received."


@dataclass(slots=True)
class Asked:
    """A question as it is kept; asked anew it replaces the earlier one of its instance."""

    run: int
    task_id: str
    map_index: int
    token: int  # of the attempt that asked, and waits deferred
    detail: dict[str, Any]  # subject, body, options, defaults, multiple, assigned_users, params, due_at
    at: float


@dataclass(slots=True)
class Answered:
    """Written once, where this token still waits for it."""

    run: int
    task_id: str
    map_index: int
    token: int
    answer: dict[str, Any]  # chosen, params
    by: str | None  # None: nobody did in time, and its defaults are taken
    at: float


def wrong_answer(question: Mapping[str, Any], chosen: Sequence[str], params: Mapping[str, Any]) -> str | None:
    """Why this cannot be the answer, in a sentence."""
    options = [str(option) for option in question.get("options") or ()]
    strange = [word for word in chosen if word not in options]
    if strange:
        return f"'{strange[0]}' is not offered. The options are: {', '.join(options)}."
    if not chosen:
        return f"Choose {'at least one' if question.get('multiple') else 'one'} of: {', '.join(options)}."
    if len(chosen) > 1 and not question.get("multiple"):
        return f"Only one of these can be chosen: {', '.join(options)}."
    asked = question.get("params") or {}
    for name in params:
        if name not in asked:
            known = f" It asks for: {', '.join(asked)}." if asked else ""
            return f"It does not ask for '{name}'.{known}"
    for name, param in asked.items():
        value = params.get(name, param.get("value"))
        if name not in params and "value" not in param:
            return f"It asks for '{name}', for which nothing is given."
        problem = next(problems(value, param.get("schema") or {}, name), None)
        if problem is not None:
            return f"{problem}."
    return None


def whole_params(question: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """What was filled in, and the defaults of the rest."""
    asked = question.get("params") or {}
    return {name: params.get(name, param.get("value")) for name, param in asked.items()}


def answerer(question: Mapping[str, Any], by: str) -> dict[str, str] | None:
    """The user as the task is told of him; None if others are asked. They are known by id or by name."""
    users = [user for user in question.get("assigned_users") or () if isinstance(user, Mapping)]
    if not users:
        return {"id": by, "name": by}
    for user in users:
        if by in (str(user.get("id")), str(user.get("name"))):
            return {"id": str(user.get("id")), "name": str(user.get("name") or user.get("id"))}
    return None
