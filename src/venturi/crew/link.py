"""The crew's end of a channel: whole frames in and out without ever blocking, with passed descriptors.

Owns one stream socket and what could not be sent yet. What the frames mean is their receiver's business.
"""

from __future__ import annotations

import array
import os
import socket
from collections import deque

from ..wire.frames import Decoder, Frame, Head, encode
from .loop import READ, WRITE, Loop

READ_BYTES = 1 << 18
_FD_BYTES = array.array("i").itemsize
_FDS_SPACE = socket.CMSG_SPACE(250 * _FD_BYTES)


class Link:
    __slots__ = ("_decoder", "_loop", "_out", "_passing", "closed", "fds", "fileno", "socket")

    def __init__(self, loop: Loop, link: socket.socket, passing: bool = False) -> None:
        link.setblocking(False)
        self.socket = link
        self.fileno = link.fileno()
        self.closed = False
        self.fds: deque[int] = deque()  # passed to us, in the order of the frames that they belong to
        self._loop = loop
        self._decoder = Decoder()
        self._out: deque[tuple[bytes, list[int]]] = deque()
        self._passing = passing  # whether descriptors may come with the bytes

    def send(self, head: Head, body: bytes = b"", fds: list[int] | None = None) -> None:
        self.send_bytes(encode(head, body), fds)

    def send_bytes(self, data: bytes, fds: list[int] | None = None) -> None:
        """`fds` go with the first byte; the caller closes its own afterwards, whether they are sent yet or not."""
        if self.closed:
            return
        if not self._out:
            left = self._try(data, fds or [])
            if not left:
                return
            if left is not data:
                fds = None
            data = left
            self._loop.change(self.fileno, READ | WRITE)
        self._out.append((data, [os.dup(fd) for fd in fds or ()]))

    def _try(self, data: bytes, fds: list[int]) -> bytes:
        """What is left to send."""
        try:
            if fds:
                passed = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))]
                sent = self.socket.sendmsg([data], passed)
            else:
                sent = self.socket.send(data)
        except BlockingIOError:
            return data
        except OSError:
            return b""  # broken; the next read says so
        return data[sent:]

    def flush(self) -> None:
        """The socket takes more."""
        while self._out:
            data, fds = self._out.popleft()
            left = self._try(data, fds)
            if left is not data:
                for fd in fds:
                    os.close(fd)
                fds = []
            if left:
                self._out.appendleft((left, fds))
                return
        self._loop.change(self.fileno, READ)

    def receive(self) -> tuple[list[Frame], bool]:
        """What has arrived, and whether the other side is still there."""
        if self.closed:
            return [], False
        frames: list[Frame] = []
        while True:
            try:
                data = self._receive_passed() if self._passing else self.socket.recv(READ_BYTES)
            except BlockingIOError:
                return frames, True
            except OSError:
                return frames, False
            if not data:
                return frames, False
            frames.extend(self._decoder.feed(data))
            if len(data) < READ_BYTES and not self._passing:
                return frames, True

    def _receive_passed(self) -> bytes:
        data, ancillary, _, _ = self.socket.recvmsg(READ_BYTES, _FDS_SPACE)
        for level, kind, packed in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                fds = array.array("i")
                fds.frombytes(packed[: len(packed) - len(packed) % _FD_BYTES])
                self.fds.extend(fds)
        return data

    def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        self._loop.remove(self.fileno)
        self._loop.close(self.socket.detach())
        for fd in (*self.fds, *(fd for _, fds in self._out for fd in fds)):
            self._loop.close(fd)
        self.fds.clear()
        self._out.clear()
