"""The description at /openapi.json is true: requests made from it at random never break the API, nor its own word."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ..cli.conftest import Place, until
from .conftest import Api
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


# Beside which what is named below would be gone.
DELETES = ("delete_dag", "delete_dag_run", "delete_task_instance", "delete_xcom_entry", "patch_dag_run")


@pytest.mark.slow
@pytest.mark.parametrize("how", ["whoever may all", "of what is there", "nobody"])
def test_random_requests_never_break_the_api_nor_its_description(tmp_path, how):
    place = Place(tmp_path)
    for name, text in (("flow.py", FLOW), ("asks.py", ASKS)):
        (place.dags / name).write_text(text)
    try:
        said = place.up()
        port = int(said.json["url"].rpartition(":")[2])
        Api(place, port).get("version")  # what comes first waits until the API is imported
        argv = [str(program()), "run", f"{said.json['url']}/openapi.json", "--checks", ",".join(CHECKS)]
        argv += ["--max-examples", "6", "--phases", "coverage,fuzzing", "--continue-on-failure", "--workers", "1"]
        for path in WITHOUT_END:
            argv += ["--exclude-path", path]
        if how != "nobody":
            api = Api(place, port)
            argv += ["-H", f"Authorization: Bearer {api.token}"]
        if how == "of what is there":
            (tmp_path / "schemathesis.toml").write_text(named(api))
            for operation in DELETES:
                argv += ["--exclude-operation-id", operation]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE_S, cwd=tmp_path)
        assert done.returncode == 0, done.stdout[-8000:]
        assert "failed" not in (place.home.logs / "venturi-web.log").read_text()
    finally:
        place("down")
        place.end()


def named(api: Api) -> str:
    """What is there for each name in an address, as schemathesis takes it; what is not named here is made up."""
    until(lambda: api.ask("GET", "dags/flow").status == 200, "the DAG is there")
    api.send("PATCH", "dags/flow", {"is_paused": False})
    run_id = api.run("flow")
    asset = api.get("assets")["assets"][0]["id"]
    there = {
        "dag_id": "flow",
        "dag_run_id": run_id,
        "task_id": "numbers",
        "map_index": -1,
        "try_number": 1,
        "task_try_number": 1,
        "xcom_key": "return_value",
        "version_number": 1,
        "pool_name": "default_pool",
        "asset_id": asset,
    }
    return "[parameters]\n" + "".join(f'"path.{name}" = {json.dumps(value)}\n' for name, value in there.items())
