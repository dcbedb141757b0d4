"""A secret goes through tasks that print, raise, render it and pass it on; then everything is searched for it.

C17: a connection, a sensitive variable, the environment and a back-end of one's own, and every answer of the API.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from ..cli.conftest import Place, until
from ..services.conftest import engine
from .conftest import Api

__all__ = ["engine"]

MARK = "k4n4ri"  # in all of them, and in every form of them but base64
OF = {
    "conn": f'{MARK}-conn "pw"/ö',
    "extra": f"{MARK}-extra+token=",
    "variable": f"{MARK}-variable&key",
    "environment": f"{MARK}-environment%key",
    "environment_conn": f"{MARK}-environment_conn",
    "backend": f"{MARK}-backend key",
    "backend_conn": f"{MARK}-backend_conn",
}
# A stream without an end, and answers that wait for a run's.
WITHOUT_END = ("/api/venturi/v1/events", "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/wait")

BACKEND = """
import json, os
from airflow.secrets import BaseSecretsBackend

class Vault(BaseSecretsBackend):
    def __init__(self, file, **more):
        super().__init__(**more)
        with open(file) as found:
            self.known = json.load(found)

    def get_conn_value(self, conn_id):
        return self.known.get("connections", {}).get(conn_id)

    def get_variable(self, key):
        return self.known.get("variables", {}).get(key)
"""

LEAKS = """
import base64, json, logging, os, sys, time
from urllib.parse import quote
import pendulum
from airflow.sdk import DAG, BaseHook, Variable, task
from airflow.providers.docker.operators.docker import DockerOperator
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.python import PythonVirtualenvOperator  # its arguments are files

KEY = Variable.get("api_key")

def all_of_them():
    found = [BaseHook.get_connection(name) for name in ("canary", "of_environment", "of_vault")]
    return [
        *(conn.password for conn in found),
        json.loads(found[0].extra)["token"],
        *(Variable.get(name) for name in ("api_key", "token_of_environment", "token_of_vault")),
    ]

def told(context):
    print("called back with", all_of_them(), context["exception"])

with DAG("leaks", schedule=None, is_paused_upon_creation=False, description="made with " + KEY,
         doc_md="# The key is " + KEY, default_args={"owner": "me"}, params={"shown": KEY}):

    @task
    def prints():
        for secret in all_of_them():
            print(secret, repr(secret), json.dumps(secret), quote(secret), quote(secret, safe=""), [secret])
            print(base64.b64encode(secret.encode()).decode(), {secret: secret})
            sys.stdout.write(secret[:4]); sys.stdout.flush(); time.sleep(0.05)
            sys.stdout.write(secret[4:] + "\\n"); sys.stdout.flush()
            os.write(2, secret.encode() + b" as bytes\\n")
            logging.getLogger("airflow.task").warning("logged %s", secret)
            logging.getLogger("own").error("logged %r", secret, extra={"secret": secret})
        print(dict(os.environ))
        conn = BaseHook.get_connection("canary")
        print(conn.get_uri(), conn, vars(conn), conn.extra)
        print("basic", base64.b64encode(f"{conn.login}:{conn.password}".encode()).decode())

    @task(retries=1, retry_delay=0, on_failure_callback=told, on_retry_callback=told)
    def raises():
        held = all_of_them()
        try:
            raise KeyError(held[0])
        except KeyError as error:
            raise RuntimeError("cannot log in with " + " ".join(held)) from error

    @task.bash(do_xcom_push=False)
    def bashes():
        return "echo " + " ".join("'" + one + "'" for one in all_of_them()) + "; false"

    BashOperator(
        task_id="renders", do_xcom_push=False,
        bash_command="echo {{ conn.canary.password | tojson }} {{ var.value.api_key | tojson }}; env; exit 1",
        env={"GIVEN": "{{ conn.canary.extra_dejson.token }}", "MORE": "{{ var.value.token_of_environment }}",
             "VAULT": "{{ var.value.token_of_vault }}{{ conn.of_vault.password }}"},
    )

    @task
    def renders_what_breaks():
        from jinja2 import Template
        Template("{{ 1 + x }}").render(x=all_of_them()[0])

    prints() >> raises()
    bashes()
    renders_what_breaks()
    if os.environ.get("DOCKER_HOST"):
        DockerOperator(
            task_id="docker", image="small:latest", network_mode="none", mount_tmp_dir=False, do_xcom_push=False,
            command="sh -c 'env; echo $GIVEN >&2; false'",
            environment={"GIVEN": "{{ conn.canary.password }}", "API_TOKEN": "{{ var.value.api_key }}"},
            private_environment={"PRIVATE": KEY},
        )
"""
# One that cannot be read, and says so with the secret.
BROKEN = """
from airflow.sdk import DAG, Variable
key = Variable.get("api_key")
raise ValueError("no DAG with " + key)
"""


def forms() -> list[bytes]:
    """What must be found nowhere."""
    found = [MARK.encode()]
    for secret in OF.values():
        found += [base64.b64encode(f"me:{secret}".encode())[4:-4], base64.b64encode(secret.encode())[:-4]]
    return found


@pytest.fixture
def place(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Place]:
    made = Place(tmp_path)
    vault = made.file("vault.json", json.dumps({
        "variables": {"token_of_vault": OF["backend"]},
        "connections": {"of_vault": f"http://me:{quote(OF['backend_conn'])}@h"},
    }))  # fmt: skip
    plugins = made.home.root / "plugins"
    plugins.mkdir()
    (plugins / "vault.py").write_text(BACKEND)
    made._environment |= {
        "AIRFLOW_VAR_TOKEN_OF_ENVIRONMENT": OF["environment"],
        "AIRFLOW_CONN_OF_ENVIRONMENT": f"http://me:{quote(OF['environment_conn'])}@h",
        "AIRFLOW__SECRETS__BACKEND": "vault.Vault",
        "AIRFLOW__SECRETS__BACKEND_KWARGS": json.dumps({"file": vault}),
        "DOCKER_HOST": request.getfixturevalue("engine"),
    }
    uri = f"http://me:{quote(OF['conn'], safe='')}@h/?token={quote(OF['extra'], safe='')}"
    assert made("connections", "set", "canary", "-", given=uri).status == 0
    assert made("variables", "set", "api_key", "-", given=OF["variable"]).status == 0
    (made.dags / "leaks.py").write_text(LEAKS)
    (made.dags / "broken.py").write_text(BROKEN)
    yield made
    made.end()


def test_a_canary_is_found_nowhere(place):
    said = place.up()
    assert said.status == 0, said.err
    port = int(said.json["url"].rpartition(":")[2])
    api = Api(place, port)
    until(lambda: api.get("importErrors")["total_entries"], "the broken file is told")
    until(lambda: api.ask("GET", "dags/leaks").status == 200, "the DAG is there")
    made = api.send("POST", "dags/leaks/dagRuns", {"logical_date": None, "note": "searched afterwards"})
    run_id = made["dag_run_id"]
    api.over("leaks", run_id)
    tasks = {t["task_id"]: t for t in api.get(f"dags/leaks/dagRuns/{run_id}/taskInstances")["task_instances"]}
    ended = {name: one["state"] for name, one in tasks.items()}
    assert ended.pop("prints") == "success", logs(api, run_id, "prints")
    assert set(ended.values()) == {"failed"}, ended
    assert tasks["raises"]["try_number"] == 2
    printed = logs(api, run_id, "prints")
    assert printed.count("***") > 10 * len(OF), printed
    assert "API_TOKEN=***" in logs(api, run_id, "docker")
    assert "cannot log in with ***" in logs(api, run_id, "raises")

    found = [path for path, body in answers(api, run_id) if leaks(body)]
    assert not found
    for verb in (("ls",), ("status", "leaks"), ("why", "leaks"), ("connections", "ls"), ("variables", "ls")):
        for more in ((), ("--json",)):
            told = place(*verb, *more)
            assert not leaks((told.out + told.err).encode()), verb
    place("down")
    left = [
        str(file.relative_to(place.home.root))
        for file in place.home.root.rglob("*")
        if file.is_file() and leaks(file.read_bytes())
    ]
    assert not left


def leaks(data: bytes) -> bool:
    return any(form in data for form in forms())


def logs(api: Api, run_id: str, task_id: str) -> str:
    path = f"dags/leaks/dagRuns/{run_id}/taskInstances/{task_id}/logs"
    return "\n".join(json.dumps(api.get(f"{path}/{n}"), ensure_ascii=False) for n in (1, 2) if has_try(api, path, n))


def has_try(api: Api, path: str, number: int) -> bool:
    return api.ask("GET", f"{path}/{number}").status == 200


def answers(api: Api, run_id: str) -> Iterator[tuple[str, bytes]]:
    """Of every operation that reads, for every name that the description asks for; and of those in the words of 2.x."""
    described = api.ask("GET", "/openapi.json")
    yield "/openapi.json", described.body
    pages = ("/", "/docs", "/docs.js", "/login", "/health")
    old = ("health", "connections", "variables", "eventLogs", f"dags/leaks/dagRuns/{run_id}/taskInstances")
    for path in (*pages, *(f"/api/v1/{one}" for one in old)):
        yield path, api.ask("GET", path).body
    tasks = [one["task_id"] for one in api.get("dags/leaks/tasks")["tasks"]]
    errors = [one["import_error_id"] for one in api.get("importErrors")["import_errors"]]
    known: dict[str, Iterable[Any]] = {
        "dag_id": ["leaks"],
        "task_id": tasks,
        "import_error_id": errors,
        "variable_key": ["api_key", "token_of_vault"],
        "connection_id": ["canary", "of_vault"],
        "pool_name": ["default_pool"],
        "xcom_key": ["return_value"],
        "event_log_id": range(1, 40),
        "version_number": [1],
        "dag_run_id": [run_id],
        "run_id": [run_id],
        "try_number": [1, 2],
        "task_try_number": [1, 2],
        "map_index": [-1],
    }
    asked = 0
    for path, methods in described.json["paths"].items():
        if "get" not in methods or path in WITHOUT_END:
            continue
        for filled in fillings(path, known):
            for accepted in ("application/json", "text/plain"):
                answer = api.ask("GET", filled, headers={"Accept": accepted})
                asked += answer.status == 200
                yield filled, answer.body
    assert asked > 100


def fillings(path: str, known: dict[str, Iterable[Any]]) -> Iterator[str]:
    name = re.search(r"\{([^}]+)\}", path)
    if name is None:
        yield path
        return
    for value in known.get(name[1].partition(":")[0], [1]):
        yield from fillings(path.replace(name[0], quote(str(value), safe="")), known)
