"""What Venturi says of itself: health, version, jobs, plugins, providers, events, configuration."""

from __future__ import annotations

from datetime import datetime

from .shapes import Shape, When


class Version(Shape):
    version: str
    git_version: str | None
    venturi_version: str


class Part(Shape):
    status: str | None


class SchedulerPart(Part):
    latest_scheduler_heartbeat: str | None


class TriggererPart(Part):
    latest_triggerer_heartbeat: str | None


class DagProcessorPart(Part):
    latest_dag_processor_heartbeat: str | None


class Health(Shape):
    metadatabase: Part
    scheduler: SchedulerPart
    triggerer: TriggererPart
    dag_processor: DagProcessorPart | None = None


class Job(Shape):
    id: int
    dag_id: str | None
    state: str | None
    job_type: str | None
    start_date: When
    end_date: When
    latest_heartbeat: When
    executor_class: str | None
    hostname: str | None
    unixname: str | None
    dag_display_name: str | None = None


class Jobs(Shape):
    jobs: list[Job]
    total_entries: int


class Plugin(Shape):
    name: str
    macros: list[str] = []
    flask_blueprints: list[str] = []
    fastapi_apps: list[dict[str, str]] = []
    fastapi_root_middlewares: list[dict[str, str]] = []
    external_views: list[dict[str, str]] = []
    react_apps: list[dict[str, str]] = []
    appbuilder_views: list[dict[str, str]] = []
    appbuilder_menu_items: list[dict[str, str]] = []
    global_operator_extra_links: list[str] = []
    operator_extra_links: list[str] = []
    source: str
    listeners: list[str] = []
    timetables: list[str] = []


class Plugins(Shape):
    plugins: list[Plugin]
    total_entries: int


class PluginError(Shape):
    source: str
    error: str


class PluginErrors(Shape):
    import_errors: list[PluginError]
    total_entries: int


class Provider(Shape):
    package_name: str
    description: str
    version: str
    documentation_url: str | None


class Providers(Shape):
    providers: list[Provider]
    total_entries: int


class Event(Shape):
    event_log_id: int
    when: datetime
    dag_id: str | None
    task_id: str | None
    run_id: str | None
    map_index: int | None
    try_number: int | None
    event: str
    logical_date: When
    owner: str | None
    extra: str | None
    dag_display_name: str | None = None
    task_display_name: str | None = None


class Events(Shape):
    event_logs: list[Event]
    total_entries: int


class ConfigOption(Shape):
    key: str
    value: str | list[str]


class ConfigSection(Shape):
    name: str
    options: list[ConfigOption]


class Configuration(Shape):
    sections: list[ConfigSection]
