"""`@asset` and `@asset.multi`: a function that makes assets becomes a DAG of one task."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from .assets import Asset, AssetAll, BaseAsset
from .dag import DAG
from .python import PythonOperator
from .taskflow import TaskDecorator

_NOT_INLETS = ("self", "context", "outlet_events")


class AssetTask(PythonOperator):
    """Calls the function with the assets it names, `self`, `context` and `outlet_events`."""

    custom_operator_name = "@asset"

    def __init__(self, *, definition: BaseAsset, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.definition = definition

    def execute(self, context: Any) -> Any:
        given: dict[str, Any] = {}
        for name, parameter in inspect.signature(self.python_callable).parameters.items():
            if parameter.default is not parameter.empty:
                given[name] = parameter.default
            elif name == "self":
                given[name] = self.definition
            elif name == "context":
                given[name] = context
            elif name == "outlet_events":
                given[name] = context["outlet_events"]
            else:
                from .asset_events import declared

                given[name] = declared(Asset.ref(name=name))
        self.op_kwargs = given
        return self.execute_callable_in(context)


def _inlets(function: Callable[..., Any]) -> list[BaseAsset]:
    found: list[BaseAsset] = []
    for name, p in inspect.signature(function).parameters.items():
        if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
            stars = "*" if p.kind is p.VAR_POSITIONAL else "**"
            raise TypeError(f"wildcard '{stars}{name}' is not supported in @asset")
        if p.kind is p.POSITIONAL_ONLY and p.default is p.empty:
            raise TypeError(f"positional-only argument '{name}' without a default is not supported in @asset")
        if name not in _NOT_INLETS and p.default is p.empty:
            found.append(Asset.ref(name=name))
    return found


class _Makes:
    """The arguments of a DAG, and the making of it."""

    def __init__(
        self,
        *,
        schedule: Any,
        is_paused_upon_creation: bool | None = None,
        dag_id: str | None = None,
        dag_display_name: str | None = None,
        description: str | None = None,
        params: Mapping[str, Any] | None = None,
        on_success_callback: Any = None,
        on_failure_callback: Any = None,
        access_control: Any = None,
        owner_links: Mapping[str, str] | None = None,
        tags: Collection[str] = (),
    ) -> None:
        self.dag_id = dag_id
        self.arguments = {
            "schedule": schedule,
            "is_paused_upon_creation": is_paused_upon_creation,
            "dag_display_name": dag_display_name,
            "description": description,
            "params": params,
            "on_success_callback": on_success_callback,
            "on_failure_callback": on_failure_callback,
            "access_control": access_control,
            "owner_links": owner_links,
            "tags": tags,
        }

    def make(self, name: str, function: Any, definition: BaseAsset, outlets: list[Any]) -> None:
        with DAG(self.dag_id or name, catchup=False, **self.arguments):
            if isinstance(function, TaskDecorator):
                if "outlets" in function.arguments:
                    raise TypeError("@task decorator with 'outlets' argument is not supported in @asset")
                function.override(outlets=outlets)()
            else:
                AssetTask(
                    task_id=function.__name__,
                    inlets=_inlets(function),
                    outlets=outlets,
                    python_callable=function,
                    definition=definition,
                )


def _top_level(function: Any) -> str:
    name = str(function.__name__)
    if name != function.__qualname__:
        raise ValueError("nested function not supported")
    return name


class AssetDefinition(Asset):
    """What `@asset` leaves in the place of the function: the asset it makes."""

    def __init__(self, name: str, uri: Any, function: Any, makes: _Makes, **more: Any) -> None:
        super().__init__(name, uri, **more)
        makes.make(self.name, function, self, [self])


class MultiAssetDefinition(AssetAll):
    """What `@asset.multi` leaves: all of its assets."""

    def __init__(self, name: str, function: Any, makes: _Makes, outlets: Collection[BaseAsset]) -> None:
        super().__init__(*outlets)
        self.name = name
        makes.make(name, function, self, list(outlets))

    def iter_outlets(self) -> Iterator[BaseAsset]:
        yield from self.objects


class _Multi(_Makes):
    def __init__(self, *, outlets: Collection[BaseAsset], **arguments: Any) -> None:
        super().__init__(**arguments)
        self.outlets = outlets

    def __call__(self, function: Any) -> MultiAssetDefinition:
        name = _top_level(function)
        if not self.outlets:
            raise ValueError("no outlets provided")
        return MultiAssetDefinition(name, function, self, self.outlets)


class asset(_Makes):
    """`@asset(schedule=…)` over a function: an asset of its name, and a DAG that makes it."""

    multi = _Multi

    def __init__(
        self,
        *,
        name: str | None = None,
        uri: Any = None,
        group: str = "asset",
        extra: Mapping[str, Any] | None = None,
        watchers: Collection[Any] = (),
        **arguments: Any,
    ) -> None:
        super().__init__(**arguments)
        self.name = name
        self.asset = {"uri": uri, "group": group, "extra": extra, "watchers": watchers}

    def __call__(self, function: Any) -> AssetDefinition:
        name = self.name or _top_level(function)
        _top_level(function)
        return AssetDefinition(name, function=function, makes=self, **{**self.asset, "uri": self.asset["uri"] or name})
