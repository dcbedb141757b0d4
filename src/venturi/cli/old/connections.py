"""`airflow connections …`, in 1.10's form by options as well. What is secret is shown by `get` and `export` alone."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import Any

from ...sdk.connections import Connection
from ...sdk.exceptions import AirflowException
from ..printing import COULD_NOT_START, FAILED, SUCCESS, fail, say
from ..settings import opened_store
from . import At, files, rows

_FIELDS = ("conn_type", "description", "login", "password", "host", "port", "schema", "extra")
_SHOWN = ("conn_id", "conn_type", "description", "host", "schema", "login", "password", "port", "extra", "get_uri")


def ls(at: At, given: Namespace) -> int:
    with opened_store(at.home, create=True) as store:
        found = [row for row in store.connections() if given.conn_id in (None, row.conn_id)]
        if given.show_values:
            lines = [_shown(store.connection(row.conn_id) or {}, row.conn_id) for row in found]
        else:
            lines = [{"conn_id": r.conn_id, "conn_type": r.conn_type, "description": r.description} for r in found]
    rows.show(lines, given.output, _SHOWN if given.show_values else ("conn_id", "conn_type", "description"))
    return SUCCESS


def _shown(fields: dict[str, Any], conn_id: str) -> dict[str, Any]:
    made = Connection(**{**fields, "conn_id": conn_id})
    return {"id": None, "conn_id": conn_id, **fields, "is_encrypted": True, "get_uri": made.get_uri()}


def get(at: At, given: Namespace) -> int:
    with opened_store(at.home, create=True) as store:
        found = store.connection(given.conn_id)
    if found is None:
        fail(
            f"There is no connection '{given.conn_id}'. List them with: airflow connections list",
            code="no_such_connection",
        )
    rows.show([_shown(found, given.conn_id)], given.output, _SHOWN)
    return SUCCESS


def add(at: At, given: Namespace) -> int:
    with opened_store(at.home, create=True) as store:
        if store.connection(given.conn_id) is not None:
            advice = f"Change it with: venturi connections set {given.conn_id}"
            fail(f"There is a connection '{given.conn_id}' already. {advice}", code="exists")
    at.verb("connections", "set", given.conn_id, json.dumps(_fields(given)))
    print(f"Successfully added `conn_id`={given.conn_id}")
    return SUCCESS


def _fields(given: Namespace) -> dict[str, Any]:
    said = {name: getattr(given, f"conn_{name.removeprefix('conn_')}") for name in _FIELDS}
    said = {name: value for name, value in said.items() if value is not None}
    whole = given.conn_uri or given.conn_json
    if whole is None and "conn_type" not in said:
        fail("Say what it is: --conn-uri URI, --conn-json JSON or --conn-type TYPE.", COULD_NOT_START, "usage")
    if whole is None:
        return said
    beside = set(said) - {"extra", "description"}
    if beside or (given.conn_uri and given.conn_json):
        fail("Give either --conn-uri, or --conn-json, or the single fields.", COULD_NOT_START, "usage")
    try:
        made = Connection.read(whole, given.conn_id)
    except (AirflowException, ValueError) as error:
        fail(str(error), COULD_NOT_START, "bad_value")
    return {name: value for name, value in {**made.fields(), **said}.items() if value is not None and name != "conn_id"}


def delete(at: At, given: Namespace) -> int:
    at.verb("connections", "rm", given.conn_id)
    print(f"Successfully deleted connection with `conn_id`={given.conn_id}")
    return SUCCESS


def test(at: At, given: Namespace) -> int:
    """Allowed here, unlike over the API: it reaches out as whoever types it."""
    told = at.verb("connections", "test", given.conn_id)
    print("Connection success!" if told.status == SUCCESS else f"Connection failed!\n{told.data['message']}")
    return told.status


def import_(at: At, given: Namespace) -> int:
    keep = [] if given.overwrite else ["--keep"]
    told = at.verb("connections", "import", given.file, *keep).data
    for conn_id in told["set"]:
        print(f"Imported connection {conn_id}")
    if told["kept"]:
        say(f"{told['kept']} were there already and stay as they were (--overwrite).")
    return SUCCESS


def export(at: At, given: Namespace) -> int:
    form = given.file_format or given.format or files.form_of(given.file, ("json", "yaml", "env"), "json")
    with opened_store(at.home, create=True) as store:
        found = {row.conn_id: store.connection(row.conn_id) or {} for row in store.connections()}
    if form == "env":
        as_json = given.serialization_format == "json"
        lines = [f"{conn_id}={_in_one_line(conn_id, fields, as_json)}" for conn_id, fields in sorted(found.items())]
        text = "".join(f"{line}\n" for line in lines)
    else:
        data = {conn_id: {name: fields.get(name) for name in _FIELDS} for conn_id, fields in sorted(found.items())}
        text = files.written(data, form)
    return files.put(given.file, text, f"Connections successfully exported to {given.file}.")


def _in_one_line(conn_id: str, fields: dict[str, Any], as_json: bool) -> str:
    made = Connection(**{**fields, "conn_id": conn_id})
    if not as_json:
        return str(made.get_uri())
    return json.dumps({name: value for name in _FIELDS if (value := fields.get(name)) is not None})


def by_options(at: At, given: Namespace) -> int:
    """1.10: `-l`, `-a --conn_id NAME …`, `-d --conn_id NAME`."""
    if given.add or given.delete:
        if given.conn_id is None:
            fail("Say which: --conn_id NAME", COULD_NOT_START, "usage")
        return add(at, given) if given.add else delete(at, given)
    if not given.list:
        say("Say --list, --add or --delete; or as in later Airflows: airflow connections list")
        return FAILED
    return ls(at, Namespace(conn_id=None, show_values=False, output=None))
