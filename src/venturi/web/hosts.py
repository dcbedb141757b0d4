"""By which names the web process is asked, and what a proxy in front of it says of who asks.

Owns both. A name that is not ours is refused, since a web page from elsewhere may have had its own name pointed at us.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import MutableMapping
from typing import Any

from ..config import Config
from .binding import is_loopback

Scope = MutableMapping[str, Any]
_LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]"})


class Hosts:
    def __init__(self, config: Config) -> None:
        named = {name.strip().lower() for name in config.allowed_hosts.split(",") if name.strip()}
        self._open = not is_loopback(config.host)
        self._behind_proxy = config.behind_proxy
        self._names = _LOCAL | {config.host.lower()} | named
        if self._open:
            self._names |= {socket.gethostname().lower()}

    def asked(self, scope: Scope) -> Scope:
        """The request as it was made: without a proxy of ours nobody is believed who says for whom they ask."""
        return _as_proxied(scope) if self._behind_proxy else scope

    def are_ours(self, scope: Scope) -> bool:
        given = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1").lower()
        name, colon, port = given.rpartition(":")
        host = name if colon and port.isdigit() else given
        # An address in figures is nobody's name, so it cannot have been pointed at us.
        return host in self._names or (self._open and _is_address(host))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host[1:-1] if host.startswith("[") and host.endswith("]") else host)
    except ValueError:
        return False
    return True


def _as_proxied(scope: Scope) -> Scope:
    """Of each header the last word is the proxy's own; those before it were sent to it."""
    said = {
        name: value.rpartition(b",")[2].strip().decode("latin-1")
        for name, value in scope["headers"]
        if name.startswith(b"x-forwarded-")
    }
    made = dict(scope)
    if said.get(b"x-forwarded-proto", "").lower() in ("http", "https"):
        made["scheme"] = said[b"x-forwarded-proto"].lower()
    if host := said.get(b"x-forwarded-host"):
        kept = [(name, value) for name, value in scope["headers"] if name != b"host"]
        made["headers"] = [*kept, (b"host", host.encode("latin-1"))]
    client = said.get(b"x-forwarded-for", "").strip("[]")
    if _is_address(client):
        made["client"] = (client, 0)
    return made
