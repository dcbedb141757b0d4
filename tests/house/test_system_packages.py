"""`make test` installs what tests need of the system where it may, and else goes on."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "system_packages.sh"
TOLD = ("podman", "runc", "netavark", "iptables", "busybox", "chromium", "sshd")


@pytest.fixture
def machine(tmp_path: Path):
    """Has these commands and no others; what apt-get is asked is written down."""

    def run(*commands: str, user: int = 0, apt: str | None = "exit 0") -> tuple[list[str], str]:
        folder = tmp_path / "bin"
        folder.mkdir()
        asked = tmp_path / "asked"
        for name in commands:
            _command(folder / name, "exit 0")
        _command(folder / "id", f"echo {user}")
        if apt is not None:
            _command(folder / "apt-get", f'echo "$@" >> {asked}; {apt}')
        text = SCRIPT.read_text().replace(":/usr/sbin:/sbin:/usr/lib/podman", "")
        done = subprocess.run(
            ["/bin/sh", "-c", text], capture_output=True, text=True, env={"PATH": str(folder)}, cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr
        return asked.read_text().splitlines() if asked.exists() else [], done.stdout

    return run


def _command(file: Path, text: str) -> None:
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


def test_what_is_missing_is_installed_once_and_said(machine):
    asked, said = machine("runc", "netavark", "iptables", "sshd", "chromium")
    assert [line.split()[-2:] for line in asked][1] == ["podman", "busybox-static"]
    assert said.splitlines() == [
        "Installing for the tests of containers, SSH and the interface (once): podman busybox-static",
        "Installed.",
    ]


def test_where_all_is_there_nothing_is_done_or_said(machine):
    assert machine(*TOLD) == ([], "")


@pytest.mark.parametrize("more", [{"user": 1000}, {"apt": None}], ids=["no root", "no apt-get"])
def test_where_it_may_not_install_it_says_what_is_skipped_and_goes_on(machine, more):
    asked, said = machine(*TOLD[:-1], **more)
    assert asked == []
    assert said.startswith(
        "Tests of containers, SSH and the interface are skipped. What they need here: openssh-server"
    )


def test_without_network_it_says_so_and_goes_on(machine):
    asked, said = machine(apt="exit 100")
    assert len(asked) == 1  # the update; nothing is asked after it has failed
    assert "Not installed (no network, or no such packages)" in said


def test_the_makefile_runs_it_before_the_tests():
    text = (SCRIPT.parents[1] / "Makefile").read_text()
    assert "sh scripts/system_packages.sh" in text
    assert os.access(SCRIPT, os.R_OK)
