"""What tasks keep beside their values: of one task instance over all its tries, or of an asset over all runs.

Owns `task_state_store`, `asset_state_store` and the mixin that takes up a remote job again. The asynchronous forms
ask in the same way: an ask takes well under a millisecond.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from ..core.scopes import scope_of_asset
from .asset_events import declared
from .assets import Asset, AssetRef, AssetUriRef
from .port import port

NEVER_EXPIRE = timedelta.max


class StoredState:
    """Keys and JSON values of one scope; without one, of this task instance."""

    def __init__(self, scope: str | None = None) -> None:
        self._scope = scope

    def get(self, key: str, default: Any = None) -> Any:
        found = port().state(self._scope, key)
        return default if found is None else found[0]

    def set(self, key: str, value: Any, *, retention: timedelta | None = None) -> None:
        if value is None:
            raise ValueError("Cannot set value as None")
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"What is kept under '{key}' must be text, numbers, true or false, lists and dicts of these: {error}."
            ) from None
        keep_s = None if retention is None or retention == NEVER_EXPIRE else retention.total_seconds()
        port().keep_state(self._scope, key, (value,), keep_s)

    def delete(self, key: str) -> None:
        port().keep_state(self._scope, key, None, None)

    def clear(self) -> None:
        port().keep_state(self._scope, None, None, None)

    async def aget(self, key: str, default: Any = None) -> Any:
        return self.get(key, default)

    async def aset(self, key: str, value: Any, *, retention: timedelta | None = None) -> None:
        self.set(key, value, retention=retention)

    async def adelete(self, key: str) -> None:
        self.delete(key)

    async def aclear(self) -> None:
        self.clear()


class AssetStates(StoredState):
    """`asset_state_store[asset]`, of the task's inlets and outlets; of a single one also without naming it."""

    def __init__(self, listed: Sequence[Any]) -> None:
        super().__init__()
        self._listed = [one for one in listed if isinstance(one, (Asset, AssetRef))]

    def __getitem__(self, key: Any) -> StoredState:
        if not isinstance(key, (Asset, AssetRef)):
            raise TypeError(f"Expected Asset, AssetNameRef, or AssetUriRef; got {type(key).__name__}")
        for one in self._listed:
            if _matches(one, key) or _matches(key, one):
                return StoredState(_scope(one))
        raise KeyError(f"{key!r} is not in this task's inlets or outlets")

    def _one(self) -> StoredState:
        scopes = {_scope(one) for one in self._listed}
        if len(scopes) != 1:
            raise ValueError(
                f"The task has {len(scopes)} inlets and outlets; name one: context['asset_state_store'][MY_ASSET]."
            )
        return StoredState(scopes.pop())

    def get(self, key: str, default: Any = None) -> Any:
        return self._one().get(key, default)

    def set(self, key: str, value: Any, *, retention: timedelta | None = None) -> None:
        self._one().set(key, value, retention=retention)

    def delete(self, key: str) -> None:
        self._one().delete(key)

    def clear(self) -> None:
        self._one().clear()


def _matches(one: Any, key: Any) -> bool:
    if isinstance(key, AssetUriRef):
        return getattr(one, "uri", None) == key.uri
    return getattr(one, "name", None) == getattr(key, "name", None) is not None


def _scope(one: Any) -> str:
    asset = declared(one)
    return scope_of_asset(asset.name, asset.uri)


class ResumableJobMixin:
    """For operators that start a job elsewhere and wait for it: a later try takes up the job that an earlier one began.

    Give submit_job, get_job_status, is_job_active, is_job_succeeded and poll_until_complete; call
    `self.execute_resumable(context)` from execute().
    """

    external_id_key: str = "remote_job_id"

    def __init__(self, *, durable: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.durable = durable

    def submit_job(self, context: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no submit_job().")

    def get_job_status(self, external_id: Any, context: Any) -> str:
        raise NotImplementedError(f"{type(self).__name__} has no get_job_status().")

    def is_job_active(self, status: str) -> bool:
        raise NotImplementedError(f"{type(self).__name__} has no is_job_active().")

    def is_job_succeeded(self, status: str) -> bool:
        raise NotImplementedError(f"{type(self).__name__} has no is_job_succeeded().")

    def poll_until_complete(self, external_id: Any, context: Any) -> None:
        raise NotImplementedError(f"{type(self).__name__} has no poll_until_complete().")

    def get_job_result(self, external_id: Any, context: Any) -> Any:
        return None

    def execute_resumable(self, context: Any) -> Any:
        kept: StoredState | None = context["task_state_store"] if self.durable else None
        external_id = kept.get(self.external_id_key) if kept is not None else None
        if external_id is not None:
            status = self.get_job_status(external_id, context)
            if self.is_job_succeeded(status):
                return self.get_job_result(external_id, context)
            if not self.is_job_active(status):
                external_id = None  # it has failed there: begun anew
        if external_id is None:
            external_id = self.submit_job(context)
            if kept is not None:
                kept.set(self.external_id_key, external_id, retention=NEVER_EXPIRE)
        self.poll_until_complete(external_id, context)
        return self.get_job_result(external_id, context)
