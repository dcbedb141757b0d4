"""A Docker engine for the pipelines' images: podman's, with a store of its own and a Debian made here.

The base system and the engine's store are kept in .prove/images, so that only a first build takes minutes (remove it to
have them made anew). Builds use this machine's pip settings, read here and mounted for the build alone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services.conftest import serve, settings_of_podman

TOP = Path(__file__).resolve().parents[2]
KEPT = TOP / ".prove" / "images"
LIMIT_S = 1800
BASE = "localhost/debian-python:latest"


class Podman:
    """An engine with a store of its own, and its Docker API."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, **settings_of_podman(folder)}
        self.command = ["podman", "--tmpdir", str(folder / "tmp")]
        self.address = ""

    def __call__(self, *arguments: str) -> str:
        command = [*self.command, *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=LIMIT_S)
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
        return done.stdout

    def build(self, image: str, folder: Path, *more: str) -> str:
        arguments = ["--network=host", "--build-arg", f"BASE={BASE}", *pips_settings(), "--tag", image, *more]
        return self("build", *arguments, str(folder))


def base_system() -> Path:
    """An archive of a Debian with Python and Git."""
    place = KEPT / "base"
    archive = place / "base.tar"
    if not archive.exists():
        listed = [*Path("/etc/apt").glob("sources.list"), *Path("/etc/apt/sources.list.d").glob("*")]
        words = [line.split() for file in listed for line in file.read_text().splitlines()]
        addresses = [word for line in words for word in line[1:] if line[0] in ("URIs:", "deb")]
        mirror = next(one for one in addresses if one.rstrip("/").endswith("/debian"))
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        wanted = "--include=python3,python3-venv,git,ca-certificates"
        command = ["debootstrap", "--variant=minbase", wanted, "bookworm", str(place / "root"), mirror]
        subprocess.run(command, check=True, capture_output=True, timeout=LIMIT_S)
        shutil.rmtree(place / "root" / "var" / "cache" / "apt", ignore_errors=True)
        subprocess.run(["tar", "-C", place / "root", "-cf", f"{archive}.new", "."], check=True)
        Path(f"{archive}.new").rename(archive)
        shutil.rmtree(place / "root")
    return archive


def pips_settings() -> list[str]:
    """For the build alone: this machine's pip files, seen at the same places."""
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "debug"], capture_output=True, text=True).stdout
    files = [line.split(",")[0].strip() for line in listed.splitlines() if line.strip().endswith("exists: True")]
    said = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True).stdout
    named = [word.strip("'") for line in said.splitlines() for word in line.partition("=")[2].strip("'").split()]
    paths = {path for path in [*files, *named] if path.startswith("/") and Path(path).exists()}
    return [argument for path in sorted(paths) for argument in ("--volume", f"{path}:{path}:ro")]


def lacks() -> str:
    """What this machine has not that an engine needs."""
    missing = [tool for tool in ("podman", "debootstrap", "iptables") if shutil.which(tool) is None]
    return ", ".join([*(["root"] if os.geteuid() else []), *missing])


@contextmanager
def engine() -> Iterator[Podman]:
    """While it is open, it answers at `address`."""
    store = KEPT / "store"
    store.mkdir(parents=True, exist_ok=True)
    made = Podman(store)
    if BASE not in made("images", "--format", "{{.Repository}}:{{.Tag}}").split():
        made("import", str(base_system()), BASE)
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder) / "api.sock"
        service = serve(made.command, made.environment, socket)
        made.address = f"unix://{socket}"
        try:
            yield made
        finally:
            service.terminate()
            service.wait()
            made("rm", "--all", "--force")
            subprocess.run(["umount", store / "graph" / "overlay"], capture_output=True)
