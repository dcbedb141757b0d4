"""What tasks ask people: list, look at, answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel

from ...core.errors import NotFound
from ...store import Reader
from ...store.rows import QuestionRow
from ..errors import Fault
from ..forming import dag_of, instance_shape, run_of
from ..here import At, Here, Routes
from ..instances import one_instance
from ..models.people import Answer, Answered, Question, QuestionOfTry, Questions, User
from ..models.tasks import Try
from ..paging import (
    LIMIT,
    Limit,
    Number,
    Offset,
    OrderBy,
    Pattern,
    Start,
    Text,
    Texts,
    at,
    conditions,
    fits,
    moment,
    order_of,
    sliced,
    spans,
)
from .instances import RUN

routes = Routes("HITL")

_ONE = RUN + "/{task_id}/{map_index}/hitlDetails"
ORDERS = {"ti_id": "token", "created_at": "at", "responded_at": "answered_at", "rendered_map_index": "map_index"}
ORDERS |= {name: name for name in ("dag_id", "run_id", "task_id", "map_index")}
ORDERS |= {"subject": "token", "responded_by_user_id": "answered_by", "responded_by_user_name": "answered_by"}


def _fields(row: QuestionRow) -> dict[str, Any]:
    detail, answer = row.detail, row.answer or {}
    by = row.by
    return {
        "options": [str(one) for one in detail.get("options") or ()],
        "subject": str(detail.get("subject") or ""),
        "body": detail.get("body"),
        "defaults": detail.get("defaults"),
        "multiple": bool(detail.get("multiple")),
        "params": detail.get("params") or {},
        "assigned_users": [_user(one) for one in detail.get("assigned_users") or ()],
        "created_at": moment(row.at),
        "responded_by_user": None if by is None else User(id=by, name=by),
        "responded_at": at(row.answered_at),
        "chosen_options": answer.get("chosen"),
        "params_input": answer.get("params") or {},
        "response_received": row.answered_at is not None,
    }


def _user(one: Any) -> User:
    if isinstance(one, dict):
        return User(id=str(one.get("id") or one.get("name")), name=str(one.get("name") or one.get("id")))
    return User(id=str(one), name=str(one))


def _shape(here: Here, reader: Reader, row: QuestionRow) -> Question:
    one = one_instance(here, reader, row.dag_id, row.run_id, row.task_id, row.map_index)
    return Question(**_fields(row), task_instance=instance_shape(here, reader, one))


def _row(reader: Reader, dag_id: str, run_id: str, task_id: str, map_index: int) -> QuestionRow:
    run = run_of(reader, dag_id, run_id)
    found = reader.question(run.id, task_id, map_index)
    if found is None:
        raise NotFound(kind="question", name=task_id, advice="It has asked nobody anything in this run.")
    return found


class QuestionQuery(BaseModel):
    limit: Limit = LIMIT
    offset: Offset = 0
    order_by: OrderBy = ["ti_id"]
    dag_id_pattern: Pattern = None
    dag_id_prefix_pattern: Start = None
    task_id: Text | None = None
    task_id_pattern: Pattern = None
    task_id_prefix_pattern: Start = None
    map_index: Number | None = None
    state: Texts = []
    response_received: bool | None = None
    responded_by_user_id: Texts = []
    responded_by_user_name: Texts = []
    subject_search: Text | None = None
    body_search: Text | None = None
    created_at_gte: datetime | None = None
    created_at_gt: datetime | None = None
    created_at_lte: datetime | None = None
    created_at_lt: datetime | None = None


@routes.get("/dags/{dag_id}/dagRuns/{dag_run_id}/hitlDetails", may="tasks:read", by_grant=True)
def get_hitl_details(here: At, dag_id: Text, dag_run_id: Text, wanted: Annotated[QuestionQuery, Query()]) -> Questions:
    """Of a run; with ~ in the place of an id, of all."""
    asked = conditions(
        dag_id__is=None if dag_id == "~" else dag_id,
        run_id__is=None if dag_run_id == "~" else dag_run_id,
        dag_id__like=wanted.dag_id_pattern,
        dag_id__prefix=wanted.dag_id_prefix_pattern,
        task_id__is=wanted.task_id,
        task_id__like=wanted.task_id_pattern,
        task_id__prefix=wanted.task_id_prefix_pattern,
        map_index__is=wanted.map_index,
        answered_by__in=[*wanted.responded_by_user_id, *wanted.responded_by_user_name],
    )
    asked += spans(wanted, {"created_at": "at"}) + here.in_scope()
    with here.reader() as reader:
        if dag_id != "~":
            dag_of(reader, dag_id)
            if dag_run_id != "~":
                run_of(reader, dag_id, dag_run_id)
        rows = reader.questions(asked, order_of(wanted.order_by, ORDERS))
        rows = [
            row
            for row in rows
            if wanted.response_received in (None, row.answered_at is not None)
            and fits(str(row.detail.get("subject") or ""), wanted.subject_search)
            and fits(str(row.detail.get("body") or ""), wanted.body_search)
        ]
        told = [
            _shape(here, reader, row) for row in (rows if wanted.state else sliced(rows, wanted.limit, wanted.offset))
        ]
    total = len(rows)
    if wanted.state:
        told = [
            one for one in told if one.task_instance.state is not None and one.task_instance.state.value in wanted.state
        ]
        total, told = len(told), sliced(told, wanted.limit, wanted.offset)
    return Questions(hitl_details=told, total_entries=total)


@routes.get(_ONE, may="tasks:read")
def get_hitl_detail(here: At, dag_id: Text, dag_run_id: Text, task_id: Text, map_index: Number) -> Question:
    with here.reader() as reader:
        return _shape(here, reader, _row(reader, dag_id, dag_run_id, task_id, map_index))


@routes.get(_ONE + "/tries/{try_number}", may="tasks:read")
def get_hitl_detail_try_detail(
    here: At, dag_id: Text, dag_run_id: Text, task_id: Text, map_index: Number, try_number: Number
) -> QuestionOfTry:
    """The newest question of an instance is kept: that of its newest try that asked."""
    with here.reader() as reader:
        row = _row(reader, dag_id, dag_run_id, task_id, map_index)
        one = one_instance(here, reader, dag_id, dag_run_id, task_id, map_index)
        if one.try_number != try_number:
            raise NotFound(kind="question of try", name=try_number, advice="")
        shape = instance_shape(here, reader, one)
    return QuestionOfTry(**_fields(row), task_instance=Try.model_validate(shape.model_dump()))


@routes.patch(_ONE, may="questions:write")
def update_hitl_detail(
    here: At, dag_id: Text, dag_run_id: Text, task_id: Text, map_index: Number, body: Answer
) -> Answered:
    """Answer it: the first answer counts."""
    with here.reader() as reader:
        row = _row(reader, dag_id, dag_run_id, task_id, map_index)
    if row.answered_at is not None:
        raise Fault(409, f"It has been answered already, by {row.by or 'nobody in time'}.")
    told = here.tell(
        "answer",
        dag_id=dag_id,
        run_id=dag_run_id,
        task_id=task_id,
        map_index=map_index,
        options=body.chosen_options,
        params=body.params_input,
        by=here.person.name,
    )
    with here.reader() as reader:
        row = _row(reader, dag_id, dag_run_id, task_id, map_index)
    by = str(told["by"])
    return Answered(
        responded_by=User(id=by, name=by),
        responded_at=moment(row.answered_at or row.at),
        chosen_options=told["chosen"],
        params_input=told["params"],
    )
