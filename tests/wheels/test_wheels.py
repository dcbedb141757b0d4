"""Official provider wheels, installed without Airflow, on our layer: they import, and they work on real services."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from tests.services.conftest import answers, engine, postgres, s3_address  # noqa: F401  (fixtures)

from .building import TOP, environment
from .cluster import Cluster

pytestmark = pytest.mark.slow
DATE = "2024-02-03"

# What a module needs beyond its wheel's own requirements, and does not bring: another provider, or an extra. Airflow
# itself cannot import these modules without it either.
FOR_MORE = (
    *(
        "google",
        "ftp",
        "microsoft-azure",
        "exasol",
        "apache-hive",
        "imap",
        "mongo",
        "salesforce",
        "openlineage",
        "duckdb",
    ),
    *("common.messaging", "python3-saml", "bson"),
    "fastapi",  # the login of Airflow's own website
)


@pytest.fixture(scope="session")
def python():
    return environment()


@pytest.fixture
def ran(python):
    def run(text, connections=None, **environ):
        done = subprocess.run(
            [python, "-m", "tests.wheels.driver"],
            input=json.dumps({"text": text, "connections": connections or {}, "date": DATE}),
            capture_output=True,
            text=True,
            cwd=TOP,
            env={**os.environ, **environ},
            timeout=300,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        result = json.loads(done.stdout.splitlines()[-1])
        result["log"] = done.stdout + done.stderr
        return result

    return run


def of_wheel(result, *task_ids):
    return all(result["classes"][task_id].startswith("airflow.providers.") for task_id in task_ids)


def test_every_module_imports(python, capsys):
    done = subprocess.run(
        [python, "-m", "tests.wheels.driver"], input='{"import": 1}', capture_output=True, text=True, cwd=TOP
    )
    answer = json.loads(done.stdout.splitlines()[-1])
    unexplained = {
        name: why
        for name, why in answer["failed"].items()
        if not any(f"providers-{more}" in why or f"'{more}'" in why or f"{more} library" in why for more in FOR_MORE)
    }
    with capsys.disabled():
        print(f"\n{answer['count'] - len(answer['failed'])} of {answer['count']} modules of the wheels import")
        for name, why in sorted(answer["failed"].items()):
            print(f"  not {name}: {why[:110]}")
    assert not unexplained
    assert answer["count"] > 500


def test_s3(ran, s3_address, tmp_path):  # noqa: F811
    (tmp_path / "local.csv").write_text("1\n")
    extra = json.dumps({"endpoint_url": s3_address, "region_name": "eu-west-1"})
    result = ran(
        f"""
from airflow import DAG
from airflow.operators.python import PythonOperator
from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from airflow.providers.amazon.aws.operators.s3 import (
    S3CopyObjectOperator, S3CreateBucketOperator, S3CreateObjectOperator, S3DeleteObjectsOperator, S3ListOperator,
)
from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor
from airflow.providers.amazon.aws.transfers.local_to_s3 import LocalFilesystemToS3Operator

def read():
    return S3Hook.__module__, S3Hook().read_key("day=2024-02-03", "wheel")

with DAG("d", schedule=None):
    make = S3CreateBucketOperator(task_id="make", bucket_name="wheel")
    put = S3CreateObjectOperator(task_id="put", s3_bucket="wheel", s3_key="day={{{{ ds }}}}", data="{{{{ ds }}}}")
    up = LocalFilesystemToS3Operator(task_id="up", filename={str(tmp_path / "local.csv")!r}, dest_key="s3://wheel/up")
    wait = S3KeySensor(task_id="wait", bucket_key="s3://wheel/*", wildcard_match=True, poke_interval=0)
    keys = S3ListOperator(task_id="keys", bucket="wheel")
    read = PythonOperator(task_id="read", python_callable=read)
    drop = S3DeleteObjectsOperator(task_id="drop", bucket="wheel", keys=keys.output)
    left = S3ListOperator(task_id="left", bucket="wheel")
    make >> [put, up] >> wait >> keys >> read >> drop >> left
""",
        {"aws_default": {"conn_type": "aws", "login": "key", "password": "the secret", "extra": extra}},
    )
    assert result["state"] == "success", result["errors"]
    assert of_wheel(result, "make", "put", "up", "wait", "keys", "drop")
    assert result["values"]["keys"] == "['day=2024-02-03', 'up']"
    assert result["values"]["read"] == "('airflow.providers.amazon.aws.hooks.s3', '2024-02-03')"
    assert result["values"]["left"] == "[]"


def test_postgres_and_sql(ran, postgres):  # noqa: F811
    result = ran(
        """
from airflow import DAG
from airflow.decorators import task
from airflow.operators.postgres_operator import PostgresOperator
from airflow.operators.python import PythonOperator
from airflow.providers.common.sql.operators.sql import (
    BranchSQLOperator, SQLCheckOperator, SQLColumnCheckOperator, SQLExecuteQueryOperator, SQLInsertRowsOperator,
)
from airflow.providers.common.sql.sensors.sql import SqlSensor
from airflow.providers.postgres.hooks.postgres import PostgresHook

def read():
    hook = PostgresHook()
    hook.insert_rows("words", [(9, "nine")], target_fields=["n", "word"])
    found = hook.get_records("SELECT * FROM words WHERE n > 1 ORDER BY n")
    return PostgresHook.__module__, found, hook.get_first("SELECT 1")

with DAG("d", schedule=None, default_args={"conn_id": "postgres_default"}):
    make = SQLExecuteQueryOperator(task_id="make", split_statements=True, sql='''
        DROP TABLE IF EXISTS words; CREATE TABLE words (n INT, word TEXT); INSERT INTO words VALUES (1, '{{ ds }}')''')
    rows = SQLExecuteQueryOperator(task_id="rows", sql="SELECT word FROM words")
    old = PostgresOperator(task_id="old", sql="SELECT count(*) FROM words")
    check = SQLCheckOperator(task_id="check", sql="SELECT count(*) FROM words")
    column = SQLColumnCheckOperator(task_id="column", table="words", column_mapping={"n": {"min": {"geq_to": 1}}})
    insert = SQLInsertRowsOperator(task_id="insert", table_name="words", columns=["n", "word"], rows=[(5, "five")])
    wait = SqlSensor(task_id="wait", sql="SELECT n FROM words WHERE n = 5", poke_interval=0)
    read = PythonOperator(task_id="read", python_callable=read)
    branch = BranchSQLOperator(task_id="branch", sql="SELECT true", follow_task_ids_if_true=["yes"],
                               follow_task_ids_if_false=["no"])

    @task.sql(conn_id="postgres_default")
    def written():
        return "SELECT 42"

    make >> rows >> old >> check >> column >> insert >> wait >> read >> branch
    branch >> [PythonOperator(task_id=name, python_callable=print) for name in ("yes", "no")]
    read >> written()
""",
        {"postgres_default": postgres},
    )
    assert result["state"] == "success", result["errors"]
    assert of_wheel(result, "make", "rows", "check", "column", "insert", "wait", "branch", "written")
    assert result["classes"]["old"] == "venturi.sdk.services.sql"
    assert result["values"]["rows"] == "[('2024-02-03',)]"
    assert result["values"]["old"] == "[(1,)]"
    assert result["values"]["read"] == (
        "('airflow.providers.postgres.hooks.postgres', [(5, 'five'), (9, 'nine')], (1,))"
    )
    assert (result["states"]["yes"], result["states"]["no"]) == ("success", "skipped")
    assert result["values"]["written"] == "[(42,)]"


def test_sqlite(ran, tmp_path):
    result = ran(
        """
from airflow import DAG
from airflow.operators.python import PythonOperator
from airflow.operators.sqlite_operator import SqliteOperator
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.providers.sqlite.hooks.sqlite import SqliteHook

def frame():
    return SqliteHook.__module__, SqliteHook().get_df("SELECT * FROM t")["n"].tolist()

with DAG("d", schedule=None):
    make = SqliteOperator(task_id="make", sql=["CREATE TABLE t (n INT)", "INSERT INTO t VALUES (3)"])
    rows = SQLExecuteQueryOperator(task_id="rows", conn_id="sqlite_default", sql="SELECT n FROM t")
    make >> rows >> PythonOperator(task_id="frame", python_callable=frame)
""",
        {"sqlite_default": {"conn_type": "sqlite", "host": str(tmp_path / "t.db")}},
    )
    assert result["state"] == "success", result["errors"]
    assert result["values"]["rows"] == "[(3,)]"
    assert result["values"]["frame"] == "('airflow.providers.sqlite.hooks.sqlite', [3])"


def test_docker(ran, engine, tmp_path):  # noqa: F811
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "there").touch()
    result = ran(
        f"""
import sys
from airflow import DAG
from airflow.decorators import task
from airflow.providers.docker.operators.docker import DockerOperator
from docker.types import Mount

common = {{"network_mode": "none", "mount_tmp_dir": False}}
with DAG("d", schedule=None):
    DockerOperator(task_id="echo", image="small", command="echo {{{{ ds }}}} $A", auto_remove=True,
                   environment={{"A": "{{{{ ds }}}}"}}, **common)
    DockerOperator(task_id="volume", image="small", command="ls /in", volumes=["{tmp_path}/data:/in:ro"],
                   auto_remove="force", **common)
    DockerOperator(task_id="skip", image="small", command=["sh", "-c", "exit 3"], auto_remove=False,
                   skip_on_exit_code=3, **common)
    seen = ["/usr", "/lib", "/lib64", sys.base_prefix]
    mounts = [Mount(place, place, type="bind", read_only=True) for place in seen]

    @task.docker(image="small", auto_remove="force", python_command=sys.base_prefix + "/bin/python3", mounts=mounts,
                 entrypoint="", **common)
    def add(x):
        return x + 1

    add(1)
""",
        DOCKER_HOST=engine,
    )
    assert of_wheel(result, "echo", "volume", "skip", "add")
    assert result["values"]["echo"] == "'2024-02-03 $A'", result["errors"]
    assert result["values"]["volume"] == "'there'", result["errors"]
    assert result["states"]["skip"] == "skipped"
    # The wheel's @task.docker starts `bash`, which the small image has not: it is told, and nothing hangs.
    assert result["states"]["add"] == "success" or "bash" in result["errors"]["add"]


def test_http_and_slack(ran, answers):  # noqa: F811
    answers.answer = lambda asked: (200, {"ok": True, "path": asked["path"], "body": asked["body"]})
    here = {"host": "127.0.0.1", "port": answers.port}
    slack = json.dumps({"base_url": f"http://127.0.0.1:{answers.port}/api/"})
    result = ran(
        f"""
from airflow import DAG
from airflow.operators.http_operator import SimpleHttpOperator
from airflow.operators.slack_operator import SlackAPIPostOperator
from airflow.providers.http.operators.http import HttpOperator
from airflow.providers.http.sensors.http import HttpSensor

with DAG("d", schedule=None):
    HttpOperator(task_id="get", method="GET", endpoint="x", data={{"d": "{{{{ ds }}}}"}},
                 response_filter=lambda response, ds: [response.json()["path"], ds])
    SimpleHttpOperator(task_id="old", endpoint="x", data="body")
    HttpSensor(task_id="wait", endpoint="x", response_check=lambda response, ti: ti.task_id == "wait", poke_interval=0)
    HttpOperator(task_id="deferred", method="GET", endpoint="later", deferrable=True)
    SlackAPIPostOperator(task_id="slack", channel="#c", text="{{{{ ds }}}}")
    SlackAPIPostOperator(task_id="token", channel="#c", text="hello", token="xoxb-secret",
                         base_url="http://127.0.0.1:{answers.port}/api/")
""",
        {
            "http_default": {"conn_type": "http", **here},
            "slack_api_default": {"conn_type": "slack", "password": "xoxb-1", "extra": slack},
        },
    )
    assert result["state"] == "success", result["errors"]
    assert of_wheel(result, "get", "wait", "deferred", "slack", "token")
    assert result["values"]["get"] == "['/x?d=2024-02-03', '2024-02-03']"
    assert '"body": "body"' in result["values"]["old"]
    assert '"path": "/later"' in result["values"]["deferred"]
    posts = {asked["headers"]["Authorization"]: asked["body"] for asked in answers.asked if "chat" in asked["path"]}
    assert set(posts) == {"Bearer xoxb-1", "Bearer xoxb-secret"}
    assert "2024-02-03" in posts["Bearer xoxb-1"]
    assert "xoxb-secret" in result["masked"]


def test_smtp(ran):
    class Kept:
        def __init__(self):
            self.mails = []

        async def handle_DATA(self, server, session, envelope):
            self.mails.append(envelope.content)
            return "250 kept"

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    kept = Kept()
    server = Controller(kept, hostname="127.0.0.1", port=port)
    server.start()
    try:
        extra = json.dumps({"disable_ssl": True, "disable_tls": True, "from_email": "me@example.com"})
        result = ran(
            """
from airflow import DAG
from airflow.operators.email import EmailOperator as CoreEmail
from airflow.operators.python import PythonOperator
from airflow.providers.smtp.notifications.smtp import SmtpNotifier
from airflow.providers.smtp.operators.smtp import EmailOperator

def notify(**context):
    SmtpNotifier(to="n@example.com", subject="note {{ ds }}", html_content="h")(context)

with DAG("d", schedule=None):
    EmailOperator(task_id="wheel", to=["a@example.com"], subject="wheel {{ ds }}", html_content="<b>x</b>")
    CoreEmail(task_id="core", to="a@example.com", subject="core {{ ds }}", html_content="<b>x</b>")
    PythonOperator(task_id="notify", python_callable=notify)
""",
            {"smtp_default": {"conn_type": "smtp", "host": "127.0.0.1", "port": port, "extra": extra}},
        )
    finally:
        server.stop()
    assert result["state"] == "success", result["errors"]
    assert of_wheel(result, "wheel")
    subjects = sorted(line for mail in kept.mails for line in mail.decode().splitlines() if line.startswith("Subject:"))
    assert subjects == [f"Subject: {word} 2024-02-03" for word in ("core", "note", "wheel")]


@pytest.fixture
def sshd(tmp_path):
    """A server of our own with keys of its own; the fields of a connection to it."""
    program = shutil.which("sshd") or shutil.which("/usr/sbin/sshd")
    if program is None:
        pytest.skip("openssh-server is not installed")
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {tmp_path}/host\nAuthorizedKeysFile {tmp_path}/user.pub\n"
        "StrictModes no\nPasswordAuthentication no\nPermitRootLogin yes\nPidFile none\nUsePAM no\n"
        "Subsystem sftp internal-sftp\n"
    )
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where it separates its privileges
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen([program, "-D", "-e", "-f", tmp_path / "config"], stderr=log, stdout=log)
    give_up_at = time.monotonic() + 60
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            break
        assert server.poll() is None, (tmp_path / "log").read_text()
        assert time.monotonic() < give_up_at
        time.sleep(0.05)
    extra = json.dumps({"key_file": str(tmp_path / "user"), "no_host_key_check": True})
    yield {"conn_type": "ssh", "host": "127.0.0.1", "port": port, "login": getpass.getuser(), "extra": extra}
    server.terminate()
    server.wait()


def test_ssh(ran, sshd, tmp_path):
    result = ran(
        f"""
from base64 import b64decode
from airflow import DAG
from airflow.contrib.operators.ssh_operator import SSHOperator as Old
from airflow.operators.python import PythonOperator
from airflow.providers.ssh.hooks.ssh import SSHHook
from airflow.providers.ssh.operators.ssh import SSHOperator

def copy():
    with SSHHook("there").get_conn() as client, client.open_sftp() as files:
        with files.open({str(tmp_path / "copied")!r}, "w") as file:
            file.write("over sftp")

with DAG("d", schedule=None, default_args={{"ssh_conn_id": "there"}}):
    said = SSHOperator(task_id="said", command="echo on {{{{ ds }}}}; id -un")
    fails = Old(task_id="fails", command="exit 7", timeout=20)
    read = PythonOperator(task_id="read", python_callable=lambda said: b64decode(said).decode(), op_args=[said.output])
    PythonOperator(task_id="copy", python_callable=copy)
""",
        {"there": sshd},
    )
    assert result["classes"]["said"] == result["classes"]["fails"] == "airflow.providers.ssh.operators.ssh"
    assert result["values"]["read"] == repr(f"on 2024-02-03\n{getpass.getuser()}\n"), result["errors"]
    assert "exit status = 7" in result["errors"]["fails"]
    assert (tmp_path / "copied").read_text() == "over sftp"


POD = """
from airflow import DAG
from airflow.contrib.operators.kubernetes_pod_operator import KubernetesPodOperator as Old
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator

with DAG("d", schedule=None):
    KubernetesPodOperator(
        task_id="pod", name="work", namespace="default", image="busybox", cmds=["echo"], arguments=["{{ ds }}"],
        env_vars={"DAY": "{{ ds }}"}, kubernetes_conn_id="cluster", is_delete_operator_pod=True,
        resources={"request_memory": "64Mi"}, image_pull_secrets="first,second",
    )
"""


@pytest.mark.parametrize("exit_code", [0, 1])
def test_a_pod(ran, tmp_path, exit_code):
    cluster = Cluster("2024-02-03T00:00:00.5Z said by the pod\n", exit_code)
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
        "clusters": [{"name": "here", "cluster": {"server": cluster.address}}],
        "users": [{"name": "me", "user": {}}],
    }
    (tmp_path / "config").write_text(json.dumps(config))
    with contextlib.closing(cluster):
        extra = json.dumps({"kube_config_path": str(tmp_path / "config")})
        result = ran(POD, {"cluster": {"conn_type": "kubernetes", "extra": extra}})
    assert of_wheel(result, "pod")
    assert result["states"]["pod"] == ("failed" if exit_code else "success"), result["errors"]
    (pod,) = cluster.made
    (container,) = pod["spec"]["containers"]
    assert container["args"] == ["2024-02-03"]
    assert {"name": "DAY", "value": "2024-02-03"} in container["env"]
    assert container["resources"]["requests"] == {"memory": "64Mi"}
    assert pod["spec"]["imagePullSecrets"] == [{"name": "first"}, {"name": "second"}]
    assert pod["metadata"]["labels"]["dag_id"] == "d"
    assert pod["metadata"]["labels"]["task_id"] == "pod"
    assert cluster.deleted == [pod["metadata"]["name"]]
    assert "said by the pod" in result["log"]


def test_the_standard_wheels_own_classes_work_too(ran, tmp_path):
    # Under their own path ours come first; behind them stand the wheel's.
    (tmp_path / "there").touch()
    result = ran(
        f"""
from airflow import DAG
from venturi.airflow.wheels import behind

def own(module, name):
    return getattr(behind("airflow.providers.standard." + module), name)

def choose(**context):
    return "left"

with DAG("d", schedule=None):
    bash = own("operators.bash", "BashOperator")(
        task_id="bash", bash_command="echo {{{{ ds }}}}; echo $AIRFLOW_CTX_TASK_ID")
    python = own("operators.python", "PythonOperator")(
        task_id="python", python_callable=lambda ti, ds, word: [ds, word, ti.xcom_pull(task_ids="bash")],
        op_kwargs={{"word": "{{{{ ti.task_id }}}}"}})
    branch = own("operators.python", "BranchPythonOperator")(task_id="branch", python_callable=choose)
    left, right = [own("operators.empty", "EmptyOperator")(task_id=name) for name in ("left", "right")]
    stop = own("operators.python", "ShortCircuitOperator")(task_id="stop", python_callable=lambda: False)
    never = own("operators.smooth", "SmoothOperator")(task_id="never")
    wait = own("sensors.filesystem", "FileSensor")(
        task_id="wait", filepath={str(tmp_path / "there")!r}, poke_interval=0)
    asked = own("sensors.python", "PythonSensor")(task_id="asked", python_callable=lambda: True, poke_interval=0)
    day = own("operators.weekday", "BranchDayOfWeekOperator")(
        task_id="day", week_day="Saturday", use_task_logical_date=True, follow_task_ids_if_true="weekend",
        follow_task_ids_if_false="working")
    weekend, working = [own("operators.empty", "EmptyOperator")(task_id=name) for name in ("weekend", "working")]
    bash >> python >> branch >> [left, right]
    stop >> never
    day >> [weekend, working]
""",
        {"fs_default": {"conn_type": "fs"}},
    )
    assert all(module.startswith("airflow.providers.standard.") for module in result["classes"].values())
    assert result["state"] == "success", result["errors"]
    assert result["values"]["python"] == "['2024-02-03', 'python', 'bash']"
    skipped = {task_id for task_id, state in result["states"].items() if state == "skipped"}
    assert skipped == {"right", "never", "working"}


def test_a_file_of_wheels_runs_in_processes(python, s3_address, postgres, tmp_path):  # noqa: F811
    file = tmp_path / "flow.py"
    file.write_text("""
from airflow import DAG
from airflow.operators.python import PythonOperator
from airflow.providers.amazon.aws.operators.s3 import S3CreateBucketOperator, S3CreateObjectOperator, S3ListOperator
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator

with DAG("of_wheels", schedule=None):
    make = S3CreateBucketOperator(task_id="make", bucket_name="in-processes")
    put = S3CreateObjectOperator(task_id="put", s3_bucket="in-processes", s3_key="one", data="{{ run_id }}")
    keys = S3ListOperator(task_id="keys", bucket="in-processes")
    rows = SQLExecuteQueryOperator(
        task_id="rows", conn_id="postgres_default", sql="SELECT {{ ti.xcom_pull('keys') | length }}")
    said = PythonOperator(task_id="said", python_callable=print, op_args=["rows:", rows.output])
    make >> put >> keys >> rows >> said
""")
    aws = {"conn_type": "aws", "login": "k", "password": "s", "extra": {"endpoint_url": s3_address}}
    done = subprocess.run(
        [python, "-m", "venturi.cli", "run", str(file), "--home", str(tmp_path / "home")],
        env={
            **os.environ,
            "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(aws),
            "AIRFLOW_CONN_POSTGRES_DEFAULT": json.dumps(postgres),
            "AWS_DEFAULT_REGION": "us-east-1",
        },
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "rows: [(1,)]" in next((tmp_path / "home").rglob("logs/**/said/*.log")).read_text()
