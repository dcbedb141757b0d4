"""`python -m tests.pipelines.prove [NAME …]`: the pipelines' DAG files in a real Airflow 2.11: nothing in them is ours.

Each pipeline has an environment with Airflow and its own requirements in `.prove/pipelines`, made once, in minutes. Its
runs go through `dag.test()` there, in a copy of the project, and its `verify.py` judges what they leave. No network.
Where a pipeline has images (`images` of its pipeline.toml), they are built on an engine that is started for it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scripts.pipelines import SEEDS, can_cut_off, cut_off, left_out, tomllib

from . import containers

TOP = Path(__file__).resolve().parents[2]
PLACE = TOP / ".prove" / "pipelines"
AIRFLOW = [
    "apache-airflow==2.11.2",
    "apache-airflow-providers-docker",
    "apache-airflow-providers-standard",
    "aiosmtpd",  # takes the mails
]
RUN = """
import json, os, sys
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from airflow.models import DagBag
Controller(Sink(), hostname="127.0.0.1", port=int(os.environ["AIRFLOW__SMTP__SMTP_PORT"])).start()
file, dag_id, conf, out = sys.argv[1:]
bag = DagBag(file, include_examples=False, read_dags_from_db=False)
if bag.import_errors:
    sys.exit("\\n".join(bag.import_errors.values()))
dag = bag.dags[dag_id] if dag_id else next(iter(bag.dags.values()))
run = dag.test(run_conf=json.loads(conf))
tasks = [{"task_id": ti.task_id, "map_index": ti.map_index, "state": str(ti.state),
          "value": ti.xcom_pull(task_ids=ti.task_id, map_indexes=ti.map_index)}
         for ti in run.get_task_instances()]
with open(out, "w") as file:
    json.dump({"dag_id": dag.dag_id, "run_id": run.run_id, "state": str(run.state), "seconds": 0, "tasks": tasks}, file,
              default=str)
"""


class Failed(Exception):
    """Why a pipeline does not run in a real Airflow."""


def environment(name: str, requirements: Path) -> Path:
    """The interpreter that holds Airflow and the pipeline's requirements."""
    folder = PLACE / name / "environment"
    wanted = "\n".join([*AIRFLOW, requirements.read_text("utf-8")])
    made = folder / ".made"
    if not made.exists() or made.read_text("utf-8") != wanted:
        print(f"{name}: making an environment with Airflow (once, some minutes)", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        command = [folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check"]
        said = subprocess.run([*command, *AIRFLOW, "-r", requirements], stderr=subprocess.PIPE, text=True)
        if said.returncode:
            raise Failed(f"pip: {said.stderr.strip().splitlines()[-1]}")
        made.write_text(wanted, "utf-8")
    return folder / "bin" / "python"


def surroundings(name: str, python: Path, project: Path, said: dict[str, Any]) -> dict[str, str]:
    home = PLACE / name / "home"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "VENTURI", "PYTHONPATH"))}
    return inherited | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(project / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__SMTP__SMTP_HOST": "127.0.0.1",
        "AIRFLOW__SMTP__SMTP_PORT": "2525",
        "AIRFLOW__SMTP__SMTP_STARTTLS": "false",
        "AIRFLOW__SMTP__SMTP_MAIL_FROM": "airflow@example.com",
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join([str(project / "dags"), str(project)]),
        **said.get("env", {}),
    }


@contextmanager
def engine_of(name: str) -> Iterator[None]:
    """With the pipeline's images, where it has some and this machine can hold an engine."""
    folder = TOP / "pipelines" / name
    images = tomllib.loads((folder / "pipeline.toml").read_text("utf-8")).get("images", {})
    if not images or containers.lacks() or "DOCKER_HOST" in os.environ:
        yield
        return
    with containers.engine() as podman:
        for image, part in images.items():
            print(f"{name}: building {image} (once, some minutes)", flush=True)
            podman.build(image, folder / part)
        os.environ["DOCKER_HOST"] = podman.address
        try:
            yield
        finally:
            del os.environ["DOCKER_HOST"]


def prove(name: str, offline: bool) -> str:
    """What `verify.py` says after all runs."""
    source, project = TOP / "pipelines" / name, PLACE / name / "project"
    said = tomllib.loads((source / "pipeline.toml").read_text("utf-8"))
    python = environment(name, source / "requirements.txt")
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(source, project, ignore=shutil.ignore_patterns("data", "__pycache__"))
    env = surroundings(name, python, project, said)
    log, results, missing = PLACE / name / "log", [], ""
    with log.open("w") as out:
        subprocess.run([python, "-m", "airflow", "db", "migrate"], env=env, stdout=out, stderr=out, check=True)
        for number, one in enumerate(said["runs"]):
            if why := left_out({**one, "needs": one.get("needs") or one.get("needs_in_airflow")}):
                missing = why
                continue
            results.append(str(PLACE / name / f"{number}.json"))
            arguments = [project / one["file"], one.get("dag", ""), json.dumps(one.get("conf", {})), results[-1]]
            done = subprocess.run(
                [python, "-c", RUN, *arguments],
                cwd=project,
                env=env,
                stdout=out,
                stderr=out,
                preexec_fn=cut_off if offline else None,
            )
            if done.returncode:
                raise Failed(f"{one['file']} did not load or run: {log}")
            result = json.loads(Path(results[-1]).read_text("utf-8"))
            if result["state"] != "success":
                states = ", ".join(f"{t['task_id']} {t['state']}" for t in result["tasks"] if t["state"] != "success")
                raise Failed(f"{result['dag_id']} ended as {result['state']} ({states}): {log}")
    if not results:
        raise Failed(f"nothing of it can run here: {missing}")
    judged = subprocess.run([python, "verify.py", *results], cwd=project, env=env, stdout=subprocess.PIPE, text=True)
    if judged.returncode:
        raise Failed(judged.stdout.strip() or "verify.py failed")
    return " ".join(judged.stdout.split())


def main() -> int:
    names = sys.argv[1:] or [name for name in SEEDS if (TOP / "pipelines" / name / "pipeline.toml").exists()]
    offline, good = can_cut_off(), 0
    for name in names:
        began = time.monotonic()
        try:
            with engine_of(name):
                said, state = prove(name, offline), "success"
            good += 1
        except Failed as failed:
            said, state = str(failed), "failed"
        print(f"{name} in Airflow 2.11: {state} {time.monotonic() - began:.1f} s  {said}", flush=True)
    print(f"{good} of {len(names)} pipelines run in a real Airflow", flush=True)
    return int(good < len(names))


if __name__ == "__main__":
    sys.exit(main())
