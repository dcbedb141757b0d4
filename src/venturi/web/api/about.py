"""What Venturi says of itself: health, version, jobs, plugins, providers, the event log, configuration."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime, timezone
from importlib import metadata
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import PlainTextResponse, Response
from pydantic import BaseModel

from ... import __version__
from ...core.errors import NotFound, VenturiError
from ...store.reading_pages import Condition
from ..errors import Fault
from ..forming import host, user
from ..health import health
from ..here import API, At, Routes, named
from ..models.about import (
    ConfigOption,
    ConfigSection,
    Configuration,
    Event,
    Events,
    Health,
    Job,
    Jobs,
    PluginErrors,
    Plugins,
    Provider,
    Providers,
    Version,
)
from ..paging import (
    LIMIT,
    Limit,
    Number,
    Offset,
    OrderBy,
    Pattern,
    Start,
    Text,
    Texts,
    at,
    conditions,
    limit_of,
    moment,
    order_of,
    sliced,
    sorted_by,
)
from .dags import in_span

API_VERSION = "3.3.0"  # of Airflow, whose API this is in the shape of

open_routes = APIRouter(prefix=API, tags=["Monitor"], generate_unique_id_function=named)  # answered to anybody
routes = Routes("About")


@open_routes.get("/monitor/health")
async def get_health(request: Request) -> Health:
    return Health.model_validate(await health(request.app.state.home))


@open_routes.get("/version")
def get_version() -> Version:
    return Version(version=API_VERSION, git_version=None, venturi_version=__version__)


# ── jobs ──


class JobQuery(BaseModel):
    is_alive: bool | None = None
    start_date_gte: datetime | None = None
    start_date_gt: datetime | None = None
    start_date_lte: datetime | None = None
    start_date_lt: datetime | None = None
    end_date_gte: datetime | None = None
    end_date_gt: datetime | None = None
    end_date_lte: datetime | None = None
    end_date_lt: datetime | None = None
    limit: Limit = LIMIT
    offset: Offset = 0
    order_by: OrderBy = ["id"]
    job_state: Text | None = None
    job_type: Text | None = None
    hostname: Text | None = None
    executor_class: Text | None = None


@routes.get("/jobs", may="about:read")
def get_jobs(here: At, wanted: Annotated[JobQuery, Query()]) -> Jobs:
    """The engine, in the three parts that clients look for."""
    names = ("id", "dag_id", "state", "job_type", "start_date", "end_date", "latest_heartbeat", "hostname", "unixname")
    order = order_of(wanted.order_by, {name: name for name in (*names, "executor_class")})
    found = [one for one in _jobs(here) if _is_wanted(one, wanted)]
    found = sorted_by(found, order, getattr)
    return Jobs(jobs=sliced(found, wanted.limit, wanted.offset), total_entries=len(found))


def _jobs(here: At) -> Iterator[Job]:
    try:
        told = here.ask("status")
    except VenturiError:
        return
    beat = datetime.fromtimestamp(float(told["now"]), timezone.utc)
    try:
        noted = json.loads((here.home.run / "engine.json").read_text())
        started = datetime.fromtimestamp((here.home.run / "engine.json").stat().st_mtime, timezone.utc)
        pid = int(noted["pid"])
    except (OSError, ValueError, KeyError):
        started, pid = beat, int(told["pid"])
    for n, kind in enumerate(("SchedulerJob", "TriggererJob", "DagProcessorJob")):
        yield Job(
            id=pid * 10 + n,
            dag_id=None,
            state="running",
            job_type=kind,
            start_date=started,
            end_date=None,
            latest_heartbeat=beat,
            executor_class="LocalExecutor" if n == 0 else None,
            hostname=host(),
            unixname=user(),
        )


def _is_wanted(job: Job, wanted: JobQuery) -> bool:
    if wanted.is_alive is False:
        return False
    if any(getattr(wanted, f"end_date_{end}") is not None for end in ("gte", "gt", "lte", "lt")):
        return False
    return (
        in_span(wanted, "start_date", job.start_date.timestamp() if job.start_date else None)
        and wanted.job_state in (None, job.state)
        and wanted.job_type in (None, job.job_type)
        and wanted.hostname in (None, job.hostname)
        and wanted.executor_class in (None, job.executor_class)
    )


# ── plugins and providers ──


@routes.get("/plugins", may="about:read")
def get_plugins(here: At, limit: Limit = LIMIT, offset: Offset = 0) -> Plugins:
    """Plugins are loaded beside author code alone, so none is told of here."""
    return Plugins(plugins=[], total_entries=0)


@routes.get("/plugins/importErrors", may="about:read")
def import_errors(here: At) -> PluginErrors:
    return PluginErrors(import_errors=[], total_entries=0)


@routes.get("/providers", may="about:read")
def get_providers(here: At, limit: Limit = LIMIT, offset: Offset = 0) -> Providers:
    """Provider wheels of the environment that Venturi is installed in."""
    found = []
    for one in metadata.distributions():
        name = str(one.metadata["Name"] or "").lower()
        if name.startswith("apache-airflow-providers-"):
            summary = str(one.metadata["Summary"] or "")
            found.append(Provider(package_name=name, description=summary, version=one.version, documentation_url=None))
    found.sort(key=lambda provider: provider.package_name)
    return Providers(providers=sliced(found, limit, offset), total_entries=len(found))


# ── the event log ──


class EventQuery(BaseModel):
    limit: Limit = LIMIT
    offset: Offset = 0
    order_by: OrderBy = ["id"]
    dag_id: Text | None = None
    task_id: Text | None = None
    run_id: Text | None = None
    map_index: Number | None = None
    try_number: Number | None = None
    owner: Text | None = None
    event: Text | None = None
    excluded_events: Texts = []
    included_events: Texts = []
    before: datetime | None = None
    after: datetime | None = None
    dag_id_pattern: Pattern = None
    task_id_pattern: Pattern = None
    run_id_pattern: Pattern = None
    owner_pattern: Pattern = None
    event_pattern: Pattern = None
    dag_id_prefix_pattern: Start = None
    task_id_prefix_pattern: Start = None
    run_id_prefix_pattern: Start = None
    owner_prefix_pattern: Start = None
    event_prefix_pattern: Start = None


_EVENT_ORDERS = {
    **{name: name for name in ("id", "dag_id", "run_id", "logical_date")},
    "event_log_id": "id",
    "when": "at",
    "event": "kind",
}


@routes.get("/eventLogs", may="events:read", by_grant=True)
def get_event_logs(here: At, wanted: Annotated[EventQuery, Query()]) -> Events:
    """What has happened: moves of runs and tasks, new versions, pauses, settings. Which tasks, its `extra` says."""
    of_one_task = (wanted.task_id, wanted.map_index, wanted.try_number, wanted.owner, wanted.task_id_pattern)
    more = (wanted.owner_pattern, wanted.task_id_prefix_pattern, wanted.owner_prefix_pattern)
    if any(one is not None for one in (*of_one_task, *more)):
        return Events(event_logs=[], total_entries=0)
    asked = conditions(
        dag_id__is=wanted.dag_id,
        run_id__is=wanted.run_id,
        kind__is=wanted.event,
        kind__in=wanted.included_events,
        at__lt=wanted.before,
        at__gt=wanted.after,
        dag_id__like=wanted.dag_id_pattern,
        dag_id__prefix=wanted.dag_id_prefix_pattern,
        run_id__like=wanted.run_id_pattern,
        run_id__prefix=wanted.run_id_prefix_pattern,
        kind__like=wanted.event_pattern,
        kind__prefix=wanted.event_prefix_pattern,
        kind__out=wanted.excluded_events,
    )
    asked += here.in_scope()
    order = order_of(wanted.order_by, _EVENT_ORDERS)
    with here.reader() as reader:
        found = reader.page("events", asked, order, limit_of(wanted.limit), wanted.offset)
    return Events(event_logs=[_event(row) for row in found.rows], total_entries=found.total)


def _event(row: tuple[Any, ...]) -> Event:
    id, when, kind, dag_id, _, data, run_id, date = row
    return Event(
        event_log_id=id,
        when=moment(when),
        dag_id=dag_id,
        task_id=None,
        run_id=run_id,
        map_index=None,
        try_number=None,
        event=kind,
        logical_date=at(date),
        owner=None,
        extra=data,
    )


@routes.get("/eventLogs/{event_log_id}", may="events:read", by_grant=True)
def get_event_log(here: At, event_log_id: Number) -> Event:
    with here.reader() as reader:
        rows = reader.page("events", [Condition("id", "is", event_log_id)], (), 1, 0).rows
    if not rows or not here.sees(rows[0][3]):
        raise NotFound(kind="event", name=event_log_id, advice="")
    return _event(rows[0])


# ── configuration ──


_HIDDEN = frozenset(("database_url",))
SECTION = "venturi"
_TEXT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}
Accept = Annotated[str, Header()]


def _options(here: At) -> list[ConfigOption]:
    if not here.config.expose_config:
        raise Fault(403, "The configuration is not shown. Show it with expose_config = true in venturi.toml.")
    told = []
    for field in fields(here.config):
        value = getattr(here.config, field.name)
        hidden = field.name in _HIDDEN and value is not None
        told.append(ConfigOption(key=field.name, value="< hidden >" if hidden else "" if value is None else str(value)))
    return told


def _told(sections: list[ConfigSection], accept: str) -> Response | Configuration:
    if "text/plain" in accept and "json" not in accept:
        lines = [f"[{s.name}]\n" + "\n".join(f"{o.key} = {o.value}" for o in s.options) for s in sections]
        return PlainTextResponse("\n".join(lines))
    return Configuration(sections=sections)


@routes.get("/config", may="config:read", response_model=Configuration, responses=_TEXT)
def get_config(here: At, section: Text | None = None, accept: Accept = "*/*") -> Response | Configuration:
    options = _options(here)
    if section not in (None, SECTION):
        raise NotFound(kind="section", name=section, advice=f"There is one: {SECTION}.")
    return _told([ConfigSection(name=SECTION, options=options)], accept)


@routes.get(
    "/config/section/{section}/option/{option}", may="config:read", response_model=Configuration, responses=_TEXT
)
def get_config_value(here: At, section: Text, option: Text, accept: Accept = "*/*") -> Response | Configuration:
    for one in _options(here):
        if (section, option) == (SECTION, one.key):
            return _told([ConfigSection(name=SECTION, options=[one])], accept)
    raise NotFound(kind="option", name=f"{section}.{option}", advice=f"Options are in the section {SECTION}.")
