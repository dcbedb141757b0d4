"""An attempt: a parked fork of a zygote that runs one task, or with reuse several in turn, on the crew's word.

Owns the order that makes it safe: journal line before author code, result on disk before it is sent. Needs nobody
alive to do so. What author code may do to this process (close descriptors, fork, exit) must not forge a result.
"""

from __future__ import annotations

import gc
import importlib
import os
import resource
import signal
import sys
import time
from datetime import datetime, timezone
from json import loads
from typing import Any, NoReturn

from .. import linux
from ..core.errors import VenturiError
from ..core.states import Outcome
from ..crashpoints import crash_at
from ..sdk import port as ports
from ..sdk import running
from ..sdk.exceptions import AirflowTaskTerminated, AirflowTaskTimeout
from ..wire import messages, spool
from ..wire.frames import Frame, Head
from ..wire.frames import encode as encode_frame
from ..wire.values import TAG, decode, encode
from . import environment, hooks, logs
from .asking import ChannelPort, ValueFiles, _dumps
from .channel import Channel, connected
from .environment import Places
from .loader import Failed, Imported, load
from .masks import Masks

# Without the enumerations that `signal.signal` turns everything into: this is on every attempt's way.
_set_handler: Any = importlib.import_module("_signal").signal
_SIGTERM, _IGNORE = int(signal.SIGTERM), int(signal.SIG_IGN)

CREW_LOOKED_FOR_EVERY_S = 0.1
REUSES_MAX = 200
REUSED_S_MAX = 600.0
GROWTH_MB_MAX = 100.0
CLEARED_AT_ONCE_MB_MAX = 300.0  # above it, clearing takes long, and the next may need the memory, or a GPU's
GROWTH_LOOKED_AT_EVERY = 20  # attempts of one child

_OWN_AND_BELOW = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
RENDERED_CHARS_MAX = 1000  # of a field that is kept with its attempt
_GOOD = frozenset((Outcome.SUCCESS.value, Outcome.SKIPPED.value))
_TIMES = frozenset(name for name, f in running.Instance.__dataclass_fields__.items() if "datetime" in str(f.type))
_FIELDS = frozenset(running.Instance.__dataclass_fields__)


class Runner:
    def __init__(
        self,
        channel: Channel,
        log_fd: int,
        imported: Imported | None,
        places: Places,
        files: ValueFiles,
        secrets: list[str] | None = None,
    ) -> None:
        self._channel = channel
        self._log_fd = log_fd  # read end of our own output: kept open, so that no death of a reader breaks a print
        self._imported = imported
        self._places = places
        self._files = files
        self._masks = Masks()
        self._inherited_secrets = secrets or []  # that the file has read while it was imported
        self._said_masked = False  # in the spool, of this attempt
        self._cpu_before_s = 0.0
        self._pid = os.getpid()
        self._ticks = 0
        self._token = 0
        self._segment = ""
        self._segment_fd = -1
        self._segment_is: tuple[int, int] = (0, 0)
        self._must_not_break = False  # while a frame is half sent
        self._interrupt: BaseException | None = None
        self._served = 0
        self._born = time.monotonic()
        self._born_mb = 0.0

    def settle(self, log_write: int) -> None:
        """In the fresh fork: everything that can be done before there is a task."""
        os.dup2(log_write, 1)
        os.dup2(log_write, 2)
        os.close(log_write)
        linux.become_subreaper()
        linux.name_process("va:parked")
        environment.give_cores_back()
        if self._imported is not None:
            self._imported.random.begin()
        hooks.begin_attempt(_without_our_handlers)

    def serve(self) -> NoReturn:
        while True:
            frame = self._channel.receive()
            if frame is None:
                os._exit(0)  # parked, and the crew is gone; or reused, and let go
            head, body = frame
            if head["k"] != "start":
                continue  # an answer that came too late for its ask
            if not self.attempt(head, body):
                logs.flush()
                os._exit(0)

    def take_one(self) -> bool:
        """The next start, run; whether this process may serve another."""
        frame = self._channel.receive()
        return frame is not None and self.attempt(*frame)

    def forget(self) -> None:
        if self._segment_fd >= 0:
            os.close(self._segment_fd)

    def practise(self, practice: Imported, body: bytes) -> None:
        """An attempt's way with nothing told and nothing written."""
        imported, self._imported = self._imported, practice
        try:
            head: Head = {"token": 0, "log": "", "what": ""}
            encode_frame(self._journal_line(head), b"")
            result, value = self._result(self._run(head, body), head)
            spool.record(result, value)
            encode_frame(result, value)
        finally:
            self._imported = imported

    # ── one attempt ──

    def attempt(self, head: Head, body: bytes) -> bool:
        """Run one; whether this child may serve another."""
        crash_at("attempt:awake")
        self._token, self._ticks = head["token"], head["ticks"]
        self._spool(head["segment"], self._journal_line(head), b"")
        crash_at("attempt:journalled")
        self._said_masked = False
        if head.get("reuse"):  # what this child has used for others is theirs
            self._cpu_before_s = sum(map(_cpu_s, map(resource.getrusage, _OWN_AND_BELOW)))
        if self._inherited_secrets or self._masks.any:
            self._register_secrets(self._inherited_secrets)
        self._tell(messages.started(self._token, self._pid, time.time()), b"")
        crash_at("attempt:started-sent")
        os.environ["VENTURI_ATTEMPT"] = f"{self._token}:{self._places.spool}"  # by which what it leaves is known
        if head.get("gpus") or head.get("cpus"):
            environment.show_resources(head.get("gpus"), head.get("cpus"))
        _set_handler(_SIGTERM, self._terminated)
        gc.enable()
        result = self._run(head, body)
        signal.setitimer(signal.ITIMER_REAL, 0)
        _set_handler(_SIGTERM, _IGNORE)
        if os.getpid() != self._pid:
            os._exit(0)  # a fork that the author made has come back from his function
        made, value = self._result(result, head)
        logs.flush()
        if head.get("reuse"):
            self._end_leftovers()
        again = bool(head.get("reuse")) and self._may_serve_again()
        made["then"] = "next" if again else "over" if head.get("reuse") or self._is_over(made) else "dies"
        try:
            self._spool(head["segment"], made, value)
        except OSError:
            pass  # a full disk: the crew still takes it, and keeps it in memory until it is acknowledged
        crash_at("attempt:result-spooled")
        self._tell(made, value)
        crash_at("attempt:result-sent")
        return again

    def _is_over(self, made: Head) -> bool:
        """Nothing of the author's can happen any more: what is left of this process is the kernel's to clear away."""
        if made["outcome"] not in _GOOD or made["peak_mb"] > CLEARED_AT_ONCE_MB_MAX:
            return False
        threading = sys.modules.get("threading")
        if threading is not None and threading.active_count() > 1:
            return False
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return True
        return False

    def _journal_line(self, head: Head) -> Head:
        """What a new crew needs to take this attempt over."""
        line = spool.started(self._token, self._pid, self._ticks, self._places.boot, time.time())
        line["log"] = head["log"]
        line["log_fd"] = self._log_fd
        line["zygote"] = os.getppid()
        line["session"] = os.getsid(0)
        for name in ("time_limit_s", "memory_limit_mb", "what", "reuse"):
            if head.get(name):
                line[name] = head[name]
        return line

    def _run(self, head: Head, body: bytes) -> running.TaskResult:
        limit_s = head.get("time_limit_s")
        port = ChannelPort(self._token, self._exchange, self._files, self._register_secrets)
        try:
            if limit_s:
                signal.signal(signal.SIGALRM, self._timed_out)
                self._limit_s = limit_s
                signal.setitimer(signal.ITIMER_REAL, limit_s)
            return self._run_task(head, body, port)
        except BaseException as error:  # what is not the task's own ending: our mistake, or one between two steps
            return _as_failure(error)

    def _run_task(self, head: Head, body: bytes, port: ChannelPort) -> running.TaskResult:
        instance = _instance(body)
        if self._imported is None:
            with ports.installed(port):
                made = load(head["source"], self._places, None, [], port.reads)
            if isinstance(made, Failed):
                return running.TaskResult("failed", error=made.error)
            self._imported = made
            made.random.begin()
        dag = self._imported.dags.get(instance.dag_id)
        if dag is None:
            message = f"The file no longer defines DAG '{instance.dag_id}' when it is imported for this attempt."
            return running.TaskResult("failed", error={"type": "NotFound", "message": message})
        if instance.call is not None:
            from ..sdk.callbacks import run_calls

            return run_calls(dag, instance, port)
        return running.run(dag, instance, port)

    def _result(self, result: running.TaskResult, head: Head) -> tuple[Head, bytes]:
        more: Head = {}
        value = b""
        outcome, error = result.outcome, result.error
        if result.has_value:
            try:
                more["value"], value = self._files.form(encode(result.value))
            except BaseException as problem:
                failure = _as_failure(problem)
                outcome, error = failure.outcome, failure.error
                logs.say("E", str(error["message"]) if error else "")
        if result.wait is not None:
            w = result.wait
            more["wait"] = {"trigger": w.trigger, "method": w.method, "timeout_s": w.timeout_s, "words": w.words}
            try:
                value = encode({"trigger": w.trigger_kwargs, "method": w.kwargs}, "what the task is deferred for").data
            except BaseException as problem:
                failure = _as_failure(problem)
                outcome, error = failure.outcome, failure.error
                del more["wait"]
                logs.say("E", str(error["message"]) if error else "")
        if error:
            more["error"] = self._masks.hidden_in(error)
        if result.wake_at is not None:
            more["wake_at"] = result.wake_at
        if result.retry_delay_s is not None:
            more["retry_delay_s"] = result.retry_delay_s
        if result.reason is not None:
            more["reason"] = self._masks.hidden_in({"reason": result.reason})["reason"][:1000]
        if result.label is not None:
            more["label"] = result.label
        if result.rendered:
            told = self._masks.hidden_in(result.rendered)
            more["rendered"] = {name: _cut(text) for name, text in told.items()}
        if result.skip:
            more["skip"] = list(result.skip)
        if result.asset_events and outcome == "success":
            more["asset_events"] = result.asset_events
        own, below = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
        more["peak_mb"] = round(max(own.ru_maxrss, below.ru_maxrss) / 1024, 1)
        more["cpu_s"] = round(max(0.0, _cpu_s(own) + _cpu_s(below) - self._cpu_before_s), 3)
        return messages.result(head["token"], outcome, time.time(), **more), value

    # ── signals ──

    def _timed_out(self, *_: Any) -> None:
        self._raise(AirflowTaskTimeout(f"The task exceeded its time limit of {self._limit_s:g} s."))

    def _terminated(self, *_: Any) -> None:
        self._raise(AirflowTaskTerminated("The task was told to end (SIGTERM)."))

    def _raise(self, error: BaseException) -> None:
        if self._must_not_break:
            self._interrupt = error
            return
        raise error

    # ── the crew and the disk ──

    def _spool(self, segment: str, head: Head, body: bytes) -> None:
        data = spool.record(head, body)
        if segment != self._segment or not self._segment_is_ours():
            path = f"{self._places.spool}/{segment}"
            self._segment_fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._segment = segment
            found = os.fstat(self._segment_fd)
            self._segment_is = (found.st_dev, found.st_ino)
        os.write(self._segment_fd, data)

    def _segment_is_ours(self) -> bool:
        """Author code may have closed it, and opened a file of its own under the same number."""
        try:
            found = os.fstat(self._segment_fd)
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == self._segment_is

    def _tell(self, head: Head, body: bytes) -> None:
        """Best effort: what is on disk is found there if it does not arrive."""
        try:
            if self._channel.intact():
                self._channel.send(head, body)
        except OSError:
            pass

    def _exchange(self, head: Head, body: bytes) -> Frame:
        while True:
            try:
                answer = self._exchange_once(head, body)
            except OSError:
                answer = None
            if answer is not None:
                return answer
            self._find_crew()

    def _exchange_once(self, head: Head, body: bytes) -> Frame | None:
        if not self._channel.intact():
            return None
        self._must_not_break = True
        try:
            self._channel.send(head, body)
        finally:
            self._must_not_break = False
            interrupt, self._interrupt = self._interrupt, None
        if interrupt is not None:
            raise interrupt
        while True:
            frame = self._channel.receive()
            if frame is None:
                return None
            if frame[0]["k"] == "answer" and frame[0]["request"] == head["request"]:
                return frame

    def _find_crew(self) -> None:
        """Our crew is gone: wait for the next one and say which attempt we are."""
        while True:
            try:
                channel = connected(self._places.crew)
                channel.send(messages.hello("attempt", self._pid, token=self._token, ticks=self._ticks))
                self._channel = channel
                return
            except OSError:
                pass
            time.sleep(CREW_LOOKED_FOR_EVERY_S)

    def _register_secrets(self, secrets: list[str]) -> None:
        self._masks.add(secrets)
        if self._masks.any and not self._said_masked:
            self._said_masked = True
            self._spool(self._segment, {"k": "masked", "token": self._token}, b"")

    # ── reuse ──

    def _end_leftovers(self) -> None:
        """Processes that this attempt has left: a fork's are ended by the crew, a reused child's are under it."""
        children: linux.Children | None = None
        while True:
            try:
                if os.waitpid(-1, os.WNOHANG)[0] != 0:
                    continue
            except ChildProcessError:
                return
            children = children or linux.Children()
            for pid in children.pids():
                os.kill(pid, signal.SIGKILL)
            try:
                os.waitpid(-1, 0)
            except ChildProcessError:
                return

    def _may_serve_again(self) -> bool:
        self._served += 1
        if self._served >= REUSES_MAX or time.monotonic() - self._born > REUSED_S_MAX:
            return False
        if self._served == 1:
            self._born_mb = linux.anonymous_mb()
        elif self._served % GROWTH_LOOKED_AT_EVERY == 0:
            return linux.anonymous_mb() - self._born_mb < GROWTH_MB_MAX
        return True


def _without_our_handlers() -> None:
    """A fork that the author makes is not the attempt: a signal to it is its own business."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)


def _cpu_s(used: resource.struct_rusage) -> float:
    return used.ru_utime + used.ru_stime


def _cut(text: str) -> str:
    return text if len(text) <= RENDERED_CHARS_MAX else f"{text[:RENDERED_CHARS_MAX]} …"


def _as_failure(error: BaseException) -> running.TaskResult:
    import traceback

    told = {"type": type(error).__name__, "message": str(error), "file": None, "line": None}
    if not isinstance(error, VenturiError):
        told["traceback"] = "".join(traceback.format_exception(type(error), error, error.__traceback__))[-20_000:]
    return running.TaskResult("failed", error=told)


def _instance(body: bytes) -> running.Instance:
    data = loads(body)
    given: dict[str, Any] = {}
    for name, value in data.items():
        if name in _TIMES:
            given[name] = None if value is None else datetime.fromtimestamp(value, timezone.utc)
        elif name in _FIELDS:  # not: written by a newer engine
            given[name] = value
    if given.get("elements") and TAG.encode() in body:
        given["elements"] = {k: decode(_dumps(v), classes=True, key=k) for k, v in given["elements"].items()}
    if given.get("resume"):
        given["resume"] = _resume(given["resume"])
    return running.Instance(**given)


def _resume(told: Head) -> Head:
    event = dict(told["event"])
    if "payload" in event:
        event["payload"] = decode(_dumps(event["payload"]), classes=True, key="the trigger's event")
    kwargs = decode(_dumps(told["data"].get("method") or {}), classes=True, key="the method's arguments")
    return {"method": told["method"], "kwargs": kwargs, "event": event}
