"""`ProvidersManager`: what installed wheels bring, under the names that Airflow gives it."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..sdk import provided


class ProviderInfo(NamedTuple):
    version: str
    data: dict[str, Any]


class DialectInfo(NamedTuple):
    name: str
    dialect_class_name: str
    provider_name: str


class HookInfo(NamedTuple):
    hook_class_name: str
    connection_id_attribute_name: str
    package_name: str
    hook_name: str
    connection_type: str


class ProvidersManager:
    @property
    def providers(self) -> dict[str, ProviderInfo]:
        return {name: ProviderInfo(*provider) for name, provider in sorted(provided.providers().items())}

    @property
    def dialects(self) -> dict[str, DialectInfo]:
        return {name: DialectInfo(name, place, wheel) for name, (place, wheel) in provided.dialects().items()}

    @property
    def hooks(self) -> dict[str, HookInfo]:
        found = {}
        for kind, (place, wheel) in provided.connection_types().items():
            hook = provided.object_at(place)
            found[kind] = HookInfo(
                place, getattr(hook, "conn_name_attr", ""), wheel, getattr(hook, "hook_name", kind), kind
            )
        return found

    @property
    def taskflow_decorators(self) -> dict[str, Any]:
        return {name: provided.object_at(place) for name, place in provided.decorators().items()}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("initialize_"):
            return lambda: None
        raise AttributeError(f"ProvidersManager has no {name!r} here.")
