"""The raw floor that the figures stand beside: fork, pipe, and one fsynced SQLite commit per task, and nothing else.

A bare loop in one process: it has no crew, no messages, no logs and no values, so nobody can be faster by much.
"""

from __future__ import annotations

import os
import selectors
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def fib(n: int) -> int:
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def _database(folder: Path) -> sqlite3.Connection:
    link = sqlite3.connect(folder / "floor.db", isolation_level=None)
    link.execute("PRAGMA journal_mode=WAL")
    link.execute("PRAGMA synchronous=FULL")
    link.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, state TEXT, value TEXT)")
    return link


def _child(write: int) -> None:
    os.write(write, str(fib(10)).encode())
    os._exit(0)


def fork_and_wait(n: int) -> float:
    """Seconds for one fork of this small process that ends at once: what the machine itself takes."""
    began = time.perf_counter()
    for _ in range(n):
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
    return (time.perf_counter() - began) / n


def with_memory(mb: int, touched_pages: int, n: int) -> float:
    """Seconds for n forks, four at a time, of a process that holds `mb`, each writing to so many of its pages first."""
    held = bytearray(mb << 20)
    for at in range(0, len(held), 4096):
        held[at] = 1
    began = time.perf_counter()
    live = 0
    for _ in range(n):
        if live == 4:
            os.wait()
            live -= 1
        if os.fork() == 0:
            for at in range(0, touched_pages * 4096, 4096):
                held[at] = 2
            os._exit(0)
        live += 1
    while live:
        os.wait()
        live -= 1
    return time.perf_counter() - began


def chain(n: int) -> float:
    """Seconds for n tasks, one after the other: fork, result through a pipe, wait, commit."""
    with tempfile.TemporaryDirectory() as folder:
        link = _database(Path(folder))
        began = time.perf_counter()
        for i in range(n):
            read, write = os.pipe()
            pid = os.fork()
            if pid == 0:
                _child(write)
            os.close(write)
            value = os.read(read, 100)
            os.close(read)
            os.waitpid(pid, 0)
            link.execute("BEGIN IMMEDIATE")
            link.execute("INSERT INTO t VALUES (?, 'success', ?)", (i, value.decode()))
            link.execute("COMMIT")
        took = time.perf_counter() - began
        link.close()
    return took


def fan_out(n: int, live: int) -> float:
    """Seconds for n tasks with `live` at a time, what has ended together committed together."""
    with tempfile.TemporaryDirectory() as folder:
        link = _database(Path(folder))
        began = time.perf_counter()
        selector = selectors.DefaultSelector()
        started = finished = 0
        while finished < n:
            while started < n and started - finished < live:
                read, write = os.pipe()
                pid = os.fork()
                if pid == 0:
                    _child(write)
                os.close(write)
                selector.register(read, selectors.EVENT_READ, (started, pid))
                started += 1
            ended = []
            for key, _ in selector.select():
                value = os.read(key.fd, 100)
                selector.unregister(key.fd)
                os.close(key.fd)
                number, pid = key.data
                os.waitpid(pid, 0)
                ended.append((number, value.decode()))
            link.execute("BEGIN IMMEDIATE")
            link.executemany("INSERT INTO t VALUES (?, 'success', ?)", ended)
            link.execute("COMMIT")
            finished += len(ended)
        took = time.perf_counter() - began
        link.close()
    return took


def alone(what: str, *numbers: int) -> float:
    """Measured in a process that has imported nothing else: what a fork costs grows with the memory of its parent."""
    command = [sys.executable, __file__, what, *map(str, numbers)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    measured = (chain, fan_out, fork_and_wait, with_memory)
    print({function.__name__: function for function in measured}[sys.argv[1]](*map(int, sys.argv[2:])))
