"""Changes of many things of one kind at once, and what has become of each."""

from __future__ import annotations

from enum import Enum
from typing import Any, Generic, Literal, TypeVar

from ..paging import Text
from .shapes import Shape, Strict

E = TypeVar("E")


class OnExistence(str, Enum):
    fail = "fail"
    skip = "skip"
    overwrite = "overwrite"


class OnAbsence(str, Enum):
    fail = "fail"
    skip = "skip"


class Create(Strict, Generic[E]):
    action: Literal["create"]
    entities: list[E]
    action_on_existence: OnExistence = OnExistence.fail


class Update(Strict, Generic[E]):
    action: Literal["update"]
    entities: list[E]
    update_mask: list[str] | None = None
    action_on_non_existence: OnAbsence = OnAbsence.fail


class Delete(Strict, Generic[E]):
    """Each by itself, or by its name alone."""

    action: Literal["delete"]
    entities: list[Text | E]
    action_on_non_existence: OnAbsence = OnAbsence.fail


class Bulk(Strict, Generic[E]):
    actions: list[Create[E] | Update[E] | Delete[E]]


class BulkResult(Shape):
    success: list[str] = []
    errors: list[dict[str, Any]] = []


class BulkResults(Shape):
    create: BulkResult | None = None
    update: BulkResult | None = None
    delete: BulkResult | None = None
