"""What tasks ask people, and what these answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from ..paging import Text
from .shapes import JsonObject, Shape, When
from .tasks import TaskInstance, Try


class User(Shape):
    id: str
    name: str


class _Question(Shape):
    options: list[str]
    subject: str
    body: str | None = None
    defaults: list[str] | None = None
    multiple: bool = False
    params: dict[str, Any] = Field(default_factory=dict)
    assigned_users: list[User] = Field(default_factory=list)
    created_at: datetime
    responded_by_user: User | None = None
    responded_at: When = None
    chosen_options: list[str] | None = None
    params_input: dict[str, Any] = Field(default_factory=dict)
    response_received: bool = False


class Question(_Question):
    task_instance: TaskInstance


class QuestionOfTry(_Question):
    task_instance: Try


class Questions(Shape):
    hitl_details: list[Question]
    total_entries: int


class Answer(BaseModel):
    chosen_options: list[Text] = Field(min_length=1)
    params_input: JsonObject = Field(default_factory=dict)


class Answered(Shape):
    responded_by: User
    responded_at: datetime
    chosen_options: list[str]
    params_input: dict[str, Any] = Field(default_factory=dict)
