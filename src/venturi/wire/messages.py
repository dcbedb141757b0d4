"""Every message between engine, crew, zygotes and attempts: one constructor each, so that a form is written once.

Times are seconds since the epoch (`at`), durations end in `_s`. `token` names one attempt for ever.

    engine ⇄ crew         hello, load, dates, start, cancel, ack, watch, unwatch, go_on, answer, stop
                          │ state, loaded, load_failed, dated, started, ended, fired, ask, settled
    crew   ⇄ base zygote  fork_file │ forked, exited
    crew   ⇄ file zygote  park, dates │ loaded, load_failed, parked, exited, ask
    crew   ⇄ attempt      start, answer │ hello, started, ask, result
    crew   ⇄ trigger host watch, unwatch, go_on, answer │ fired, said, ask

The body of `start` is the attempt's `Context` as JSON, of `result`/`ended` the encoded return value, of `answer`
the encoded value asked for, of `loaded` the specs: the crew passes bodies on without reading them.
"""

from __future__ import annotations

from typing import Any

from . import PROTOCOL
from .frames import Head

# ── engine → crew ────────────────────────────────────────────────────────────────────────────────────────


def hello(role: str, pid: int, **more: Any) -> Head:
    """First on every connection to the crew's socket; role is engine, zygote or attempt (then with `token`)."""
    return {"k": "hello", "role": role, "v": PROTOCOL, "pid": pid, **more}


def load(request: int, source: Head, time_limit_s: float, memory_limit_mb: float | None) -> Head:
    """Import a DAG file and answer `loaded` or `load_failed` with this request number. `source`: see `source()`."""
    return {
        "k": "load",
        "request": request,
        "source": source,
        "time_limit_s": time_limit_s,
        "memory_limit_mb": memory_limit_mb,
    }


def dates(request: int, source: Head, want: Head, time_limit_s: float, fork_safe: bool = True) -> Head:
    """Ask a timetable class of the author's own, and answer `dated` with this request number. `want`: dag_id, and last
    (run_after, logical_date, interval), earliest, latest, catchup and count of the next dates; or `manual`, a time;
    or `partition` (asset, source) of an asset.

    The crew passes it on to the file's zygote with a pipe, into which a fork writes the answer as JSON.
    """
    return {
        "k": "dates",
        "request": request,
        "source": source,
        "want": want,
        "time_limit_s": time_limit_s,
        "fork_safe": fork_safe,
    }


def source(
    file: str, root: str, roots: list[str], python: str, version: str | None = None, kept: dict[str, str] | None = None
) -> Head:
    """Which DAG file, in which bundle, by which interpreter.

    `roots` are the import roots put on sys.path. With `version` and `kept` (path → content hash) the modules are
    read from the kept sources under their original path names: an old version. Without, from the disk as it is.
    """
    return {"file": file, "root": root, "roots": roots, "python": python, "version": version, "kept": kept or {}}


def start(
    token: int,
    source: Head,
    log: str,
    isolation: str = "fork",
    time_limit_s: float | None = None,
    memory_limit_mb: float | None = None,
    fork_safe: bool = True,
    what: str = "",
) -> Head:
    """Run one attempt. `log` is relative to the home's logs folder; `what` is the task in words, for messages.

    With `fork_safe` false the file is imported in the attempt itself, in a fork of a bare base zygote. One that has
    asked for them also has `gpus` (names of devices) and `cpus`.
    """
    return {
        "k": "start",
        "token": token,
        "source": source,
        "log": log,
        "isolation": isolation,
        "time_limit_s": time_limit_s,
        "memory_limit_mb": memory_limit_mb,
        "fork_safe": fork_safe,
        "what": what,
    }


def cancel(token: int, reason: str, grace_s: float = 5.0) -> Head:
    """SIGTERM to the attempt's group, SIGKILL after the grace. Answered by `ended` with outcome cancelled."""
    return {"k": "cancel", "token": token, "reason": reason, "grace_s": grace_s}


def ack(tokens: list[int]) -> Head:
    """The ends of these attempts are committed; their spool records may go."""
    return {"k": "ack", "tokens": tokens}


def watch(
    token: int,
    source: Head,
    trigger: str,
    log: str,
    what: str,
    instance: Head | None,
    fires_again: bool = False,
    code: str = "",
) -> Head:
    """Run the trigger that this token is deferred under, until it has an event. Told again it changes nothing, but an
    event that is there already is sent again. Body: the encoded arguments. `instance`: for the trigger's own eyes.
    One that `fires_again` goes on after each event, once `go_on` has said that it is taken. Where `code` is another, a
    host of its own runs it."""
    return {
        "k": "watch",
        "token": token,
        "source": source,
        "trigger": trigger,
        "log": log,
        "what": what,
        "instance": instance,
        "fires_again": fires_again,
        "code": code,
    }


def go_on(token: int, event: int) -> Head:
    """This event of a trigger that fires again is committed."""
    return {"k": "go_on", "token": token, "event": event}


def unwatch(tokens: list[int]) -> Head:
    """The events of these triggers are committed, or not wanted any more."""
    return {"k": "unwatch", "tokens": tokens}


def answer(token: int, request: int, ok: bool, **more: Any) -> Head:
    """To an `ask`. Not ok: `error` says why and `kind` names the error. Body: the encoded value, if one was asked."""
    return {"k": "answer", "token": token, "request": request, "ok": ok, **more}


def stop(drain_s: float) -> Head:
    """End: after `drain_s` the living attempts are ended and reported lost. The crew exits when none is left."""
    return {"k": "stop", "drain_s": drain_s}


# ── crew → engine ────────────────────────────────────────────────────────────────────────────────────────


def state(pid: int, boot: str, slots: int, alive: list[Head], waiting: list[int], watched: list[int]) -> Head:
    """First answer to the engine's hello: attempts alive [{token, pid, at}], tokens held but not yet forked, and
    tokens whose triggers are watched.

    Ends not yet acknowledged follow as ordinary `ended` frames, then `settled`: what is in neither never ran.
    """
    return {
        "k": "state",
        "v": PROTOCOL,
        "pid": pid,
        "boot": boot,
        "slots": slots,
        "alive": alive,
        "waiting": waiting,
        "watched": watched,
    }


def settled() -> Head:
    """The crew has told everything it knows; a token it did not name has no journal line and never ran."""
    return {"k": "settled"}


def loaded(request: int, **more: Any) -> Head:
    """Body: JSON list of DagSpec. `version` hash, `modules` {path: sha}, `fork_safe`, `why_unsafe`, `heavy`
    [packages], `reads` [["variable", key] …], `answers` (for the crew: a hash of what they held), `warnings`,
    `memory_mb`, `seconds`."""
    return {"k": "loaded", "request": request, **more}


def dated(request: int, **more: Any) -> Head:
    """`dates` [[run_after, logical_date, interval, key and date of a partition?]…] and `done`, if there are no more;
    `interval` of a run made by hand; `keys` [{key, needed, least, date}] and `most` of a partition; or `error`, a
    sentence."""
    return {"k": "dated", "request": request, **more}


def load_failed(request: int, error: Head, **more: Any) -> Head:
    """`error`: {type, message, file, line, traceback}. `modules` as in `loaded`, as far as it came."""
    return {"k": "load_failed", "request": request, "error": error, **more}


def started(token: int, pid: int, at: float) -> Head:
    return {"k": "started", "token": token, "pid": pid, "at": at}


def ended(token: int, outcome: str, at: float, **more: Any) -> Head:
    """The attempt's process is gone, or is done with it (see `then` in `result`).

    Beside the fields of `result`: `signal`, `exit_code`, `peak_mb`, `log_bytes`, `started_at`, `pid`. Body: the
    encoded return value.
    """
    return {"k": "ended", "token": token, "outcome": outcome, "at": at, **more}


def fired(token: int, kind: str, **more: Any) -> Head:
    """An event of a trigger. `kind`: event (the body is its encoded payload), success, failed or skipped (which
    end the task; the body is {"xcoms": …}), error (the trigger broke: `message`, `traceback`). Sent again to each
    engine until `unwatch`. One that fires again numbers its events (`event`, ever larger), each is sent again until
    `go_on`, and it ends with the kind over, or error."""
    return {"k": "fired", "token": token, "kind": kind, **more}


def said(token: int, text: str) -> Head:
    """From a trigger host: what a trigger has logged or printed, for the log of its task."""
    return {"k": "said", "token": token, "text": text}


# ── crew ⇄ zygotes ───────────────────────────────────────────────────────────────────────────────────────


def fork_file(key: str, source: Head, memory_limit_mb: float | None) -> Head:
    """To a base zygote, with the file zygote's channel as the one passed descriptor."""
    return {"k": "fork_file", "key": key, "source": source, "memory_limit_mb": memory_limit_mb}


def forked(key: str, pid: int) -> Head:
    return {"k": "forked", "key": key, "pid": pid}


def park(spares: int, warm: bool = False) -> Head:
    """Fork this many more children and park them; `warm`: nobody waits for them, so they walk an attempt's way once.

    The other words to a file zygote: `end` (when the last child has ended; `finally` when the crew itself ends).
    """
    return {"k": "park", "spares": spares, "warm": warm}


def child(pid: int, ticks: int) -> Head:
    """From a zygote to a new crew, after its hello: one of its children. Passed descriptor: its log's read end.

    For one that has ended, `exited` with its `ticks` follows; after the last, `told`.
    """
    return {"k": "child", "pid": pid, "ticks": ticks}


def parked(pid: int, ticks: int) -> Head:
    """A spare waits on its channel. Passed descriptors: its channel, its log's read end, its pidfd."""
    return {"k": "parked", "pid": pid, "ticks": ticks}


def exited(pid: int, status: int, peak_mb: float) -> Head:
    """A child was reaped; `status` as os.waitpid gives it."""
    return {"k": "exited", "pid": pid, "status": status, "peak_mb": peak_mb}


# ── attempt → crew ───────────────────────────────────────────────────────────────────────────────────────


def ask(token: int, request: int, what: str, **more: Any) -> Head:
    """`what`: value_get, value_put, value_clear, variable_get, variable_set, connection_get, run_state, task_states,
    runs, dag, trigger, asset_get, asset_events, state_get, state_put, mask.

    Parsing asks have token 0.
    """
    return {"k": "ask", "token": token, "request": request, "what": what, **more}


def result(token: int, outcome: str, at: float, **more: Any) -> Head:
    """`error` {type, message, file, line} on failures, `wake_at` for reschedule, `skip` [task ids], `value`
    {kind, length, ref} when there is a return value (then the body is its encoding, empty with `ref`), `wait`
    {trigger, method, timeout_s, words} for deferred (then the body encodes {"trigger": {…}, "method": {…}}, the
    arguments of both),
    `asset_events` [{name, uri, extra, aliases, partition}] of a success, `retry_delay_s` of a failure,
    `reason` of one that has skipped itself.

    `then` says what becomes of the process: it takes the `next`, it is `over` (no line of the author's can run any
    more), or its death is to be waited for (`dies`).
    """
    return {"k": "result", "token": token, "outcome": outcome, "at": at, **more}
