"""Attempts that are handed out and do not begin: after how long they are given up.

Owns that limit. What is given up was never known to have begun, so it is a loss of the infrastructure's: its process is
ended if there is one, and the task is handed out again on that budget.
"""

from __future__ import annotations

import heapq

from .spec import TaskSpec
from .states import TaskState
from .world import World

NOT_STARTED = "it was not started within"  # how such an end is known again, by whichever engine hears of it
_SPARE = 1000


def watch(world: World, task: TaskSpec, token: int, handed_out_at: float) -> None:
    limit_s = limit_of(world, task)
    if limit_s is not None:
        heapq.heappush(world.start_limits, (handed_out_at + limit_s, token))
        if len(world.start_limits) > 4 * len(world.by_token) + _SPARE:
            world.start_limits = [entry for entry in world.start_limits if _is_starting(world, entry[1])]
            heapq.heapify(world.start_limits)


def limit_of(world: World, task: TaskSpec) -> float | None:
    """Its own, else that of the home; none where it is 0."""
    limit_s = world.start_limit_s if task.start_limit_s is None else task.start_limit_s
    return limit_s if limit_s else None


def next_at(world: World) -> float | None:
    while world.start_limits and not _is_starting(world, world.start_limits[0][1]):
        heapq.heappop(world.start_limits)
    return world.start_limits[0][0] if world.start_limits else None


def overdue(world: World, now: float) -> list[tuple[int, str]]:
    """The tokens to be ended, and why. Each comes again after as long, until it has begun or its end is known."""
    found: list[tuple[int, str]] = []
    while (at := next_at(world)) is not None and at <= now:
        token = heapq.heappop(world.start_limits)[1]
        run, number, *_ = world.by_token[token]
        task = run.plan.tasks[number]
        limit_s = limit_of(world, task)
        if limit_s is not None:
            found.append((token, f"{NOT_STARTED} {limit_s:g} s"))
            watch(world, task, token, now)
    return found


def given_up_at(world: World, token: int) -> float | None:
    return min((at for at, one in world.start_limits if one == token), default=None)


def _is_starting(world: World, token: int) -> bool:
    known = world.by_token.get(token)
    return known is not None and known[3].state is TaskState.STARTING
