"""Tasks that hold a pool's slots and wait for runs that need a slot of the same pool: they wait for ever.

Owns finding them. Pure, and costs something only when it is asked.
"""

from __future__ import annotations

from .states import LIVE, TaskState
from .world import Cell, Run, World

WAITS = "TriggerDagRunOperator"  # an attempt that lives on after it has started a run waits for its end

Holder = tuple[Run, int, int, Cell]


def stuck_holders(world: World) -> list[Holder]:
    """Living attempts whose runs can only go on if one of these very attempts ends."""
    children = _children(world)
    stuck = {token: known for token, known in world.by_token.items() if token in children}
    while True:
        free = [token for token in stuck if any(_may_go_on(world, run, stuck) for run in children[token])]
        if not free:
            return list(stuck.values())
        for token in free:
            del stuck[token]


def _children(world: World) -> dict[int, list[Run]]:
    """The unfinished runs that living attempts have started and wait for, by the attempts' tokens."""
    holders = {
        f"{run.dag_id}/{run.run_id}/{run.queued_at!r}/{run.plan.tasks[number].task_id}/{map_index}/": token
        for token, (run, number, map_index, _) in world.by_token.items()
        if run.plan.tasks[number].operator == WAITS
    }
    found: dict[int, list[Run]] = {}
    if holders:
        for run in world.runs.values():
            token = holders.get(f"{(run.key or '').rpartition('/')[0]}/")
            if token is not None:
                found.setdefault(token, []).append(run)
    return found


def _may_go_on(world: World, run: Run, stuck: dict[int, Holder]) -> bool:
    """Whether something of this run can happen while these attempts hold what they have."""
    if any(known[0] is run and token not in stuck for token, known in world.by_token.items()):
        return True
    for node in run.nodes:
        cells = [node.cell] if node.cell is not None else list(node.live.values())
        if any(cell.state not in LIVE and cell.state is not TaskState.SCHEDULED for cell in cells):
            return True  # a retry, a trigger, a sensor that looks again
    for lane in run.lanes.values():
        if lane.entries:
            pool = world.pool(lane.pool)
            held = sum(_slots(known) for known in stuck.values() if known[0].plan.tasks[known[1]].pool == lane.pool)
            task = run.plan.tasks[lane.entries[0][1]]
            if pool.slots < 0 or pool.slots - held >= task.pool_slots:
                return True
    return not any(lane.entries for lane in run.lanes.values()) and not _waits_for_stuck(run, stuck)


def _slots(known: Holder) -> int:
    return known[0].plan.tasks[known[1]].pool_slots


def _waits_for_stuck(run: Run, stuck: dict[int, Holder]) -> bool:
    """Nothing of it is ready because it waits for an attempt of its own that is stuck."""
    return any(known[0] is run for known in stuck.values())
