"""A process killed in the middle of its commits leaves a database that is whole, up to a commit it had finished."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from venturi.store import open_store

WRITER = """
import sys
from venturi.core.moves import AttemptRow, Batch, Event, GroupMove, TaskMove, ValueRow
from venturi.core.states import TaskState as S
from venturi.store import open_store

store = open_store(sys.argv[1])
epoch = store.take_epoch()
n = 0
while True:
    n += 1
    keys = [(i, n * 100 + i) for i in range(50)]
    def one(i, token):
        more = dict(run=n, task_id="m", map_index=i, at=1.0)
        return [TaskMove(before=S.NONE, after=S.SCHEDULED, token_before=0, token=0, **more),
                TaskMove(before=S.SCHEDULED, after=S.STARTING, token_before=0, token=token, **more)]
    moves = [m for i, token in keys for m in one(i, token)]
    store.commit(Batch(
        task_moves=moves,
        attempts=[AttemptRow(token, n, "m", i, 1, "success", 1.0, 2.0) for i, token in keys],
        values=[ValueRow(n, "m", i, "return_value", token, "int", None, "1" * 200) for i, token in keys],
        group_moves=[GroupMove(n, "m", 50, 50, S.SCHEDULED, 1.0)],
        events=[Event(1.0, "moves", None, n, [[i, token] for i, token in keys])],
    ), epoch)
    print(n, flush=True)
"""


@pytest.mark.parametrize("after", [1, 3, 7, 20, 40])
def test_kill_9_in_the_middle_of_commits_loses_nothing_that_was_acknowledged(address: str, after: int) -> None:
    open_store(address).close()
    writer = subprocess.Popen([sys.executable, "-c", WRITER, address], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    acknowledged = 0
    for line in writer.stdout:
        acknowledged = int(line)
        if acknowledged >= after:
            break
    os.kill(writer.pid, signal.SIGKILL)
    rest = writer.stdout.read().split()
    writer.wait(30)
    acknowledged = int(rest[-1]) if rest else acknowledged
    with open_store(address, create=False) as store, store.reader() as reader:
        events = reader.events_after(0, limit=1_000_000)
        last = len(events)
        # The commit under way when it died may have been made without being acknowledged.
        assert acknowledged <= last <= acknowledged + 1
        for event in events:
            n = event.run
            assert n is not None
            rows, groups = reader.instances(n)
            assert [[row.map_index, row.token] for row in rows] == event.data
            assert len(groups) == 1
            assert len(reader.attempts(n)) == len(reader.values_of_run(n, "return_value")) == 50
        assert reader.instances(last + 1).rows == []
        assert reader.attempts(last + 1) == reader.values_of_run(last + 1, "return_value") == []
        assert store.counters()[1] > last * 100 + 49
        assert store.take_epoch() == 2
        if store._driver.dialect == "sqlite":
            assert store._driver.all("PRAGMA integrity_check") == [("ok",)]
