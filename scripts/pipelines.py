"""`make pipelines`: builds the environment of each pipeline, then runs them all to success with the network cut off.

    python scripts/pipelines.py [--home DIR] [--build] [NAME …]

Reads `pipeline.toml` of each: `runs = [{file, dag?, conf?, needs?, image?}, …]` and `env`. `needs = "docker"`: where no
engine answers, or it does not have the `image` named, the run is left out, and the line says so. All it does, it does
by the verbs that a user has. When the runs have succeeded, `verify.py` looks at what they left on disk.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TOP = Path(__file__).resolve().parent.parent
VENTURI = str(Path(sys.executable).with_name("venturi"))
SEEDS = ("food", "acne", "genres", "news", "dedup")  # the order of the documents
CLONE_NEWNET = 0x40000000


class Failed(Exception):
    """Why a pipeline is not a success, in one sentence."""


def cut_off() -> None:
    """In the child: a network with nothing but loopback. Environments are built, so nothing else is needed."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "no network namespace")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        up_and_running = struct.pack("16sh", b"lo", 0x1 | 0x40)
        fcntl.ioctl(any_socket, 0x8914, up_and_running)  # SIOCSIFFLAGS


def can_cut_off() -> bool:
    try:
        return subprocess.run([sys.executable, "-c", ""], preexec_fn=cut_off, check=False).returncode == 0
    except subprocess.SubprocessError:
        return False


def left_out(one: dict[str, Any]) -> str:
    """Why this run is not possible here; empty if it is."""
    address = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if one.get("needs") != "docker" or not address.startswith("unix://"):
        return ""  # an engine on another machine is asked when the run needs it
    try:
        image = one.get("image")
        status = docker_status(address.removeprefix("unix://"), f"/images/{image}/json" if image else "/_ping")
    except OSError:
        return "no Docker engine answers"
    return f"the Docker engine has no image {image}" if image and status == 404 else ""


def docker_status(path: str, what: str) -> int:
    """What an engine's socket answers to `GET what`."""
    with socket.socket(socket.AF_UNIX) as one:
        one.settimeout(10)
        one.connect(path)
        one.sendall(f"GET {what} HTTP/1.0\r\nHost: docker\r\n\r\n".encode())
        answer = one.makefile("rb").readline().split()
    return int(answer[1]) if len(answer) > 1 else 0


class Pipeline:
    def __init__(self, folder: Path, home: Path) -> None:
        self.folder, self.home = folder, home
        self.said: dict[str, Any] = tomllib.loads((folder / "pipeline.toml").read_text("utf-8"))
        self.environment = {**os.environ, **self.said.get("env", {})}

    def venturi(self, *arguments: str, offline: bool = False) -> subprocess.CompletedProcess[str]:
        command = [VENTURI, *arguments, "--home", str(self.home), "--json"]
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
            preexec_fn=cut_off if offline else None,
        )

    def build(self) -> str:
        """The interpreter its files run in."""
        done = self.venturi("environments", "build", str(self.folder))
        if done.returncode != 0:
            raise Failed("its environment could not be built (see above).")
        return str(json.loads(done.stdout).get("python") or sys.executable)

    def run(self, one: dict[str, Any], offline: bool) -> dict[str, Any]:
        arguments = [str(self.folder / one["file"]), *([one["dag"]] if "dag" in one else [])]
        if "conf" in one:
            arguments += ["--conf", json.dumps(one["conf"])]
        done = self.venturi("run", *arguments, offline=offline)
        try:
            result: dict[str, Any] = json.loads(done.stdout)
            state = str(result["state"])
        except (ValueError, KeyError):
            raise Failed(f"{one['file']} could not start (see above).") from None
        if state != "success":
            bad = [t["task_id"] for t in result["tasks"] if t["state"] == "failed"]
            raise Failed(f"{result['dag_id']} ended as {state}; failed: {', '.join(bad)}. Logs: {self.home / 'logs'}")
        return result

    def verify(self, python: str, results: list[dict[str, Any]]) -> str:
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for number, result in enumerate(results):
                files.append(Path(folder) / f"{number}.json")
                files[-1].write_text(json.dumps(result), "utf-8")
            done = subprocess.run(
                [python, "verify.py", *map(str, files)],
                cwd=self.folder,
                env=self.environment,
                stdout=subprocess.PIPE,
                text=True,
                check=False,
            )
        said = " ".join(done.stdout.split())
        if done.returncode != 0:
            raise Failed(said or "verify.py failed (see above).")
        return said


def run(pipeline: Pipeline, python: str, offline: bool) -> bool:
    """All of one pipeline's runs, and the line that says how it went."""
    began, results, not_run = time.monotonic(), [], []
    try:
        for one in pipeline.said["runs"]:
            if why := left_out(one):
                not_run.append(f" Not run, since {why}: {one.get('dag') or one['file']}.")
                continue
            results.append(pipeline.run(one, offline))
        said, state = pipeline.verify(python, results), "success"
    except Failed as failed:
        said, state = str(failed), "failed"
    print(f"{pipeline.folder.name} {state} {time.monotonic() - began:.1f} s  {said}{''.join(not_run)}", flush=True)
    return state == "success"


def main() -> int:
    parser = argparse.ArgumentParser(description="Build and run the pipelines.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="all without")
    parser.add_argument("--home", type=Path, default=TOP / ".home")
    parser.add_argument("--build", action="store_true", help="build the environments and stop")
    given = parser.parse_args()
    there = {file.parent.name: file.parent for file in (TOP / "pipelines").glob("*/pipeline.toml")}
    order = [*(name for name in SEEDS if name in there), *sorted(set(there) - set(SEEDS))]
    if unknown := set(given.names) - set(order):
        parser.error(f"no such pipeline: {', '.join(sorted(unknown))}; there are {', '.join(order)}")
    chosen = [Pipeline(there[name], given.home.absolute()) for name in order if name in given.names or not given.names]
    pythons, failed = {}, False
    for pipeline in chosen:
        try:
            pythons[pipeline.folder.name] = pipeline.build()
        except Failed as why:
            print(f"{pipeline.folder.name} failed: {why}", flush=True)
            failed = True
    if given.build or failed:
        return int(failed)
    offline = can_cut_off()
    if not offline:
        print("The network is not cut off here: that needs root.", file=sys.stderr)
    began = time.monotonic()
    good = [run(pipeline, pythons[pipeline.folder.name], offline) for pipeline in chosen]
    print(f"{sum(good)} of {len(good)} pipelines succeeded in {time.monotonic() - began:.0f} s", flush=True)
    return int(not all(good))


if __name__ == "__main__":
    sys.exit(main())
