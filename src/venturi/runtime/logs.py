"""An attempt's own words in its log, and the flushing of what author code has printed.

Owns nothing but these; the mark that tells the crew a line's level is made by sdk.logs.
"""

from __future__ import annotations

import logging
import sys

from ..sdk.logs import marked


def say(level: str, text: str) -> None:
    """Lines of the given level (D I W E C), whatever author code has made of sys.stderr."""
    stream = sys.__stderr__
    if stream is None:
        return
    try:
        stream.write(marked(text.rstrip("\n"), level) + "\n")
        stream.flush()
    except (OSError, ValueError):
        pass  # the author has closed it


def flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass  # closed, or an author's object without it
    if len(logging._handlerList) > 2:  # type: ignore[attr-defined]  # ours and Python's last resort have nothing to flush
        try:
            logging.shutdown()
        except Exception:
            pass
