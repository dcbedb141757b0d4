"""What the template fields of a task came to, in words for people, whatever an author has put there.

Owns that form. Calls nothing of an author's: of his objects it tells the class alone. No text is cut here, since what
is secret in it is taken out later, and half of it would stay.
"""

from __future__ import annotations

from typing import Any

FIELDS_MAX, DEPTH_MAX, PARTS_MAX = 20, 4, 20
TEXT_CHARS_MAX, PART_CHARS_MAX = 20_000, 200


def rendered_fields(task: Any) -> dict[str, str]:
    """Field → text, of those in which there is something."""
    found: dict[str, str] = {}
    try:
        for name in tuple(task.template_fields)[:FIELDS_MAX]:
            value = task.__dict__.get(name)
            if value is None or (type(value) in (str, list, tuple, dict) and not value):
                continue
            found[str(name)] = _whole(value) if type(value) is str else _told(value, 0)
    except Exception:  # a class that answers in its own way; what is told of it is no reason to fail
        return found
    return found


def _whole(text: str) -> str:
    return text if len(text) <= TEXT_CHARS_MAX else f"<text of {len(text)} signs>"


def _told(value: Any, depth: int) -> str:
    kind = type(value)
    if kind is str:
        # Without escapes: a secret is found as it is.
        return f"'{value}'" if len(value) <= PART_CHARS_MAX else f"<text of {len(value)} signs>"
    if kind in (bool, int, float) or value is None:
        return repr(value)
    if kind not in (list, tuple, dict):
        return f"<{kind.__name__}>"
    if depth == DEPTH_MAX:
        return "…"
    if kind is dict:
        parts = [f"{_told(key, DEPTH_MAX)}: {_told(value[key], depth + 1)}" for key in list(value)[:PARTS_MAX]]
    else:
        parts = [_told(part, depth + 1) for part in value[:PARTS_MAX]]
    more = len(value) - PARTS_MAX
    text = ", ".join([*parts, f"… {more} more"] if more > 0 else parts)
    return f"{{{text}}}" if kind is dict else f"[{text}]" if kind is list else f"({text})"
