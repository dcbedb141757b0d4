"""As much of a Kubernetes API as one pod needs, over HTTP: it is made, runs, says something, ends, and is deleted."""

from __future__ import annotations

import http.server
import json
import threading
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit


class Cluster:
    def __init__(self, log: str, exit_code: int = 0) -> None:
        self.pods: dict[str, dict[str, Any]] = {}
        self.made: list[dict[str, Any]] = []
        self.deleted: list[str] = []
        self._log, self._exit_code = log, exit_code
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                status, answer = outer.answer(self.command, urlsplit(self.path).path, body)
                data = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/plain" if isinstance(answer, str) else "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PATCH = do_DELETE = handle_any

            def log_message(self, *_: Any) -> None: ...

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        parts = path.strip("/").split("/")  # api v1 namespaces NAME pods [POD [log]]
        if parts[-1] == "log":
            return 200, self._log
        if parts[4:5] == ["events"] or "events" in parts:
            return 200, {"kind": "EventList", "apiVersion": "v1", "metadata": {}, "items": []}
        if method == "POST":
            pod = json.loads(body)
            pod["metadata"].setdefault("namespace", parts[3])
            pod["status"] = self._status(pod)
            self.pods[pod["metadata"]["name"]] = pod
            self.made.append(pod)
            return 201, pod
        if len(parts) == 5:
            return 200, {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": []}
        pod = self.pods.get(parts[5])
        if pod is None:
            return 404, {"kind": "Status", "status": "Failure", "code": 404, "reason": "NotFound", "message": "gone"}
        if method == "DELETE":
            self.deleted.append(parts[5])
            del self.pods[parts[5]]
        return 200, pod

    def _status(self, pod: dict[str, Any]) -> dict[str, Any]:
        """Ended as soon as it is looked at."""
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")  # a log long ended is not read to its end
        ended = {"exitCode": self._exit_code, "reason": "Completed", "startedAt": now, "finishedAt": now}
        containers = [
            {
                "name": container["name"],
                "image": container["image"],
                "imageID": "",
                "ready": False,
                "restartCount": 0,
                "state": {"terminated": ended},
            }
            for container in pod["spec"]["containers"]
        ]
        return {"phase": "Failed" if self._exit_code else "Succeeded", "containerStatuses": containers}
