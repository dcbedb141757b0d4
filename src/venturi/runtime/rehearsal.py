"""A rehearsal: the way of an attempt, walked a few times in the base zygote before anything is forked from it.

Python specialises the code that has run and fills its caches. Where that happened before the fork, no attempt does it
again, nor copies the pages that doing it would write: it takes a third off the cost of a small attempt.
Owns a DAG of one empty task. Leaves nothing behind.
"""

from __future__ import annotations

import os
import signal

from ..wire.frames import Head
from .asking import ValueFiles
from .attempt import Runner
from .channel import Channel, pair
from .environment import Places, RandomState
from .loader import Imported

_practice: Imported | None = None  # the DAG rehearsed with; forks inherit it
TIMES = 12  # an instruction is specialised from its eighth execution on
_BODY = (
    b'{"dag_id":"rehearsal","run_id":"manual__2026-01-01T00:00:00+00:00","run_type":"manual","logical_date":1767225600.0,'
    b'"interval_start":1767225600.0,"interval_end":1767225600.0,"run_queued_at":1767225600.0,'
    b'"run_started_at":1767225600.0,"conf":{},"task_id":"task","map_index":-1,"try_number":1,"token":1}'
)


def rehearse(places: Places) -> None:
    import types

    from ..sdk.dag import DAG
    from ..sdk.python import PythonOperator

    with DAG("rehearsal", schedule=None) as dag:
        PythonOperator(task_id="task", python_callable=_task)
    global _practice
    _practice = imported = Imported({"rehearsal": dag}, types.ModuleType("rehearsal"), RandomState(), {}, b"")
    ours, theirs = pair()
    told: Head = {"k": "start", "token": 1, "segment": "null", "log": "-", "what": "-", "reuse": True, "ticks": 1}
    environment = set(os.environ)
    crew = Channel(ours)
    runner = Runner(Channel(theirs), -1, imported, places._replace(spool="/dev"), ValueFiles(places.values, 1000))
    try:
        for _ in range(TIMES):
            crew.send(told, _BODY)
            runner.take_one()
            crew.receive()
            crew.receive()
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        for name in [name for name in os.environ if name not in environment]:
            del os.environ[name]
        ours.close()
        theirs.close()
        runner.forget()


def warm_up(runner: Runner) -> None:
    """In a fresh fork that nobody waits for: touch, and so copy, the pages that its attempt will write."""
    if _practice is None:
        return
    environment = set(os.environ)
    try:
        runner.practise(_practice, _BODY)
    finally:
        for name in [name for name in os.environ if name not in environment]:
            del os.environ[name]


def _task() -> int:
    return 1
