"""The port of an attempt and of a parsing zygote: what author code asks is asked over the channel to the crew.

Owns the forms of asks and answers on the author side. An ask waits as long as it must: for the engine to come back,
and in an attempt for a new crew as well.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ..core import errors
from ..sdk.port import Value
from ..wire import messages
from ..wire.frames import Frame, Head
from ..wire.values import Encoded, decode, encode
from .sources import kept_file, sha256, write_once

# Sends one ask and waits for its answer: (head, body) → frame.
Exchange = Callable[[Head, bytes], Frame]


class ValueFiles:
    """The value store: encodings too large to send, in files named by their content."""

    def __init__(self, folder: str, inline_bytes_max: int) -> None:
        self._folder = folder
        self._inline_bytes_max = inline_bytes_max

    def form(self, value: Encoded) -> tuple[Head, bytes]:
        """The value's description and the body to send with it: empty when it went into a file."""
        form: Head = {"kind": value.kind, "length": value.length, "ref": None, "bytes": len(value.data)}
        if not value.aside and len(value.data) <= self._inline_bytes_max:
            return form, value.data
        parts = value.parts()
        digest = sha256()
        for part in parts:
            digest.update(part)
        form["bytes"] = sum(memoryview(part).nbytes for part in parts)
        form["ref"] = digest.hexdigest()
        write_once(kept_file(self._folder, form["ref"]), *parts)
        return form, b""

    def read(self, ref: str) -> bytes:
        with open(kept_file(self._folder, ref), "rb") as file:
            return file.read()


class ChannelPort:
    """sdk.port.Port, asked of the engine."""

    def __init__(
        self, token: int, exchange: Exchange, files: ValueFiles, on_secrets: Callable[[list[str]], None]
    ) -> None:
        self._token = token
        self._exchange = exchange
        self._files = files
        self._on_secrets = on_secrets
        self._request = 0
        self._triggered = 0  # runs of other DAGs asked for
        self._masked: set[str] = set()
        self.reads: list[list[str]] = []  # which variables and connections were read, for freshness
        self._answers: dict[tuple[str, str], str] = {}  # hash of what each of them held

    def count_from(self, request: int) -> None:
        """Number this port's asks from here on."""
        self._request = request

    def _ask(self, what: str, body: bytes = b"", **more: Any) -> Frame:
        self._request += 1
        head, answer = self._exchange(messages.ask(self._token, self._request, what, **more), body)
        if not head["ok"]:
            raise _refusal(head)
        return head, answer

    def values(
        self,
        key: str,
        task_ids: list[str] | None = None,
        map_indexes: list[int] | None = None,
        dag_id: str | None = None,
        run_id: str | None = None,
        include_prior_dates: bool = False,
    ) -> list[Value]:
        _, body = self._ask(
            "value_get",
            key=key,
            task_ids=task_ids,
            map_indexes=map_indexes,
            dag_id=dag_id,
            run_id=run_id,
            include_prior_dates=include_prior_dates,
        )
        found = []
        for task_id, map_index, ref, held in json.loads(body or b"[]"):
            data = self._files.read(ref) if ref else _dumps(held)
            found.append(Value(task_id, map_index, decode(data, classes=True, key=key)))
        return found

    def put(self, key: str, value: Any) -> None:
        form, body = self._files.form(encode(value, key))
        self._ask("value_put", body, key=key, value=form)

    def variable(self, key: str) -> str | None:
        head = self._ask_setting("variable", "key", key)
        found = head.get("value")
        return None if found is None else str(found)

    def set_variable(self, key: str, value: str | None, description: str | None = None) -> None:
        head, _ = self._ask("variable_set", key=key, value=value, description=description)
        self._note_masks(head)

    def connection(self, conn_id: str) -> dict[str, Any] | None:
        head = self._ask_setting("connection", "conn_id", conn_id)
        found = head.get("connection")
        return None if found is None else dict(found)

    def _ask_setting(self, kind: str, by: str, name: str) -> Head:
        named: dict[str, Any] = {by: name}
        head, _ = self._ask(f"{kind}_get", **named)
        self._note_masks(head)
        if (kind, name) not in self._answers:
            self.reads.append([kind, name])
        held = head.get("value" if kind == "variable" else "connection")
        self._answers[kind, name] = sha256(_dumps(held)).hexdigest()
        return head

    def _note_masks(self, head: Head) -> None:
        """The crew hides them already; whoever comes after it must be able to."""
        if head.get("mask"):
            self._on_secrets([str(secret) for secret in head["mask"]])

    def answers_digest(self) -> str:
        """The same as long as everything that was read holds the same."""
        return str(sha256(_dumps(sorted(self._answers.items()))).hexdigest()) if self._answers else ""

    def clear_values(self, task_id: str, map_index: int | None, key: str | None) -> None:
        self._ask("value_clear", task_id=task_id, map_index=map_index, key=key)

    def asset(self, name: str | None, uri: str | None) -> dict[str, Any] | None:
        found = self._ask("asset_get", name=name, uri=uri)[0].get("asset")
        return None if found is None else dict(found)

    def asset_events(self, **wanted: Any) -> list[dict[str, Any]]:
        return list(json.loads(self._ask("asset_events", wanted=wanted)[1] or b"[]"))

    def state(self, scope: str | None, key: str) -> Any:
        head, body = self._ask("state_get", scope=scope, key=key)
        return (json.loads(body),) if head["found"] else None

    def keep_state(self, scope: str | None, key: str | None, value: Any, keep_s: float | None = None) -> None:
        body = b"" if value is None else _dumps(value[0])
        self._ask("state_put", body, scope=scope, key=key, keep_s=keep_s)

    def run_state(self, dag_id: str, run_id: str) -> str | None:
        found = self._ask("run_state", dag_id=dag_id, run_id=run_id)[0].get("state")
        return None if found is None else str(found)

    def task_states(self, dag_id: str, run_id: str, task_ids: list[str] | None) -> dict[str, str]:
        head, _ = self._ask("task_states", dag_id=dag_id, run_id=run_id, task_ids=task_ids)
        return dict(head.get("states") or {})

    def runs(self, dag_id: str, **wanted: Any) -> list[dict[str, Any]]:
        return list(json.loads(self._ask("runs", dag_id=dag_id, wanted=wanted)[1] or b"[]"))

    def instances(self, dag_id: str, run_id: str, task_ids: list[str] | None = None) -> list[dict[str, Any]]:
        body = self._ask("instances", dag_id=dag_id, run_id=run_id, task_ids=task_ids)[1]
        return list(json.loads(body or b"[]"))

    def dag(self, dag_id: str) -> dict[str, Any] | None:
        found = self._ask("dag", dag_id=dag_id)[0].get("dag")
        return None if found is None else dict(found)

    def trigger(self, dag_id: str, **wanted: Any) -> dict[str, Any]:
        self._triggered += 1
        return dict(self._ask("trigger", dag_id=dag_id, wanted=wanted, n=self._triggered)[0]["made"])

    def mask(self, *secrets: str) -> None:
        new = [secret for secret in secrets if secret not in self._masked]
        if new:
            from ..core.secrets import in_all_forms

            self._masked.update(new)
            forms = in_all_forms(new)
            self._on_secrets(forms)
            self._ask("mask", secrets=forms)


def _dumps(held: Any) -> bytes:
    return json.dumps(held, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _refusal(head: Head) -> errors.VenturiError:
    """The error that the answer names, with the sentence that it carries."""
    named = getattr(errors, str(head.get("kind") or ""), None)
    kind = named if isinstance(named, type) and issubclass(named, errors.VenturiError) else errors.Refused
    made = kind.__new__(kind)
    Exception.__init__(made, str(head.get("error") or "The engine refused."))
    made.parts = {}
    return made
