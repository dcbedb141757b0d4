"""The spool on disk: segments go when all in them is acknowledged, and not before."""

from __future__ import annotations

from pathlib import Path

from venturi.crew.spool import SEGMENT_BYTES_MAX, Spool
from venturi.wire import messages
from venturi.wire import spool as forms


def write(folder: Path, segment: str, token: int, body: bytes = b"") -> None:
    with open(folder / segment, "ab") as file:
        file.write(forms.record(forms.started(token, 1, 2, "boot", 3.0)))
        file.write(forms.record(messages.result(token, "success", 4.0), body))


def files(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_a_full_segment_goes_with_its_last_acknowledgement(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path))
    for token in (1, 2):
        write(tmp_path, spool.assign(token), token)
        spool.grew(token, SEGMENT_BYTES_MAX)
    assert spool.assign(3) == "00000003.seg"
    assert files(tmp_path) == ["00000001.seg", "00000002.seg"]
    spool.acknowledge([1])
    assert "00000001.seg" not in files(tmp_path)
    assert "00000002.seg" in files(tmp_path)
    spool.acknowledge([2])
    assert "00000002.seg" not in files(tmp_path)


def test_a_new_spool_finds_what_was_not_acknowledged(tmp_path: Path) -> None:
    old = Spool(str(tmp_path))
    for token in (1, 2):
        write(tmp_path, old.assign(token), token, b"%d" % token)
    old.acknowledge([1])
    new = Spool(str(tmp_path))
    found = new.scan()
    assert set(found.started) == {2}
    assert found.results[2][1] == b"2"
    assert new.assign(3) not in files(tmp_path)
    new.acknowledge([2])
    assert "00000001.seg" not in files(tmp_path)


def test_a_token_is_looked_up_in_its_segment(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path))
    segment = spool.assign(1)
    assert spool.look_up(1) == (None, None, False)
    write(tmp_path, segment, 1, b"value")
    started, result, masked = spool.look_up(1)
    assert started is not None
    assert result is not None
    assert result[1] == b"value"
    assert not masked


def test_an_empty_end_leaves_nothing(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path))
    write(tmp_path, spool.assign(1), 1)
    spool.acknowledge([1])
    spool.close()
    assert files(tmp_path) == []


def test_an_end_with_something_unacknowledged_keeps_it(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path))
    write(tmp_path, spool.assign(1), 1)
    spool.close()
    assert set(Spool(str(tmp_path)).scan().results) == {1}
