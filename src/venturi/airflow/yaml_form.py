"""`airflow.utils.yaml`: PyYAML's safe side, with its C parser where there is one."""

from __future__ import annotations

from typing import Any


def _yaml() -> Any:
    from ..sdk.services.packages import needed

    return needed("yaml", "This operator", "pyyaml")


def safe_load(stream: Any) -> Any:
    yaml = _yaml()
    return yaml.load(stream, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def dump(data: Any, *args: Any, **kwargs: Any) -> Any:
    yaml = _yaml()
    return yaml.dump(data, *args, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), **kwargs)


safe_dump = dump


def __getattr__(name: str) -> Any:
    return getattr(_yaml(), name)
