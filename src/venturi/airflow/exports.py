"""Files that Airflow's own command line has written: connections, variables, pools, DAGs and their runs.

Owns telling them apart by what is in them: their names are whatever somebody has given them. Keeps nothing.
"""

from __future__ import annotations

import json
import os
import re
from datetime import datetime, timezone
from typing import Any

from ..core.coming import Found, LastRun
from ..core.errors import BadFile
from ..sdk.settings_files import connections_of, own_names, read_lines, read_yaml, variables_of

FILE_BYTES_MAX = 256 * 1024 * 1024
_URI = re.compile(r"[A-Za-z][\w+.-]*://")
_LINE = re.compile(r"(export\s+)?[\w.\-]+\s*=")
_LOGGED_BEFORE = re.compile(r"^[\[{]", re.MULTILINE)  # Airflow logs to stdout too, before what was asked for
_EXPORTS = "airflow connections export, variables export, pools export, dags list -o json, dags list-runs -o json"


def read(file: str, kind: str | None = None) -> Found:
    """`kind` is given where somebody has said what is in it. Raises BadFile."""
    text = _text(file)
    data, of_lines = _data(text, file)
    found = Found()
    if not data:
        return found
    if isinstance(data, list):
        _rows(data, file, found)
        return found
    if not isinstance(data, dict):
        raise _unknown(file)
    data = {str(name): value for name, value in data.items()}
    kind = kind or _kind(data, file)
    if of_lines:
        data = own_names(data, "AIRFLOW_CONN_" if kind == "connections" else "AIRFLOW_VAR_")
    if kind == "pools":
        for name, said in data.items():
            _pool(found, name, said, file)
    elif kind == "connections":
        found.connections = {conn_id: made.fields() for conn_id, made in connections_of(data, file).items()}
    else:
        found.variables = {key: (said.value, said.description) for key, said in variables_of(data, file).items()}
    return found


def _unknown(file: str, problem: str = "it is none of Airflow's exports") -> BadFile:
    return BadFile(file=file, problem=problem, advice=f"These can be read: {_EXPORTS}.")


# ── its form ─────────────────────────────────────────────────────────────────────────────────────────────


def _text(file: str) -> str:
    try:
        if os.path.getsize(file) > FILE_BYTES_MAX:
            raise BadFile(file=file, problem="it is larger than any export", advice="")
        with open(file, encoding="utf-8-sig") as opened:
            return opened.read()
    except OSError as error:
        raise BadFile(file=file, problem=error.strerror or "it cannot be read", advice="") from None
    except UnicodeDecodeError:
        raise _unknown(file, "it is not UTF-8 text") from None


def _data(text: str, file: str) -> tuple[Any, bool]:
    """What it holds, and whether it was lines of NAME=VALUE."""
    try:
        return json.loads(text), False
    except ValueError:
        pass
    decoder = json.JSONDecoder()
    for at in _LOGGED_BEFORE.finditer(text):
        try:
            found, end = decoder.raw_decode(text, at.start())
        except ValueError:
            continue
        if isinstance(found, (dict, list)) and not text[end:].strip():
            return found, False
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    if not lines or lines == ["No data found"]:
        return None, False
    if all(_LINE.match(line) for line in lines):
        return read_lines(text, file), True
    if lines[0].startswith(("{", "[")):
        raise _unknown(file, "it begins as JSON and is not")
    return read_yaml(text, file), False


def _kind(data: dict[str, Any], file: str) -> str:
    values = list(data.values())
    if all(isinstance(value, dict) and "slots" in value for value in values):
        return "pools"
    if all(isinstance(value, dict) and "conn_type" in value for value in values):
        return "connections"
    if any(name.startswith("AIRFLOW_CONN_") for name in data):
        return "connections"
    if all(isinstance(value, str) and _is_connection(value) for value in values):
        named = os.path.basename(file).lower()
        if "conn" in named or "var" in named:
            return "connections" if "conn" in named else "variables"
        raise BadFile(
            file=file,
            problem="all in it are addresses, so it may hold connections or variables",
            advice=f"Say which: connections={file} or variables={file}.",
        )
    return "variables"


def _is_connection(text: str) -> bool:
    if _URI.match(text):
        return True
    try:
        written = json.loads(text)
    except ValueError:
        return False
    return isinstance(written, dict) and "conn_type" in written


# ── tables: what `-o json` prints ────────────────────────────────────────────────────────────────────────


def _rows(rows: list[Any], file: str, found: Found) -> None:
    for row in rows:
        if not isinstance(row, dict):
            raise _unknown(file)
        if "dag_id" in row and "run_id" in row:
            _run(found, row, file)
        elif "dag_id" in row:
            _dag(found, row, file)
        elif "pool" in row and "slots" in row:
            _pool(found, str(row["pool"]), row, file)
        elif "conn_id" in row:
            raise _unknown(file, "it is a list of connections, which tells not all of them")
        elif "key" in row:
            raise _unknown(file, "it is a list of variables, which tells not all of them")
        else:
            raise _unknown(file)


def _dag(found: Found, row: dict[str, Any], file: str) -> None:
    said = row.get("is_paused", row.get("paused"))
    flag = {"true": True, "false": False}.get(str(said).lower())
    if flag is None:
        raise _unknown(file, f"it does not say whether DAG '{row['dag_id']}' is paused")
    found.paused[str(row["dag_id"])] = flag


def _pool(found: Found, name: str, said: Any, file: str) -> None:
    try:
        slots = int(said["slots"])
    except (KeyError, TypeError, ValueError):
        raise _unknown(file, f"pool '{name}' has no number of slots") from None
    deferred = said.get("include_deferred")
    found.pools[name] = {
        "slots": slots,
        "description": said.get("description") or None,
        "include_deferred": None if deferred is None else str(deferred).lower() == "true",
    }


def _run(found: Found, row: dict[str, Any], file: str) -> None:
    """Its interval is not told. From 3.0 on it is told when a run could start, which is the end of its interval."""
    date = _moment(row.get("logical_date") or row.get("execution_date"), file)
    at = _moment(row.get("run_after"), file)
    interval = (date, at) if date is not None and at is not None and at >= date else None
    last = LastRun(date, at, interval)
    found.saw_run(str(row["dag_id"]), str(row["run_id"]), row.get("run_type"), row.get("state"), last)


def _moment(text: Any, file: str) -> float | None:
    if not text or text == "None":
        return None
    try:
        made = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        raise _unknown(file, f"{text!r} in it is no date") from None
    return (made if made.tzinfo else made.replace(tzinfo=timezone.utc)).timestamp()


def source_of(given: str) -> tuple[str | None, str]:
    """`connections=FILE` says what a file holds; else it is looked at."""
    kind, found, file = given.partition("=")
    if found and kind in ("connections", "variables", "pools") and not os.path.exists(given):
        return kind, file
    return None, given
