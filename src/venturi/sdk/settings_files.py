"""Variables and connections written in files: JSON, YAML, or lines NAME=VALUE.

Owns reading them, and the sentences for what cannot be read. What is kept of them, and where, is the caller's business.
"""

from __future__ import annotations

import json
import os
from typing import Any, NamedTuple

from ..core.errors import BadFile
from .connections import Connection
from .exceptions import AirflowException

_PREFIXES = ("AIRFLOW_VAR_", "AIRFLOW_CONN_")


class Written(NamedTuple):
    value: str
    description: str | None = None


def variables_in(file: str) -> dict[str, Written]:
    """key → value. A value that is no text is kept as JSON; `{"value": …, "description": …}` gives both."""
    return variables_of(_read(file, "AIRFLOW_VAR_"), file)


def variables_of(data: dict[str, Any], file: str) -> dict[str, Written]:
    found = {}
    for key, value in data.items():
        description = None
        if isinstance(value, dict) and "value" in value and value.keys() <= {"value", "description"}:
            value, description = value["value"], value.get("description")
        if value is None:
            raise BadFile(file=file, problem=f"variable '{key}' has no value", advice="")
        found[key] = Written(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), description)
    return found


def connections_in(file: str) -> dict[str, Connection]:
    """conn_id → connection, from a URI, an object with its fields, or a list that holds one of these."""
    return connections_of(_read(file, "AIRFLOW_CONN_"), file)


def connections_of(data: dict[str, Any], file: str) -> dict[str, Connection]:
    found = {}
    for conn_id, written in data.items():
        value = written[0] if isinstance(written, list) and len(written) == 1 else written
        try:
            if isinstance(value, str):
                found[conn_id] = Connection.read(value, conn_id)
            elif isinstance(value, dict):
                found[conn_id] = Connection.from_fields(value, conn_id)
            elif isinstance(value, list):
                raise ValueError("it is given more than once")
            else:
                raise ValueError("it is neither a URI nor an object with its fields")
        except (AirflowException, ValueError) as error:
            advice = "Correct it; nothing was taken from the file."
            raise BadFile(
                file=file, problem=f"connection '{conn_id}': {str(error).rstrip('.')}", advice=advice
            ) from None
    return found


def _read(file: str, prefix: str) -> dict[str, Any]:
    if os.path.isdir(file) or not os.path.exists(file):
        there = "it is a folder" if os.path.isdir(file) else "there is no such file"
        raise BadFile(file=file, problem=there, advice="")
    kind = os.path.splitext(file)[1].lower() or os.path.basename(file).lower()
    reader = {".json": _json, ".yaml": read_yaml, ".yml": read_yaml, ".env": read_lines}.get(kind)
    if reader is None:
        raise BadFile(
            file=file, problem="its form is not known", advice="Name it .json, .yaml or .env after what is in it."
        )
    try:
        with open(file, encoding="utf-8-sig") as opened:
            text = opened.read()
    except OSError as error:
        raise BadFile(file=file, problem=error.strerror or "it cannot be read", advice="") from None
    except UnicodeDecodeError:
        raise BadFile(file=file, problem="it is not UTF-8 text", advice="") from None
    data = reader(text, file)
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise BadFile(
            file=file, problem="it holds no object at its top", advice='Write names and values, as in {"a": "b"}.'
        )
    names = {str(name): value for name, value in data.items()}
    return own_names(names, prefix) if reader is read_lines else names


def own_names(names: dict[str, Any], prefix: str) -> dict[str, Any]:
    """Of NAME=VALUE lines: without the prefix, and without what is for the other kind."""
    return {_own_name(name, prefix): value for name, value in names.items() if _is_for(name, prefix)}


def _own_name(name: str, prefix: str) -> str:
    """`AIRFLOW_VAR_REGION` is how the environment spells `region`."""
    return name[len(prefix) :].lower() if name.startswith(prefix) else name


def _is_for(name: str, prefix: str) -> bool:
    return not any(name.startswith(other) for other in _PREFIXES if other != prefix)


def _json(text: str, file: str) -> Any:
    try:
        return json.loads(text) if text.strip() else {}
    except ValueError as error:
        line = getattr(error, "lineno", "?")
        raise BadFile(
            file=file, problem=f"line {line} is not JSON ({getattr(error, 'msg', error)})", advice=""
        ) from None


def read_yaml(text: str, file: str) -> Any:
    try:
        import yaml
    except ImportError:
        raise BadFile(
            file=file, problem="reading YAML needs PyYAML", advice="Add the line PyYAML to requirements.txt."
        ) from None
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark is not None else "it"
        raise BadFile(
            file=file, problem=f"{where} is not YAML ({getattr(error, 'problem', 'broken')})", advice=""
        ) from None


def read_lines(text: str, file: str) -> dict[str, str]:
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip().removeprefix("export ").strip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        name, value = name.strip(), value.strip()
        if not equals or not name:
            raise BadFile(file=file, problem=f"line {number} is not NAME=VALUE", advice="")
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        found[name] = value
    return found
