"""What Linux alone tells of processes, and asks of the kernel: start ticks, boot id, children, sub-reaping.

Owns these few calls, for crew and runtime. Holds no state, and starts nothing.
"""

from __future__ import annotations

import os
import sys

from .core.errors import ProcessError

_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NAME = 15
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

_libc = None


def require() -> None:
    """Refuse, in one sentence, to run where the process machinery cannot."""
    if not sys.platform.startswith("linux") or not hasattr(os, "pidfd_open"):
        raise ProcessError(
            reason=f"Venturi's crew needs Linux 5.4 or newer (pidfd, sub-reaping); this is {sys.platform}."
        )


def _prctl(option: int, value: object) -> None:
    global _libc
    import ctypes

    if _libc is None:
        _libc = ctypes.CDLL(None, use_errno=True)
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def become_subreaper() -> None:
    """Orphans among our descendants become our children, so that none is out of reach."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def name_process(name: str) -> None:
    """What `ps` and `top` show; 15 bytes at most."""
    _prctl(_PR_SET_NAME, name.encode()[:15])


def kill_group(pid: int, number: int) -> None:
    """A signal to a process group, never to more.

    killpg(1) is kill(-1), every process of the machine, and killpg(0) is our own group: whatever a torn or foreign
    record says, neither is ever meant here.
    """
    if pid <= 1:
        raise ProcessLookupError(f"{pid} names no process group of an attempt")
    os.killpg(pid, number)


def _stat(pid: int) -> list[bytes] | None:
    try:
        fd = os.open(f"/proc/{pid}/stat", os.O_RDONLY)  # no file object: this is on the way of every fork
    except OSError:
        return None
    try:
        return os.read(fd, 2048).rpartition(b")")[2].split()
    except OSError:
        return None
    finally:
        os.close(fd)


def start_ticks(pid: int) -> int | None:
    """When the process began, in clock ticks since the boot: with the pid it names one process for ever.

    None if there is no such process, or only a zombie of it.
    """
    fields = _stat(pid)
    return None if fields is None or fields[0] in (b"Z", b"X") else int(fields[19])


def parent_of(pid: int) -> int | None:
    fields = _stat(pid)
    return int(fields[1]) if fields else None


def boot_id() -> str:
    with open("/proc/sys/kernel/random/boot_id") as file:
        return file.read().strip()


class Children:
    """The pids of this process's children, cheaply, again and again."""

    __slots__ = ("_fd",)

    def __init__(self) -> None:
        pid = os.getpid()
        try:
            self._fd = os.open(f"/proc/{pid}/task/{pid}/children", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._fd = -1  # a kernel without CONFIG_PROC_CHILDREN

    def pids(self) -> list[int]:
        if self._fd < 0:
            own = os.getpid()
            return [int(n) for n in os.listdir("/proc") if n.isdigit() and parent_of(int(n)) == own]
        data = os.pread(self._fd, 4096, 0)
        if len(data) == 4096:
            data = os.pread(self._fd, 1 << 20, 0)
        return [int(pid) for pid in data.split()]


def descendants(pid: int) -> list[int]:
    """Every process below this one, as far as it can be seen at this moment."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        one = waiting.pop()
        try:
            for task in os.listdir(f"/proc/{one}/task"):
                with open(f"/proc/{one}/task/{task}/children", "rb", 0) as file:
                    below = [int(child) for child in file.read().split()]
                found += below
                waiting += below
        except OSError:
            continue
    return found


def anonymous_mb(pid: int | str = "self") -> float:
    """Resident memory that is no file's, shared with the parent or not: cheap, and never less than the private part."""
    try:
        with open(f"/proc/{pid}/statm", "rb", 0) as file:
            fields = file.read(256).split()
    except OSError:
        return 0.0
    return (int(fields[1]) - int(fields[2])) * _PAGE_BYTES / 1e6 if len(fields) > 2 else 0.0


def private_mb(pid: int | str = "self") -> float:
    """Resident and swapped memory that this process alone has written. Walks its page tables: not cheap."""
    total_kb = 0
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb", 0) as file:
            for line in file.read().splitlines():
                if line.startswith((b"Private_Dirty:", b"Swap:")):
                    total_kb += int(line.split()[1])
    except OSError:
        return anonymous_mb(pid)
    return total_kb * 1024 / 1e6


# ── what the machine has ─────────────────────────────────────────────────────────────────────────────────


def cores() -> float:
    """That this process may use: its affinity, and its control group's share of time."""
    found = float(len(os.sched_getaffinity(0)))
    quota = _own_group("cpu.max").split()  # "max 100000", or microseconds of each 100,000
    if len(quota) == 2 and quota[0].isdigit() and int(quota[1]):
        found = min(found, int(quota[0]) / int(quota[1]))
    return found


def memory_mb() -> float:
    """All there is, or what the control group may have of it."""
    found = os.sysconf("SC_PHYS_PAGES") * _PAGE_BYTES / 1e6
    limit = _own_group("memory.max").strip()
    return min(found, int(limit) / 1e6) if limit.isdigit() else found


def gpu_count() -> int:
    """Devices that the kernel shows: NVIDIA's by their nodes, AMD's by what can compute."""
    try:
        nodes = [name for name in os.listdir("/dev") if name.startswith("nvidia") and name[6:].isdigit()]
    except OSError:
        nodes = []
    return len(nodes) or sum(_computes(f"{_AMD}/{name}") for name in _listed(_AMD))


_AMD = "/sys/class/kfd/kfd/topology/nodes"


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _computes(node: str) -> bool:
    try:
        with open(f"{node}/properties") as file:
            return any(line.startswith("simd_count ") and line.split()[1] != "0" for line in file)
    except OSError:
        return False


def _own_group(name: str) -> str:
    """A file of the control group (v2) that this process sees as its own, nearest first; empty where there is none."""
    try:
        with open("/proc/self/cgroup") as file:
            path = next((line.strip()[3:] for line in file if line.startswith("0::")), "/")
    except OSError:
        return ""
    for folder in (f"/sys/fs/cgroup{path}".rstrip("/"), "/sys/fs/cgroup"):
        try:
            with open(f"{folder}/{name}") as file:
                return file.read()
        except OSError:
            continue
    return ""
