"""DockerOperator and @task.docker on a real engine, and what is said where none answers."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from venturi.sdk.services.docker import as_argument, lines_of, removal
from venturi.sdk.services.docker_engine import DockerHook

HEAD = """
from airflow import DAG
from airflow.providers.docker.operators.docker import DockerOperator
from docker.types import Mount

common = {"image": "small:latest", "network_mode": "none", "mount_tmp_dir": False}
with DAG("d", schedule=None):
"""


@pytest.fixture
def ran(running, engine, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", engine)

    def run(tasks, **more):
        return running(HEAD + textwrap.indent(textwrap.dedent(tasks), "    "), **more)

    run.folder, run.store = running.folder, running.store
    return run


@pytest.fixture
def containers(engine):
    """Every container of the engine by name; gone after the test."""
    client = DockerHook(None, engine).get_conn()

    def found():
        return {c["Names"][0].lstrip("/"): c["State"] for c in client.containers(all=True)}

    yield found
    for name in found():
        client.remove_container(name, force=True)


def test_the_last_line_of_the_output_is_the_value_and_the_log_has_all(ran, containers, caplog):
    # S3.15, S3.16: the command's words pass through untouched.
    caplog.set_level("INFO")
    result = ran(
        """
        DockerOperator(task_id="t", command="echo --criterion cross_entropy {{ ds }}", **common)
        DockerOperator(task_id="all", command=["sh", "-c", "echo one; echo two"], xcom_all=True, **common)
        DockerOperator(task_id="none", command="true", **common)
        """,
        logical_date="2024-02-03",
    )
    assert result.state == "success", result.errors
    assert result.value("t") == "--criterion cross_entropy 2024-02-03"
    assert result.value("all") == ["one", "two"]
    assert result.value("none") is None
    assert "one" in caplog.messages


@pytest.mark.slow
def test_quotes_in_a_command_survive(ran, containers):
    # S3.u1
    result = ran(
        """DockerOperator(task_id="t", command="sh -c 'echo a && echo \\"b  c\\"'", xcom_all=True, **common)"""
    )
    assert result.value("t") == ["a", "b  c"], result.errors


def test_environment_is_given_and_its_secrets_are_masked(ran, containers):
    # S3.18, S3.24, S3.u2
    result = ran(
        """
        DockerOperator(task_id="t", command="env", xcom_all=True, **common,
                       environment={"AWS_SECRET_ACCESS_KEY": "hidden one", "REGION": "{{ ds }}"},
                       private_environment={"OTHER": "hidden two"})
        """,
        logical_date="2024-02-03",
    )
    assert {"AWS_SECRET_ACCESS_KEY=hidden one", "REGION=2024-02-03", "OTHER=hidden two"} <= set(result.value("t"))
    assert {"hidden one", "hidden two"} <= set(result.store.masked)
    assert "2024-02-03" not in result.store.masked


def test_a_mounted_folder_is_written_by_the_container(ran, containers, tmp_path):
    # S4.12, S4.18, S4.u3: relative to the DAG file, and templated.
    folder = tmp_path / "data" / "2024-02-03"
    folder.mkdir(parents=True)
    result = ran(
        """
        DockerOperator(task_id="t", command="touch /out/result",
                       mounts=[Mount("/out", "data/{{ ds }}", type="bind")], **common)
        """,
        logical_date="2024-02-03",
    )
    assert result.state == "success", result.errors
    assert (folder / "result").exists()
    old = ran('DockerOperator(task_id="t", command="ls /out", volumes=["./data/2024-02-03:/out:ro"], **common)')
    assert old.value("t") == "result", old.errors


@pytest.mark.slow
def test_a_mount_source_that_is_not_there_is_explained(ran, containers, tmp_path):
    result = ran(
        """DockerOperator(task_id="t", command="true", mounts=[Mount("/out", "nothing", type="bind")], **common)"""
    )
    assert (
        f"The mount source {tmp_path}/nothing ('nothing', from the DAG file's folder)"
        in result.errors["t", -1]["message"]
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("given", "after_success", "after_failure"),
    [
        ("'never'", 1, 1),
        ("False", 1, 1),
        ("'success'", 0, 1),
        ("True", 0, 1),
        ("'force'", 0, 0),
    ],
)
def test_containers_are_removed_as_auto_remove_says(ran, containers, given, after_success, after_failure):
    ran(f'DockerOperator(task_id="t", command="true", auto_remove={given}, **common)')
    assert len(containers()) == after_success
    result = ran(f'DockerOperator(task_id="t", command="false", auto_remove={given}, **common)', run_id="other")
    assert result.state_of("t") == "failed"
    assert len(containers()) == after_success + after_failure


@pytest.mark.slow
def test_an_exit_code_fails_or_skips(ran, containers):
    result = ran("""
        DockerOperator(task_id="fails", command="sh -c 'exit 3'", **common)
        DockerOperator(task_id="skips", command="sh -c 'exit 3'", skip_on_exit_code=3, **common)
        """)
    assert "ended with exit code 3" in result.errors["fails", -1]["message"]
    assert result.state_of("skips") == "skipped"


@pytest.mark.slow
def test_who_where_and_how_much(ran, containers):
    # S3.22
    result = ran("""
        DockerOperator(task_id="t", command="-c 'id; pwd; cat /sys/fs/cgroup/memory/memory.limit_in_bytes "
                       "/sys/fs/cgroup/memory.max; echo end'", entrypoint="sh", user="1234", working_dir="/tmp",
                       mem_limit="64m", cpus=0.5, hostname="box", xcom_all=True, **common)
        """)
    lines = result.value("t")
    assert any("uid=1234" in line for line in lines), (lines, result.errors)
    assert "/tmp" in lines
    assert str(64 * 1024 * 1024) in lines


@pytest.mark.slow
def test_the_temporary_folder_is_mounted(ran, containers):
    result = ran("""
        DockerOperator(task_id="t", image="small", command="sh -c 'ls -d $AIRFLOW_TMP_DIR'", network_mode="none")
        """)
    assert result.value("t") == "/tmp/airflow", result.errors


@pytest.mark.slow
def test_a_name_taken_by_an_ended_container_of_ours_is_free_again(ran, containers):
    text = 'DockerOperator(task_id="t", command="false", container_name="loader", retries=1, **common)'
    assert ran(text).tries["t", -1] == 2
    assert ran(text, run_id="next").state_of("t") == "failed"
    assert "exit code 1" in ran(text, run_id="third").errors["t", -1]["message"]
    assert containers() == {"loader": "exited"}


@pytest.mark.slow
def test_an_image_that_is_nowhere_is_one_sentence(ran):
    result = ran('DockerOperator(task_id="t", image="nothing.invalid/there:1", command="true")')
    assert "is not on the engine and cannot be pulled" in result.errors["t", -1]["message"]


@pytest.mark.slow
def test_a_command_that_is_not_in_the_image_is_one_sentence(ran, containers):
    result = ran('DockerOperator(task_id="t", command="python3", **common)')
    assert "The container of image 'small:latest' cannot be started" in result.errors["t", -1]["message"]


def test_an_engine_that_does_not_answer_is_one_sentence(running, tmp_path):
    # S4.17
    result = running(
        HEAD + f'    DockerOperator(task_id="t", command="true", docker_url="unix://{tmp_path}/none.sock", **common)'
    )
    message = result.errors["t", -1]["message"]
    assert message.startswith("No Docker engine answers (unix://")
    assert "DOCKER_HOST" in message


@pytest.mark.slow
def test_an_old_api_version_is_given_up_for_the_engines_own(ran, containers):
    result = ran('DockerOperator(task_id="t", command="echo fine", api_version="1.30", **common)')
    assert result.value("t") == "fine", result.errors


PATIENT = """
import os
from airflow import DAG
from airflow.providers.docker.operators.docker import DockerOperator

with DAG("d", schedule=None):
    DockerOperator(task_id="t", image="small", network_mode="none", mount_tmp_dir=False, container_name="patient",
                   command="sh -c 'echo begun; sleep 600'", auto_remove=os.environ["REMOVAL"])
"""


@pytest.mark.slow
@pytest.mark.parametrize("removal", ["never", "success", "force"])
def test_a_task_told_to_end_takes_its_container_with_it(engine, containers, tmp_path, removal):
    program = textwrap.dedent(f"""
        import sys
        from pathlib import Path
        from tests.sdk.loading import load
        from venturi.testing import run_dag
        import logging
        logging.basicConfig(level="INFO", stream=sys.stdout, format="%(message)s")
        run_dag(load(Path({str(tmp_path)!r}), {PATIENT!r}).dag)
        """)
    task = subprocess.Popen(
        [sys.executable, "-u", "-c", program],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "DOCKER_HOST": engine, "REMOVAL": removal},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert task.stdout is not None
    for line in task.stdout:
        if line.strip() == "begun":
            break
    assert containers() == {"patient": "running"}
    task.send_signal(signal.SIGTERM)
    task.communicate(timeout=60)
    assert containers() == {}


@pytest.mark.slow
def test_what_a_killed_attempt_left_is_removed_by_the_next(ran, engine, containers):
    client = DockerHook(None, engine).get_conn()
    left = client.create_container("small", ["sleep", "600"], labels={"venturi.task": "d/again/t/-1"}, name="left")
    client.start(left["Id"])
    result = ran('DockerOperator(task_id="t", command="echo new", auto_remove=True, **common)', run_id="again")
    assert result.value("t") == "new", result.errors
    assert containers() == {}


def test_a_file_with_mounts_loads_without_the_docker_package(tmp_path):
    # S4.u3: the stand-in gives what the package gives, and stands in for nothing else. A project's folder of that name
    # is not the package.
    (tmp_path / "project" / "docker").mkdir(parents=True)
    text = (
        HEAD + '    DockerOperator(task_id="t", command="true", mounts=[Mount("/out", "data", type="bind")], **common)'
    )
    program = textwrap.dedent(f"""
        import sys
        from pathlib import Path
        from tests.sdk.loading import load
        from venturi.airflow import importer
        from venturi.testing import run_dag
        importer.install()
        try:
            import docker
        except ImportError as error:
            print(error)
        sys.path.append({str(tmp_path / "project")!r})
        loaded = load(Path({str(tmp_path)!r}), {text!r})
        print(dict(loaded.dag.task_dict["t"].mounts[0]))
        print(run_dag(loaded.dag).errors["t", -1]["message"])
        """)
    top = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],  # without what is installed
        env={"PYTHONPATH": f"{top}:{top / 'src'}"},
        capture_output=True,
        text=True,
    )
    from docker.types import Mount

    assert done.stdout.splitlines() == [
        "No module named 'docker'",
        str(dict(Mount("/out", "data", type="bind"))),
        "A Docker task needs the package 'docker', which is not installed here. "
        "Add the line 'docker' to the requirements.txt of its bundle, or install it beside Venturi.",
    ], done.stderr


def test_lines_are_whole_however_the_output_is_cut():
    data = "eins\nzwölf\r\nlast".encode()
    for cut in range(1, 8):
        pieces = [data[at : at + cut] for at in range(0, len(data), cut)]
        assert list(lines_of(pieces)) == ["eins", "zwölf", "last"]


def test_words_of_auto_remove():
    assert [removal(given) for given in (True, False, "force")] == ["success", "never", "force"]
    with pytest.raises(ValueError, match="give 'never', 'success' or 'force'"):
        removal("always")


def test_a_list_written_as_text_is_a_list():
    assert as_argument("['a', 'b c']") == ["a", "b c"]
    assert as_argument("plain [x]") == "plain [x]"


TASKFLOW = """
import sys
from airflow.decorators import dag, task
from docker.types import Mount

seen = ["/usr", "/lib", "/lib64", sys.base_prefix]
common = {
    "image": "small", "network_mode": "none", "mount_tmp_dir": False,
    "python_command": sys.base_prefix + "/bin/python3",
    "mounts": [Mount(place, place, type="bind", read_only=True) for place in seen], "auto_remove": "force",
}

@dag(schedule=None)
def d():
    @task
    def numbers():
        return [1, 2, 3]

    @task.docker(**common)
    def total(values, *, factor=1):
        import os
        print("in", os.uname().nodename)
        return {"total": sum(values) * factor, "pid": os.getpid()}

    @task.docker(multiple_outputs=True, user="1234", **common)
    def fails(value):
        raise ValueError("no " + str(value))

    made = total(numbers(), factor=10)
    made >> fails(1)

d()
"""


@pytest.mark.slow
def test_a_function_runs_in_a_container_with_its_arguments_and_result(running, engine, containers, monkeypatch, caplog):
    caplog.set_level("INFO")
    monkeypatch.setenv("DOCKER_HOST", engine)
    result = running(TASKFLOW)
    assert result.value("total")["total"] == 60, result.errors
    assert result.value("total")["pid"] == 1
    assert result.state_of("fails") == "failed"
    assert "ValueError: no 1" in caplog.messages
    assert containers() == {}
