"""The author side's end of a channel to the crew: whole frames in and out, blocking, with passed descriptors.

Owns one stream socket. Used by base zygotes, file zygotes and attempts; the crew has its own, non-blocking kind.
"""

from __future__ import annotations

import os
import struct

# The C module: `socket` around it brings enumerations and selectors, half a megabyte that no attempt needs.
from _socket import AF_UNIX, CMSG_SPACE, SCM_RIGHTS, SOCK_STREAM, SOL_SOCKET, socket, socketpair
from collections import deque

from ..wire.frames import Decoder, Frame, Head, encode

Socket = socket
READ_BYTES = 1 << 16
_FD_BYTES = struct.calcsize("i")
_FDS_SPACE = CMSG_SPACE(250 * _FD_BYTES)  # the kernel passes 253 in one message


class Channel:
    __slots__ = ("_decoder", "_frames", "_identity", "fds", "socket")

    def __init__(self, link: socket) -> None:
        self.socket = link
        self.fds: deque[int] = deque()  # passed to us, in the order of the frames that they belong to
        self._decoder = Decoder()
        self._frames: deque[Frame] = deque()
        self._identity = _identity(link.fileno())

    def fileno(self) -> int:
        return self.socket.fileno()

    def intact(self) -> bool:
        """Whether our descriptor is still our socket: author code may have closed it and opened a file in its place."""
        try:
            return _identity(self.socket.fileno()) == self._identity
        except OSError:
            return False

    def send(self, head: Head, body: bytes = b"", fds: list[int] | None = None) -> None:
        data = encode(head, body)
        if fds:
            passed = [(SOL_SOCKET, SCM_RIGHTS, struct.pack(f"{len(fds)}i", *fds))]
            sent = self.socket.sendmsg([data], passed)
            data = data[sent:]
        if data:
            self.socket.sendall(data)

    def receive(self) -> Frame | None:
        """The next frame, waiting for it; None when the other side has closed."""
        while not self._frames:
            if not self.fill():
                return None
        return self._frames.popleft()

    def waiting(self) -> bool:
        """Whether a whole frame is here already."""
        return bool(self._frames)

    def fill(self) -> bool:
        """Read once, waiting if there is nothing; False when the other side has closed."""
        try:
            data, ancillary, _, _ = self.socket.recvmsg(READ_BYTES, _FDS_SPACE)
        except ConnectionResetError:
            return False
        for level, kind, packed in ancillary:
            if level == SOL_SOCKET and kind == SCM_RIGHTS:
                self.fds.extend(
                    struct.unpack(f"{len(packed) // _FD_BYTES}i", packed[: len(packed) // _FD_BYTES * _FD_BYTES])
                )
        if not data:
            return False
        self._frames.extend(self._decoder.feed(data))
        return True

    def close(self) -> None:
        self.socket.close()


def pair() -> tuple[socket, socket]:
    return socketpair(AF_UNIX, SOCK_STREAM)


def of_descriptor(fd: int) -> Channel:
    return Channel(socket(fileno=fd))


def connected(address: str) -> Channel:
    """To whoever listens there; OSError if nobody does."""
    link = socket(AF_UNIX, SOCK_STREAM)
    try:
        link.connect(address)
    except OSError:
        link.close()
        raise
    return Channel(link)


def _identity(fd: int) -> tuple[int, int]:
    found = os.fstat(fd)
    return found.st_dev, found.st_ino
