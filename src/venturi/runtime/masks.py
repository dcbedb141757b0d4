"""The secrets that an attempt has come to know, where the next crew finds them but no disk does.

Owns a memory file (memfd) of this process, one JSON list of strings a line. The crew that relayed them masks from its
own memory; a crew that adopts this attempt reads them through /proc before it pumps a byte of the log. What leaves this
process by another way than its output (an error, a file's specs) is cleaned here.
"""

from __future__ import annotations

import json
import os
from typing import Any

NAME = "venturi-masks"


class Masks:
    __slots__ = ("_fd", "_known")

    def __init__(self) -> None:
        self._fd = -1
        self._known: set[str] = set()

    @property
    def any(self) -> bool:
        return bool(self._known)

    def hidden_in(self, data: Any) -> Any:
        """What is about to be told or kept, without them."""
        return without(data, list(self._known))

    def add(self, words: list[str]) -> None:
        new = [word for word in words if word and word not in self._known]
        if not new:
            return
        self._known.update(new)
        if self._fd < 0:
            self._fd = os.memfd_create(NAME, os.MFD_CLOEXEC)
        try:
            os.write(self._fd, json.dumps(new).encode() + b"\n")
        except OSError:
            self._fd = -1  # closed by the author; a crew to come then shows nothing of what is printed


def without(data: Any, words: list[str]) -> Any:
    """Plain data, its texts without these words."""
    if not words:
        return data
    from ..core.secrets import hidden_in

    return hidden_in(data, sorted(words, key=len, reverse=True))


# Texts of a spec that name things: hiding a word in them would make another DAG of it.
_NAMES = frozenset(("dag_id", "task_id", "group_id", "parent", "upstream", "file", "operator", "trigger_rule", "pool",
                    "argument", "key", "isolation", "timezone", "template_fields"))  # fmt: skip


def specs_without(specs: bytes, words: list[str]) -> bytes:
    """Of a file whose import has read secrets: what it put into a document or a param is not kept in clear."""
    if not words:
        return specs

    def clean(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: value if key in _NAMES else clean(value) for key, value in part.items()}
        return [clean(one) for one in part] if isinstance(part, list) else without(part, words)

    return json.dumps(clean(json.loads(specs)), separators=(",", ":")).encode()
