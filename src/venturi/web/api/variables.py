"""Variables: sealed; those whose names sound secret are never told."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel

from ...core.errors import NotFound
from ...core.secrets import HIDDEN, hidden, in_all_forms, of_named, sounds_secret
from ...store import Reader, VariableRow
from ..bulk import Kind, apply
from ..errors import Fault
from ..here import At, Here, Routes
from ..models.bulks import Bulk, BulkResults
from ..models.settings import Variable, VariableBody, Variables
from ..paging import LIMIT, Limit, Offset, OrderBy, Pattern, Start, Text, fits, order_of, sliced, sorted_by

routes = Routes("Variable")

Mask = Annotated[list[str] | None, Query()]


def _shape(reader: Reader, row: VariableRow) -> Variable:
    value: str | None = HIDDEN
    if not sounds_secret(row.key):
        value = reader.variable(row.key)
        if value:
            value = hidden(value, in_all_forms(of_named(row.key, value)))
    return Variable(key=row.key, value=value, description=row.description, is_encrypted=True, team_name=None)


def _row(reader: Reader, key: str) -> VariableRow:
    for row in reader.variables():
        if row.key == key:
            return row
    raise NotFound(kind="variable", name=key, advice="")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


class VariableQuery(BaseModel):
    limit: Limit = LIMIT
    offset: Offset = 0
    order_by: OrderBy = ["id"]
    variable_key_pattern: Pattern = None
    variable_key_prefix_pattern: Start = None


@routes.get("/variables", may="variables:read")
def get_variables(here: At, wanted: Annotated[VariableQuery, Query()]) -> Variables:
    order = order_of(wanted.order_by, {"id": "key", "_id": "key", "key": "key", "description": "description"})
    with here.reader() as reader:
        found = [
            row
            for row in reader.variables()
            if fits(row.key, wanted.variable_key_pattern, wanted.variable_key_prefix_pattern)
        ]
        chosen = sliced(sorted_by(found, order, getattr), wanted.limit, wanted.offset)
        return Variables(variables=[_shape(reader, row) for row in chosen], total_entries=len(found))


@routes.get("/variables/{variable_key}", may="variables:read")
def get_variable(here: At, variable_key: Text) -> Variable:
    with here.reader() as reader:
        return _shape(reader, _row(reader, variable_key))


@routes.post("/variables", may="variables:write", status_code=201)
def post_variable(here: At, body: VariableBody) -> Variable:
    with here.reader() as reader:
        if any(row.key == body.key for row in reader.variables()):
            raise Fault(409, f"There is already a variable '{body.key}'.")
    _set(here, body)
    here.settings_changed()
    return get_variable(here, body.key)


def _set(here: Here, body: VariableBody) -> None:
    with here.store() as store:
        store.variable_set(body.key, _text(body.value), body.description)


def _change(here: Here, body: VariableBody, mask: list[str] | None) -> None:
    with here.reader() as reader:
        row, value = _row(reader, body.key), reader.variable(body.key)
    given = set(mask) if mask is not None else body.model_fields_set
    new = _text(body.value) if "value" in given else value or ""
    if new == HIDDEN and sounds_secret(body.key):
        new = value or ""  # what was shown in its place comes back
    with here.store() as store:
        store.variable_set(body.key, new, body.description if "description" in given else row.description)


@routes.patch("/variables/{variable_key}", may="variables:write")
def patch_variable(here: At, variable_key: Text, body: VariableBody, update_mask: Mask = None) -> Variable:
    if body.key != variable_key:
        raise Fault(400, "A variable's key cannot be changed: that of the body is another one than that of the path.")
    _change(here, body, update_mask)
    here.settings_changed()
    return get_variable(here, variable_key)


@routes.delete("/variables/{variable_key}", may="variables:write")
def delete_variable(here: At, variable_key: Text) -> None:
    _remove(here, variable_key)
    here.settings_changed()


def _remove(here: Here, key: str) -> None:
    with here.store() as store:
        if not store.variable_delete(key):
            raise NotFound(kind="variable", name=key, advice="")


@routes.patch("/variables", may="variables:write")
def bulk_variables(here: At, body: Bulk[VariableBody]) -> BulkResults:
    def names() -> set[str]:
        with here.reader() as reader:
            return {row.key for row in reader.variables()}

    kind = Kind(
        "variable",
        "key",
        names,
        lambda one: _set(here, one),
        lambda one, mask: _change(here, one, mask),
        lambda name: _remove(here, name),
    )
    told = apply(kind, body.actions)
    here.settings_changed()
    return told
