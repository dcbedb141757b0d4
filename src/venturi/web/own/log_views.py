"""The log of a try as one text, read from any place of it: its end, a search, a stream that follows, the whole file.

Owns what a byte of such a text is: the files of a try (an attempt that was lost has one of its own) stand one after
the other. Which files these are, `logs` knows.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from fastapi import Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from ...core.errors import NotFound
from .. import logs
from ..errors import Fault
from ..here import OWN, STREAMED, At, Here, Routes
from ..instances import one_instance
from ..paging import Number, Text

routes = Routes("Venturi", OWN)

TASK = "/dags/{dag_id}/runs/{run_id}/tasks/{task_id}"
PIECE_BYTES, PIECE_BYTES_MAX = 256 * 1024, 1 << 20
FOUND_MAX = 5000
SCAN_BYTES = 4 << 20
LOOK_S = 0.1
FOLLOWERS_MAX = 60
_ERRORS = re.compile(rb"^\d{4}-\d\d-\d\dT[\d:.]+Z (?:ERROR|CRITICAL|FATAL) ", re.M)
_following: set[object] = set()


class LogPiece(BaseModel):
    """Whole lines from byte `begin` up to byte `end` of `size`; `over`: nothing comes after them any more."""

    begin: int
    end: int
    size: int
    text: str
    over: bool


class LogPlaces(BaseModel):
    """The first byte of each line that was looked for, and whether there are more of them."""

    places: list[int]
    more: bool


class Joined:
    """Files one after the other."""

    def __init__(self, files: list[Path]) -> None:
        self._parts: list[tuple[Path, int, int]] = []
        at = 0
        for file in files:
            size = file.stat().st_size if file.is_file() else 0
            self._parts.append((file, at, size))
            at += size
        self.size = at

    def read(self, begin: int, end: int) -> bytes:
        found = []
        for file, at, size in self._parts:
            first, last = max(begin, at), min(end, at + size)
            if first < last:
                with open(file, "rb") as opened:
                    opened.seek(first - at)
                    found.append(opened.read(last - first))
        return b"".join(found)

    def pieces(self, begin: int = 0) -> Iterator[tuple[int, bytes]]:
        """Whole lines, with where they begin."""
        at = begin
        while at < self.size:
            data = self.read(at, min(self.size, at + SCAN_BYTES))
            if not data:
                return
            whole = data.rfind(b"\n") + 1
            if at + len(data) < self.size and whole:
                data = data[:whole]
            yield at, data
            at += len(data)


def _files(here: Here, ids: tuple[str, str, str], map_index: int, try_number: int | None) -> tuple[list[Path], bool]:
    """And whether nothing is written to them any more."""
    dag_id, run_id, task_id = ids
    with here.reader() as reader:
        one = one_instance(here, reader, dag_id, run_id, task_id, map_index)
        number = one.try_number if try_number is None else try_number
        if number and not logs.has_try(reader, one, number):
            raise NotFound(kind="try", name=number, advice=f"Task '{task_id}' has no such try in this run.")
        return logs.files_of(here.home, reader, one, number), logs.is_over(one, number)


@routes.get(TASK + "/log", may="logs:read")
def get_log_piece(
    here: At,
    dag_id: Text,
    run_id: Text,
    task_id: Text,
    map_index: Number = -1,
    try_number: Number | None = None,
    begin: Annotated[Number | None, Query(ge=0, description="From this byte on.")] = None,
    end: Annotated[Number | None, Query(ge=0, description="Up to this byte; without either, the end of it.")] = None,
    bytes: Annotated[int, Query(ge=1, le=PIECE_BYTES_MAX)] = PIECE_BYTES,
) -> LogPiece:
    """A piece of a log: its end, or what is before or after a byte."""
    files, over = _files(here, (dag_id, run_id, task_id), map_index, try_number)
    joined = Joined(files)
    size = joined.size
    if begin is not None:
        first = min(begin, size)
        data = joined.read(first, min(size, first + bytes))
        whole = data.rfind(b"\n") + 1
        if first + len(data) < size and whole:
            data = data[:whole]
    else:
        last = size if end is None else min(end, size)
        first = max(0, last - bytes)
        data = joined.read(first, last)
        if first > 0:
            cut = data.find(b"\n") + 1
            first, data = first + cut, data[cut:]
    return LogPiece(begin=first, end=first + len(data), size=size, text=_text(data), over=over)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


@routes.get(TASK + "/log/find", may="logs:read")
def find_in_log(
    here: At,
    dag_id: Text,
    run_id: Text,
    task_id: Text,
    map_index: Number = -1,
    try_number: Number | None = None,
    text: Annotated[Text, Query(max_length=500, description="Upper and lower case alike.")] = "",
    errors: Annotated[bool, Query(description="Lines that tell of an error, in the place of a text.")] = False,
) -> LogPlaces:
    """Where in the whole log something stands."""
    if not errors and not text.strip():
        raise Fault(400, "Say a text to look for, or errors=true.")
    files, _ = _files(here, (dag_id, run_id, task_id), map_index, try_number)
    wanted = _ERRORS if errors else re.compile(re.escape(text.encode()), re.I)
    found: list[int] = []
    for at, data in Joined(files).pieces():
        for match in wanted.finditer(data):
            place = at + data.rfind(b"\n", 0, match.start()) + 1
            if found and found[-1] == place:
                continue
            if len(found) == FOUND_MAX:
                return LogPlaces(places=found, more=True)
            found.append(place)
    return LogPlaces(places=found, more=False)


@routes.get(
    TASK + "/log/file",
    may="logs:read",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def get_log_file(
    here: At, dag_id: Text, run_id: Text, task_id: Text, map_index: Number = -1, try_number: Number | None = None
) -> StreamingResponse:
    """All of it, to be kept."""
    files, _ = _files(here, (dag_id, run_id, task_id), map_index, try_number)
    index = "" if map_index < 0 else f"_{map_index}"
    name = f"{dag_id}_{run_id}_{task_id}{index}.log"
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
    parts = (data for _, data in Joined(files).pieces())
    return StreamingResponse(parts, media_type="text/plain; charset=utf-8", headers=headers)


@routes.get(
    TASK + "/log/follow",
    may="logs:read",
    response_class=StreamingResponse,
    responses=STREAMED,
)
async def follow_log(
    here: At,
    dag_id: Text,
    run_id: Text,
    task_id: Text,
    begin: Annotated[Number, Query(ge=0, description="From this byte on.")],
    map_index: Number = -1,
    try_number: Number | None = None,
) -> StreamingResponse:
    """Pieces as they are written, each a server-sent event, until nothing comes any more: then an event `over`."""
    if len(_following) >= FOLLOWERS_MAX:
        raise Fault(503, f"{FOLLOWERS_MAX} logs are followed already.")
    ids = (dag_id, run_id, task_id)
    await asyncio.to_thread(_files, here, ids, map_index, try_number)
    stream = _followed(here, ids, map_index, try_number, begin)
    return StreamingResponse(stream, media_type="text/event-stream")


async def _followed(
    here: Here, ids: tuple[str, str, str], map_index: int, try_number: int | None, begin: int
) -> AsyncIterator[str]:
    mark = object()
    _following.add(mark)
    at = begin
    quiet = 0
    looked: tuple[list[Path], bool] = ([], False)
    try:
        yield ": from here on\n\n"
        while True:
            if quiet % 10 == 0:
                looked = await asyncio.to_thread(_files, here, ids, map_index, try_number)
            data = await asyncio.to_thread(_rest, looked[0], at)
            if data:
                told = {"begin": at, "end": at + len(data), "text": _text(data)}
                at += len(data)
                quiet = 1
                yield f"data: {json.dumps(told)}\n\n"
                continue
            if looked[1]:
                yield "event: over\ndata: {}\n\n"
                return
            quiet += 1
            if quiet % 150 == 0:
                yield ": still here\n\n"
            await asyncio.sleep(LOOK_S)
    finally:
        _following.discard(mark)


def _rest(files: list[Path], at: int) -> bytes:
    """Whole lines after this byte, or a line that is so long that it is told in parts."""
    data = Joined(files)
    found = data.read(at, min(data.size, at + PIECE_BYTES))
    whole = found.rfind(b"\n") + 1
    if whole:
        return found[:whole]
    return found if len(found) == PIECE_BYTES else b""
