"""`macros.…` of templates: the functions, and the modules that are loaded when a template names them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

_MODULES = ("dateutil", "random", "uuid", "yaml")


def ds_add(ds: str, days: int) -> str:
    """The day so many days later (or earlier)."""
    if not days:
        return str(ds)
    return (datetime.strptime(str(ds), "%Y-%m-%d") + timedelta(days=days)).strftime("%Y-%m-%d")


def ds_format(ds: str, input_format: str, output_format: str) -> str:
    return datetime.strptime(str(ds), input_format).strftime(output_format)


def ds_format_locale(ds: str, input_format: str, output_format: str, locale: Any = None) -> str:
    """As ds_format, with a pattern of the Unicode kind (`EEEE`) and the words of a locale."""
    from .services.packages import needed

    dates = needed("babel.dates", "macros.ds_format_locale")
    moment = datetime.strptime(str(ds), input_format)
    return str(dates.format_datetime(moment, format=output_format, locale=locale or dates.LC_TIME))


def datetime_diff_for_humans(dt: Any, since: Any = None) -> str:
    import pendulum

    return str(pendulum.instance(dt).diff_for_humans(None if since is None else pendulum.instance(since)))


further: list[Callable[[str], Any]] = []  # who else has macros: plugins


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        import importlib

        if name == "dateutil":
            importlib.import_module("dateutil.parser")
        module = importlib.import_module(name)
        return module.random if name == "random" else module  # as in Airflow: the function, a number from 0 to 1
    if not name.startswith("__"):
        for look in further:
            found = look(name)
            if found is not None:
                return found
    raise AttributeError(f"macros has no {name!r}")


__all__ = [
    "datetime",
    "datetime_diff_for_humans",
    "ds_add",
    "ds_format",
    "ds_format_locale",
    "json",
    "time",
    "timedelta",
]
