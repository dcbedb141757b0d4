"""The description at /openapi.json is true: requests made from it at random never break the API, nor its own word."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ..cli.conftest import Place
from .tour import ASKS, FLOW

ENVIRONMENT = Path(__file__).parents[2] / ".prove" / "schemathesis"
CHECKS = ("not_a_server_error", "response_schema_conformance", "status_code_conformance", "content_type_conformance")
PATIENCE_S = 900
# A stream without an end, and an answer that waits for a run's.
WITHOUT_END = ("/api/venturi/v1/events", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/wait")


def program() -> Path:
    """Of an environment of its own, made once."""
    if not (ENVIRONMENT / "made").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], check=True)
        pip = [str(ENVIRONMENT / "bin" / "python"), "-m", "pip", "install", "--quiet", "schemathesis>=4"]
        subprocess.run(pip, check=True)
        (ENVIRONMENT / "made").touch()
    return ENVIRONMENT / "bin" / "schemathesis"


@pytest.mark.slow
@pytest.mark.parametrize("known", [True, False], ids=["with the token", "without"])
def test_random_requests_never_break_the_api_nor_its_description(tmp_path, known):
    place = Place(tmp_path)
    for name, text in (("flow.py", FLOW), ("asks.py", ASKS)):
        (place.dags / name).write_text(text)
    try:
        said = place.up()
        found = re.search(r"http://[^:/]+:\d+", said.out + said.err)
        assert found is not None, said
        argv = [str(program()), "run", f"{found.group(0)}/openapi.json", "--checks", ",".join(CHECKS), "--workers", "2"]
        argv += ["--max-examples", "20", "--phases", "examples,fuzzing", "--continue-on-failure"]
        for path in WITHOUT_END:
            argv += ["--exclude-path", path]
        if known:
            argv += ["-H", f"Authorization: Bearer {place('token').out.strip()}"]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE_S, cwd=tmp_path)
        assert done.returncode == 0, done.stdout[-8000:]
    finally:
        place("down")
        place.end()
