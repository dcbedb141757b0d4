"""What a container's command runs as where no Docker engine answers, if the bundle's `venturi.toml` says so.

    [containers."data-loader:latest"]
    folder = "ml_pipeline/data_loader"     # stands for the image's working folder; relative to venturi.toml
    paths = { "/models" = "models" }       # further folders of the image
    environment = { HF_HOME = "$HF_HOME" } # the image's own variables; $NAME is this machine's
    when = "no image"                      # also where an engine answers that has no such image; else "no engine"

Owns that table and the process that takes the container's place: a command of this machine, in the bundle's own
environment, in which the paths of mounts are written as the folders behind them. It isolates nothing. The DAG file
knows nothing of all this.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ...core.errors import BadFile
from ..exceptions import AirflowException
from .packages import needed

if TYPE_CHECKING:
    import subprocess

FILE = "venturi.toml"
TABLE = "containers"
NO_ENGINE, NO_IMAGE = "no engine", "no image"
_KEYS = ("folder", "paths", "environment", "when")
# A container sees nothing of its host's variables; a process needs these to be one.
_INHERITED = ("HOME", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "LOGNAME", "PATH", "TMPDIR", "TZ", "USER")
_CHUNK_BYTES = 64 * 1024
_LOOK_S = 0.02


class Substitute(NamedTuple):
    image: str
    file: str  # that says so
    folder: str
    paths: dict[str, str]
    environment: dict[str, str]
    when: str


class Ended(NamedTuple):
    code: int  # as a container has it: 128 and the signal's number for what a signal has ended
    signal: str


def declared(image: str, folder: str) -> Substitute | None:
    """What stands for this image in the bundle that holds `folder`; None where nothing does."""
    file = _settings_of(folder)
    if file is None:
        return None
    if sys.version_info < (3, 11):
        needed("tomli", FILE)
    from pathlib import Path

    from ...config import read_toml

    try:
        found = read_toml(Path(file)).get(TABLE, {})
    except (OSError, ValueError) as error:
        raise _bad(file, str(error), "Correct it.") from None
    if not isinstance(found, Mapping):
        raise _bad(file, f"'{TABLE}' is no table", f'Write [{TABLE}."{image}"] above its lines.')
    by_name = {_tagged(name): given for name, given in found.items()}
    given = by_name.get(_tagged(image))
    return None if given is None else _read(image, file, given)


def _settings_of(folder: str) -> str | None:
    """The nearest one, from the DAG file's folder up to the first folder that is a bundle."""
    at = folder
    while not os.path.isfile(os.path.join(at, FILE)):
        above = os.path.dirname(at)
        ends = any(os.path.exists(os.path.join(at, mark)) for mark in ("requirements.txt", "dags", ".git"))
        if ends or above == at:
            return None
        at = above
    return os.path.join(at, FILE)


def _read(image: str, file: str, given: Any) -> Substitute:
    where = f'[{TABLE}."{image}"]'
    if not isinstance(given, Mapping) or "folder" not in given:
        raise _bad(file, f"{where} does not say its folder", 'Add folder = "…", what the image has as working folder.')
    for key in given:
        if key not in _KEYS:
            raise _bad(file, f"{where} has the key '{key}', which is not known", f"Known are: {', '.join(_KEYS)}.")
    when = given.get("when", NO_ENGINE)
    if when not in (NO_ENGINE, NO_IMAGE):
        raise _bad(file, f"{where} has when = {when!r}", f'Write "{NO_ENGINE}" or "{NO_IMAGE}".')
    top = os.path.dirname(file)
    place = _folder(top, given["folder"])
    if not os.path.isdir(place):
        raise _bad(file, f"{where} names the folder {place}, which is not there", "Make it, or correct its name.")
    for key in ("paths", "environment"):
        if not isinstance(given.get(key, {}), Mapping):
            raise _bad(file, f"{where} has {key} = {given[key]!r}", f'Write {key} = {{ "name" = "value" }}.')
    paths = {str(target): _folder(top, source) for target, source in given.get("paths", {}).items()}
    environment = {}
    for name, value in given.get("environment", {}).items():
        text = os.path.expandvars(str(value))
        if not re.search(r"\$\{?\w", text):  # what needs a variable that this machine has not is left out
            environment[str(name)] = text
    return Substitute(image, file, place, paths, environment, when)


def _folder(top: str, given: Any) -> str:
    return os.path.normpath(os.path.join(top, os.path.expanduser(str(given))))


def _tagged(image: str) -> str:
    return image if ":" in image.rpartition("/")[2] or "@" in image else f"{image}:latest"


def _bad(file: str, problem: str, advice: str) -> BadFile:
    return BadFile(file=file, problem=problem, advice=advice)


class Paths:
    """Writes the paths of a container as the folders that are mounted there."""

    def __init__(self, folders: Mapping[str, str]) -> None:
        self._folders = {target.rstrip("/"): source.rstrip("/") for target, source in folders.items()}
        targets = sorted((t for t in self._folders if t), key=len, reverse=True)
        # Where a path begins and ends: "--x=/data/y" and "/data:/more" hold one, "/my/data" and "/data2" do not.
        choices = "|".join(map(re.escape, targets))
        self._pattern = re.compile(rf"(?<![\w./~-])(?:{choices})(?![\w.~-])") if targets else None

    def __call__(self, text: str) -> str:
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda found: self._folders[found.group()], text)

    def told(self) -> str:
        return ", ".join(f"{target} is {source}" for target, source in self._folders.items())


def arguments(*given: Any) -> list[str]:
    """Entrypoint and command as an engine cuts them into words."""
    words: list[str] = []
    for one in given:
        words += shlex.split(one) if isinstance(one, str) else [str(word) for word in one or ()]
    return words


class Command:
    """The process in the container's place."""

    def __init__(self, substitute: Substitute, paths: Paths, folder: str) -> None:
        self._substitute, self._paths, self._folder = substitute, paths, folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, words: list[str], environment: Mapping[str, Any]) -> None:
        import subprocess

        image = self._substitute.image
        if not words:
            raise AirflowException(
                f"The task says no command, and what the image '{image}' would run is not known here. Give command=."
            )
        words = [self._paths(word) for word in words]
        try:
            self._process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                env=self._environment(environment),
                start_new_session=True,
            )
        except OSError as error:
            raise AirflowException(
                f"'{words[0]}' stands for the image '{image}' and cannot be started here: {error.strerror}. "
                f"Add it to the bundle's requirements.txt or to this machine, or correct {self._substitute.file}."
            ) from None
        self._process.venturi_looks_after = True  # type: ignore[attr-defined]  # its failure is told by the task

    def _environment(self, given: Mapping[str, Any]) -> dict[str, str]:
        made = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        own = os.path.dirname(sys.executable)  # the bundle's environment: its python, and what its packages brought
        made["PATH"] = os.pathsep.join([own, made.get("PATH", os.defpath)])
        made["PYTHONUNBUFFERED"] = "1"  # lines come as they are printed
        made |= self._substitute.environment
        made |= {str(name): self._paths(str(value)) for name, value in given.items() if value is not None}
        return made

    def output(self) -> Iterator[bytes]:
        assert self._process is not None
        assert self._process.stdout is not None
        with self._process.stdout as pipe:
            while chunk := os.read(pipe.fileno(), _CHUNK_BYTES):
                yield chunk

    def wait(self) -> Ended:
        assert self._process is not None
        code = self._process.wait()
        if code >= 0:
            return Ended(code, "")
        name = signal.Signals(-code).name if -code in signal.Signals.__members__.values() else str(-code)
        return Ended(128 - code, name)

    def end(self, grace_s: float) -> None:
        """It and what it has started: asked first, then made to.

        May be called by a signal while `wait` holds the process's lock, so the end is looked for without taking it.
        """
        process = self._process
        if process is None or process.returncode is not None:
            return
        self._signal(process, signal.SIGTERM)
        give_up_at = time.monotonic() + grace_s
        while not _has_ended(process.pid) and time.monotonic() < give_up_at:
            time.sleep(_LOOK_S)
        self._signal(process, signal.SIGKILL)

    @staticmethod
    def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            pass


def _has_ended(pid: int) -> bool:
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True
