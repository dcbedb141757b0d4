"""What this machine has for tasks that ask for some of it: as the settings say, else as the kernel shows it.

Owns the reading of both. Which attempt gets what is `core.resources`'s.
"""

from __future__ import annotations

from functools import cache

from .. import linux
from ..config import Config, environment
from ..core.resources import Machine


def machine_of(config: Config) -> Machine:
    cpus, ram_mb = config.resources_cpus, config.resources_ram_mb
    return Machine(
        _cores() if cpus is None else cpus,
        _memory_mb() if ram_mb is None else ram_mb,
        _devices(config.resources_gpus),
    )


def _devices(said: str | None) -> list[str]:
    """Their names as CUDA_VISIBLE_DEVICES takes them. One that is set already says which are ours."""
    if said is not None and not said.strip().isdigit():
        return _names(said)
    ours = environment("CUDA_VISIBLE_DEVICES")
    names = [str(n) for n in range(_gpu_count())] if ours is None else _names(ours)
    if said is None:
        return names
    n = int(said)
    return names[:n] if len(names) >= n else [str(i) for i in range(n)]


def _names(text: str) -> list[str]:
    """CUDA takes no more names after one that is none, such as -1."""
    found: list[str] = []
    for name in (part.strip() for part in text.split(",")):
        if not name or name.startswith("-") or name in found:
            break
        found.append(name)
    return found


_cores = cache(linux.cores)
_memory_mb = cache(linux.memory_mb)
_gpu_count = cache(linux.gpu_count)
