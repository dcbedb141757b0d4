"""Control groups: the nearest place that holds a limit, and what the kernel says of it.

The kernel's own side is tried with whatever hierarchy this machine lets us write; the cgroup v2 layout, which few test
machines offer, is tried on a folder that looks like it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from venturi.crew.cgroups import Groups

ALLOCATES = "import sys; sys.stdin.readline(); x = bytearray(400 << 20); print(len(x))"


@pytest.fixture
def v2(tmp_path: Path) -> Path:
    """A machine with cgroup v2 at <tmp>/top, we in /a/b of it."""
    (tmp_path / "top/a/b").mkdir(parents=True)
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("0::/a/b\n")
    (tmp_path / "proc/self/mounts").write_text(f"cgroup2 {tmp_path}/top cgroup2 rw,nosuid 0 0\n")
    return tmp_path


def test_the_nearest_writable_place_of_v2_is_taken_and_told_limit_and_process(v2: Path) -> None:
    groups = Groups.find("venturi-x", str(v2 / "proc"))
    assert groups is not None
    ours = v2 / "top/a/b/venturi-x"
    assert (ours / "cgroup.subtree_control").read_text() == "+memory"
    group = groups.group("7")
    group.hold(4711, 80)
    held = {name: (ours / "7" / name).read_text() for name in ("memory.max", "memory.oom.group", "cgroup.procs")}
    assert held == {"memory.max": str(80 << 20), "memory.oom.group": "1", "cgroup.procs": "4711"}
    assert not group.killed()
    (ours / "7/memory.events").write_text("low 0\nmax 3\noom 1\noom_kill 1\noom_group_kill 1\n")
    (ours / "7/memory.peak").write_text(f"{80 << 20}\n")
    assert group.killed()
    assert group.peak_mb() == 80.0


def test_without_a_hierarchy_there_are_no_groups(v2: Path) -> None:
    (v2 / "proc/self/mounts").write_text("tmpfs /tmp tmpfs rw 0 0\n")
    assert Groups.find("venturi-x", str(v2 / "proc")) is None
    assert Groups.find("venturi-x", str(v2 / "nothing")) is None


def test_the_kernel_ends_a_process_at_its_limit_wherever_it_lets_us_make_groups() -> None:
    groups = Groups.find("venturi-test")
    process = subprocess.Popen(
        [sys.executable, "-c", ALLOCATES], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    group = groups.group("1") if groups is not None else None
    if group is not None:
        group.hold(process.pid, 60)
    out, _ = process.communicate("go\n")
    if group is None or groups is None:
        assert out == f"{400 << 20}\n"  # nothing holds it: this machine's limits are looked after by polling
        return
    assert (process.returncode, out) == (-9, "")
    assert group.killed()
    group.remove()
    groups.close()
