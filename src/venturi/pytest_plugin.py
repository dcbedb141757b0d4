"""For the tests of a DAG's author: the fixture `simulate_dag`, which tells what a DAG's schedule will do.

    def test_two_backups_never_overlap(simulate_dag):
        year = simulate_dag("dags/backup.py", "2026-01-01", "2027-01-01", {"backup": "50m"})
        assert not year.overlapping()
        assert not year.findings

Loaded by pytest itself (entry point `pytest11`), so it imports nothing of Venturi before the fixture is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest


@pytest.fixture
def simulate_dag() -> Callable[..., Any]:
    """`simulate_dag(dag, first, last, durations)`: what `venturi simulate` tells, as a `Simulation` with `findings`.

    `dag` is a DAG, several of them, or the path of a DAG file. Times are dates, text or seconds since the epoch,
    durations a number of seconds or text such as "50m", by task id, "dag.task", or "*" for all others.
    """
    from .cli.simulate import simulate_here

    def simulate(
        dag: Any,
        first: Any,
        last: Any,
        durations: Mapping[str, Any] | None = None,
        *,
        slots: int = 64,
        pools: Mapping[str, int] | None = None,
    ) -> Any:
        return simulate_here(dag, first, last, durations or {}, slots, dict(pools or {}))

    return simulate
