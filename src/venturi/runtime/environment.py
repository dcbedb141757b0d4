"""What author code finds around it: environment variables, thread counts, random numbers, as in a process of its own.

Owns the difference between the zygote, which imports with one thread and huge pages, and what the author is shown.
Where things are (spool, values, sources, the crew's socket) is told by the crew and held here as well.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

# Read by native libraries from the C environment while they are imported; set to 1 in zygotes, because a thread pool
# that has been used before a fork hangs after it.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Places(NamedTuple):
    """Where the things of this home are, and who we are beside."""

    spool: str
    values: str
    sources: str
    crew: str  # the address of its socket
    boot: str
    value_inline_bytes_max: int


def show_the_users_own(users: Mapping[str, str | None]) -> None:
    """Show author code the user's values of the variables that the crew has set for this process.

    `os.environ` and the C environment part ways on purpose: the libraries' thread counts stay at 1 in C, where they
    read them, until the author sets one (which writes both) or the attempt begins.
    """
    for name, value in users.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
        if name in THREAD_VARIABLES:
            os.putenv(name, "1")


def restore_thread_variables() -> None:
    """In a zygote that imports no more: what is loaded from now on is loaded in attempts, with the user's counts."""
    for name in THREAD_VARIABLES:
        value = os.environ.get(name)
        if value is None:
            os.unsetenv(name)
        else:
            os.putenv(name, value)


def give_cores_back() -> None:
    """In an attempt, before author code: as many threads as the user or the author has asked for."""
    if "torch" in sys.modules or "threadpoolctl" in sys.modules:
        _thread_pools(_wanted_threads())


def show_resources(gpus: list[str] | None, cpus: float | None) -> None:
    """Of the machine, what an attempt has asked for: these devices alone, and as many threads as whole cores, where
    nobody has said how many."""
    if gpus:
        os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(gpus)
    if cpus and not any(os.environ.get(name) for name in THREAD_VARIABLES):
        threads = max(1, int(cpus))
        for name in THREAD_VARIABLES:
            os.environ[name] = str(threads)
        _thread_pools(threads)


def _wanted_threads() -> int:
    for name in THREAD_VARIABLES:
        text = os.environ.get(name, "").split(",")[0]
        if text.isdigit() and int(text) > 0:
            return int(text)
    return len(os.sched_getaffinity(0))


def _thread_pools(threads: int) -> None:
    """Libraries that took their thread count at import are told the new one; only those that are there."""
    try:
        torch = sys.modules.get("torch")
        if torch is not None:
            torch.set_num_threads(threads)
        pools = sys.modules.get("threadpoolctl")
        if pools is not None:
            pools.threadpool_limits(threads)
    except Exception:  # a library's own trouble: it then runs on one thread
        return


class RandomState:
    """Global random number generators in a fork: as the author's seed left them, else fresh.

    Python reseeds `random` after every fork, which would undo a seed in the DAG file; numpy does not, which would give
    every attempt the same numbers.
    """

    __slots__ = ("_numpy_before", "_python", "_restore")

    def __init__(self) -> None:
        self._python: Any = None
        self._numpy_before: Any = _numpy_state()
        self._restore: Any = None

    def python_came(self) -> None:
        """`random` is there: notice whether the file seeds it."""
        random: Any = sys.modules.get("random")
        if random is None or self._restore is not None:
            return
        original = random.seed

        def seed(*args: Any, **named: Any) -> None:
            original(*args, **named)
            self._python = True

        random.seed = seed
        self._restore = original

    def look(self) -> None:
        """After an import: which generators are there now."""
        self.python_came()
        if "numpy.random" in sys.modules:
            self.numpy_came()

    def numpy_came(self) -> None:
        """numpy.random has just been imported; nothing has drawn from it yet."""
        if self._numpy_before is None:
            self._numpy_before = _numpy_state()

    def settle(self) -> None:
        """The file is imported: keep what it seeded."""
        if self._restore is not None:
            random: Any = sys.modules["random"]
            random.seed = self._restore
            self._python = random.getstate() if self._python else None
        before, after = self._numpy_before, _numpy_state()
        self._numpy_before = None if before is None or after == before else "seeded"

    def begin(self) -> None:
        """In the fork."""
        random: Any = sys.modules.get("random")
        if random is not None and self._python is not None:
            random.setstate(self._python)
        elif random is not None:
            random.seed()
        if self._numpy_before != "seeded" and "numpy.random" in sys.modules:
            sys.modules["numpy.random"].seed()


def _numpy_state() -> Any:
    """Of numpy's global generator, in a form that compares; None where numpy.random is not imported."""
    found = sys.modules.get("numpy.random")
    if found is None:
        return None
    try:
        name, keys, at, has_gauss, gauss = found.get_state()
        return name, keys.tobytes(), at, has_gauss, gauss
    except Exception:
        return None
