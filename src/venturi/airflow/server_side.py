"""Names of Airflow's server: executors, auth managers, its command line, rows of its database.

Provider wheels import them beside their operators. Here they can be imported, annotated with and extended; a use of
one says that Venturi's own server stands in its place.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from enum import Enum
from typing import Any, NamedTuple

from ..sdk.exceptions import AirflowException

AUTH_MANAGER_FASTAPI_APP_PREFIX = "/auth"
COOKIE_NAME_JWT_TOKEN = "_token"


class NotOurs(AirflowException):
    """Something of Airflow's server was used, and its place is Venturi's own."""


def _refuse(name: str) -> NotOurs:
    return NotOurs(
        f"{name} is a part of Airflow's server, and Venturi has its own. Its name can be imported, not used."
    )


class _Meta(type):
    def __getitem__(cls, _: Any) -> Any:
        return cls

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise AttributeError(str(_refuse(f"{cls.__name__}.{name}")))


class ServerSide(metaclass=_Meta):
    """The base of all such classes."""

    def __init__(self, *_: Any, **__: Any) -> None:
        raise _refuse(type(self).__name__)


_CLASSES = frozenset(
    {
        *("BaseExecutor", "ExecutorConf", "ExecutorLoader", "ExecuteTask", "ExecuteCallback", "WorkloadType"),
        *("TaskInstanceUuid", "BaseAuthManager", "BaseUser", "BaseDagBundle", "FileTaskHandler"),
        *("SerializedDagModel", "SimpleTaskInstance", "HITLUser"),
        *("AccessView", "AssetDetails", "AssetAliasDetails", "DefaultHelpParser", "AirflowHelpFormatter"),
    }
)
_FUNCTIONS = frozenset(
    {
        *("get_auth_manager", "get_cookie_path", "expand_alias_to_assets", "get_bagged_dag"),
        *("coerce_to_core_timetable", "create_scheduler_operator", "get_coordinator_manager"),
        *("get_hitl_detail_content_detail", "update_hitl_detail_response", "upsert_hitl_detail"),
    }
)


# A wheel hangs routes and models on these when it is imported: the library's own, where it is installed.
_OF_LIBRARIES = {"AirflowRouter": "fastapi.APIRouter", "BaseModel": "pydantic.BaseModel"}


def __getattr__(name: str) -> Any:
    if name in _CLASSES:
        made: Any = _Meta(name, (ServerSide,), {"__module__": __name__, "__doc__": ServerSide.__doc__})
    elif name in _FUNCTIONS:

        def made(*_: Any, **__: Any) -> Any:
            raise _refuse(f"{name}()")

        made.__name__ = name
    elif name in _OF_LIBRARIES:
        module, _, theirs = _OF_LIBRARIES[name].partition(".")
        try:
            made = getattr(importlib.import_module(module), theirs)
        except ModuleNotFoundError:
            made = _Meta(name, (ServerSide,), {"__module__": __name__, "__doc__": ServerSide.__doc__})
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = made
    return made


class JobState(str, Enum):
    RUNNING = "running"
    SUCCESS = "success"
    RESTARTING = "restarting"
    FAILED = "failed"


# ── its command line: what a wheel adds to it is described in these, and never run ──


class Arg:
    def __init__(self, flags: Any = None, **described: Any) -> None:
        self.flags = (flags,) if isinstance(flags, str) else flags
        self.kwargs = described


class ActionCommand(NamedTuple):
    name: str
    help: str
    func: Any
    args: Any = ()
    description: str | None = None
    epilog: str | None = None
    hide: bool = False


class GroupCommand(NamedTuple):
    name: str
    help: str
    subcommands: Any = ()
    description: str | None = None
    epilog: str | None = None


CLICommand = ActionCommand
ARG_DAG_ID = Arg(("dag_id",))
ARG_OUTPUT_PATH = Arg(("-o", "--output-path"))
ARG_VERBOSE = Arg(("-v", "--verbose"))
ARG_LOGICAL_DATE = Arg(("logical_date",))
ARG_BUNDLE_NAME = Arg(("-B", "--bundle-name"))


def lazy_load_command(import_path: str) -> Callable[..., Any]:
    def command(*_: Any, **__: Any) -> Any:
        raise _refuse(f"The command {import_path}")

    return command


def positive_int(*, allow_zero: bool) -> Callable[[str], int]:
    def read(text: str) -> int:
        number = int(text)
        if number < 0 or (number == 0 and not allow_zero):
            raise ValueError(f"{text!r} is not positive.")
        return number

    return read


def unchanged(func: Any) -> Any:
    """For decorators that load settings, or open a session of Airflow's database, around a function."""
    return func


def action_cli(func: Any = None, **_: Any) -> Any:
    return unchanged if func is None else func


suppress_logs_and_warning = unchanged


def pod_mutation_hook(pod: Any) -> None:
    """Airflow calls its own settings' function of this name on each pod; there is none here."""
