"""`venturi airflow --install-command`: a command `airflow` beside ours, where there is none yet."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

from ..printing import COULD_NOT_START, SUCCESS, fail, say

_MARK = "# Airflow's own commands, done by Venturi."
_SCRIPT = f'#!/bin/sh\n{_MARK}\nexec "$(dirname "$(readlink -f "$0")")/venturi" airflow "$@"\n'


def _folder() -> Path:
    places = (sysconfig.get_path("scripts"), str(Path(sys.executable).parent), str(Path(sys.argv[0]).parent))
    found = next((Path(place) for place in places if (Path(place) / "venturi").is_file()), None)
    if found is None:
        advice = "install Venturi into it first"
        fail(f"The command `venturi` is in no folder of this environment; {advice}.", COULD_NOT_START)
    return found


def _is_ours(file: Path) -> bool:
    try:
        return _MARK in file.read_text("utf-8", "replace")
    except OSError:
        return False


def install() -> int:
    file = _folder() / "airflow"
    if file.exists() and not _is_ours(file):
        fail(f"{file} is another Airflow's, and stays. Use: venturi airflow …", code="there_is_one")
    try:
        file.write_text(_SCRIPT)
        file.chmod(0o755)
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}.", COULD_NOT_START, "not_writable")
    say(f"{file} is there: `airflow …` is `venturi airflow …`. Away with it: venturi airflow --remove-command")
    return SUCCESS


def remove() -> int:
    file = _folder() / "airflow"
    if not file.exists():
        say("There is none.")
    elif not _is_ours(file):
        fail(f"{file} is another Airflow's, and stays.", code="there_is_one")
    else:
        file.unlink()
        say(f"{file} is gone.")
    return SUCCESS
