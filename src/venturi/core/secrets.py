"""What must not be shown: which names say that their value is secret, and every form in which a secret may be printed.

Owns the fields of a connection, and the judgement of connections and variables as plain data. Keeps nothing; whoever
hides a word (the log of an attempt, an error before it is kept) is given the texts from here.
"""

from __future__ import annotations

import json
import re
from binascii import b2a_base64
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

CONNECTION_FIELDS = ("conn_type", "description", "host", "login", "password", "schema", "port", "extra")
HIDDEN = "***"
HIDDEN_CHARS_MIN = 3  # hiding shorter words would blacken every log
_LINE_CHARS_MIN = 6  # of a secret of several lines, each line is hidden: logs are stamped line by line
_DEPTH_MAX = 20

_SECRET_NAMES = re.compile(
    "passw|passphrase|pwd|secret|token|credential|authori[sz]ation|signature|keyfile|service_account"
    "|(api|access|private|account|auth|encryption|shared|session|signing)_?key|^key$|^auth$|_sas$"
)
_NOT_SECRET = re.compile("(token|secret|key)_?(url|uri|path|name|id|ur[il]s|file|type|version|endpoint)$")
_URL_PASSWORD = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/@:?#]*:([^\s/@]+)@")
_BASE64_CHARS_MIN = 6  # of what is shorter it would be found where nothing is meant
_IN_PAGES: tuple[dict[str, str], ...] = (
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"},
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;"},
    {"&": "\\u0026", "<": "\\u003c", ">": "\\u003e", "'": "\\u0027"},
)
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~")


def sounds_secret(name: str) -> bool:
    """Whether a variable, a field or an environment variable of this name holds something to hide."""
    plain = name.strip().lower().replace("-", "_")
    return bool(_SECRET_NAMES.search(plain)) and not _NOT_SECRET.search(plain)


def of_connection(fields: Mapping[str, Any]) -> list[str]:
    """The password, what is secret in the extra, and passwords inside addresses."""
    found: list[str] = []
    password, login, extra = fields.get("password"), fields.get("login"), fields.get("extra")
    if password:
        found.append(str(password))
        pair = f"{login or ''}:{password}".encode("utf-8", "surrogatepass")
        found.append(b2a_base64(pair, newline=False).decode())  # as HTTP sends it
    if extra:
        found += _of_text(extra, is_secret=False, all_if_plain=True)
    for name in ("host", "schema"):
        found += _of_addresses(str(fields.get(name) or ""))
    return found


def of_named(name: str, value: Any) -> list[str]:
    """What is secret in a value by its name (`api_token`), by names inside it, or as a password in an address."""
    return _of_text(value, sounds_secret(name))


def in_all_forms(secrets: Iterable[str]) -> list[str]:
    """Longest first, each once: as it is, in addresses, JSON, pages, Python's repr and base64, and line by line."""
    made: dict[str, None] = {}
    for secret in secrets:
        for form in _forms(secret):
            if len(form) >= HIDDEN_CHARS_MIN:
                made[form] = None
    return sorted(made, key=len, reverse=True)


def hidden(text: str, secrets: Iterable[str]) -> str:
    """The text without them; `secrets` in all forms, longest first."""
    for secret in secrets:
        if secret in text:
            text = text.replace(secret, HIDDEN)
    return text


def hidden_in(data: Any, secrets: list[str]) -> Any:
    """Plain data without them: in texts alone, never in the keys of an object."""
    if isinstance(data, str):
        return hidden(data, secrets)
    if isinstance(data, Mapping):
        return {key: hidden_in(part, secrets) for key, part in data.items()}
    if isinstance(data, (list, tuple)):
        return [hidden_in(part, secrets) for part in data]
    return data


# ── finding ──


def _of_text(value: Any, is_secret: bool, all_if_plain: bool = False) -> list[str]:
    """Of a value that may be JSON written as text. `all_if_plain`: what is no JSON object is secret as a whole."""
    if not isinstance(value, str):
        return list(_leaves(value, is_secret))
    try:
        data = json.loads(value) if value.lstrip()[:1] in ("{", "[") else None
    except (ValueError, RecursionError):
        data = None
    if data is None:
        return [value] if is_secret or all_if_plain else _of_addresses(value)
    return [*([value] if is_secret else []), *_leaves(data, is_secret)]


def _leaves(value: Any, is_secret: bool, depth: int = 0) -> Iterator[str]:
    if value is None or isinstance(value, bool) or depth > _DEPTH_MAX:
        return
    if isinstance(value, Mapping):
        names = {key: sounds_secret(str(key)) for key in value}
        below = is_secret and not any(names.values())  # an object that names its own secrets has said which they are
        for key, part in value.items():
            yield from _leaves(part, names[key] or below, depth + 1)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for part in value:
            yield from _leaves(part, is_secret, depth + 1)
    elif isinstance(value, str):
        yield from _of_text(value, is_secret)
    elif is_secret:
        yield str(value)


def _of_addresses(text: str) -> list[str]:
    return [one for found in _URL_PASSWORD.findall(text) for one in (found, _decoded(found))]


# ── forms ──


def _forms(secret: str) -> Iterator[str]:
    yield secret
    in_json = json.dumps(secret)[1:-1]
    for text in dict.fromkeys((secret, in_json)):
        yield text
        whole = _encoded(text)
        yield whole
        yield whole.replace("%2F", "/")
        yield whole.replace("%20", "+")
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    for text in (secret, in_json):  # in pages, and by the template filter `tojson`
        for signs in _IN_PAGES:
            yield _replaced(text, signs)
    yield secret.replace("'", "'\"'\"'")  # quoted for a shell
    yield in_json.replace('\\"', '"')  # and read by one
    if len(secret) >= _BASE64_CHARS_MIN:
        data = secret.encode("utf-8", "surrogatepass")
        for part in (data, data[: len(data) // 3 * 3]):  # the second also where more follows
            yield b2a_base64(part, newline=False).decode()
            yield b2a_base64(part, newline=False).decode().replace("+", "-").replace("/", "_")
    yield repr(secret)[1:-1]
    yield repr(secret.encode("utf-8", "surrogatepass"))[2:-1]
    if "\n" in secret:
        for line in secret.splitlines():
            if len(line.strip()) >= _LINE_CHARS_MIN:
                yield line.strip()


def _replaced(text: str, signs: Mapping[str, str]) -> str:
    return "".join(signs.get(sign, sign) for sign in text)


def _encoded(text: str) -> str:
    data = text.encode("utf-8", "surrogatepass")
    return "".join(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in data)


def _decoded(text: str) -> str:
    data = re.sub(rb"%([0-9A-Fa-f]{2})", lambda m: bytes([int(m[1], 16)]), text.encode("utf-8", "surrogatepass"))
    return data.decode("utf-8", "replace")
