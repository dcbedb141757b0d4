"""The machine, its processes and files, as small functions under Airflow's names."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

from ..sdk.connections import BaseHook

TemporaryDirectory = tempfile.TemporaryDirectory


# ── airflow.utils.net ──


def getfqdn(name: str = "") -> str:
    return socket.getfqdn(name)


def get_hostname() -> str:
    return socket.getfqdn()


def get_host_ip_address() -> str:
    return socket.gethostbyname(socket.getfqdn())


# ── airflow.utils.process_utils ──


def execute_in_subprocess(cmd: list[str], cwd: str | None = None, env: dict[str, str] | None = None) -> None:
    """Run a command; its output is printed line by line. Raises CalledProcessError when it fails."""
    execute_in_subprocess_with_kwargs(cmd, cwd=cwd, env=env)


def execute_in_subprocess_with_kwargs(cmd: list[str], **more: Any) -> None:
    with subprocess.Popen(cmd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0, **more) as process:
        for line in process.stdout or ():
            print(line.decode("utf-8", "replace").rstrip(), flush=True)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, cmd)


@contextmanager
def patch_environ(new_env_variables: Mapping[str, str]) -> Iterator[None]:
    """With these environment variables for a while."""
    before = {name: os.environ.get(name) for name in new_env_variables}
    os.environ.update(new_env_variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


# ── airflow.utils.file, airflow.utils.platform ──


def mkdirs(path: str, mode: int) -> None:
    Path(path).mkdir(mode=mode, parents=True, exist_ok=True)


def open_maybe_zipped(fileloc: str, mode: str = "r") -> IO[Any]:
    """A file, also one that is named as if the zip that it lies in were a folder."""
    archive, found, inner = fileloc.partition(".zip" + os.sep)
    if not found or not os.path.isfile(archive + ".zip"):
        return open(fileloc, mode)
    import io
    import zipfile

    data = zipfile.ZipFile(archive + ".zip").read(inner)
    return io.BytesIO(data) if "b" in mode else io.StringIO(data.decode("utf-8"))


def list_py_file_paths(directory: str | os.PathLike[str], **_: Any) -> list[str]:
    """Python files in a folder that may hold DAGs."""
    folder = Path(directory)
    files = [folder] if folder.is_file() else sorted(folder.rglob("*.py"))
    return [str(file) for file in files if might_contain_dag(str(file), True)]


def might_contain_dag(file_path: str, safe_mode: bool, zip_file: Any = None) -> bool:
    if not safe_mode:
        return True
    content = zip_file.read(file_path) if zip_file is not None else Path(file_path).read_bytes()
    return b"dag" in content.lower() and b"airflow" in content.lower()


def is_tty() -> bool:
    return sys.stdout.isatty()


# ── airflow.hooks.subprocess ──


class SubprocessResult(NamedTuple):
    exit_code: int
    output: str  # the last line


@contextmanager
def working_directory(cwd: str | None = None) -> Iterator[str]:
    """The folder given, or one that is there for this while."""
    if cwd is not None:
        yield cwd
    else:
        with tempfile.TemporaryDirectory(prefix="airflowtmp") as made:
            yield made


class SubprocessHook(BaseHook):
    """Runs a command in a process group of its own; what it prints goes to the log."""

    def __init__(self, **named: Any) -> None:
        super().__init__(**named)
        self.sub_process: subprocess.Popen[bytes] | None = None

    def run_command(
        self,
        command: list[str],
        env: dict[str, str] | None = None,
        output_encoding: str = "utf-8",
        cwd: str | None = None,
    ) -> SubprocessResult:
        with working_directory(cwd) as folder:
            self.sub_process = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=env if env or env == {} else None,
                start_new_session=True,
            )
            line = ""
            for raw in self.sub_process.stdout or ():
                line = raw.decode(output_encoding, "backslashreplace").rstrip()
                print(line, flush=True)
            return SubprocessResult(self.sub_process.wait(), line)

    def send_sigterm(self) -> None:
        import signal

        if self.sub_process is not None and self.sub_process.poll() is None:
            os.killpg(self.sub_process.pid, signal.SIGTERM)


class PackageIndexHook(BaseHook):
    """A package index that a connection names, as an address that pip takes."""

    conn_name_attr = "pi_conn_id"
    default_conn_name = "package_index_default"
    conn_type = "package_index"
    hook_name = "Package Index (Python)"

    def __init__(self, pi_conn_id: str = default_conn_name, **named: Any) -> None:
        super().__init__(**named)
        self.pi_conn_id = pi_conn_id

    def get_connection_url(self) -> str:
        from urllib.parse import quote

        named = self.get_connection(self.pi_conn_id)
        if not named.host:
            raise ValueError(f"Connection '{self.pi_conn_id}' has no host: the address of the index.")
        scheme, _, place = named.host.rpartition("://")
        login = quote(named.login, safe="") if named.login else ""
        if named.password:
            login += ":" + quote(named.password, safe="")
        port = f":{named.port}" if named.port else ""
        return f"{scheme or 'https'}://{login}{'@' if login else ''}{place}{port}"

    get_conn = get_connection_url
