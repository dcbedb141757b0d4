"""Serves the arguments that a wheel's operator has dropped, as the table of arguments says.

Owns the change itself: when the wheel's module has been loaded, its class takes the old arguments too.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

from ..sdk.services.packages import needed
from .table.arguments import ARGUMENTS, ATHENA, DOCKER, ECS_REGISTER, POD, SLACK_POST, SLACK_WEBHOOK, SSH

Given = dict[str, Any]
After = Callable[[Any], None]
Change = Callable[[Given], After | None]


def _renamed(old: str, new: str) -> Change:
    def change(given: Given) -> None:
        value = given.pop(old)
        if given.get(new) is None:
            given[new] = value

    return change


def _ignored(name: str) -> Change:
    def change(given: Given) -> None:
        given.pop(name)

    return change


def _auto_remove(given: Given) -> None:
    if isinstance(given["auto_remove"], bool):
        given["auto_remove"] = "success" if given["auto_remove"] else "never"


def _volumes(given: Given) -> None:
    """`source:target[:mode]`; a source without a slash or dot before it is the name of a volume."""
    Mount = needed("docker.types", "A Docker task").Mount
    made = []
    for volume in given.pop("volumes") or ():
        source, colon, rest = str(volume).partition(":")
        target, _, mode = rest.partition(":")
        kind = "bind" if source[:1] in ("/", ".", "~") else "volume"
        made.append(Mount(target, source, type=kind, read_only=mode == "ro") if colon else Mount(source, None))
    given["mounts"] = [*(given.get("mounts") or ()), *made]


def _resources(given: Given) -> None:
    """A dict of `request_memory`, `limit_cpu` … of older files is what the client library has a class for."""
    models = needed("kubernetes.client.models", "A pod task")
    value = given.pop("resources")
    if isinstance(value, dict) and not {"limits", "requests"} & value.keys():
        parts: dict[str, dict[str, Any]] = {"limits": {}, "requests": {}}
        for name, amount in value.items():
            kind, _, what = name.partition("_")
            if amount is not None and f"{kind}s" in parts:
                parts[f"{kind}s"]["nvidia.com/gpu" if what == "gpu" else what.replace("_", "-")] = amount
        value = models.V1ResourceRequirements(**parts)
    elif isinstance(value, dict):
        value = models.V1ResourceRequirements(**value)
    if given.get("container_resources") is None:
        given["container_resources"] = value


def _pull_secrets(given: Given) -> None:
    names = given["image_pull_secrets"]
    if isinstance(names, str):
        models = needed("kubernetes.client.models", "A pod task")
        given["image_pull_secrets"] = [models.V1LocalObjectReference(name) for name in names.split(",") if name]


def _token(given: Given) -> After | None:
    token = given.pop("token")
    if not token or given.get("slack_conn_id"):
        return None

    def after(operator: Any) -> None:
        from ..sdk.connections import Connection
        from .secrecy import mask_secret

        hook: Any = importlib.import_module("airflow.providers.slack.hooks.slack").SlackHook

        class WithToken(hook):  # type: ignore[misc]
            @classmethod
            def get_connection(cls, conn_id: str) -> Connection:
                mask_secret(token)
                return Connection(conn_id, conn_type="slack", password=token)

        operator.__dict__["hook"] = WithToken(
            base_url=operator.base_url, timeout=operator.timeout, proxy=operator.proxy
        )

    return after


CHANGES: dict[tuple[str, str], Change] = {
    (ATHENA, "max_tries"): _renamed("max_tries", "max_polling_attempts"),
    (DOCKER, "auto_remove"): _auto_remove,
    (DOCKER, "volumes"): _volumes,
    (DOCKER, "skip_exit_code"): _renamed("skip_exit_code", "skip_on_exit_code"),
    (ECS_REGISTER, "wait_for_completion"): _ignored("wait_for_completion"),
    (POD, "resources"): _resources,
    (POD, "node_selectors"): _renamed("node_selectors", "node_selector"),
    (POD, "image_pull_secrets"): _pull_secrets,
    (SLACK_POST, "token"): _token,
    (SLACK_WEBHOOK, "http_conn_id"): _renamed("http_conn_id", "slack_webhook_conn_id"),
    (SLACK_WEBHOOK, "link_names"): _ignored("link_names"),
    (SSH, "timeout"): _renamed("timeout", "conn_timeout"),
}


def restore(module: ModuleType) -> None:
    """What the classes of this module, freshly loaded from a wheel, have dropped."""
    here = [row for row in ARGUMENTS if row.operator.rpartition(".")[0] == module.__name__]
    for path in dict.fromkeys(row.operator for row in here):
        operator = getattr(module, path.rpartition(".")[2], None)
        if isinstance(operator, type):
            _take(operator, {row.name: CHANGES[path, row.name] for row in here if row.operator == path})


def _take(operator: type, changes: dict[str, Change]) -> None:
    original: Any = operator.__init__  # type: ignore[misc]

    @functools.wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        after = [change(kwargs) for name, change in changes.items() if name in kwargs]
        original(self, *args, **kwargs)
        for finish in after:
            if finish is not None:
                finish(self)

    operator.__init__ = init  # type: ignore[misc]
