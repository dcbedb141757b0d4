"""The log pump: stamped, masked and bounded, however the bytes are cut."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from venturi.crew.logs import LogFile


def written(
    path: Path, chunks: list[bytes], secrets: tuple[str, ...] = (), lines_max: int = 1000, max: int = 10**6
) -> bytes:
    log = LogFile(str(path), max, lines_max)
    log.mask(list(secrets))
    for chunk in chunks:
        log.feed(chunk)
    log.finish()
    return path.read_bytes() if path.exists() else b""


def texts(data: bytes) -> list[bytes]:
    """Lines without time and level."""
    return [line[31:] for line in data.split(b"\n")[:-1]]


def test_nothing_printed_makes_no_file(tmp_path: Path) -> None:
    assert written(tmp_path / "log", []) == b""
    assert not (tmp_path / "log").exists()


def test_each_line_has_time_and_level(tmp_path: Path) -> None:
    lines = written(tmp_path / "log", [b"one\n\x1eEtwo\nthree"]).decode().splitlines()
    assert [line[24:31] for line in lines] == [" INFO  ", " ERROR ", " INFO  "]
    assert [line[31:] for line in lines] == ["one", "two", "three"]


@given(st.lists(st.binary(max_size=40), max_size=12))
def test_no_byte_is_lost_however_the_stream_is_cut(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[bytes]
) -> None:
    chunks = [chunk.replace(b"\x1e", b"") for chunk in chunks]
    path = tmp_path_factory.mktemp("logs") / "log"
    whole = b"".join(chunks)
    expected = whole.split(b"\n")
    if expected[-1] == b"":
        expected.pop()
    assert texts(written(path, chunks)) == expected


@given(st.text("ab", max_size=60), st.lists(st.integers(0, 60), max_size=6))
def test_a_secret_is_masked_wherever_the_cuts_are(
    tmp_path_factory: pytest.TempPathFactory, text: str, cuts: list[int]
) -> None:
    path = tmp_path_factory.mktemp("logs") / "log"
    data = text.encode()
    edges = sorted({0, len(data), *(c for c in cuts if c < len(data))})
    chunks = [data[a:b] for a, b in pairwise(edges)]
    assert b"abba" not in written(path, chunks, ("abba",))


def test_long_lines_are_cut_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = LogFile(str(path), 10**9, 1000)
    for _ in range(100):
        log.feed(b"x" * 5000)
    log.feed(b"\nnext\n")
    log.finish()
    first, second = texts(path.read_bytes())
    assert first.startswith(b"x" * 1000)
    assert b"cut: the line is longer than 1000 bytes" in first
    assert second == b"next"
    assert log.dropped_bytes == 499_000


def test_a_full_log_ends_with_a_marker_and_the_reason_still_comes(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = LogFile(str(path), 5000, 1000)
    for i in range(1000):
        log.feed(b"line %d\n" % i)
    log.finish("ERROR", "It was ended.")
    data = path.read_bytes()
    assert len(data) < 5400
    assert b"the log is longer than 5000 bytes" in data
    assert data.endswith(b"ERROR It was ended.\n")


def test_a_full_disk_does_not_stop_anything() -> None:
    log = LogFile("/dev/full", 10**6, 1000)
    log.feed(b"one\n")
    log.finish("ERROR", "It was ended.")
    assert log.dropped_bytes > 0


def test_a_log_that_cannot_be_made_does_not_stop_anything(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    log = LogFile(str(tmp_path / "file" / "log"), 10**6, 1000)
    log.feed(b"one\n")
    log.finish("ERROR", "It was ended.")


def test_a_long_line_without_end_costs_no_memory(tmp_path: Path) -> None:
    import tracemalloc

    log = LogFile(str(tmp_path / "log"), 10**9, 64 * 1024)
    chunk = b"x" * 65536
    tracemalloc.start()
    for _ in range(3000):
        log.feed(chunk)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000
