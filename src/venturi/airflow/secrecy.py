"""`mask_secret`, `redact` and `timeout`, as wheels call them."""

from __future__ import annotations

import signal
from types import TracebackType
from typing import Any

from ..core.secrets import HIDDEN, sounds_secret
from ..sdk.exceptions import AirflowTaskTimeout
from ..sdk.port import has_port, port


def mask_secret(secret: Any, name: str | None = None) -> None:
    """From now on the log shows *** in its place, and in the place of each text inside it."""
    if isinstance(secret, str):
        if secret and has_port():
            port().mask(secret)
    elif isinstance(secret, dict):
        for key, part in secret.items():
            mask_secret(part, str(key))
    elif isinstance(secret, (list, tuple, set)):
        for part in secret:
            mask_secret(part, name)


def redact(value: Any, name: str | None = None, max_depth: int | None = None) -> Any:
    """The value, with what has a secret-sounding name hidden."""
    if isinstance(value, dict):
        return {key: redact(part, str(key)) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(redact(part, name) for part in value) if type(value) in (list, tuple) else value
    return HIDDEN if isinstance(value, str) and name and sounds_secret(name) else value


class timeout:
    """`with timeout(3):` raises in the main thread when the time is over. The attempt's own limit goes on behind it."""

    def __init__(self, seconds: float = 1, error_message: str = "Timeout") -> None:
        self.seconds, self.error_message = seconds, error_message
        self._before: Any = None
        self._left_s = 0.0

    def handle_timeout(self, *_: Any) -> None:
        raise AirflowTaskTimeout(self.error_message)

    def __enter__(self) -> timeout:
        self._before = signal.signal(signal.SIGALRM, self.handle_timeout)
        self._left_s = signal.setitimer(signal.ITIMER_REAL, self.seconds)[0]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        used_s = self.seconds - signal.setitimer(signal.ITIMER_REAL, 0)[0]
        signal.signal(signal.SIGALRM, self._before)
        if self._left_s:
            signal.setitimer(signal.ITIMER_REAL, max(self._left_s - used_s, 0.001))
