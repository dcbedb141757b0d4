"""The fork guard: whether a process that has imported an author's file can be forked without harm.

Owns the judgement. A fork carries one thread over: what other threads held (locks, a CUDA context) is broken in it.
"""

from __future__ import annotations

import os
import sys
import threading
import time

# Native threads that fork handlers, or their nature, make harmless (each name seen in measurements).
SAFE_NAMES = frozenset({"jemalloc_bg_thd", "arrow-jemalloc", "mimalloc"})


def native_threads() -> dict[int, str]:
    """Thread id → name, of every thread of this process but the main one."""
    found = {}
    own = os.getpid()
    for task in os.listdir("/proc/self/task"):
        if int(task) == own:
            continue
        try:
            with open(f"/proc/self/task/{task}/comm") as file:
                found[int(task)] = file.read().strip()
        except OSError:
            continue  # it has just ended
    return found


def why_unsafe(began_in: dict[str, str]) -> str | None:
    """None if a fork is safe, else the reason in one sentence. `began_in`: kind of thing → the import that began it."""
    mine = [t for t in threading.enumerate() if t is not threading.main_thread()]
    if mine:
        names = ", ".join(sorted(t.name for t in mine)[:3])
        return f"It starts {_threads(len(mine))} while it is imported ({names}){_by(began_in, 'thread')}."
    strangers = _lasting_strangers()
    if strangers:
        names = ", ".join(sorted(set(strangers))[:3])
        kind = f"{_threads(len(strangers)).capitalize()} of a native library ({names})"
        return f"{kind} run after its import{_by(began_in, 'thread')}."
    torch = sys.modules.get("torch")
    try:
        if torch is not None and torch.cuda.is_initialized():
            return f"It opens a CUDA context while it is imported{_by(began_in, 'cuda')}."
    except Exception:
        pass
    if _has_gpu_open():
        return "It opens a GPU device while it is imported."
    return None


def _lasting_strangers() -> list[str]:
    """Unknown native threads; one that is about to end (our own watchdog, a pool being closed) gets a moment."""
    for pause_s in (0.0005, 0.002, 0.01, 0.05, 0.0):
        strangers = [name for name in native_threads().values() if name not in SAFE_NAMES]
        if not strangers or not pause_s:
            break
        time.sleep(pause_s)
    return strangers


def _threads(n: int) -> str:
    return "a thread" if n == 1 else f"{n} threads"


def _by(began_in: dict[str, str], what: str) -> str:
    name = began_in.get(what)
    return f": see the import of {name}" if name else ""


def _has_gpu_open() -> bool:
    for fd in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{fd}").startswith("/dev/nvidia"):
                return True
        except OSError:
            continue
    return False
