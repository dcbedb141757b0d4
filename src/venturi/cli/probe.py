"""The first request to the web process, by which `up` knows that it answers: over TLS where it speaks that.

Owns that one request. Never waits: whoever holds it looks again when something came. OpenSSL is loaded only for TLS.
"""

from __future__ import annotations

import socket
from typing import Any

REQUEST = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
ANSWER = b"HTTP/1.1 200"


class Probe:
    def __init__(self, listener: socket.socket, with_tls: bool) -> None:
        """OSError where nobody listens."""
        host, port = listener.getsockname()[:2]
        self.answered = False
        self._asked, self._tls = False, with_tls
        self.socket: Any = socket.socket(listener.family)
        try:
            self.socket.connect(({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port))
            self.socket.setblocking(False)
            if with_tls:
                self.socket = _over_tls(self.socket)
        except OSError:
            self.socket.close()
            raise
        self.is_over()  # the first word is ours

    def is_over(self) -> bool:
        """One step, as far as it goes without waiting."""
        try:
            if not self._asked:
                if self._tls:
                    self.socket.do_handshake()
                self.socket.sendall(REQUEST)
                self._asked = True
            self.answered = self.socket.recv(len(ANSWER)) == ANSWER
        except BlockingIOError:
            return False
        except OSError as error:
            return type(error).__name__ != "SSLWantReadError"
        return True


def _over_tls(plain: socket.socket) -> socket.socket:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # it is asked whether it answers, not who it is
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(plain, do_handshake_on_connect=False)
