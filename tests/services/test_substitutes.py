"""What stands for a container where no engine answers: declared beside the DAG file, said aloud, otherwise alike."""

import os
import select
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from venturi.sdk.services.substitutes import Paths, arguments, declared

HEAD = """
import os
import select
from airflow import DAG
from airflow.providers.docker.operators.docker import DockerOperator
from docker.types import Mount

common = {"image": "loader", "network_mode": "none", "mount_tmp_dir": False, "api_version": "1.30"}
with DAG("d", schedule=None):
"""


@pytest.fixture
def stands(tmp_path):
    """The table of a bundle that has one folder for the image; more lines by name."""

    def write(*lines, image="loader:latest", folder="image"):
        (tmp_path / "image").mkdir(exist_ok=True)
        (tmp_path / "data").mkdir(exist_ok=True)
        text = f'[containers."{image}"]\nfolder = "{folder}"\n' + "\n".join(lines)
        (tmp_path / "venturi.toml").write_text(text)

    write()
    return write


@pytest.fixture
def ran(running, stands, tmp_path, monkeypatch, caplog):
    """Where there is no engine."""
    caplog.set_level("INFO")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")

    def run(tasks, **more):
        return running(HEAD + textwrap.indent(textwrap.dedent(tasks), "    "), **more)

    return run


def message_of(result, task_id="t"):
    return result.errors[task_id, -1]["message"]


def test_the_command_runs_in_its_folder_with_the_mounts_as_folders_and_says_so(ran, tmp_path, caplog):
    # S4.9, S4.12, S4.18, S4.u3: the DAG file is the one that an engine would run.
    (tmp_path / "image" / "load.py").write_text(
        "import os, sys\nprint(os.getcwd())\nprint(sys.argv[1:])\nopen(sys.argv[2], 'w').write('loaded')\n"
    )
    result = ran(
        """
        DockerOperator(task_id="t", command="python load.py --to /opt/data/{{ ds }}.csv --not=/my/opt/data", **common,
                       mounts=[Mount("/opt/data/", "data", type="bind")], xcom_all=True)
        """,
        logical_date="2024-02-03",
    )
    assert result.state == "success", result.errors
    file = tmp_path / "data" / "2024-02-03.csv"
    assert file.read_text() == "loaded"
    assert result.value("t") == [str(tmp_path / "image"), str(["--to", str(file), "--not=/my/opt/data"])]
    (told,) = [line for line in caplog.messages if "stands for" in line]
    assert told.startswith("No Docker engine answers (unix://")
    assert f"{tmp_path}/image stands for the image 'loader', as {tmp_path}/venturi.toml says" in told
    assert f"/opt/data is {tmp_path}/data" in told


def test_the_last_line_is_the_value_and_quotes_survive(ran):
    # S3.u1
    result = ran("""
        DockerOperator(task_id="t", command="sh -c 'echo a && echo \\"b  c\\"'", **common)
        DockerOperator(task_id="none", command="true", **common)
        DockerOperator(task_id="entry", entrypoint="echo first", command=["second"], **common)
        """)
    assert result.value("t") == "b  c", result.errors
    assert result.value("none") is None
    assert result.value("entry") == "first second"


def test_it_sees_the_variables_it_is_given_and_not_those_of_this_machine(ran, stands, monkeypatch, tmp_path):
    stands('environment = { OF_IMAGE = "one", PASSED = "$HERE", LEFT_OUT = "$NOT_HERE" }')
    monkeypatch.setenv("HERE", "from here")
    monkeypatch.setenv("A_SECRET_OF_THE_HOST", "hidden")
    result = ran("""
        DockerOperator(task_id="t", command="env", environment={"DAY": "{{ ds }}", "PLACE": "/data/x"}, xcom_all=True,
                       private_environment={"API_TOKEN": "hidden two"}, volumes=["./data:/data:rw"], **common)
        """)
    lines = set(result.value("t"))
    assert {"OF_IMAGE=one", "PASSED=from here", f"PLACE={tmp_path}/data/x", "API_TOKEN=hidden two"} <= lines
    assert not [line for line in lines if line.startswith(("LEFT_OUT", "A_SECRET_OF_THE_HOST"))]


def test_an_exit_code_fails_or_skips_and_a_signal_is_named(ran):
    result = ran("""
        DockerOperator(task_id="fails", command="sh -c 'exit 3'", **common)
        DockerOperator(task_id="skips", command="sh -c 'exit 3'", skip_on_exit_code=3, **common)
        DockerOperator(task_id="killed", command="sh -c 'kill -9 $$'", **common)
        """)
    assert message_of(result, "fails") == "What stands for the image 'loader' ended with exit code 3."
    assert result.state_of("skips") == "skipped"
    assert "exit code 137: the signal SIGKILL ended it. Too little memory" in message_of(result, "killed")


def test_the_temporary_folder_and_the_folders_of_the_image_have_a_place(ran, stands, tmp_path):
    stands('paths = { "/models" = "models", "/app" = "image" }')
    (tmp_path / "models").mkdir()
    result = ran("""
        common.pop("mount_tmp_dir")
        DockerOperator(task_id="t", command="sh -c 'ls -d $AIRFLOW_TMP_DIR && ls -d /models && pwd'", xcom_all=True,
                       working_dir="/app", **common)
        DockerOperator(task_id="nowhere", command="true", working_dir="/nowhere", **common)
        """)
    seen = result.value("t")
    assert seen is not None, result.errors
    assert not Path(seen[0]).exists()  # it was there, and is gone
    assert seen[1:] == [str(tmp_path / "models"), str(tmp_path / "image")]
    assert "working_dir of 'nowhere' is /nowhere, which is no folder here" in message_of(result, "nowhere")


def test_what_cannot_be_is_one_sentence(ran, tmp_path):
    result = ran("""
        DockerOperator(task_id="t", command="no-such-program", **common)
        DockerOperator(task_id="none", **common)
        DockerOperator(task_id="mount", command="true", mounts=[Mount("/out", "nothing", type="bind")], **common)
        """)
    assert "'no-such-program' stands for the image 'loader' and cannot be started here" in message_of(result)
    assert "Give command=" in message_of(result, "none")
    assert f"The mount source {tmp_path}/nothing ('nothing', from the DAG file's folder)" in message_of(result, "mount")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[containers.loader]", "does not say its folder"),
        ('[containers.loader]\nfolder = "image"\nfolders = 1', "has the key 'folders', which is not known"),
        ('[containers.loader]\nfolder = "image"\nwhen = "always"', "has when = 'always'"),
        ('[containers.loader]\nfolder = "nothing"', "nothing, which is not there"),
        ('[containers.loader]\nfolder = "image"\npaths = 1', "has paths = 1"),
        ("containers = 1", "'containers' is no table"),
        ("[containers", "cannot be used"),
    ],
)
def test_a_table_that_cannot_be_read_is_one_sentence(ran, tmp_path, text, said):
    (tmp_path / "venturi.toml").write_text(text)
    message = message_of(ran('DockerOperator(task_id="t", command="true", **common)'))
    assert message.startswith(f"{tmp_path}/venturi.toml cannot be used")
    assert said in message


def test_an_image_that_nothing_stands_for_needs_an_engine(ran, stands):
    # S4.17: with the API version given, as the seed has it, the client fails in other words.
    stands(image="loader:2")
    message = message_of(ran('DockerOperator(task_id="t", command="true", **common)'))
    assert message.startswith("No Docker engine answers (unix://")
    assert "Or write into the bundle's venturi.toml what stands for 'loader' without one." in message


def test_the_table_is_that_of_the_bundle(tmp_path):
    (tmp_path / "venturi.toml").write_text('[containers.loader]\nfolder = "."\n')
    inner = tmp_path / "bundle" / "dags" / "deep"
    inner.mkdir(parents=True)
    assert declared("loader", str(inner)) is None  # the bundle ends below it
    (tmp_path / "venturi.toml").rename(tmp_path / "bundle" / "venturi.toml")
    found = declared("loader:latest", str(inner))
    assert found is not None
    assert found.folder == str(tmp_path / "bundle")


def test_paths_are_written_anew_where_one_begins_and_ends():
    paths = Paths({"/data/": "/here", "/data/deep": "/there"})
    for given, meant in {
        "/data": "/here",
        "/data/x": "/here/x",
        "/data/deep/x": "/there/x",
        "--to=/data/x,/data": "--to=/here/x,/here",
        "/database": "/database",
        "/my/data": "/my/data",
        "~/data": "~/data",
    }.items():
        assert paths(given) == meant


def test_a_text_is_cut_into_words_and_a_list_is_not():
    assert arguments("python -m x", ["a b", 1]) == ["python", "-m", "x", "a b", "1"]
    assert arguments(None, None) == []


PATIENT = """
from airflow import DAG
from airflow.providers.docker.operators.docker import DockerOperator

with DAG("d", schedule=None):
    DockerOperator(task_id="t", image="loader", mount_tmp_dir=False, docker_url="unix:///none/there.sock",
                   command=["sh", "-c", "trap '' TERM; echo $$; sleep 600 & wait; wait"])
"""


def test_a_task_told_to_end_takes_the_command_with_it(stands, tmp_path):
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
        [sys.executable, "-u", "-c", program], cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True
    )
    assert task.stdout is not None
    pid = next(int(line) for line in task.stdout if line.strip().isdigit())
    command = os.pidfd_open(pid)
    task.send_signal(signal.SIGTERM)
    task.communicate(timeout=60)
    assert select.select([command], [], [], 60)[0], "the command lives on"
    os.close(command)


@pytest.mark.slow
def test_where_an_engine_answers_the_container_is_what_runs(ran, stands, engine, monkeypatch, caplog):
    monkeypatch.setenv("DOCKER_HOST", engine)
    stands(image="small", folder="image")
    result = ran("""
        common["image"] = "small"
        DockerOperator(task_id="t", command="ls /bin/busybox", auto_remove=True, **common)
        """)
    assert result.value("t") == "/bin/busybox", result.errors
    assert not [line for line in caplog.messages if "stands for" in line]


@pytest.mark.slow
def test_an_image_that_the_engine_has_not_is_replaced_only_if_that_is_said(ran, stands, engine, monkeypatch, caplog):
    monkeypatch.setenv("DOCKER_HOST", engine)
    text = """
        common["image"] = "nothing.invalid/there:1"
        DockerOperator(task_id="t", command="echo here", **common)
        """
    stands(image="nothing.invalid/there:1")
    message = message_of(ran(text))
    assert "is not on the engine and cannot be pulled" in message
    assert "Or add when = 'no image' to what" in message
    stands('when = "no image"', image="nothing.invalid/there:1")
    assert ran(text).value("t") == "here"
    (told,) = [line for line in caplog.messages if "stands for" in line]
    assert told.startswith("The image 'nothing.invalid/there:1' is not on the engine")
