"""Splits a text of SQL into its statements: at semicolons that stand in no string, name, comment or dollar quote."""

from __future__ import annotations

import re

# In this order: what is opened first holds what follows.
_PARTS = re.compile(
    r"""
      --[^\n]*                                   # comment to the end of the line
    | /\*.*?(?:\*/|\Z)                           # comment
    | '(?:[^']|'')*(?:'|\Z)                      # string
    | "(?:[^"]|"")*(?:"|\Z)                      # name
    | (?P<tag>\$(?:[A-Za-z_]\w*)?\$).*?(?:(?P=tag)|\Z)  # dollar quote of Postgres
    | ;
    | \b(?:CREATE\s+(?:TEMP\w*\s+)?TRIGGER)\b    # its body has semicolons
    """,
    re.X | re.S | re.I,
)
_BLOCK_END = re.compile(r"\bEND\s*$", re.I)


def split(sql: str) -> list[str]:
    """Without comments outside of them, and without the semicolons between them."""
    found: list[str] = []
    text: list[str] = []
    at = 0
    in_trigger = False
    for part in _PARTS.finditer(sql):
        text.append(sql[at : part.start()])
        at = part.end()
        word = part.group()
        if word == ";":
            so_far = "".join(text)
            if in_trigger and not _BLOCK_END.search(so_far):
                text.append(word)
                continue
            found.append(so_far)
            text, in_trigger = [], False
        elif word.startswith(("--", "/*")):
            text.append(" ")
        else:
            in_trigger = in_trigger or word[:1].isalpha()
            text.append(word)
    text.append(sql[at:])
    found.append("".join(text))
    return [statement.strip() for statement in found if statement.strip()]
