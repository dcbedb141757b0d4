"""How the commands speak: people read stderr and plain text, programs one line of JSON on stdout.

Owns the two forms and the exit codes. Reads nothing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from typing import Any, NoReturn

SUCCESS, FAILED, COULD_NOT_START, INTERRUPTED = 0, 1, 2, 130


class Exit(Exception):
    """Ends the command: what is wrong in one sentence (or nothing), a code for programs, and the exit status."""

    def __init__(self, message: str = "", status: int = FAILED, code: str = "failed", **more: Any) -> None:
        super().__init__(message)
        self.message, self.status, self.code, self.more = message, status, code, more


def fail(message: str, status: int = FAILED, code: str = "failed", **more: Any) -> NoReturn:
    raise Exit(message, status, code, **more)


def say(text: str) -> None:
    """To the person, never to the program: always stderr."""
    print(text, file=sys.stderr, flush=True)


def show(data: dict[str, Any], as_json: bool, text: str | None = None) -> None:
    """The command's result: exactly one line of JSON, or the text."""
    if as_json:
        sys.stdout.write(json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=str) + "\n")
    elif text:
        sys.stdout.write(text.rstrip("\n") + "\n")
    sys.stdout.flush()


def iso(seconds: float | None) -> str | None:
    """ISO 8601 in UTC."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Columns as wide as they must be, two spaces apart; the last one ragged."""
    lines = [list(heads), *(["" if cell is None else str(cell) for cell in row] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(heads))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines)


def duration(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"
