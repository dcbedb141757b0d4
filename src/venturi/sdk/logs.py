"""The author's `logging` in an attempt: to stderr, one line each, marked with its level for the crew's log pump.

A marked line begins with the byte 0x1e and a letter: D I W E C.
"""

from __future__ import annotations

import logging
import sys

MARK = "\x1e"
_marking = False


def letter(level: int) -> str:
    if level >= logging.CRITICAL:
        return "C"
    if level >= logging.ERROR:
        return "E"
    if level >= logging.WARNING:
        return "W"
    return "I" if level >= logging.INFO else "D"


def marked(text: str, mark: str) -> str:
    """The text with each of its lines marked, where this process marks lines."""
    if not _marking:
        return text
    return "\n".join(f"{MARK}{mark}{line}" for line in text.split("\n"))


class _Handler(logging.Handler):
    """Writes to what sys.stderr is at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(marked(self.format(record), letter(record.levelno)) + "\n")
            sys.stderr.flush()
        except RecursionError:
            raise
        except Exception:
            self.handleError(record)


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return text if record.name.startswith(("airflow", "root")) else f"{record.name}: {text}"


def setup(level: int = logging.INFO) -> None:
    """Called once, in the zygote or the attempt; handlers that the author's modules have put up stay."""
    global _marking
    _marking = True
    root = logging.getLogger()
    if not any(isinstance(handler, _Handler) for handler in root.handlers):
        handler = _Handler()
        handler.setFormatter(_Formatter("%(message)s"))
        root.addHandler(handler)
    if root.level in (logging.NOTSET, logging.WARNING):  # WARNING is Python's own default, so nobody has chosen it
        root.setLevel(level)
