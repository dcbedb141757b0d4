"""The settings of this home, each with where it comes from, and what is kept of the past.

Owns this route. Values are told where `expose_config` says so; what is secret in them never is.
"""

from __future__ import annotations

from ...config import Setting, settings_of
from ...core.secrets import sounds_secret
from ..here import OWN, At, Here, Routes
from ..models.shapes import Shape

routes = Routes("Venturi", OWN)

_SECRET = frozenset(("database_url",))
HIDDEN = "set, and not shown"


class KnownSetting(Shape):
    """`source`: default, the file or the variable that says it; `unknown` for a name that means nothing."""

    name: str
    value: str | None
    source: str


class Retention(Shape):
    """Runs that ended longer ago than `keep_runs_days` go (None: none does), but for the newest of each DAG."""

    keep_runs_days: float | None
    keep_runs_min: int


class Settings(Shape):
    """`shown`: whether values are told."""

    shown: bool
    file: str
    settings: list[KnownSetting]
    retention: Retention


@routes.get("/settings", may="config:read")
def get_settings(here: At) -> Settings:
    shown = here.config.expose_config
    return Settings(
        shown=shown,
        file=str(here.home.own / "venturi.toml"),
        settings=[_told(here, one, shown) for one in settings_of(here.home)],
        retention=Retention(keep_runs_days=here.config.keep_runs_days, keep_runs_min=here.config.keep_runs_min),
    )


def _told(here: Here, one: Setting, shown: bool) -> KnownSetting:
    now = getattr(here.config, one.name, one.value)
    source = one.source if now == one.value else "command line"
    if not shown or one.source == "unknown":
        return KnownSetting(name=one.name, value=None, source=source)
    if now is not None and (one.name in _SECRET or sounds_secret(one.name)):
        return KnownSetting(name=one.name, value=HIDDEN, source=source)
    return KnownSetting(name=one.name, value=None if now is None else str(now), source=source)
