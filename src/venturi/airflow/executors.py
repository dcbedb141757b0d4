"""Executors as 1.10 and 2.x files name them (`SubDagOperator(executor=SequentialExecutor())`): made, and not used."""

from __future__ import annotations

from typing import Any

from .server_side import NotOurs

LOCAL_EXECUTOR, SEQUENTIAL_EXECUTOR, CELERY_EXECUTOR = "LocalExecutor", "SequentialExecutor", "CeleryExecutor"
KUBERNETES_EXECUTOR, DEBUG_EXECUTOR, DASK_EXECUTOR = "KubernetesExecutor", "DebugExecutor", "DaskExecutor"


class NamedExecutor:
    """Stands for one of Airflow's; where tasks run is decided by Venturi."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotOurs(f"{type(self).__name__}.{name} is of Airflow's executor, and Venturi runs tasks in its own way.")

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class LocalExecutor(NamedExecutor):
    pass


class SequentialExecutor(NamedExecutor):
    pass


class CeleryExecutor(NamedExecutor):
    pass


class KubernetesExecutor(NamedExecutor):
    pass


class CeleryKubernetesExecutor(NamedExecutor):
    pass


class LocalKubernetesExecutor(NamedExecutor):
    pass


class DebugExecutor(NamedExecutor):
    pass


class DaskExecutor(NamedExecutor):
    pass


def get_default_executor() -> NamedExecutor:
    return LocalExecutor()
