"""Rows in Airflow's four forms: table, json, yaml, plain. Values are texts in them, as Airflow writes them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any


def show(rows: Iterable[Mapping[str, Any]], form: str | None, columns: Sequence[str]) -> None:
    """`columns` are those of a table; json and yaml hold all that a row has."""
    found = [dict(row) for row in rows]
    if form in ("json", "yaml"):
        data = [{name: _text(value) for name, value in row.items()} for row in found]
        sys.stdout.write((json.dumps(data, ensure_ascii=False) if form == "json" else _yaml(data).rstrip("\n")) + "\n")
        return
    lines = [[_cell(row.get(name)) for name in columns] for row in found]
    if not lines:
        sys.stdout.write("No data found\n")
        return
    widths = [max(len(cell) for cell in column) for column in zip(columns, *lines, strict=True)]
    if form == "plain":
        between, rule = "  ", None
    else:
        between, rule = " | ", "=+=".join("=" * width for width in widths)
    written = [_line(columns, widths, between), *([rule] if rule else [])]
    sys.stdout.write("\n".join([*written, *(_line(line, widths, between) for line in lines)]) + "\n")


def _line(cells: Sequence[str], widths: Sequence[int], between: str) -> str:
    return between.join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _text(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (list, tuple)):
        return [_text(each) for each in value]
    if isinstance(value, dict):
        return {name: _text(each) for name, each in value.items()}
    return str(value)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return " ".join(str(value).split()) if isinstance(value, str) else str(value)


def _yaml(data: list[Any]) -> str:
    import yaml

    return str(yaml.safe_dump(data, sort_keys=False, allow_unicode=True))


def date(seconds: float | None) -> str | None:
    """As Airflow writes a date: 2026-01-31T00:00:00+00:00."""
    return None if seconds is None else datetime.fromtimestamp(seconds, timezone.utc).isoformat()
