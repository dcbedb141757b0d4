"""`airflow.utils.dates` and the like: small helpers that exist because DAG files of 1.10 and 2.x call them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from ..sdk.times import utcnow

cron_presets: dict[str, str] = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
}


def days_ago(n: int, hour: int = 0, minute: int = 0, second: int = 0, microsecond: int = 0) -> datetime:
    """Midnight (or the hour given) UTC so many days ago."""
    return utcnow().replace(hour=hour, minute=minute, second=second, microsecond=microsecond) - timedelta(days=n)


def apply_defaults(function: Callable[..., Any]) -> Callable[..., Any]:
    """Every operator gets its default_args without it."""
    return function
