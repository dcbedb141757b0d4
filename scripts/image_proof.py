"""Builds the image on a local Debian, runs it alone and by the compose file with podman, and looks.

Part of `make prove`. Needs root. Makes its own base system (kept in .prove/image) and its own image store, and ends and
removes all else. Each line printed is one thing that was seen.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parent.parent
PLACE = TOP / ".prove" / "image"
IMAGE, BASE = "localhost/venturi-proof:latest", "localhost/venturi-base:latest"
TOOLS = ("podman", "runc", "netavark", "aardvark-dns", "iptables", "debootstrap", "podman-compose")
PATIENCE_S = 300.0
UID = 12345
ACCOUNT = {"_AIRFLOW_WWW_USER_USERNAME": "airflow", "_AIRFLOW_WWW_USER_PASSWORD": "airflow"}

DAG = """
from airflow import DAG
from airflow.operators.bash_operator import BashOperator

with DAG("{dag_id}", schedule_interval=None) as dag:
    BashOperator(task_id="write", bash_command="id -u | tee /opt/airflow/logs/{dag_id}.txt")
"""
NEEDS_A_PACKAGE = """
from airflow.decorators import dag, task

@dag(schedule=None)
def needs():
    @task
    def number():
        import humanize
        return humanize.intcomma(1234567)
    number()

needs()
"""


class Failed(Exception):
    """What was not as it should be."""


def seen(what: str) -> None:
    print(f"  {what}", flush=True)


def until(ask: Callable[[], Any], what: str) -> Any:
    give_up_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up_at:
        try:
            found = ask()
        except (OSError, ValueError, KeyError, Failed):
            found = None
        if found:
            return found
        time.sleep(0.2)
    raise Failed(f"never: {what}")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Podman:
    """With a store of its own, so that nobody else's images or containers are touched."""

    def __init__(self, scratch: Path) -> None:
        PLACE.mkdir(parents=True, exist_ok=True)
        (scratch / "containers.conf").write_text(
            '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]\n'
            f'[engine]\nruntime = "runc"\ntmp_dir = "{scratch}/tmp"\n'
            '[network]\nnetwork_backend = "netavark"\n'
        )
        (scratch / "storage.conf").write_text(
            f'[storage]\ndriver = "overlay"\ngraphroot = "{scratch}/graph"\nrunroot = "{scratch}/run"\n'
        )
        self.environment = {
            **os.environ,
            "CONTAINERS_CONF": str(scratch / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(scratch / "storage.conf"),
        }

    def __call__(self, *arguments: str, program: str = "podman", cwd: Path | None = None, errors: bool = False) -> str:
        done = subprocess.run([program, *arguments], env=self.environment, cwd=cwd, capture_output=True, text=True)
        if done.returncode:
            said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
            raise Failed(f"{program} {' '.join(arguments[:3])} …: {said}")
        return done.stdout + (done.stderr if errors else "")

    def inside(self, name: str, *command: str, user: str | None = None) -> str:
        return self("exec", *(["--user", user] if user else []), name, *command)


# ── the image ──


def base_system() -> list[str]:
    """A bare Debian with Python and this machine's ways to packages; the folders these name."""
    root = PLACE / "base"
    if not (PLACE / "base.made").exists():
        listed = [*Path("/etc/apt").glob("sources.list"), *Path("/etc/apt/sources.list.d").glob("*")]
        words = [line.split() for file in listed for line in file.read_text().splitlines()]
        mirrors = [w[1] for w in words if len(w) > 1 and w[0] == "URIs:"]
        mirrors += [next(x for x in w if "://" in x) for w in words if w[:1] == ["deb"]]
        whole = [one for one in mirrors if one.rstrip("/").endswith(("/debian", "/ubuntu"))]  # others have parts alone
        mirror = next((one for one in [*whole, *mirrors] if "security" not in one), None)
        if mirror is None:
            raise Failed("No package mirror is found in this machine's apt sources.")
        release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
        print("Making a bare Debian (once, one to two minutes).", flush=True)
        shutil.rmtree(root, ignore_errors=True)
        packages = "--include=python3,python3-venv,ca-certificates"
        command = ["debootstrap", "--variant=minbase", packages, release["VERSION_CODENAME"], str(root), mirror]
        with (PLACE / "debootstrap.log").open("w") as log:
            if subprocess.run(command, stdout=log, stderr=log).returncode:
                raise Failed(f"debootstrap failed: {PLACE / 'debootstrap.log'}")
        for file in (root / "var/cache/apt/archives").glob("*.deb"):
            file.unlink()
        (PLACE / "base.made").touch()
    ways = ["sh", str(TOP / "scripts" / "ways_to_packages.sh"), str(root)]
    return subprocess.run(ways, check=True, capture_output=True, text=True).stdout.split()


def build(podman: Podman, folders: list[str], scratch: Path) -> None:
    archive = scratch / "base.tar"
    subprocess.run(["tar", "-C", str(PLACE / "base"), "-cf", str(archive), "."], check=True)
    podman("import", str(archive), BASE)
    archive.unlink()
    shown = [word for folder in folders for word in ("--volume", f"{folder}:{folder}:ro")]
    began = time.monotonic()
    arguments = ("--format", "docker", "--network", "host", "--build-arg", f"BASE={BASE}", "--tag", IMAGE, *shown)
    podman("build", *arguments, str(TOP))
    sizes = {name: int(json.loads(podman("image", "inspect", name))[0]["Size"]) / 1e6 for name in (BASE, IMAGE)}
    more = sizes[IMAGE] - sizes[BASE]
    seen(f"built in {time.monotonic() - began:.0f} s: {more:.0f} MB on a base of {sizes[BASE]:.0f} MB")
    config = json.loads(podman("image", "inspect", IMAGE))[0]
    if config["Config"]["User"] in ("", "0", "root") or not config.get("Healthcheck"):
        raise Failed("the image runs as root, or has no health check")
    version = podman("run", "--rm", "--network", "none", IMAGE, "version").strip()
    seen(f"`version` answers {version!r}; the user is {config['Config']['User']}")


# ── alone, as the older images were used ──


def alone(podman: Podman, folders: list[str], scratch: Path) -> None:
    """`docker run -v …/dags:/usr/local/airflow/dags -v …/requirements.txt:/requirements.txt IMAGE webserver`."""
    dags, port = scratch / "alone", free_port()
    dags.mkdir()
    (dags / "needs.py").write_text(NEEDS_A_PACKAGE)
    (scratch / "requirements.txt").write_text("humanize\n")
    mounts = [f"{dags}:/usr/local/airflow/dags", f"{scratch / 'requirements.txt'}:/requirements.txt:ro"]
    mounts += [f"{folder}:{folder}:ro" for folder in folders]
    shown = [word for mount in mounts for word in ("-v", mount)]
    # The host's network, since packages are installed at its start.
    more = ("--network", "host", "-e", f"VENTURI_PORT={port}", *shown)
    podman("run", "-d", "--name", "alone", *more, IMAGE, "webserver")
    until(lambda: health(port) == "healthy", "/health of `webserver`")
    seen("`webserver` answers /health")
    podman.inside("alone", "curl", "--fail", "--silent", "http://localhost:8974/health")
    seen("so does port 8974, as schedulers do")
    logged = podman("logs", "alone", errors=True)
    if "/login?token=" not in logged or ask_for_token(port) != 401:
        raise Failed("there is no link to sign in by, or a password that nobody has set is taken")
    seen("its log has a link that signs in once, and nobody has a password")
    wait_for_dag(podman, "alone", "needs")
    if ran(podman, "alone", "needs") != "success":
        raise Failed("the DAG that needs a package did not run")
    seen("/requirements.txt was installed, a DAG of /usr/local/airflow/dags has used it")
    podman("run", "-d", "--name", "beside", "--volumes-from", "alone", *more[:4], IMAGE, "scheduler")
    until(lambda: "stands by" in podman("logs", "beside", errors=True), "`scheduler` stands by")
    stopped(podman, "beside")
    seen("`scheduler` beside it stands by")
    stopped(podman, "alone")
    seen("`docker stop` ends both in order, exit code 0")


def stopped(podman: Podman, name: str) -> None:
    podman("stop", "--time", "60", name)
    code = podman("inspect", "--format", "{{.State.ExitCode}}", name).strip()
    if code != "0":
        raise Failed(f"`docker stop` ended {name} with {code}")
    podman("rm", "--volumes", name)


def health(port: int) -> str:
    with urllib.request.urlopen(f"http://localhost:{port}/health", timeout=5) as answer:
        return str(json.load(answer)["scheduler"]["status"])


def ask_for_token(port: int, name: str = "airflow", password: str = "airflow") -> int:
    """The status of asking for a token by name and password."""
    body = json.dumps({"username": name, "password": password}).encode()
    request = urllib.request.Request(f"http://localhost:{port}/auth/token", body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def wait_for_dag(podman: Podman, name: str, dag_id: str) -> None:
    def listed() -> bool:
        return dag_id in [one["dag_id"] for one in json.loads(podman.inside(name, "venturi", "ls", "--json"))["dags"]]

    until(listed, f"{dag_id} in `venturi ls`")


def ran(podman: Podman, name: str, dag_id: str) -> str:
    podman.inside(name, "venturi", "trigger", dag_id, "--unpause")

    def ended() -> str | None:
        run = json.loads(podman.inside(name, "venturi", "status", dag_id, "--json"))
        return str(run["state"]) if run["state"] in ("success", "failed") else None

    return str(until(ended, f"the run of {dag_id} ends"))


# ── by the compose file ──


def composed(podman: Podman, scratch: Path) -> None:
    project, port = scratch / "composed", free_port()
    project.mkdir()
    shutil.copy(TOP / "docker-compose.yaml", project)
    (project / ".env").write_text(f"AIRFLOW_UID={UID}\nVENTURI_IMAGE={IMAGE}\nVENTURI_PUBLISH=127.0.0.1:{port}\n")

    podman.environment |= ACCOUNT  # not in .env, which podman-compose does not hand on

    def compose(*arguments: str) -> str:
        return podman("-p", "proof", *arguments, program="podman-compose", cwd=project)

    try:
        compose("up", "airflow-init")
        owners = {name: (project / name).stat().st_uid for name in ("dags", "logs", "plugins")}
        if set(owners.values()) != {UID}:
            raise Failed(f"airflow-init left the folders to {owners}")
        seen("`up airflow-init` has made the folders for AIRFLOW_UID")
        (project / "dags" / "first.py").write_text(DAG.format(dag_id="first"))
        compose("up", "-d", "venturi")
        until(lambda: health(port) == "healthy", "/health through the published port")
        with urllib.request.urlopen(f"http://localhost:{port}/", timeout=5) as page:
            if b"Venturi" not in page.read():
                raise Failed("the first page is not Venturi's")
        seen("`up`: the published port answers /health and the first page")
        name = next(line for line in podman("ps", "--format", "{{.Names}}").split() if "venturi" in line)
        podman("healthcheck", "run", name)
        if ask_for_token(port) != 201 or ask_for_token(port, password="wrong") != 401:
            raise Failed("the account of _AIRFLOW_WWW_USER_… does not sign in, or signs in by any password")
        seen("the account of _AIRFLOW_WWW_USER_… signs in")
        seen(f"`ps` names the container {name}; its health check passes")
        inside(podman, name, project)
    except Failed:
        for name in podman("ps", "-a", "--format", "{{.Names}}").split():
            print(f"  {name} said last:\n{podman('logs', '--tail', '15', name, errors=True)}", file=sys.stderr)
        raise
    finally:
        compose("down", "--volumes")
    left = podman("ps", "-aq").split() + podman("volume", "ls", "-q").split()
    if left:
        raise Failed(f"`down --volumes` left {left}")
    seen("`down --volumes` leaves no container and no volume")


def inside(podman: Podman, name: str, project: Path) -> None:
    wait_for_dag(podman, name, "first")
    if ran(podman, name, "first") != "success":
        raise Failed("the DAG did not run to success")
    seen("a DAG triggered inside runs to success")
    (project / "dags" / "later.py").write_text(DAG.format(dag_id="later"))
    wait_for_dag(podman, name, "later")
    if ran(podman, name, "later") != "success":
        raise Failed("the DAG that came later did not run")
    seen("a file saved on the host is picked up live, and runs")
    owners = {str(f.relative_to(project)): f.stat().st_uid for f in (project / "logs").rglob("*") if f.is_file()}
    logs = [name for name in owners if name.endswith("write/1.log")]
    if set(owners.values()) != {UID} or "logs/first.txt" not in owners or len(logs) != 2:
        raise Failed(f"what tasks wrote and their logs should be {UID}'s, and are: {owners}")
    seen("what a task writes and its logs belong to AIRFLOW_UID, on the host")
    ids = [podman.inside(name, "bash", "-c", "id -u", user=user).strip() for user in (None, "root")]
    if ids != [str(UID), "0"]:
        raise Failed(f"`exec bash` is {ids}")
    seen("`exec … bash` works, as the user and as root")


def main() -> int:
    if os.geteuid() != 0:
        print("The image is proven as root (debootstrap, podman).", file=sys.stderr)
        return 2
    if any(shutil.which(tool) is None and tool not in ("netavark", "aardvark-dns") for tool in TOOLS):
        subprocess.run(["apt-get", "-qq", "update"], check=True)
        install = ["apt-get", "-qq", "install", "-y", "--no-install-recommends", *TOOLS]
        subprocess.run(install, check=True, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, stdout=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="venturi-image-", ignore_cleanup_errors=True) as folder:
        scratch = Path(folder)
        podman = Podman(scratch)
        try:
            folders = base_system()
            build(podman, folders, scratch)
            alone(podman, folders, scratch)
            composed(podman, scratch)
        except Failed as failed:
            print(f"The image is not as it should be: {failed}", file=sys.stderr)
            return 1
        finally:
            subprocess.run(["podman", "system", "reset", "--force"], env=podman.environment, capture_output=True)
    print("The image and the compose file do what is said of them.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
