"""The environments of bundles: which one a bundle has, whether it is there, and building it, once.

Owns the folder `environments/` of the home. An environment is named after the text of its requirements, so two bundles
that ask for the same share one, and clashing pins never meet. What is there needs no network ever again. On its path
stands, last, a folder that holds nothing but `venturi`. Runs no author code; pip may, where a package has no wheel.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from ..core.errors import EnvironmentFailed
from . import pip, standins
from .requirements import Line, Requirements, read

REQUIREMENTS = "requirements.txt"
PATH_FILE = "zz-venturi.pth"  # the last one read, so that what it names comes last

Tell = Callable[[str], None]


class Environment(NamedTuple):
    key: str
    folder: Path

    @property
    def python(self) -> str:
        return str(self.folder / "bin" / "python")


class Choice(NamedTuple):
    """What a bundle runs in now."""

    python: str | None  # None: Venturi's own
    ready: bool  # it is what the requirements ask for; if not, it is to be built
    waits: bool = False  # nothing was ever built for it: its files wait for the first attempt to build
    problem: str = ""  # why the last attempt to build failed


class Environments:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def choose(self, root: Path) -> Choice | None:
        """None: the bundle asks for none. Raises AuthoringError where its requirements cannot be read."""
        file = root / REQUIREMENTS
        if not file.is_file():
            return None
        environment = self._of(read(file))
        state = self.state(environment)
        if state["state"] == "ready":
            return Choice(environment.python, True)
        problem = state.get("error", "")
        last = self._last_good(root)
        return Choice(last.python if last else None, False, waits=not last and not problem, problem=problem)

    def state(self, environment: Environment) -> dict[str, Any]:
        """{"state": ready | building | failed | absent, …}: what its builder last wrote down."""
        try:
            found: dict[str, Any] = json.loads(self._state_file(environment.key).read_text("utf-8"))
        except (OSError, ValueError):
            return {"state": "absent"}
        if found["state"] == "ready" and not os.access(environment.python, os.X_OK):
            return {"state": "absent"}  # removed by hand, or the interpreter below it was
        if found["state"] == "building" and not self._is_locked(environment.key):
            return {"state": "absent"}  # its builder was ended
        return found

    def all(self) -> list[tuple[Environment, dict[str, Any]]]:
        found = [Environment(file.stem, self._folder / file.stem) for file in sorted(self._folder.glob("*.json"))]
        return [(environment, self.state(environment)) for environment in found]

    def remove(self, environment: Environment) -> None:
        with self._locked(environment.key):
            self._state_file(environment.key).unlink(missing_ok=True)
            shutil.rmtree(environment.folder, ignore_errors=True)

    # ── building ──

    def build(self, root: Path, tell: Tell = lambda _: None) -> Environment | None:
        """Until the bundle's environment is there; at once if it is. None: it asks for none.

        Whoever else builds it is waited for. Raises EnvironmentFailed, and AuthoringError for requirements that cannot
        be read.
        """
        file = root / REQUIREMENTS
        if not file.is_file():
            return None
        wanted = read(file)
        environment = self._of(wanted)
        with self._locked(environment.key, lambda: tell("another process is building it")):
            if self.state(environment)["state"] != "ready":
                self._build(environment, wanted, root, tell)
        self.remember(root, environment.python)
        return environment

    def _build(self, environment: Environment, wanted: Requirements, root: Path, tell: Tell) -> None:
        began = time.time()
        told: dict[str, Any] = {"state": "building", "root": str(root), "began": began, "step": "making it"}
        self._write(environment.key, told)

        def step(text: str) -> None:
            told["step"] = text
            self._write(environment.key, told)
            tell(text)

        for notice in wanted.notices:
            step(notice)
        shutil.rmtree(environment.folder, ignore_errors=True)
        try:
            self._make(environment)
            self._install(environment, wanted, root, step)
        except EnvironmentFailed as failed:
            shutil.rmtree(environment.folder, ignore_errors=True)
            self._write(environment.key, {**told, "state": "failed", "error": str(failed), "at": time.time()})
            raise
        packages = _installed(environment)
        (environment.folder / "resolved.txt").write_text("".join(f"{p}\n" for p in packages), "utf-8")
        done = {**told, "state": "ready", "seconds": round(time.time() - began, 1), "packages": len(packages)}
        self._write(environment.key, {**done, "step": "", "notices": wanted.notices})

    def _make(self, environment: Environment) -> None:
        own_pip = [] if pip.serves_other_interpreters() else ["--with-pip"]
        without = [] if own_pip else ["--without-pip"]
        made = subprocess.run(
            [sys.executable, "-m", "venv", *without, str(environment.folder)], capture_output=True, text=True
        )
        if made.returncode != 0:
            said = (made.stderr or made.stdout).strip().splitlines()
            raise EnvironmentFailed(
                reason=f"Python cannot make an environment: {said[-1] if said else 'it does not say why'}.",
                advice="On Debian and Ubuntu, install python3-venv.",
            )
        self.point_at_us()
        _site_packages(environment).joinpath(PATH_FILE).write_text(f"{self._folder / 'path'}\n", "utf-8")

    def _install(self, environment: Environment, wanted: Requirements, root: Path, step: Tell) -> None:
        wheels = self._folder / "standins"
        standins.write(wheels)
        ours = environment.folder / "asked"
        ours.mkdir()
        constraints = [*(line.text for line in wanted.constraints), *standins.constraints()]
        (ours / "constraints.txt").write_text("\n".join(constraints) + "\n", "utf-8")
        companions = [Line(name, Path("companions"), 0) for name in wanted.companions]
        # pip asks for a hash of every line or of none: with hashes the companions come afterwards.
        rounds = [wanted.lines, companions] if wanted.has_hashes else [[*wanted.lines, *companions]]
        for number, lines in enumerate(rounds):
            file = ours / f"requirements-{number}.txt"
            file.write_text("".join(f"{line.text}\n" for line in lines), "utf-8")
            held = [] if wanted.has_hashes and number == 0 else ["-c", str(ours / "constraints.txt")]
            pip.install(environment.python, ["-r", str(file), *held, "--find-links", str(wheels)], root, wanted, step)

    def point_at_us(self) -> None:
        """The folder on every environment's path holds this Venturi, wherever an upgrade has put it."""
        ours = Path(__file__).resolve().parent.parent
        link = self._folder / "path" / "venturi"
        link.parent.mkdir(parents=True, exist_ok=True)
        if link.is_symlink() and link.readlink() == ours:
            return
        fresh = link.with_name(f".venturi-{os.getpid()}")
        fresh.symlink_to(ours)
        fresh.replace(link)

    # ── what is kept ──

    def _of(self, wanted: Requirements) -> Environment:
        return Environment(wanted.key, self._folder / wanted.key)

    def _state_file(self, key: str) -> Path:
        return self._folder / f"{key}.json"

    def _write(self, key: str, state: dict[str, Any]) -> None:
        file = self._state_file(key)
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps(state), "utf-8")
        fresh.replace(file)

    def _last_file(self, root: Path) -> Path:
        return self._folder / "last" / hashlib.sha256(os.fsencode(root)).hexdigest()[:16]

    def remember(self, root: Path, python: str) -> None:
        """What this bundle goes on with while its next environment is not there."""
        key = Path(python).parents[1].name
        file = self._last_file(root)
        try:
            if file.read_text() == key:
                return
        except OSError:
            file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(key)

    def _last_good(self, root: Path) -> Environment | None:
        try:
            key = self._last_file(root).read_text()
        except OSError:
            return None
        environment = Environment(key, self._folder / key)
        return environment if self.state(environment)["state"] == "ready" else None

    @contextmanager
    def _locked(self, key: str, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with open(self._folder / f"{key}.lock", "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _is_locked(self, key: str) -> bool:
        try:
            with open(self._folder / f"{key}.lock") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False


def _site_packages(environment: Environment) -> Path:
    version = ".".join(map(str, sys.version_info[:2]))
    return environment.folder / "lib" / f"python{version}" / "site-packages"


def _installed(environment: Environment) -> list[str]:
    from importlib.metadata import distributions

    found = distributions(path=[str(_site_packages(environment))])
    return sorted(f"{one.metadata['Name']}=={one.version}" for one in found)
