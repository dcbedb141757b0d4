"""What is whole in a spool segment is read, whatever happened to the rest."""

from __future__ import annotations

import struct
import subprocess
import sys
import zlib
from pathlib import Path

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from venturi.wire import spool
from venturi.wire.frames import Frame

heads = st.fixed_dictionaries(
    {"k": st.just("result"), "token": st.integers(0, 2**62), "reason": st.text(st.characters(codec="utf-8"))}
)
records = st.lists(st.tuples(heads, st.binary(max_size=100)), min_size=1, max_size=6)


def segment(sent: list[Frame]) -> tuple[bytes, list[int]]:
    """The bytes, and where each record ends."""
    data, ends = b"", []
    for head, body in sent:
        data += spool.record(head, body)
        ends.append(len(data))
    return data, ends


@settings(max_examples=100, deadline=None)
@given(records)
def test_every_record_is_read_in_order(sent: list[Frame]) -> None:
    assert list(spool.records(segment(sent)[0])) == sent


@settings(max_examples=200, deadline=None)
@given(records, st.integers(0, 10_000))
def test_a_segment_cut_anywhere_gives_the_records_before_the_cut(sent: list[Frame], at: int) -> None:
    data, ends = segment(sent)
    at %= len(data) + 1
    assert list(spool.records(data[:at])) == sent[: sum(end <= at for end in ends)]


@settings(max_examples=200, deadline=None)
@given(records, st.integers(0, 10_000), st.integers(1, 255))
def test_a_damaged_byte_costs_its_own_record_alone(sent: list[Frame], at: int, flip: int) -> None:
    data, ends = segment(sent)
    assume(all(spool.MAGIC not in body for _, body in sent))
    at %= len(data)
    hit = sum(end <= at for end in ends)
    damaged = bytearray(data)
    damaged[at] ^= flip
    assert list(spool.records(bytes(damaged))) == sent[:hit] + sent[hit + 1 :]


@settings(max_examples=100, deadline=None)
@given(records, records, st.integers(1, 10_000))
def test_a_record_torn_by_a_death_does_not_hide_what_others_append(a: list[Frame], b: list[Frame], keep: int) -> None:
    torn = spool.record({"k": "result", "token": 1}, b"x" * 300)
    torn = torn[: 1 + keep % (len(torn) - 1)]
    assert list(spool.records(segment(a)[0] + torn + segment(b)[0])) == a + b


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_noise_gives_nothing(noise: bytes) -> None:
    assert list(spool.records(noise)) == []
    assert list(spool.records(spool.MAGIC + noise)) == []


def test_a_body_may_hold_the_magic() -> None:
    sent = [({"k": "result"}, spool.MAGIC * 10), ({"k": "result"}, spool.record({"k": "inner"}))]
    assert list(spool.records(segment(sent)[0])) == sent


def test_the_checksum_covers_head_and_body() -> None:
    data = spool.record({"k": "x"}, b"body")
    _, head_bytes, body_bytes, crc = struct.unpack_from("!4sIII", data)
    assert crc == zlib.crc32(data[16:])
    assert 16 + head_bytes + body_bytes == len(data)


WRITER = """
import os, sys
from venturi.wire import spool
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
for i in range(50):
    os.write(fd, spool.record(spool.started(int(sys.argv[2]) * 100 + i, os.getpid(), 1, "boot", 0.5), b"b" * 500))
"""


def test_appends_of_several_processes_stay_whole(tmp_path: Path) -> None:
    file = tmp_path / "segment"
    children = [subprocess.Popen([sys.executable, "-c", WRITER, str(file), str(child)]) for child in range(4)]
    assert [child.wait() for child in children] == [0] * 4
    found = list(spool.records(file.read_bytes()))
    assert sorted(head["token"] for head, _ in found) == sorted(c * 100 + i for c in range(4) for i in range(50))
    assert {body for _, body in found} == {b"b" * 500}
