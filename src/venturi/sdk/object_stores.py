"""File systems of fsspec by scheme and connection: what `ObjectStoragePath` works on.

Owns how a connection becomes a file system's arguments. A provider wheel's own file system is used where it is
installed; else fsspec's, with what the connection says.
"""

from __future__ import annotations

import importlib
import json
from typing import Any

from .connections import BaseHook
from .services.packages import MissingPackage, needed

# Schemes that provider wheels serve, and the module that has get_fs(conn_id, storage_options).
_WHEELS = {
    **dict.fromkeys(("s3", "s3a", "s3n"), "airflow.providers.amazon.aws.fs.s3"),
    **dict.fromkeys(("gs", "gcs"), "airflow.providers.google.cloud.fs.gcs"),
    **dict.fromkeys(("abfs", "abfss", "adl"), "airflow.providers.microsoft.azure.fs.adls"),
    **dict.fromkeys(("hdfs",), "airflow.providers.apache.hdfs.fs.hdfs"),
    **dict.fromkeys(("sftp", "ssh"), "airflow.providers.sftp.fs.sftp"),
}
# What fsspec itself needs for a scheme.
_PACKAGES = {"s3": "s3fs", "s3a": "s3fs", "s3n": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "abfs": "adlfs", "adl": "adlfs"}


class ObjectStore:
    """A file system under a scheme, by a connection."""

    def __init__(
        self, protocol: str, conn_id: str | None, fs: Any = None, storage_options: dict[str, Any] | None = None
    ) -> None:
        self.protocol, self.conn_id, self.storage_options = protocol, conn_id, storage_options or {}
        self._fs = fs

    @property
    def fs(self) -> Any:
        if self._fs is None:
            self._fs = get_fs(self.protocol, self.conn_id, self.storage_options)
        return self._fs

    @property
    def fsid(self) -> str:
        return f"{self.protocol}-{self.conn_id or 'env'}"

    def __str__(self) -> str:
        return f"{self.protocol}://{self.conn_id}@" if self.conn_id else f"{self.protocol}://"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ObjectStore) and self.fsid == other.fsid

    def __hash__(self) -> int:
        return hash(self.fsid)


_attached: dict[str, ObjectStore] = {}


def attach(
    protocol: str | None = None,
    conn_id: str | None = None,
    alias: str | None = None,
    encryption_type: str | None = None,  # noqa: ARG001
    fs: Any = None,
    storage_options: dict[str, Any] | None = None,
    **_: Any,
) -> ObjectStore:
    """The store of a scheme and a connection, made once in a process; `fs` names one of the author's own."""
    if alias and alias in _attached and fs is None:
        return _attached[alias]
    if fs is not None:
        found = fs.protocol
        protocol = protocol or (found if isinstance(found, str) else found[0])
    if not protocol:
        raise ValueError(
            f"No registered store with alias: {alias}" if alias else "No protocol specified and no fs given"
        )
    name = alias or json.dumps([protocol, conn_id, storage_options], sort_keys=True, default=repr)
    if name not in _attached or fs is not None:
        _attached[name] = ObjectStore(protocol, conn_id, fs, storage_options)
        if fs is not None and not alias:  # the author's own holds for its scheme and connection from now on
            _attached[json.dumps([protocol, conn_id, {}])] = _attached[name]
    return _attached[name]


def has_fs(scheme: str) -> bool:
    known = needed("fsspec", "An object storage path").available_protocols()
    return scheme in known or scheme in _WHEELS


def get_fs(scheme: str, conn_id: str | None = None, storage_options: dict[str, Any] | None = None) -> Any:
    fsspec = needed("fsspec", f"A path {scheme}://…")
    options = dict(storage_options or {})
    if scheme in ("file", "local", "memory"):
        return fsspec.filesystem("file" if scheme == "local" else scheme, **options)
    wheel = _of_wheel(scheme)
    if wheel is not None:
        return wheel(conn_id, options) if wheel.__code__.co_argcount > 1 else wheel(conn_id)
    if conn_id:
        options = {**_of_connection(scheme, conn_id), **options}
    try:
        return fsspec.filesystem(scheme, **options)
    except ImportError as error:
        package = _PACKAGES.get(scheme, error.name or scheme)
        raise MissingPackage(
            f"A path {scheme}://… needs the package '{package}', which is not installed here. Add the line '{package}' "
            "to the requirements.txt of its bundle, or install it beside Venturi."
        ) from None
    except ValueError:
        raise ValueError(f"No filesystem registered for scheme {scheme}") from None


def _of_wheel(scheme: str) -> Any:
    module = _WHEELS.get(scheme)
    if module is None:
        return None
    try:
        return importlib.import_module(module).get_fs
    except (ImportError, AttributeError):
        return None


def _of_connection(scheme: str, conn_id: str) -> dict[str, Any]:
    """The arguments of the file system that the connection means."""
    connection = BaseHook.get_connection(conn_id)
    extra = dict(connection.extra_dejson)
    if scheme not in ("s3", "s3a", "s3n"):
        named = {"host": connection.host, "port": connection.port, "username": connection.login}
        named["password"] = connection.password
        return {**{name: value for name, value in named.items() if value}, **extra}
    service = extra.get("service_config", {}).get("s3", {})
    endpoint = service.get("endpoint_url") or extra.get("endpoint_url") or extra.get("host")
    region = extra.get("region_name")
    if region == "us-east-1":  # the default, and the one that making a bucket must not name
        region = None
    client = {"region_name": region, "verify": extra.get("verify")}
    found = {
        "key": connection.login or extra.get("aws_access_key_id"),
        "secret": connection.password or extra.get("aws_secret_access_key"),
        "token": extra.get("aws_session_token"),
        "profile": extra.get("profile_name"),
        "endpoint_url": endpoint,
        "client_kwargs": {name: value for name, value in client.items() if value is not None},
        "config_kwargs": extra.get("config_kwargs"),
    }
    return {name: value for name, value in found.items() if value}
