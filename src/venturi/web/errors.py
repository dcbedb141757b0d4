"""What went wrong, as an answer: the tree of errors → a status and `{"detail": …}`. One place for all routes.

Owns which error is which status. What a message says is the error's own.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from ..core.errors import (
    BadParameter,
    BadValue,
    ConnectionLost,
    EngineRefused,
    NoEngine,
    NotFound,
    Refused,
    StoreError,
    UnknownTask,
    VenturiError,
)
from .asking import Waits

_log = logging.getLogger("venturi.web")

_OF_KIND: tuple[tuple[type[VenturiError], int], ...] = (
    (Waits, 202),
    (NotFound, 404),
    (UnknownTask, 404),
    (BadParameter, 400),
    (BadValue, 400),
    (Refused, 409),
    (NoEngine, 503),
    (ConnectionLost, 503),
    (StoreError, 503),
)
# How the engine says no, by the code of its answer.
_OF_CODE = {
    **dict.fromkeys(("no_such_dag", "no_such_run", "no_such_task", "no_such_pool", "not_asked", "NotFound"), 404),
    **dict.fromkeys(("UnknownTask", "no_such_backfill"), 404),
    **dict.fromkeys(
        ("run_exists", "answered", "Refused", "NothingToChange", "Conflict", "foreground", "not_yet", "backfill_over"),
        409,
    ),
    "not_assigned": 403,
}
_REFUSED = 400


class Problem(BaseModel):
    """Why it was not done."""

    detail: str


def described(said: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    """Refusals of a route, by their status. By reference: FastAPI would make something of its own of each."""
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": text, "content": content} for status, text in said.items()}


class Fault(Exception):
    """A refusal of the API's own."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


def status_of(error: VenturiError) -> int:
    if isinstance(error, EngineRefused):
        return _OF_CODE.get(str(error.parts.get("code")), _REFUSED)
    return next((status for kind, status in _OF_KIND if isinstance(error, kind)), _REFUSED)


def in_one_line(text: str) -> str:
    """What was sent makes no line of its own in our log."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)[:500]


def install(app: FastAPI) -> None:
    app.add_exception_handler(VenturiError, _ours)
    app.add_exception_handler(Fault, _fault)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _unrouted)
    app.add_exception_handler(UnicodeEncodeError, _unwritable)
    app.add_exception_handler(Exception, _unforeseen)


async def _ours(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, VenturiError)
    told: dict[str, Any] = {"detail": str(error).strip()}
    if isinstance(error, Waits):
        told |= {"command": error.parts["command"], "dag_run_id": error.parts.get("run_id")}
    return JSONResponse(told, status_of(error))


async def _fault(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Fault)
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else None
    detail: Any = error.detail
    if error.status == 422:  # told as FastAPI tells it
        detail = [{"loc": [], "msg": error.detail, "type": "value_error"}]
    return JSONResponse({"detail": detail}, error.status, headers)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    """As FastAPI says it, but without what was sent: that may be a password."""
    assert isinstance(error, RequestValidationError)
    found = [{"loc": list(one["loc"]), "msg": _plain(one), "type": one["type"]} for one in error.errors()]
    return JSONResponse({"detail": found}, 422)


def _plain(one: Mapping[str, Any]) -> str:
    """What pydantic says in its own words, in ours."""
    kind, known = one["type"], one.get("ctx", {})
    if kind == "value_error":
        said = str(known.get("error", "This is no value."))
        return said if said.endswith(".") else f"{said}."
    if kind in ("too_short", "string_too_short") and known.get("min_length") == 1:
        return "This must not be empty."
    if kind in _LENGTHS:
        of_what = "characters" if isinstance(one.get("input"), str) else "entries"
        return f"This must have {_LENGTHS[kind].format(**known)} {of_what}."
    group = next((start for start in _GROUPS if kind.startswith(start)), kind)
    return _PLAIN.get(group, str(one["msg"])).format(**known)


_PLAIN = {
    "json_invalid": "The body is no JSON.",
    "missing": "This is required.",
    "extra_forbidden": "There is no field of this name.",
    "model_attributes_type": "This is no JSON object; send one, as application/json.",
    "dict_type": "This is no JSON object.",
    "int_": "This must be an integer.",
    "float_": "This must be a number.",
    "bool_": "This must be true or false.",
    "datetime_": "This must be a datetime, such as 2026-01-31T12:00:00Z.",
    "string_type": "This must be a text.",
    "list_type": "This must be a list.",
    "greater_than_equal": "This must be {ge} or greater.",
    "greater_than": "This must be greater than {gt:g}.",
    "less_than_equal": "This must be {le} or less.",
    "less_than": "This must be less than {lt:g}.",
    "enum": "This must be {expected}.",
    "literal_error": "This must be {expected}.",
    "string_pattern_mismatch": "This must match {pattern}",
}
_GROUPS = ("int_", "float_", "bool_", "datetime_")
_LENGTHS = {
    "too_short": "at least {min_length}",
    "too_long": "at most {max_length}",
    "string_too_short": "at least {min_length}",
    "string_too_long": "at most {max_length}",
}


async def _unrouted(request: Request, error: Exception) -> JSONResponse:
    """What no route has answered."""
    assert isinstance(error, HTTPException)
    path = in_one_line(request.url.path)
    told = {
        400: "The body cannot be read: it may be nested too deep.",
        404: f"There is nothing at {path}; /docs shows what there is.",
        405: f"{request.method} is not served at {path}; /docs shows what is.",
    }
    return JSONResponse({"detail": told.get(error.status_code, error.detail)}, error.status_code, error.headers)


async def _unwritable(_: Request, __: Exception) -> JSONResponse:
    return JSONResponse({"detail": "The request holds characters that are no text (lone surrogates)."}, 400)


async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    _log.error("%s %s failed", request.method, in_one_line(request.url.path), exc_info=error)
    return JSONResponse({"detail": "Something went wrong in Venturi; the log of web says what."}, 500)
