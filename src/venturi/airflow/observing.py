"""What wheels report to Airflow's own observers (metrics, lineage, listeners): taken, and passed to nobody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar


class _Stats:
    """Every counter and gauge; a timer is a context manager."""

    @contextmanager
    def timer(self, *_: Any, **__: Any) -> Iterator[None]:
        yield

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_, **__: None


Stats = _Stats()


class NoOpCollector:
    """Takes the datasets that hooks read and write."""

    has_collected = False
    _extra: ClassVar[dict[str, Any]] = {}  # a wheel looks for it, and for create_asset, before it trusts the rest

    def create_asset(self, *_: Any, **__: Any) -> None: ...

    def add_input_asset(self, *_: Any, **__: Any) -> None: ...

    def add_output_asset(self, *_: Any, **__: Any) -> None: ...

    def add_extra(self, *_: Any, **__: Any) -> None: ...

    add_input_dataset, add_output_dataset = add_input_asset, add_output_asset

    @property
    def collected_assets(self) -> Any:
        return HookLineage()


class HookLineage:
    def __init__(self, inputs: Any = (), outputs: Any = (), extra: Any = ()) -> None:
        self.inputs, self.outputs, self.extra = list(inputs), list(outputs), list(extra)


class AssetLineageInfo:
    def __init__(self, asset: Any, count: int = 1, context: Any = None) -> None:
        self.asset, self.count, self.context = asset, count, context


class HookLineageReader:
    def retrieve_hook_lineage(self) -> HookLineage:
        return HookLineage()


_collector = NoOpCollector()


def get_hook_lineage_collector() -> NoOpCollector:
    return _collector


class _Listeners:
    has_listeners = False

    def add_listener(self, listener: Any) -> None: ...

    def clear(self) -> None: ...

    @property
    def hook(self) -> Any:
        return _Stats()


_listeners = _Listeners()


def get_listener_manager() -> _Listeners:
    return _listeners


def hookimpl(function: Any = None, **_: Any) -> Any:
    return function if function is not None else hookimpl
