"""A base zygote: a clean interpreter that has imported our author side, and perhaps heavy packages, once.

Owns the forking of file zygotes on the crew's word. Runs no author code itself: packages named for preloading are
third-party ones. Started by the crew (`__main__`) with one argument, JSON.
"""

from __future__ import annotations

import faulthandler
import gc
import json
import os
import select
import sys
from typing import Any

from .. import crashpoints, linux
from ..wire import messages
from ..wire.frames import Head
from . import children, guard, hooks
from .channel import of_descriptor
from .environment import Places, show_the_users_own
from .zygote import become

OOM_SCORE = 500  # the kernel should rather take an attempt than an engine


class Base:
    def __init__(self, told: Head) -> None:
        self._channel = of_descriptor(told["channel"])
        os.set_inheritable(told["channel"], False)
        self._places = Places(*told["places"])
        self._preload: list[str] = told["preload"]
        self._zygotes: dict[int, int] = {}  # pidfd → pid
        self._poll = select.poll()
        self._poll.register(self._channel.fileno(), select.POLLIN)

    def prepare(self) -> None:
        # All that an attempt or an import comes to need of ours: imported once, here.
        from ..sdk import collecting, connections, describe, instances, macros, variables  # noqa: F401
        from ..sdk import logs as author_logs
        from . import attempt  # noqa: F401
        from .rehearsal import rehearse

        _serve_airflow()
        author_logs.setup()  # before any author's import, so that a `basicConfig` there changes nothing, as in Airflow
        if not crashpoints.ARMED:  # a rehearsal passes the named places, too
            rehearse(self._places)
        hooks.let_through()
        children.notice()
        failed = [name for name in self._preload if not _imported(name)]
        why = guard.why_unsafe({}) if self._preload else None
        gc.collect()
        gc.freeze()
        gc.disable()
        self._channel.send({"k": "ready", "pid": os.getpid(), "failed": failed, "why_unsafe": why})

    def serve(self) -> None:
        while True:
            for fd, _ in self._poll.poll():
                if fd in self._zygotes:
                    self._reap(fd)
                elif not self._hear():
                    return

    def _hear(self) -> bool:
        if not self._channel.fill():
            return False
        while self._channel.waiting():
            frame = self._channel.receive()
            if frame is not None and frame[0]["k"] == "fork_file":
                self._fork(frame[0], self._channel.fds.popleft(), self._channel.fds.popleft())
        return True

    def _fork(self, head: Head, channel_fd: int, output_fd: int) -> None:
        pid = os.fork()
        if pid == 0:
            self._channel.close()
            for fd in (*self._zygotes, *self._channel.fds):
                os.close(fd)
            become(of_descriptor(channel_fd), output_fd, head, self._places, self._preload)
        os.close(channel_fd)
        os.close(output_fd)
        pidfd = os.pidfd_open(pid)
        self._zygotes[pidfd] = pid
        self._poll.register(pidfd, select.POLLIN)
        self._channel.send(messages.forked(head["key"], pid), fds=[pidfd])

    def _reap(self, pidfd: int) -> None:
        pid = self._zygotes.pop(pidfd)
        self._poll.unregister(pidfd)
        _, status, used = os.wait4(pid, 0)
        os.close(pidfd)
        try:
            self._channel.send(messages.exited(pid, status, used.ru_maxrss / 1024))
        except OSError:
            pass  # the crew is gone; the next read says so


def _serve_airflow() -> None:
    """Here, and in every Python that author code starts."""
    from ..airflow import importer

    importer.install()
    paths = [importer.FOR_CHILDREN, *filter(None, [os.environ.get("PYTHONPATH")])]
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)


def _imported(name: str) -> bool:
    import importlib

    try:
        importlib.import_module(name)
    except Exception:
        return False
    return True


def main(argument: str) -> None:
    linux.require()
    told: dict[str, Any] = json.loads(argument)
    show_the_users_own(told["environment"])
    if not getattr(sys.flags, "safe_path", False) and sys.path and sys.path[0] in ("", os.getcwd()):
        del sys.path[0]  # `-m` puts the working directory first; an author's file must not shadow a library
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)  # type: ignore[union-attr]
    faulthandler.enable()
    linux.name_process("venturi-base")
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write(str(OOM_SCORE))
    except OSError:
        pass
    base = Base(told)
    base.prepare()
    base.serve()
