"""Logs of tries, in pieces or as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from fastapi import Header
from fastapi.responses import Response, StreamingResponse

from ...core.errors import NotFound
from .. import logs
from ..errors import Fault
from ..here import At, Routes
from ..instances import one_instance
from ..models.tasks import Log, LogUrl
from ..paging import Number, Text
from .instances import RUN

routes = Routes("Task Instance")


@routes.get(
    RUN + "/{task_id}/logs/{try_number}",
    may="logs:read",
    response_model=Log,
    responses={200: {"content": {"application/x-ndjson": {"schema": {"type": "string"}}}}},
)
def get_log(
    here: At,
    dag_id: Text,
    dag_run_id: Text,
    task_id: Text,
    try_number: Number,
    full_content: bool = False,
    map_index: Number = -1,
    token: Text | None = None,
    accept: Annotated[str, Header()] = "*/*",
) -> Response | Log:
    """What a try has printed. The continuation token asks for what comes after; there is none when all is told."""
    place = logs.place_of(token)
    with here.reader() as reader:
        one = one_instance(here, reader, dag_id, dag_run_id, task_id, map_index)
        if not logs.has_try(reader, one, try_number):
            raise NotFound(kind="try", name=try_number, advice=f"Task '{task_id}' has no such try in this run.")
        files = logs.files_of(here.home, reader, one, try_number)
    over = logs.is_over(one, try_number)
    if "ndjson" in accept:
        return StreamingResponse(_stream(files, place), media_type="application/x-ndjson")
    found = []
    while True:
        data, place, at_end = logs.piece(files, place)
        found += logs.lines(data)
        if at_end or not full_content:
            break
    if not at_end and over:
        at_end = logs.piece(files, place)[2]
    return Log(content=found, continuation_token=None if at_end and over else place.token())


def _stream(files: list[Path], place: logs.Place) -> Iterator[str]:
    while True:
        data, place, at_end = logs.piece(files, place)
        for line in logs.lines(data):
            yield line.model_dump_json(exclude_none=True) + "\n"
        if at_end:
            return


@routes.get(RUN + "/{task_id}/externalLogUrl/{try_number}", may="logs:read")
def get_external_log_url(
    here: At, dag_id: Text, dag_run_id: Text, task_id: Text, try_number: Number, map_index: Number = -1
) -> LogUrl:
    raise Fault(400, "Logs are kept here, so there is no other address of them.")
