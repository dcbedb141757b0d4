"""What tasks keep beside their values."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from .shapes import Json, Moment, Shape, Strict, When


class TaskStateBody(Strict):
    value: Json
    expires_at: Moment | Literal["default"] | None = "default"


class TaskStatePatch(Strict):
    value: Json


class TaskState(Shape):
    key: str
    value: Any
    updated_at: datetime
    expires_at: When


class TaskStates(Shape):
    task_state_store: list[TaskState]
    total_entries: int
