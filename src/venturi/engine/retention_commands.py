"""What people say of the past: remove what is old, and how far that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core.errors import NotFound
from ..core.retention import Rule, rule_of
from ..core.step import Turn
from ..wire.frames import Head
from .control import refuse
from .retention import DAY_S

if TYPE_CHECKING:
    from ..config import Config
    from .commands import Asker, Commands


def clean(commands: Commands, client: Asker, head: Head, turn: Turn) -> None:
    engine = commands.engine
    if engine.foreground:
        refuse(client, head, "foreground", "The engine at work is a `venturi run` for its own runs alone.")
        return
    under_way = engine.retention.sweep
    if under_way is not None and not under_way.over:
        refuse(client, head, "under_way", "What is old is being removed already; say it again when that is over.")
        return
    rule = said_or_set(engine.config, head.get("before"), head.get("keep"), head.get("dags") or (), turn.now)
    for dag_id in rule.dags:
        if engine.reader.dag(dag_id) is None:
            raise NotFound(kind="DAG", name=dag_id, advice="List them with: venturi ls")
    engine.retention.begin(rule)
    commands.answer(client, head, before=rule.before, keep=rule.keep)


def said_or_set(config: Config, before: str | None, keep: int | None, dags: Any, now: float) -> Rule:
    """The rule that was said; where nothing was, that of the configuration."""
    if before is None and keep is None and config.keep_runs_days is not None:
        return Rule(now - config.keep_runs_days * DAY_S, max(1, config.keep_runs_min), tuple(dags))
    return rule_of(before, keep, dags, now)


def how_far(commands: Commands, client: Asker, head: Head, _: Turn) -> None:
    sweep = commands.engine.retention.sweep
    commands.answer(client, head, sweep=None if sweep is None else sweep.told())


COMMANDS: dict[str, Any] = {"clean": clean, "clean_status": how_far}
LASTING = ("clean",)
