"""The only code that knows SQL: opening, committing, reading, on SQLite and Postgres."""

from .reading import Reader
from .rows import (
    AttemptRecord,
    CallRow,
    CommandRow,
    ConnectionRow,
    DagRow,
    DeadlineRow,
    EventRow,
    GroupRow,
    ImportErrorRow,
    InstanceRow,
    Instances,
    PoolRow,
    RunRow,
    ScheduleRow,
    StoredValue,
    VariableRow,
    World,
)
from .store import Store, open_store

__all__ = [
    "AttemptRecord",
    "CallRow",
    "CommandRow",
    "ConnectionRow",
    "DagRow",
    "DeadlineRow",
    "EventRow",
    "GroupRow",
    "ImportErrorRow",
    "InstanceRow",
    "Instances",
    "PoolRow",
    "Reader",
    "RunRow",
    "ScheduleRow",
    "Store",
    "StoredValue",
    "VariableRow",
    "World",
    "open_store",
]
