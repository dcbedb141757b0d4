"""The machine: Python, memory, disk, limits of the system."""

from __future__ import annotations

import os
import resource
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from ... import linux
from . import ERROR, OK, WARNING, Found, Patient

PYTHON_MIN = (3, 10)
MEMORY_MB, MEMORY_MIN_MB = 1000.0, 300.0  # a tree takes about 120, and each attempt what its imports take
DISK_MB, DISK_MIN_MB = 2000.0, 200.0
FILES_MIN = 1024
WATCHES_MIN = 8192


def python(_: Patient) -> Iterator[Found]:
    version = sys.version_info[:3]
    words = ".".join(map(str, version))
    if version < PYTHON_MIN:
        yield Found("python", ERROR, f"Python {words} is too old.", "Install Venturi with Python 3.10 or newer.")
    else:
        yield Found("python", OK, f"Python {words}, {sys.executable}")


def memory(_: Patient) -> Iterator[Found]:
    free = memory_free_mb()
    said = f"{free / 1000:.1f} GB of {linux.memory_mb() / 1000:.1f} GB are free"
    if free < MEMORY_MIN_MB:
        yield Found(
            "memory",
            ERROR,
            f"{said}: too little for tasks.",
            "End what takes it, or run fewer at once: slots in venturi.toml.",
        )
    elif free < MEMORY_MB:
        yield Found(
            "memory",
            WARNING,
            f"{said}.",
            "Tasks with large imports may not fit; see task_memory_limit_mb in venturi.toml.",
        )
    else:
        yield Found("memory", OK, said)


def memory_free_mb() -> float:
    with open("/proc/meminfo") as file:
        known = {name: amount.split()[0] for name, _, amount in (line.partition(":") for line in file)}
    return min(int(known["MemAvailable"]) * 1024 / 1e6, linux.memory_mb())


def disk(patient: Patient) -> Iterator[Found]:
    folder = next(place for place in (patient.home.own, *patient.home.own.parents) if place.exists())
    free = disk_free_mb(folder)
    said = f"{free / 1000:.1f} GB are free where {patient.home.own} is"
    if free < DISK_MIN_MB:
        yield Found("disk", ERROR, f"{said}: too little.", "Make room; old runs go with: venturi clean --before 30d")
    elif free < DISK_MB:
        yield Found(
            "disk", WARNING, f"{said}.", "Old runs with their logs and values go with: venturi clean --before 30d"
        )
    else:
        yield Found("disk", OK, said)


def disk_free_mb(folder: Path) -> float:
    return shutil.disk_usage(folder).free / 1e6


def limits(_: Patient) -> Iterator[Found]:
    files, watches = open_files_max(), watches_max()
    well = True
    if files < FILES_MIN:
        well = False
        yield Found("limits", WARNING, f"A process may open {files} files.", f"Raise it: ulimit -n {FILES_MIN * 4}")
    if watches < WATCHES_MIN:
        well = False
        mend = f"Raise it as root: sysctl fs.inotify.max_user_watches={WATCHES_MIN * 16}"
        yield Found("limits", WARNING, f"{watches} folders can be watched for saved DAG files.", mend)
    if well:
        yield Found("limits", OK, f"{files:,} open files, {watches:,} watched folders, {os.cpu_count()} cores")


def open_files_max() -> int:
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def watches_max() -> int:
    try:
        return int(Path("/proc/sys/fs/inotify/max_user_watches").read_text())
    except (OSError, ValueError):
        return WATCHES_MIN
