"""The shell blocks of the five texts, as they are typed there, by a shell that finds our `airflow` (S2.18-25, S2.u5,
S3.32, S4.u7, S5.26). What no shell can do as it is written says so in one sentence.
"""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from venturi.cli import processes
from venturi.config import Home

from .conftest import HELLO, PATIENCE_S, until
from .test_up import holders

TOP = Path(__file__).parents[2]
GOOD = "three small boats at noon"
SCHEDULED = HELLO.replace("schedule=None", "schedule='@once', start_date=__import__('datetime').datetime(2024, 1, 1)")


class Shell:
    """One folder, one environment, what was exported; the terminal of somebody who follows a text."""

    def __init__(self, folder: Path, commands: Path) -> None:
        self.folder = folder
        self.environment = {
            "PATH": f"{commands}:{os.environ['PATH']}",
            "HOME": str(folder / "user"),
            "VENTURI_PORT": "0",
            "LANG": "C.UTF-8",
        }
        self.running: list[subprocess.Popen[str]] = []
        (folder / "user").mkdir()

    @property
    def home(self) -> Home:
        root = Path(self.environment["AIRFLOW_HOME"])
        return Home(root, root / ".venturi")

    def __call__(self, block: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", block],
            cwd=self.folder,
            env=self.environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )

    def begin(self, block: str, said: str) -> subprocess.Popen[str]:
        """In a terminal of its own."""
        with open(self.folder / said, "w") as file:
            one = subprocess.Popen(
                ["bash", "-c", f"exec {block}"],
                cwd=self.folder,
                env=self.environment,
                stdout=file,
                stderr=file,
                text=True,
            )
        self.running.append(one)
        return one

    def is_up(self) -> bool:
        return bool((processes.noted(self.home, "up") or {}).get("url")) and processes.answers(self.home, "engine")


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """After `--install-command`: ours stands beside `venturi`."""
    commands = tmp_path / "commands"
    commands.mkdir()
    venturi = f'#!/bin/sh\nexec "{sys.executable}" -m venturi.cli "$@"\n'
    (commands / "venturi").write_text(venturi)
    (commands / "airflow").write_text('#!/bin/sh\nexec "$(dirname "$0")/venturi" airflow "$@"\n')
    for file in commands.iterdir():
        file.chmod(0o755)
    project = tmp_path / "project"
    project.mkdir()
    made = Shell(project, commands)
    made.environment["AIRFLOW_HOME"] = str(project)
    yield made
    made("venturi down")
    for one in made.running:
        if one.poll() is None:
            one.kill()
        one.wait()


def environment_with_ours(place: Path) -> Path:
    """The folder of commands of an environment of its own, so that nobody else's `airflow` is touched."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place / "env")], check=True)
    folder = place / "env" / "bin"
    site = next((place / "env" / "lib").glob("python*")) / "site-packages"
    (site / "beside.pth").write_text("\n".join(path for path in sys.path if "site-packages" in path) + f"\n{TOP}/src\n")
    (folder / "venturi").write_text(f"#!{folder}/python\nimport sys\nfrom venturi.cli import main\nsys.exit(main())\n")
    (folder / "venturi").chmod(0o755)
    return folder


def test_the_command_is_put_beside_ours_only_where_there_is_none(tmp_path: Path) -> None:
    folder = environment_with_ours(tmp_path)

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE_S)

    def typed(*words: str) -> subprocess.CompletedProcess[str]:
        return run(str(folder / "venturi"), "airflow", *words)

    assert typed("--install-command").returncode == 0
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", run(str(folder / "airflow"), "version").stdout)
    assert typed("--install-command").returncode == 0  # ours may be written again
    assert typed("--remove-command").returncode == 0
    assert not (folder / "airflow").exists()
    (folder / "airflow").write_text("#!/bin/sh\necho the real one\n")
    for word in ("--install-command", "--remove-command"):
        refused = typed(word)
        assert refused.returncode == 1
        assert "another Airflow's, and stays" in refused.stderr
    assert "the real one" in (folder / "airflow").read_text()


def test_the_configuration_of_the_second_text_as_a_shell_can_read_it(shell: Shell) -> None:
    """S2.18-21: home, import path, database and the first user, whose password is asked for."""
    (shell.folder / "dags").mkdir()
    block = """
# Use your present working directory as
# the airflow home
export AIRFLOW_HOME=$(pwd)

# export Python Path to allow use
# of custom modules by Airflow
export PYTHONPATH="${PYTHONPATH}:${AIRFLOW_HOME}"


# initialize the database
airflow db init

airflow users create \\
    --username admin \\
    --firstname Your \\
    --lastname Name \\
    --role Admin \\
    --email example@example.com
"""
    done = shell(block, f"{GOOD}\n{GOOD}\n")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"The database is ready: {shell.folder}/.venturi/venturi.db",
        'User "admin" created with role "Admin"',
    ]
    assert done.stderr == ""


def test_the_password_is_asked_for_twice_at_a_terminal(shell: Shell) -> None:
    """S2.21, as a person sees it: nothing of it is shown."""
    pid, terminal = pty.fork()
    if pid == 0:
        argv = ["airflow", "users", "create", "--username", "admin", "--role", "Admin"]
        os.execvpe("airflow", argv, shell.environment)
    seen = b""
    for prompt in (b"Password", b"Repeat for confirmation"):
        while prompt not in seen:
            seen += os.read(terminal, 1024)
        os.write(terminal, f"{GOOD}\n".encode())
    try:
        while more := os.read(terminal, 1024):
            seen += more
    except OSError:  # its end, as a terminal tells it
        pass
    assert os.waitpid(pid, 0)[1] == 0, seen
    assert GOOD.encode() not in seen
    assert b'User "admin" created' in seen


def test_the_home_as_the_second_text_writes_it_is_explained(shell: Shell) -> None:
    """S2.18: `~(pwd)` is no home of any shell; what a shell makes of a quoted one is one sentence."""
    assert "syntax error" in shell("export AIRFLOW_HOME=~(pwd)").stderr
    shell.environment["AIRFLOW_HOME"] = "~(pwd)"
    said = shell("airflow db init")
    assert said.returncode == 1
    assert said.stderr.count("\n") == 1
    assert "there is no user '(pwd)'" in said.stderr
    shell.environment["AIRFLOW_HOME"] = str(shell.folder)


def test_the_servers_of_the_second_text_start_are_seen_and_end(shell: Shell) -> None:
    """S2.22-25: the daemon returns; the scheduler stays and joins; the page is there; one kill ends it all."""
    (shell.folder / "dags").mkdir()
    (shell.folder / "dags" / "hello.py").write_text(HELLO)
    assert shell("airflow webserver -D").returncode == 0
    scheduler = shell.begin("airflow scheduler", "scheduler.txt")
    until(lambda: "Joining it" in (shell.folder / "scheduler.txt").read_text(), "the scheduler joins")
    url = (processes.noted(shell.home, "up") or {})["url"]
    with urlopen(f"{url}/home", timeout=PATIENCE_S) as page:
        assert page.status == 200
    assert shell("airflow dags trigger hello").returncode == 0
    os.kill((processes.noted(shell.home, "up") or {})["pid"], signal.SIGTERM)
    assert scheduler.wait(PATIENCE_S) == 0


def test_scheduler_first_and_then_the_web_server_in_two_terminals(shell: Shell) -> None:
    """S3.32: `cd airflow`, then both in the foreground, in this order."""
    (shell.folder / "airflow" / "dags").mkdir(parents=True)
    (shell.folder / "airflow" / "dags" / "hello.py").write_text(SCHEDULED)
    shell.folder /= "airflow"
    shell.environment["AIRFLOW_HOME"] = str(shell.folder)
    shell.begin("airflow scheduler", "scheduler.txt")
    until(shell.is_up, "it is up")
    shell.begin("airflow webserver", "webserver.txt")
    until(lambda: "Joining it" in (shell.folder / "webserver.txt").read_text(), "the web server joins")
    assert shell("airflow dags unpause hello").returncode == 0
    until(lambda: "success" in shell("airflow dags list-runs -d hello -o plain").stdout, "its run has succeeded")


def test_the_probes_of_the_fourth_texts_compose_file(shell: Shell) -> None:
    """S4.u7: as its services and its init container type them."""
    assert shell("airflow webserver -D").returncode == 0
    url = (processes.noted(shell.home, "up") or {})["url"]
    assert shell(f"curl --fail {url}/health").returncode == 0
    for kind in ("TriggererJob", "SchedulerJob"):
        assert shell(f'airflow jobs check --job-type {kind} --hostname "$(hostname)"').returncode == 0
    version = shell('function ver() { printf "%04d%04d%04d%04d" ${1//./ }; }; ver "$(airflow version)"').stdout
    assert int(version) >= int("0002000200000000")
    assert shell("airflow db check").returncode == 0
    worker = shell("airflow celery worker")
    assert (worker.returncode, worker.stderr.count("\n")) == (1, 1)


def test_the_command_of_the_fifth_texts_image(shell: Shell) -> None:
    """S5.26: an image whose command is `webserver`; our image's entry point takes the same words."""
    entry = (TOP / "scripts" / "image_entrypoint.sh").read_text()
    assert re.search(r"^\s*webserver \|", entry, re.MULTILINE)
    shell.begin("airflow webserver", "webserver.txt")
    until(shell.is_up, "it is up")


# Its DAG with two of its tasks, in its own form, and a module of the project's.
TRAINS = """
from airflow import DAG
from airflow.operators.python_operator import PythonOperator
from airflow.utils.dates import days_ago

from scraper import scrape_data

default_args = {"owner": "airflow", "start_date": days_ago(0), "concurrency": 1, "retries": 0}

with DAG("CNN-Training-Pipeline", catchup=False, default_args=default_args, schedule_interval="@once") as dag:
    scrape = PythonOperator(task_id="ScrapeData", python_callable=scrape_data)
    train = PythonOperator(task_id="TrainModel", python_callable=scrape_data)

scrape >> train
"""

# The file of the second text's repository, in its folder api/: what it does goes by `airflow`, and by `os.system`.
SHELLS_OUT = """
import os

from fastapi import FastAPI

app = FastAPI()


@app.get('/predict/{img_url:path}')
async def predict(img_url: str):
    return {'label': 'Rosacea', 'of': img_url}


@app.post('/pipeline/start')
def start_pipeline():
    return os.system('airflow dags trigger CNN-Training-Pipeline')


@app.post('/pipeline/config')
def config():
    return [
        os.system('airflow db init'),
        os.system('airflow users create --username admin --firstname A --lastname B --role Admin --email a@b.c'),
        os.system('airflow webserver -D'),
        os.system('airflow scheduler'),
    ]
"""


def answered(url: str, method: str = "POST") -> object:
    with urlopen(Request(url, method=method), timeout=PATIENCE_S) as answer:
        return json.load(answer)


def test_an_api_that_shells_out_to_airflow_works_as_it_is(shell: Shell, tmp_path: Path) -> None:
    """S2.u5, S2.18-25, S2.29, S2.30, S2.32: `uvicorn main:app --reload`, whose endpoints type `airflow …`; the last
    of its words blocks until the servers end, and only its own request."""
    commands = environment_with_ours(tmp_path)
    shell.environment["PATH"] = f"{commands}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    assert shell("venturi airflow --install-command").returncode == 0
    assert shell("command -v airflow").stdout == f"{commands}/airflow\n"
    for folder in ("dags", "api"):
        (shell.folder / folder).mkdir()
    (shell.folder / "dags" / "train_model.py").write_text(TRAINS)
    (shell.folder / "scraper.py").write_text("def scrape_data():\n    pass\n")  # beside dags/, as there (S2.19)
    (shell.folder / "api" / "main.py").write_text(SHELLS_OUT)
    shell.environment["PYTHONPATH"] = str(shell.folder)
    server = shell.begin("uvicorn --app-dir api main:app --reload --port 0", "said.txt")

    def said() -> str:
        return (shell.folder / "said.txt").read_text()

    until(lambda: "startup complete" in said(), "the server of the text is up")
    url = re.search(r"running on (http://127.0.0.1:(\d+))", said())
    assert url is not None
    with ThreadPoolExecutor(1) as beside:
        configuring = beside.submit(answered, f"{url[1]}/pipeline/config")
        until(lambda: "Joining it" in said(), "the last of its commands blocks")
        assert answered(f"{url[1]}/predict/https://a.example/one.jpg", "GET")
        until(lambda: "CNN-Training-Pipeline" in shell("airflow dags list").stdout, "the DAG is known")
        assert answered(f"{url[1]}/pipeline/start") == 0
        assert "queued" in shell("airflow dags list-runs -d CNN-Training-Pipeline -o plain").stdout
        assert shell("airflow dags unpause CNN-Training-Pipeline").returncode == 0
        until(
            lambda: "success" in shell("airflow dags list-runs -d CNN-Training-Pipeline -o plain").stdout,
            "the training has succeeded",
        )
        assert not configuring.done()
        with_its_port = [Path(f"/proc/{pid}/cmdline").read_text() for pid in holders(int(url[2]))]
        assert with_its_port
        assert not [one for one in with_its_port if "venturi" in one]
        os.kill((processes.noted(shell.home, "up") or {})["pid"], signal.SIGTERM)
        statuses = configuring.result(PATIENCE_S)
    # Nobody is at the server's terminal to be asked for the password; all else works.
    assert statuses == [0, 2 << 8, 0, 0], said()
    assert "Traceback" not in said()
    server.send_signal(signal.SIGINT)
    server.wait(PATIENCE_S)
