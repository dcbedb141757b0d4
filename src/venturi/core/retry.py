"""When a failed task is tried again: delay, growth, ceiling and jitter from values alone.

The jitter is a number between 0 and 1 handed in by the caller, so that the same history gives the same plan.
"""

from __future__ import annotations

import zlib

from .spec import TaskSpec

DELAY_MAX_S = 24 * 3600.0  # what an unbounded exponential ends at


def may_retry(task: TaskSpec, try_number: int) -> bool:
    """`retries=2` means three tries in all."""
    return try_number <= task.retries


def delay_s(task: TaskSpec, try_number: int, jitter: float) -> float:
    """How long to wait after try `try_number` (1 for the first) has failed.

    A growing delay is spread over its upper half, so that a thousand tasks failing together do not return together.
    """
    delay = max(0.0, task.retry_delay_s)
    if task.retry_factor > 1.0 and delay > 0.0:
        # The exponent is bounded because 2.0 ** 10_000 is an OverflowError, not infinity.
        delay = delay * task.retry_factor ** min(try_number - 1, 64)
        delay = delay / 2 + delay / 2 * jitter
        delay = min(delay, DELAY_MAX_S)
    if task.retry_delay_max_s is not None:
        delay = min(delay, task.retry_delay_max_s)
    return delay


def jitter(run_id: str, task_id: str, map_index: int, try_number: int) -> float:
    """A number in [0, 1) that only depends on which try this is."""
    return zlib.crc32(f"{run_id}\0{task_id}\0{map_index}\0{try_number}".encode("utf-8", "surrogatepass")) / 2**32
