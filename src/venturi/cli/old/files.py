"""Files that the old words export to: their form by name, written for their owner's eyes only; `-` is stdout."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from ..printing import COULD_NOT_START, SUCCESS, fail

_STDOUT = ("-", "/dev/stdout")


def form_of(file: str, known: tuple[str, ...], of_stdout: str) -> str:
    if file in _STDOUT:
        return of_stdout
    ending = os.path.splitext(file)[1].lstrip(".").lower() or os.path.basename(file).lstrip(".")
    ending = "yaml" if ending == "yml" else ending
    if ending not in known:
        fail(
            f"{file} ends in none of {', '.join(f'.{one}' for one in known)}; or say --file-format.",
            COULD_NOT_START,
            "usage",
        )
    return ending


def written(data: Any, form: str) -> str:
    if form == "json":
        return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    import yaml

    return str(yaml.safe_dump(data, sort_keys=False, allow_unicode=True))


def put(file: str, text: str, said: str) -> int:
    if file in _STDOUT:
        sys.stdout.write(text)
        return SUCCESS
    try:
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as opened:
            opened.write(text)
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}.", code="not_writable")
    print(said)
    return SUCCESS
