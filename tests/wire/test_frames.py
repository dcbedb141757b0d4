"""Frames come out whole and in order, however the stream was cut."""

from __future__ import annotations

import itertools
import socket
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from venturi.core.errors import ProtocolError
from venturi.wire import frames, messages

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
# A high surrogate before a low one is the only text that JSON cannot tell apart; heads hold ids and sentences.
heads = st.dictionaries(st.text(max_size=8), json_values, max_size=4).map(lambda more: {**more, "k": "x"})
many = st.lists(st.tuples(heads, st.binary(max_size=200)), max_size=6)


def cut(data: bytes, at: list[int]) -> list[bytes]:
    edges = [0, *sorted(i % (len(data) + 1) for i in at), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


@settings(max_examples=200, deadline=None)
@given(many, st.lists(st.integers(0, 100_000), max_size=20))
def test_a_stream_cut_anywhere_gives_the_frames_that_were_sent(sent: list[frames.Frame], at: list[int]) -> None:
    decoder = frames.Decoder()
    data = b"".join(frames.encode(head, body) for head, body in sent)
    got = [frame for piece in cut(data, at) for frame in decoder.feed(piece)]
    assert got == sent
    assert decoder.pending_bytes == 0


@settings(max_examples=50, deadline=None)
@given(many.filter(bool))
def test_one_byte_at_a_time_and_a_frame_comes_with_its_last_byte(sent: list[frames.Frame]) -> None:
    decoder = frames.Decoder()
    for head, body in sent:
        data = frames.encode(head, body)
        for i in range(len(data) - 1):
            assert list(decoder.feed(data[i : i + 1])) == []
        assert list(decoder.feed(data[-1:])) == [(head, body)]


def test_a_frame_that_was_not_yet_taken_is_still_there() -> None:
    decoder = frames.Decoder()
    both = frames.encode({"k": "a"}) + frames.encode({"k": "b"}, b"body")
    for head, _ in decoder.feed(both):
        assert head == {"k": "a"}
        break
    assert list(decoder.feed(b"")) == [({"k": "b"}, b"body")]


@pytest.mark.parametrize("sizes", [(frames.FRAME_BYTES_MAX, 1), (0xFFFFFFFF, 0), (1, 0xFFFFFFFF)])
def test_a_frame_too_large_is_refused_before_it_is_held(sizes: tuple[int, int]) -> None:
    with pytest.raises(ProtocolError, match="256 MB"):
        list(frames.Decoder().feed(struct.pack("!II", *sizes)))


def test_a_body_passes_through_untouched() -> None:
    body = bytes(range(256)) * 5000
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        data = memoryview(frames.encode(messages.ended(7, "success", 1.5), body))
        decoder, got = frames.Decoder(), []
        while not got:
            try:
                data = data[ours.send(data) :] if data else data
            except BlockingIOError:
                pass
            got = list(decoder.feed(theirs.recv(65536)))
    [(head, received)] = got
    assert head == {"k": "ended", "token": 7, "outcome": "success", "at": 1.5}
    assert received == body
