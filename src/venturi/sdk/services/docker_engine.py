"""A Docker engine: where it is, how to reach it, and one sentence when none answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..connections import BaseHook, Connection
from ..exceptions import AirflowException, AirflowNotFoundException
from .causes import innermost
from .packages import needed

DEFAULT_URL = "unix:///var/run/docker.sock"
TIMEOUT_S = 60


class NoEngineAnswers(AirflowException):
    """At none of the addresses."""


def default_url() -> str:
    from ...config import environment

    return environment("DOCKER_HOST") or DEFAULT_URL


class DockerHook(BaseHook):
    """`get_conn()` gives the client of the first engine that answers, logged in where a connection names a registry."""

    conn_name_attr = "docker_conn_id"
    default_conn_name = "docker_default"
    conn_type = "docker"
    hook_name = "Docker"

    def __init__(
        self,
        docker_conn_id: str | None = default_conn_name,
        base_url: str | list[str] | None = None,
        version: str | None = None,
        tls: Any = None,
        timeout: int = TIMEOUT_S,
    ) -> None:
        super().__init__()
        self.docker_conn_id = docker_conn_id
        self.urls = [base_url] if isinstance(base_url, str) else list(base_url or [default_url()])
        self.version = version
        self.tls = tls or False
        self.timeout = timeout
        self._client: Any = None

    @property
    def client_created(self) -> bool:
        return self._client is not None

    @property
    def api_client(self) -> Any:
        return self.get_conn()

    def get_conn(self) -> Any:
        if self._client is None:
            self._client = self.new_client()
        return self._client

    def test_connection(self) -> tuple[bool, str]:
        """The engine, and the login to the registry that the connection names."""
        try:
            client = self.new_client()
            said = f"Docker {client.version().get('Version')} answers at {client.base_url}."
            client.close()
        except Exception as error:
            return False, str(error)
        return True, said

    def new_client(self) -> Any:
        """A client of its own: what ends a task must not share a connection with what the task is waiting on."""
        docker = needed("docker", "A Docker task")
        refusals: list[str] = []
        for url in self.urls:
            try:
                client = self._answering(docker, self._with_tls(url))
            # With a version given the client asks nothing when it is made, and the ping fails in requests' own words.
            except (docker.errors.DockerException, needed("requests", "A Docker task").RequestException) as error:
                refusals.append(f"{url}: {innermost(error)}")
                continue
            if self.docker_conn_id:
                self._login(client, self.get_connection(self.docker_conn_id))
            return client
        raise NoEngineAnswers(
            f"No Docker engine answers ({'; '.join(refusals)}). "
            "Start one, or say where it is by docker_url= or the environment variable DOCKER_HOST."
        )

    def _answering(self, docker: Any, url: str) -> Any:
        client = docker.APIClient(base_url=url, version=self.version, tls=self.tls, timeout=self.timeout)
        try:
            client.ping()
            client.version()
        except docker.errors.APIError as error:
            if self.version in (None, "auto") or "version" not in str(error).lower():
                raise
            self.log.warning("The engine at %s does not speak API %s; its own is used.", url, self.version)
            client = docker.APIClient(base_url=url, version="auto", tls=self.tls, timeout=self.timeout)
        return client

    def _with_tls(self, url: str) -> str:
        return "https://" + url[len("tcp://") :] if self.tls and url.startswith("tcp://") else url

    def _login(self, client: Any, connection: Connection) -> None:
        for given, name in ((connection.host, "host (the registry)"), (connection.login, "login")):
            if not given:
                raise AirflowNotFoundException(f"The connection '{self.docker_conn_id}' has no {name}.")
        registry = f"{connection.host}:{connection.port}" if connection.port else connection.host
        extra = connection.extra_dejson
        reauth = str(extra.get("reauth", True)).lower() not in ("n", "no", "f", "false", "off", "0")
        client.login(connection.login, connection.password, extra.get("email"), registry=registry, reauth=reauth)

    @staticmethod
    def construct_tls_config(
        ca_cert: str | None = None,
        client_cert: str | None = None,
        client_key: str | None = None,
        verify: bool = True,
        **_: Any,
    ) -> Any:
        """Older files give assert_hostname and ssl_version too, which no client of today takes."""
        if not (ca_cert and client_cert and client_key):
            return False
        tls = needed("docker.tls", "A Docker task")
        return tls.TLSConfig(ca_cert=ca_cert, client_cert=(client_cert, client_key), verify=verify)


def sees_our_folders(client: Any) -> bool:
    """Whether the engine is on this machine, and we are in no container beside it."""
    import socket

    return str(client.base_url).startswith("http+docker://") and client.info().get("Name") == socket.gethostname()


def flattened(labels: Any) -> dict[str, str]:
    """Labels as the engine takes them; a list of names has empty values."""
    if isinstance(labels, Mapping):
        return {str(name): str(value) for name, value in labels.items()}
    return {str(name): "" for name in labels or ()}
