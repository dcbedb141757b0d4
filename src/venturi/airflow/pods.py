"""`Volume`, `VolumeMount`, `Port` … of `airflow.kubernetes`: descriptions that the provider wheel's pod operator takes.

Their form for the client library is made when it is asked for.
"""

from __future__ import annotations

from typing import Any

from ..sdk.services.packages import needed


def _models() -> Any:
    return needed("kubernetes.client.models", "A pod task")


class Volume:
    def __init__(self, name: str, configs: dict[str, Any]) -> None:
        self.name, self.configs = name, configs

    def to_k8s_client_obj(self) -> Any:
        """The client library's own, with each part of the configuration under its name there."""
        models = _models()
        made = models.V1Volume(name=self.name)
        for key, value in self.configs.items():
            snake = next((own for own, wire in made.attribute_map.items() if wire == key), key)
            setattr(made, snake, _as_model(models, made.openapi_types.get(snake, ""), value))
        return made


def _as_model(models: Any, kind: str, value: Any) -> Any:
    model = getattr(models, kind, None)
    if model is None or not isinstance(value, dict):
        return value
    names = {wire: own for own, wire in model.attribute_map.items()}
    kinds = model.openapi_types
    own = {str(names.get(key, key)): part for key, part in value.items()}
    return model(**{key: _as_model(models, kinds.get(key, ""), part) for key, part in own.items()})


class VolumeMount:
    def __init__(self, name: str, mount_path: str, sub_path: str | None = None, read_only: bool = False) -> None:
        self.name, self.mount_path, self.sub_path, self.read_only = name, mount_path, sub_path, read_only

    def to_k8s_client_obj(self) -> Any:
        return _models().V1VolumeMount(
            name=self.name, mount_path=self.mount_path, sub_path=self.sub_path, read_only=self.read_only
        )


class Port:
    def __init__(self, name: str | None = None, container_port: int | None = None) -> None:
        self.name, self.container_port = name, container_port

    def to_k8s_client_obj(self) -> Any:
        return _models().V1ContainerPort(name=self.name, container_port=self.container_port)


class PodRuntimeInfoEnv:
    def __init__(self, name: str, field_path: str) -> None:
        self.name, self.field_path = name, field_path

    def to_k8s_client_obj(self) -> Any:
        models = _models()
        source = models.V1EnvVarSource(field_ref=models.V1ObjectFieldSelector(field_path=self.field_path))
        return models.V1EnvVar(name=self.name, value_from=source)


class Resources:
    """What a pod asks of its node."""

    def __init__(
        self,
        request_memory: str | None = None,
        request_cpu: str | None = None,
        request_ephemeral_storage: str | None = None,
        limit_memory: str | None = None,
        limit_cpu: str | None = None,
        limit_gpu: str | None = None,
        limit_ephemeral_storage: str | None = None,
    ) -> None:
        self.requests = {"memory": request_memory, "cpu": request_cpu, "ephemeral-storage": request_ephemeral_storage}
        self.limits = {
            "memory": limit_memory,
            "cpu": limit_cpu,
            "nvidia.com/gpu": limit_gpu,
            "ephemeral-storage": limit_ephemeral_storage,
        }

    def to_k8s_client_obj(self) -> Any:
        limits, requests = (
            {key: value for key, value in part.items() if value} for part in (self.limits, self.requests)
        )
        return _models().V1ResourceRequirements(limits=limits, requests=requests)
