"""Virtual environments for single functions: made once for what they hold, then used by every task that wants the same.

Owns their folders. Two tasks that want the same one wait for each other; a half-made one is made anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from typing import NamedTuple

from .exceptions import AirflowException

CACHE = "~/.cache/venturi/venvs"
MARKER = "complete.json"


class Wanted(NamedTuple):
    requirements: tuple[str, ...]
    python_version: str | None = None
    system_site_packages: bool = True
    pip_options: tuple[str, ...] = ()
    index_urls: tuple[str, ...] = ()

    def text(self, python: str) -> str:
        described = {**self._asdict(), "requirements": sorted(self.requirements), "python": python}
        return json.dumps(described, sort_keys=True)


def ensure(wanted: Wanted, cache: str | None = None) -> str:
    """The path of the environment's Python."""
    base = interpreter_of(wanted.python_version)
    text = wanted.text(f"{base} {sys.version if base == sys.executable else ''}")
    folder = os.path.join(os.path.expanduser(cache or CACHE), f"venv-{hashlib.sha256(text.encode()).hexdigest()[:16]}")
    python = os.path.join(folder, "bin", "python")
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _is_whole(folder, text):
            _say(f"Using the virtual environment {folder}.")
            return python
        shutil.rmtree(folder, ignore_errors=True)
        _say(f"Making a virtual environment in {folder}.")
        try:
            _make(wanted, base, folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        with open(os.path.join(folder, MARKER), "w", encoding="utf-8") as file:
            file.write(text)
    return python


def _is_whole(folder: str, text: str) -> bool:
    try:
        with open(os.path.join(folder, MARKER), encoding="utf-8") as file:
            return file.read() == text
    except OSError:
        return False


def interpreter_of(version: str | None) -> str:
    """The Python of this version: ours if it fits, else one that the shell would find."""
    own = ".".join(map(str, sys.version_info[:3]))
    if version is None or f"{own}.".startswith(f"{version}."):
        return sys.executable
    found = shutil.which(f"python{version}")
    if found is None:
        raise AirflowException(
            f"There is no python{version} on the PATH. Install it, or leave python_version out to use {own}."
        )
    return found


def _make(wanted: Wanted, base: str, folder: str) -> None:
    own_pip = base == sys.executable and _has_pip()
    flags = ["--without-pip"] if own_pip or not wanted.requirements else []
    _run([base, "-m", "venv", *flags, folder], "The virtual environment could not be made")
    python = os.path.join(folder, "bin", "python")
    if wanted.system_site_packages:
        _see_ours(python, base)
    if not wanted.requirements:
        return
    listed = os.path.join(folder, "requirements.txt")
    with open(listed, "w", encoding="utf-8") as file:
        file.write("\n".join(wanted.requirements) + "\n")
    pip = [base, "-m", "pip", "--python", python] if own_pip else [python, "-m", "pip"]
    command = [*pip, "--disable-pip-version-check", "install", *wanted.pip_options, "-r", listed]
    if wanted.index_urls:
        command += ["--index-url", wanted.index_urls[0]]
        for url in wanted.index_urls[1:]:
            command += ["--extra-index-url", url]
    _run(command, f"The requirements could not be installed ({', '.join(wanted.requirements)})")


def _see_ours(python: str, base: str) -> None:
    """What this task's own Python can import; behind what is installed in the new environment itself. A plain
    `--system-site-packages` would show the Python below ours instead, past the environment that the task runs in."""
    if base != sys.executable:
        return
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    place = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True).stdout.strip()
    paths = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    with open(os.path.join(place, "zz_of_the_task.pth"), "w", encoding="utf-8") as file:
        file.write("\n".join(dict.fromkeys(paths)) + "\n")


def _has_pip() -> bool:
    import importlib.util

    return importlib.util.find_spec("pip") is not None


def _run(command: list[str], problem: str) -> None:
    """What it prints goes to the task's log as it comes."""
    sys.stdout.flush()
    # The folders that serve `airflow` to a task's child processes are none of pip's business.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=env)
    process.venturi_looks_after = True  # type: ignore[attr-defined]  # its failure is told below
    if process.wait() != 0:
        raise AirflowException(f"{problem}; what went wrong stands above in the log.")


def _say(text: str) -> None:
    print(text, flush=True)
