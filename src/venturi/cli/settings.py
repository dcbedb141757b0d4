"""The verbs of connections and variables: `set`, `get`, `ls`, `rm`, `import`, `test`; and the change of the key.

They write to the database themselves, each in one short transaction, with or without an engine; a running one is told
which have changed. Values are shown by `get` alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import click

from ..config import Home, environment, find_home, read_config
from ..core.errors import BadFile
from ..core.secrets import HIDDEN
from ..sdk import settings_files
from ..sdk.connections import Connection
from ..sdk.exceptions import AirflowException
from ..store import Store, open_store
from . import options
from .printing import COULD_NOT_START, FAILED, SUCCESS, fail, iso, say, show, table
from .sending import tell_settings_changed

NAME_CHARS_MAX = 250


@contextmanager
def opened_store(home: Home, create: bool) -> Iterator[Store]:
    config = read_config(home)
    if create:
        home.make()
    elif config.database_url is None and not home.database.exists():
        fail(f"There is nothing in {home.own} yet.", code="no_database")
    with open_store(config.database_url or home.database, create, home.sealing_key) as store:
        yield store


def _checked(kind: str, name: str) -> str:
    if not name.strip() or name != name.strip() or len(name) > NAME_CHARS_MAX or not name.isprintable():
        fail(
            f"A {kind} is named by 1 to {NAME_CHARS_MAX} printable characters, without a space at either end.",
            COULD_NOT_START,
            "bad_name",
        )
    return name


def from_stdin(value: str | None) -> str | None:
    """`-` keeps a secret out of the list of processes and the shell's history."""
    return sys.stdin.read().rstrip("\r\n") if value == "-" else value


def _after_change(home: Home, variables: Sequence[str] = ()) -> None:
    """What the caller should know: who hears of it, and what hides it."""
    files = tell_settings_changed(home)
    if files:
        say(f"Read again, because they have read it: {', '.join(map(os.path.basename, files))}")
    for name in variables:
        if environment(name) is not None:
            say(f"{name} is set in this environment, and where it is set it wins.")


def _absent(kind: str, names: list[str], group: str) -> NoReturn:
    quoted = ", ".join(f"'{name}'" for name in names)
    fail(f"There is no {kind} {quoted}. List them with: venturi {group} ls", code=f"no_such_{kind}")


def _bad(error: Exception) -> NoReturn:
    fail(str(error).strip(), COULD_NOT_START, "bad_file" if isinstance(error, BadFile) else "bad_value")


# ── connections ──────────────────────────────────────────────────────────────────────────────────────────


@click.group(cls=options.Verbs)
def connections() -> None:
    """Where outside services are and how to log in; sealed in the database."""


@connections.command("set")
@click.argument("conn_id")
@click.argument("written", metavar="[URI|JSON|-]", required=False)
@click.option("--type", "conn_type", metavar="TYPE", help="Instead of a URI: postgres, http, aws, …")
@click.option("--host")
@click.option("--port")
@click.option("--login")
@click.option("--password", metavar="TEXT", help="Seen by others in the list of processes; `-` reads it from stdin.")
@click.option("--schema")
@click.option("--extra", metavar="JSON")
@click.option("--description")
@options.everywhere
def connections_set(
    conn_id: str, written: str | None, home_given: str | None, as_json: bool, **fields: str | None
) -> int:
    """Define a connection, by its URI (postgres://login:password@host:5432/db), its JSON form, or single fields.

    With `-` the URI or JSON is read from stdin.
    """
    home = find_home(home_given)
    _checked("connection", conn_id)
    made = _connection_of(conn_id, from_stdin(written), fields)
    with opened_store(home, create=True) as store:
        store.connection_set(conn_id, made.fields())
    show({"conn_id": conn_id}, as_json, f"Connection '{conn_id}' is set.")
    _after_change(home, [f"AIRFLOW_CONN_{conn_id.upper()}"])
    return SUCCESS


def _connection_of(conn_id: str, written: str | None, fields: dict[str, str | None]) -> Connection:
    given = {name: from_stdin(value) for name, value in fields.items() if value is not None}
    described = given.pop("description", None)
    if written is not None and given:
        fail("Give either a URI or JSON, or single fields, not both.", COULD_NOT_START, "usage")
    if not (written or given):
        advice = f"venturi connections set {conn_id} postgres://login:password@host:5432/db"
        fail(f"Say what the connection is, as in: {advice}", COULD_NOT_START, "usage")
    try:
        made = Connection.read(written, conn_id) if written else Connection.from_fields(dict(given), conn_id)
    except (AirflowException, ValueError) as error:
        _bad(error)
    made.description = described or made.description
    if not made.conn_type:
        fail("A connection has a type, such as postgres, http or aws.", COULD_NOT_START, "bad_value")
    if "extra" in given and not isinstance(made.extra_dejson, dict):
        fail('--extra must be a JSON object, such as \'{"region": "eu-west-1"}\'.', COULD_NOT_START, "bad_value")
    return made


@connections.command("get")
@click.argument("conn_id")
@options.everywhere
def connections_get(conn_id: str, home_given: str | None, as_json: bool) -> int:
    """Show a connection with its password."""
    home = find_home(home_given)
    with opened_store(home, create=False) as store:
        found = store.connection(conn_id)
    if found is None:
        _absent("connection", [conn_id], "connections")
    made = Connection(**found)
    data = {**found, "uri": made.get_uri()}
    show(data, as_json, table(("FIELD", "VALUE"), list(data.items())))
    return SUCCESS


@connections.command("ls")
@options.everywhere
def connections_ls(home_given: str | None, as_json: bool) -> int:
    """The connections, without what is sealed in them."""
    home = find_home(home_given)
    with opened_store(home, create=False) as store:
        rows = store.connections()
    data = [
        {"conn_id": r.conn_id, "conn_type": r.conn_type, "description": r.description, "changed": iso(r.at)}
        for r in rows
    ]
    lines = [(r.conn_id, r.conn_type, HIDDEN, r.description) for r in rows]
    show({"connections": data}, as_json, table(("CONN_ID", "TYPE", "VALUE", "DESCRIPTION"), lines))
    return SUCCESS


@connections.command("rm")
@click.argument("conn_ids", metavar="CONN_ID...", nargs=-1, required=True)
@options.everywhere
def connections_rm(conn_ids: tuple[str, ...], home_given: str | None, as_json: bool) -> int:
    """Remove connections."""
    home = find_home(home_given)
    with opened_store(home, create=False) as store:
        gone = [conn_id for conn_id in conn_ids if not store.connection_delete(conn_id)]
    _after_change(home)
    if gone:
        _absent("connection", gone, "connections")
    show({"removed": list(conn_ids)}, as_json, "\n".join(f"Connection '{c}' is removed." for c in conn_ids))
    return SUCCESS


@connections.command("import")
@click.argument("file")
@click.option("--keep", is_flag=True, help="Leave those as they are that are there already.")
@options.everywhere
def connections_import(file: str, keep: bool, home_given: str | None, as_json: bool) -> int:
    """Define all connections of a file: JSON or YAML ({"id": URI or fields}), or .env with AIRFLOW_CONN_… lines."""
    home = find_home(home_given)
    try:
        found = settings_files.connections_in(file)
    except BadFile as error:
        _bad(error)
    for conn_id in found:
        _checked("connection", conn_id)
    with opened_store(home, create=True) as store:
        there = {row.conn_id for row in store.connections()} if keep else set()
        new = {conn_id: made for conn_id, made in found.items() if conn_id not in there}
        for conn_id, made in new.items():
            store.connection_set(conn_id, made.fields())
    return _imported(home, "connection", list(new), len(found) - len(new), as_json)


def _imported(home: Home, kind: str, new: list[str], kept: int, as_json: bool) -> int:
    left = f", {kept} left as they were" if kept else ""
    text = f"{len(new)} {kind}{'' if len(new) == 1 else 's'} set{left}."
    show({"set": new, "kept": kept}, as_json, text)
    prefix = "AIRFLOW_VAR_" if kind == "variable" else "AIRFLOW_CONN_"
    _after_change(home, [prefix + name.upper() for name in new])
    return SUCCESS


@connections.command("test")
@click.argument("conn_id")
@click.option("--timeout", "timeout_s", type=click.FloatRange(min=0.1), default=30.0, help="In seconds. [default: 30]")
@options.everywhere
def connections_test(conn_id: str, timeout_s: float, home_given: str | None, as_json: bool) -> int:
    """Ask what a connection names whether it answers, from this machine; exit code 1 where it does not.

    By the hook of its type (http, postgres, sqlite, aws, smtp, docker, and those of installed provider wheels), in the
    interpreter of the working folder's bundle.
    """
    told = _tried(find_home(home_given), home_given, conn_id, timeout_s)
    if not told["known"]:
        _absent("connection", [conn_id], "connections")
    works, said = told["works"], told["said"] or "no more was said"
    text = f"Connection '{conn_id}' {'works' if works else 'does not work'}: {said}"
    show({"conn_id": conn_id, "works": works, "message": said}, as_json, text)
    return SUCCESS if works else FAILED


def _tried(home: Home, home_given: str | None, conn_id: str, timeout_s: float) -> dict[str, Any]:
    """In a process of its own: hooks are of the author's side, and may wait for ever."""
    from ..bundles import single_file_bundle
    from .environments import must_be_fit, placed
    from .python import environment_for

    bundle = placed(home, single_file_bundle(Path.cwd() / "any"))
    must_be_fit(bundle)
    argv = [bundle.python, "-m", "venturi.cli.finder", "-m", "venturi.cli.in_connection", conn_id]
    try:
        done = subprocess.run(
            argv,
            env=environment_for(home, home_given),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        return dict(json.loads(done.stdout.splitlines()[-1]))
    except subprocess.TimeoutExpired:
        return {"known": True, "works": False, "said": f"nothing has answered within {timeout_s:g} s."}
    except (ValueError, IndexError):
        fail(f"The test of '{conn_id}' has ended with {done.returncode}: {_last_line(done.stderr)}", code="ended")


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "it said nothing.")


@connections.command("rotate-key")
@options.everywhere
def connections_rotate_key(home_given: str | None, as_json: bool) -> int:
    """Seal every connection and variable anew, with a new key. Nothing has to be stopped for it."""
    home = find_home(home_given)
    with opened_store(home, create=False) as store:
        n = store.rotate_key()
    text = f"{n} sealed anew. Copies of the database made before need the old key: keep it with them."
    show({"sealed": n}, as_json, text)
    return SUCCESS


# ── variables ────────────────────────────────────────────────────────────────────────────────────────────


@click.group(cls=options.Verbs)
def variables() -> None:
    """Named texts for DAG files; sealed in the database."""


@variables.command("set")
@click.argument("key")
@click.argument("value", metavar="[VALUE|-]")
@click.option("--description")
@options.everywhere
def variables_set(key: str, value: str, description: str | None, home_given: str | None, as_json: bool) -> int:
    """Set a variable. With `-` its value is read from stdin."""
    home = find_home(home_given)
    _checked("variable", key)
    with opened_store(home, create=True) as store:
        store.variable_set(key, from_stdin(value) or "", description)
    show({"key": key}, as_json, f"Variable '{key}' is set.")
    _after_change(home, [f"AIRFLOW_VAR_{key.upper()}"])
    return SUCCESS


@variables.command("get")
@click.argument("key")
@options.everywhere
def variables_get(key: str, home_given: str | None, as_json: bool) -> int:
    """Show the value of a variable."""
    home = find_home(home_given)
    with opened_store(home, create=False) as store:
        found = store.variable(key)
    if found is None:
        _absent("variable", [key], "variables")
    if as_json:
        show({"key": key, "value": found}, True)
    else:
        sys.stdout.write(found + "\n")
    return SUCCESS


@variables.command("ls")
@options.everywhere
def variables_ls(home_given: str | None, as_json: bool) -> int:
    """The variables, without their values."""
    home = find_home(home_given)
    with opened_store(home, create=False) as store:
        rows = store.variables()
    data = [{"key": row.key, "description": row.description, "changed": iso(row.at)} for row in rows]
    lines = [(row.key, HIDDEN, row.description) for row in rows]
    show({"variables": data}, as_json, table(("KEY", "VALUE", "DESCRIPTION"), lines))
    return SUCCESS


@variables.command("rm")
@click.argument("keys", metavar="KEY...", nargs=-1, required=True)
@options.everywhere
def variables_rm(keys: tuple[str, ...], home_given: str | None, as_json: bool) -> int:
    """Remove variables."""
    home = find_home(home_given)
    with opened_store(home, create=False) as store:
        gone = [key for key in keys if not store.variable_delete(key)]
    _after_change(home)
    if gone:
        _absent("variable", gone, "variables")
    show({"removed": list(keys)}, as_json, "\n".join(f"Variable '{key}' is removed." for key in keys))
    return SUCCESS


@variables.command("import")
@click.argument("file")
@click.option("--keep", is_flag=True, help="Leave those as they are that are there already.")
@options.everywhere
def variables_import(file: str, keep: bool, home_given: str | None, as_json: bool) -> int:
    """Set all variables of a file: JSON or YAML ({"key": value}), or .env with KEY=VALUE lines."""
    home = find_home(home_given)
    try:
        found = settings_files.variables_in(file)
    except BadFile as error:
        _bad(error)
    for key in found:
        _checked("variable", key)
    with opened_store(home, create=True) as store:
        there = {row.key for row in store.variables()} if keep else set()
        new = {key: written for key, written in found.items() if key not in there}
        for key, written in new.items():
            store.variable_set(key, written.value, written.description)
    return _imported(home, "variable", list(new), len(found) - len(new), as_json)
