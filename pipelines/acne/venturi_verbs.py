"""Asks Venturi: start the servers, start a run, how is the last one. By its own verbs, so that what can be done here
can be done in a terminal, too.
"""

import json
import os
import shutil
import subprocess

from settings import DAG_ID, PROJECT, PipelineError

PATIENCE_S = 120


def start_servers():
    """Engine, web and crew, in the background; no harm if they run already."""
    port = os.environ.get("VENTURI_PORT") or "8080"
    return _venturi("up", "-D", "--dags", str(PROJECT), "--port", port)


def start_pipeline(conf=None):
    return _venturi("trigger", DAG_ID, "--unpause", *(["--conf", json.dumps(conf)] if conf else []))


def status():
    return _venturi("status", DAG_ID)


def configure(name, value):
    """Sets a variable of the pipeline."""
    return _venturi("variables", "set", name, value)


def _venturi(*arguments):
    command = os.environ.get("VENTURI_COMMAND") or shutil.which("venturi")
    if not command:
        raise PipelineError("There is no command `venturi` on the PATH: install Venturi, or set VENTURI_COMMAND.")
    try:
        done = subprocess.run([command, *arguments, "--json"], capture_output=True, text=True, timeout=PATIENCE_S)
    except OSError as error:
        raise PipelineError(f"{command} cannot be started: {error.strerror}.") from None
    except subprocess.TimeoutExpired:
        raise PipelineError(f"`venturi {arguments[0]}` has not answered within {PATIENCE_S} s.") from None
    try:
        said = json.loads(done.stdout or "{}")
    except ValueError:
        said = {}
    if done.returncode:
        error = said.get("error") or {}
        raise PipelineError(error.get("message") or _last_line(done.stderr) or f"`venturi {arguments[0]}` failed.")
    return said


def _last_line(text):
    return (text.strip().splitlines() or [""])[-1]
