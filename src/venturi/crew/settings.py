"""What the crew is told at its start: places as plain paths and the few numbers it needs.

Owns the form in which the first stage, which has read the configuration, hands it to the second, which stays small.
"""

from __future__ import annotations

from typing import NamedTuple


class Settings(NamedTuple):
    socket: str  # our own address
    lock: str
    logs: str
    spool: str
    values: str
    sources: str
    slots: int
    grace_s: float
    drain_s: float
    idle_s: float  # without an engine and an attempt, this long
    file_zygotes_max: int
    log_bytes_max: int
    log_line_bytes_max: int
    value_inline_bytes_max: int
    parse_time_limit_s: float
    parse_memory_limit_mb: float | None
    trigger_blocks_s_max: float
