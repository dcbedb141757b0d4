"""Changes of many runs and task instances at once."""

from __future__ import annotations

from typing import Literal

from ..paging import Text
from .runs import BulkRun
from .settings import OnAbsence, OnExistence
from .shapes import Strict
from .tasks import BulkInstance


class CreateRuns(Strict):
    action: Literal["create"]
    entities: list[BulkRun]
    action_on_existence: OnExistence = OnExistence.fail


class UpdateRuns(Strict):
    action: Literal["update"]
    entities: list[BulkRun]
    update_mask: list[str] | None = None
    action_on_non_existence: OnAbsence = OnAbsence.fail


class DeleteRuns(Strict):
    action: Literal["delete"]
    entities: list[Text | BulkRun]
    action_on_non_existence: OnAbsence = OnAbsence.fail


class BulkRuns(Strict):
    actions: list[CreateRuns | UpdateRuns | DeleteRuns]


class CreateInstances(Strict):
    action: Literal["create"]
    entities: list[BulkInstance]
    action_on_existence: OnExistence = OnExistence.fail


class UpdateInstances(Strict):
    action: Literal["update"]
    entities: list[BulkInstance]
    update_mask: list[str] | None = None
    action_on_non_existence: OnAbsence = OnAbsence.fail


class DeleteInstances(Strict):
    action: Literal["delete"]
    entities: list[Text | BulkInstance]
    action_on_non_existence: OnAbsence = OnAbsence.fail


class BulkInstances(Strict):
    actions: list[CreateInstances | UpdateInstances | DeleteInstances]
