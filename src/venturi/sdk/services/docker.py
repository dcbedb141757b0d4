"""`DockerOperator`: one command in a container of its own; its output is the task's log, its last line the value.

Owns the container's life: made for one attempt, removed as `auto_remove` says, and always when the attempt is told to
end. What an earlier attempt of the same task has left behind, killed before it could clean up, is removed first.
"""

from __future__ import annotations

import ast
import codecs
import os
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from ...core.secrets import of_named
from ..exceptions import AirflowException, AirflowSkipException
from ..operator import BaseOperator
from ..port import has_port, port
from . import substitutes
from .docker_engine import DockerHook, NoEngineAnswers, default_url, flattened, sees_our_folders
from .packages import needed

STOP_S = 2  # between SIGTERM and SIGKILL for the container, well within an attempt's own grace
OUTPUT_LINES_MAX = 100_000  # kept for xcom_all; the log has them all
LABEL = "venturi.task"


class DockerContainerFailedException(AirflowException):
    """The container ended with an exit code other than 0."""

    def __init__(self, message: str | None = None, logs: list[str] | None = None) -> None:
        super().__init__(message)
        self.logs = logs


class DockerContainerFailedSkipException(AirflowSkipException):
    """The container ended with an exit code that means: skip."""

    def __init__(self, message: str | None = None, logs: list[str] | None = None) -> None:
        super().__init__(message)
        self.logs = logs


class ContainerNotStarted(AirflowException):
    """The engine could not make the container, or not start it."""


class ImageMissing(AirflowException):
    """The engine has it not and cannot get it."""


class DockerOperator(BaseOperator):
    """Runs `command` in a new container of `image`."""

    template_fields: Collection[str] = (
        "image",
        "command",
        "environment",
        "env_file",
        "container_name",
        "mounts",
        "volumes",
        "docker_conn_id",
    )
    template_ext: Sequence[str] = (".sh", ".bash", ".env")
    template_fields_renderers: ClassVar[dict[str, str]] = {"env_file": "yaml"}
    ui_color = "#ecf5fc"
    may_be_substituted = True  # by a command of this machine, where the bundle says so

    def __init__(
        self,
        *,
        image: str,
        api_version: str | None = None,
        command: str | list[str] | None = None,
        container_name: str | None = None,
        cpus: float = 1.0,
        docker_url: str | list[str] | None = None,
        environment: dict[str, Any] | None = None,
        private_environment: dict[str, Any] | None = None,
        env_file: str | None = None,
        force_pull: bool = False,
        mem_limit: float | str | None = None,
        host_tmp_dir: str | None = None,
        network_mode: str | None = None,
        tls_ca_cert: str | None = None,
        tls_client_cert: str | None = None,
        tls_client_key: str | None = None,
        tls_verify: bool = True,
        tls_hostname: str | bool | None = None,
        tls_ssl_version: str | None = None,
        mount_tmp_dir: bool = True,
        tmp_dir: str = "/tmp/airflow",
        user: str | int | None = None,
        mounts: list[Any] | None = None,
        volumes: list[str] | None = None,
        entrypoint: str | list[str] | None = None,
        working_dir: str | None = None,
        xcom_all: bool = False,
        docker_conn_id: str | None = None,
        dns: list[str] | None = None,
        dns_search: list[str] | None = None,
        auto_remove: str | bool = "never",
        shm_size: int | None = None,
        tty: bool = False,
        hostname: str | None = None,
        privileged: bool = False,
        cap_add: Iterable[str] | None = None,
        extra_hosts: dict[str, str] | None = None,
        retrieve_output: bool = False,
        retrieve_output_path: str | None = None,
        timeout: int = 60,
        device_requests: list[Any] | None = None,
        log_opts_max_size: str | None = None,
        log_opts_max_file: str | None = None,
        ipc_mode: str | None = None,
        skip_on_exit_code: int | Container[int] | None = None,
        skip_exit_code: int | Container[int] | None = None,
        port_bindings: dict[Any, Any] | None = None,
        ulimits: list[Any] | None = None,
        labels: dict[str, str] | list[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.image, self.api_version, self.command, self.container_name = image, api_version, command, container_name
        self.cpus, self.docker_url = cpus, docker_url or default_url()
        self.environment = environment or {}
        self._private_environment = private_environment or {}
        self.env_file, self.force_pull, self.mem_limit = env_file, force_pull, mem_limit
        self.host_tmp_dir, self.mount_tmp_dir, self.tmp_dir = host_tmp_dir, mount_tmp_dir, tmp_dir
        self.tls_ca_cert, self.tls_client_cert, self.tls_client_key = tls_ca_cert, tls_client_cert, tls_client_key
        self.tls_verify, self.tls_hostname, self.tls_ssl_version = tls_verify, tls_hostname, tls_ssl_version
        self.network_mode, self.user, self.working_dir, self.entrypoint = network_mode, user, working_dir, entrypoint
        self.mounts, self.volumes = list(mounts or []), list(volumes or [])
        self.docker_conn_id, self.timeout = docker_conn_id, timeout
        self.dns, self.dns_search, self.hostname, self.extra_hosts = dns, dns_search, hostname, extra_hosts
        self.auto_remove = removal(auto_remove)
        self.shm_size, self.tty, self.privileged, self.cap_add = shm_size, tty, privileged, cap_add
        self.xcom_all, self.retrieve_output, self.retrieve_output_path = xcom_all, retrieve_output, retrieve_output_path
        self.device_requests, self.ipc_mode, self.ulimits, self.labels = device_requests, ipc_mode, ulimits, labels
        self.log_opts_max_size, self.log_opts_max_file = log_opts_max_size, log_opts_max_file
        chosen: Any = skip_on_exit_code if skip_on_exit_code is not None else skip_exit_code
        self.skip_on_exit_code: Container[int] = (chosen,) if isinstance(chosen, int) else chosen or ()
        self.port_bindings = port_bindings or {}
        if self.port_bindings and self.network_mode == "host":
            raise ValueError("port_bindings mean nothing with network_mode='host'; leave one of the two out.")
        self.container: dict[str, Any] | None = None
        self._stands_in: substitutes.Command | None = None

    @property
    def hook(self) -> DockerHook:
        made: DockerHook | None = self.__dict__.get("_hook")
        if made is None:
            tls = DockerHook.construct_tls_config(
                self.tls_ca_cert, self.tls_client_cert, self.tls_client_key, self.tls_verify
            )
            made = DockerHook(self.docker_conn_id, self.docker_url, self.api_version, tls, self.timeout)
            self.__dict__["_hook"] = made
        return made

    @property
    def cli(self) -> Any:
        return self.hook.get_conn()

    def execute(self, context: Any) -> Any:
        self._hide_secrets()
        obstacle: AirflowException | None = None
        try:
            client = self.cli
            self._obtain_image(client)
        except (NoEngineAnswers, ImageMissing) as error:
            obstacle = error
        if obstacle is not None:  # no longer being handled: what fails now fails for reasons of its own
            return self._instead(obstacle)
        self._remove_leftovers(client, context)
        if not self.mount_tmp_dir:
            return self._run(client, context, None)
        import tempfile

        with tempfile.TemporaryDirectory(prefix="airflowtmp", dir=self.host_tmp_dir) as folder:
            try:
                return self._run(client, context, folder)
            except ContainerNotStarted as error:
                if folder not in str(error):
                    raise
                self.log.warning(
                    "The engine does not see the folders of this machine, so tmp_dir is not mounted. "
                    "Set mount_tmp_dir=False on this task."
                )
                return self._run(client, context, None)

    # ── before the container ─────────────────────────────────────────────────────────────────────────────

    def _hide_secrets(self) -> None:
        if not has_port():
            return
        for name, value in self.environment.items():
            for secret in of_named(str(name), value):
                port().mask(secret)
        for value in self._private_environment.values():
            if value not in (None, ""):
                port().mask(str(value))

    def _obtain_image(self, client: Any) -> None:
        errors = needed("docker.errors", "A Docker task")
        if not self.force_pull:
            try:
                client.inspect_image(self.image)
                return
            except errors.ImageNotFound:
                pass
        self.log.info("Pulling image %s", self.image)
        last: dict[str, str] = {}
        try:
            for said in client.pull(self.image, stream=True, decode=True):
                self._say_progress(said, last)
            client.inspect_image(self.image)
        except errors.APIError as error:
            raise ImageMissing(
                f"The image '{self.image}' is not on the engine and cannot be pulled: {error.explanation or error}. "
                "Build it on that machine, or correct its name."
            ) from error

    def _say_progress(self, said: Any, last: dict[str, str]) -> None:
        if isinstance(said, Mapping):
            status, layer = str(said.get("status", "")), str(said.get("id", ""))
            if status and last.get(layer) != status:
                last[layer] = status
                self.log.info("%s", f"{layer}: {status}" if layer else status)

    def _remove_leftovers(self, client: Any, context: Any) -> None:
        """A container of an earlier attempt of this task instance: still running, or in the way by its name."""
        key = context["ti"].idempotency_key
        for found in client.containers(all=True, filters={"label": f"{LABEL}={key}"}):
            names = [name.lstrip("/") for name in found.get("Names") or ()]
            if found.get("State") == "running" or self.container_name in names:
                self.log.info("Removing the container %s of an earlier attempt.", names[0] if names else found["Id"])
                client.remove_container(found["Id"], force=True)
        if self.container_name:
            self._free_name(client)

    def _free_name(self, client: Any) -> None:
        """The name is taken by an ended container of an earlier run of ours: nothing would ever run again."""
        for found in client.containers(all=True, filters={"name": f"^/?{self.container_name}$", "label": LABEL}):
            if found.get("State") not in ("running", "paused", "restarting"):  # engines name ended ones differently
                self.log.info("Removing the ended container that has the name %s.", self.container_name)
                client.remove_container(found["Id"])

    def _mounts(self, client: Any, tmp_folder: str | None) -> list[Any]:
        types = needed("docker.types", "A Docker task")
        made = [self._mount(client, types, mount) for mount in self.mounts]
        if tmp_folder is not None:
            made.append(types.Mount(self.tmp_dir, tmp_folder, "bind"))
        return made

    def _mount(self, client: Any, types: Any, given: Any) -> Any:
        """A relative source of a bind mount is meant from the DAG file's folder."""
        if not isinstance(given, Mapping):
            raise AirflowException(f"mounts of '{self.task_id}' holds {given!r}; give docker.types.Mount or a dict.")
        mount = dict(given) if "Target" in given else types.Mount(**given)
        source = mount.get("Source")
        if mount.get("Type") == "bind" and isinstance(source, str):
            mount["Source"] = self._folder(client, source)
        return mount

    def _folder(self, client: Any, source: str) -> str:
        """Without a client the folder is used here."""
        path = os.path.expanduser(source)
        if not os.path.isabs(path) and self.dag_ is not None:
            path = os.path.normpath(os.path.join(self.dag_.folder, path))
        if not os.path.exists(path) and (client is None or sees_our_folders(client)):
            meant = f" ('{source}', from the DAG file's folder)" if path != source else ""
            raise AirflowException(
                f"The mount source {path}{meant} of task '{self.task_id}' does not exist. "
                "Make that folder, or correct the path in the DAG file; a relative one starts at the DAG file's folder."
            )
        return path

    def _binds(self, client: Any) -> list[str]:
        """`volumes` of older files: "source:target[:mode]", where a source with a slash or dot is a folder."""
        made = []
        for volume in self.volumes:
            source, colon, rest = volume.partition(":")
            made.append(f"{self._folder(client, source)}:{rest}" if colon and source[:1] in "./~" else volume)
        return made

    # ── the container ────────────────────────────────────────────────────────────────────────────────────

    def _run(self, client: Any, context: Any, tmp_folder: str | None) -> Any:
        with self._in_one_sentence():
            self.container = made = client.create_container(**self._form(client, context, tmp_folder))
        container = made["Id"]
        for warning in made.get("Warnings") or ():
            self.log.warning("%s", warning)
        succeeded = False
        try:
            with self._in_one_sentence():
                self.prepare_container(client, container)
                stream = client.attach(container, stdout=True, stderr=True, stream=True)
                client.start(container)
            lines = self._output(stream)
            self._judge(client, container, client.wait(container)["StatusCode"], lines)
            value = self._retrieved(client, container) if self.retrieve_output else self._value(lines)
            succeeded = True
            return value
        finally:
            # Not when it is gone already, because the task was told to end.
            if self.container and (self.auto_remove == "force" or (self.auto_remove == "success" and succeeded)):
                client.remove_container(container, force=True)
                self.container = None

    @contextmanager
    def _in_one_sentence(self) -> Iterator[None]:
        try:
            yield
        except needed("docker.errors", "A Docker task").APIError as error:
            raise ContainerNotStarted(
                f"The container of image '{self.image}' cannot be started: {error.explanation or error}"
            ) from error

    def prepare_container(self, client: Any, container: str) -> None:
        """For what must be in it before it starts."""

    def _form(self, client: Any, context: Any, tmp_folder: str | None) -> dict[str, Any]:
        environment = {**self._of_env_file(), **self.environment, **self._private_environment}
        if tmp_folder is not None:
            environment["AIRFLOW_TMP_DIR"] = self.tmp_dir
        return {
            "image": self.image,
            "command": as_argument(self.command),
            "entrypoint": as_argument(self.entrypoint),
            "name": self.container_name,
            "environment": environment,
            "user": self.user,
            "working_dir": self.working_dir,
            "tty": self.tty,
            "hostname": self.hostname,
            "ports": list(self.port_bindings),
            "volumes": [bind.split(":")[1] for bind in self._binds(client) if ":" in bind],
            "labels": {**flattened(self.labels), LABEL: context["ti"].idempotency_key},
            "host_config": self._host_config(client, tmp_folder),
        }

    def _host_config(self, client: Any, tmp_folder: str | None) -> Any:
        logs = {"max-size": self.log_opts_max_size, "max-file": self.log_opts_max_file}
        logs = {name: value for name, value in logs.items() if value is not None}
        types = needed("docker.types", "A Docker task")
        return client.create_host_config(
            mounts=self._mounts(client, tmp_folder),
            binds=self._binds(client),
            network_mode=self.network_mode,
            shm_size=self.shm_size,
            dns=self.dns,
            dns_search=self.dns_search,
            cpu_shares=round(self.cpus * 1024),
            mem_limit=self.mem_limit,
            cap_add=self.cap_add,
            extra_hosts=self.extra_hosts,
            privileged=self.privileged,
            device_requests=self.device_requests,
            port_bindings=self.port_bindings,
            ipc_mode=self.ipc_mode,
            ulimits=self.ulimits,
            log_config=types.LogConfig(config=logs) if logs else None,
        )

    def _of_env_file(self) -> dict[str, str | None]:
        if not self.env_file:
            return {}
        from io import StringIO

        read = needed("dotenv", "env_file of a Docker task", "python-dotenv").dotenv_values
        return dict(read(stream=StringIO(self.env_file)))

    def _output(self, stream: Iterable[Any]) -> list[str]:
        kept: list[str] = []
        for line in lines_of(stream):
            self.log.info("%s", line)
            if not self.xcom_all:
                kept[:] = [line]
            elif len(kept) < OUTPUT_LINES_MAX:
                kept.append(line)
        return kept

    def _judge(self, client: Any, container: str, code: int, lines: list[str]) -> None:
        if code == 0:
            return
        if code in self.skip_on_exit_code:
            raise DockerContainerFailedSkipException(f"The container ended with exit code {code}.", lines)
        state = client.inspect_container(container).get("State") or {}
        reason = f" It was ended for its memory (mem_limit={self.mem_limit})." if state.get("OOMKilled") else ""
        raise DockerContainerFailedException(
            f"The container of image '{self.image}' ended with exit code {code}.{reason}", lines
        )

    def _value(self, lines: list[str]) -> Any:
        if not self.do_xcom_push or not lines:
            return None
        return lines if self.xcom_all else lines[-1]

    def _retrieved(self, client: Any, container: str) -> Any:
        """The pickled value in a file of the container; None, and a word in the log, when there is none."""
        import io
        import pickle
        import tarfile

        try:
            packed, _ = client.get_archive(container, self.retrieve_output_path)
        except needed("docker.errors", "A Docker task").APIError as error:
            self.log.warning("No output at %s: %s", self.retrieve_output_path, error)
            return None
        with tarfile.open(fileobj=io.BytesIO(b"".join(packed))) as archive:
            member = archive.next()
            file = archive.extractfile(member) if member is not None else None
            data = file.read() if file is not None else b""
        library: Any = getattr(self, "pickling_library", pickle)
        return library.loads(data) if data else None

    # ── a command of this machine in the container's place ───────────────────────────────────────────────

    def _instead(self, reason: AirflowException) -> Any:
        """As the bundle says, or the reason is the task's error."""
        found = None
        if self.may_be_substituted and self.dag_ is not None:
            found = substitutes.declared(self.image, self.dag_.folder)
        if found is None and isinstance(reason, NoEngineAnswers) and self.may_be_substituted:
            advice = f"Or write into the bundle's {substitutes.FILE} what stands for '{self.image}' without one."
            raise NoEngineAnswers(f"{reason} {advice}") from reason
        if found is None:
            raise reason
        if isinstance(reason, ImageMissing) and found.when != substitutes.NO_IMAGE:
            advice = f"Or add when = {substitutes.NO_IMAGE!r} to what {found.file} says of it."
            raise ImageMissing(f"{reason} {advice}") from reason
        import tempfile

        with tempfile.TemporaryDirectory(prefix="airflowtmp", dir=self.host_tmp_dir) as folder:
            return self._run_instead(found, reason, folder if self.mount_tmp_dir else None)

    def _run_instead(self, found: substitutes.Substitute, reason: AirflowException, tmp_folder: str | None) -> Any:
        paths = substitutes.Paths(self._folders_here(found, tmp_folder))
        folder = found.folder
        if self.working_dir:
            folder = paths(self.working_dir)
            if not os.path.isdir(folder):
                raise AirflowException(
                    f"working_dir of '{self.task_id}' is {self.working_dir}, which is no folder here. "
                    f"Add it to paths of '{self.image}' in {found.file}."
                )
        self.log.warning(
            "%s, so %s stands for the image '%s', as %s says: on this machine, neither isolated nor limited, where %s.",
            str(reason).partition(". ")[0],
            folder,
            self.image,
            found.file,
            paths.told() or "no folder is mounted",
        )
        environment = {**self._of_env_file(), **self.environment, **self._private_environment}
        if tmp_folder is not None:
            environment["AIRFLOW_TMP_DIR"] = self.tmp_dir
        self._stands_in = command = substitutes.Command(found, paths, folder)
        words = substitutes.arguments(as_argument(self.entrypoint), as_argument(self.command))
        try:
            command.start(words, environment)
            lines = self._output(command.output())
            self._judge_instead(command.wait(), lines)
        finally:
            self.on_kill()
        if not self.retrieve_output:
            return self._value(lines)
        return self._read_here(paths(self.retrieve_output_path or ""))

    def _folders_here(self, found: substitutes.Substitute, tmp_folder: str | None) -> dict[str, str]:
        """Path in the container: folder of this machine. A named volume has none."""
        folders = dict(found.paths)
        for given in self._binds(None):
            source, _, rest = given.partition(":")
            if os.path.isabs(source) and rest:
                folders[rest.partition(":")[0]] = source
        types = needed("docker.types", "A Docker task")
        for mount in (self._mount(None, types, given) for given in self.mounts):
            if mount.get("Type") == "bind":
                folders[str(mount["Target"])] = str(mount["Source"])
        if tmp_folder is not None:
            folders[self.tmp_dir] = tmp_folder
        return folders

    def _judge_instead(self, ended: substitutes.Ended, lines: list[str]) -> None:
        what = f"What stands for the image '{self.image}' ended with exit code {ended.code}"
        if ended.code and ended.code in self.skip_on_exit_code:
            raise DockerContainerFailedSkipException(f"{what}.", lines)
        if ended.code:
            reason = f": the signal {ended.signal} ended it" if ended.signal else ""
            likely = " Too little memory is a likely cause." if ended.signal == "SIGKILL" else ""
            raise DockerContainerFailedException(f"{what}{reason}.{likely}", lines)

    def _read_here(self, path: str) -> Any:
        import pickle

        if not os.path.exists(path):
            self.log.warning("No output at %s.", self.retrieve_output_path)
            return None
        with open(path, "rb") as file:
            return pickle.load(file)

    # ── told to end ──────────────────────────────────────────────────────────────────────────────────────

    def on_kill(self) -> None:
        if self._stands_in is not None:
            command, self._stands_in = self._stands_in, None
            command.end(STOP_S)
        if self.container is None:
            return
        container, self.container = self.container["Id"], None
        self.log.info("Removing the container, as the task is told to end.")
        client = self.hook.new_client()
        try:
            client.stop(container, timeout=STOP_S)
        finally:
            client.remove_container(container, force=True)

    @staticmethod
    def format_command(command: Any) -> Any:
        return as_argument(command)


def removal(given: str | bool | None) -> str:
    """True and False are of older files."""
    if isinstance(given, bool):
        return "success" if given else "never"
    if given not in ("never", "success", "force"):
        raise ValueError(f"auto_remove is {given!r}; give 'never', 'success' or 'force' (or True, which is 'success').")
    return given


def as_argument(command: Any) -> Any:
    """A text that is a Python list is that list."""
    if isinstance(command, str) and command.strip().startswith("["):
        return ast.literal_eval(command)
    return command


def lines_of(stream: Iterable[Any]) -> Iterable[str]:
    """The lines of an output that comes in pieces, which may end inside a line or a character."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="backslashreplace")
    rest = ""
    for chunk in stream:
        rest += decoder.decode(chunk) if isinstance(chunk, bytes) else chunk
        *whole, rest = rest.split("\n")
        for line in whole:
            yield line.rstrip()
    rest += decoder.decode(b"", final=True)
    if rest:
        yield rest.rstrip()
