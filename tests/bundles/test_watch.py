"""File events: what changes below a watched folder is told, and nothing else."""

from __future__ import annotations

import queue
from pathlib import Path

import pytest

from venturi.bundles import watch
from venturi.bundles.watch import Watcher, is_noise

PATIENCE_S = 20


class Told:
    """Everything a watcher has called back with, as a queue to wait on."""

    def __init__(self) -> None:
        self.queue: queue.Queue[set[str]] = queue.Queue()
        self.seen: set[str] = set()

    def until(self, path: Path) -> None:
        while str(path) not in self.seen:
            self.seen |= self.queue.get(timeout=PATIENCE_S)


@pytest.fixture
def watching():
    started: list[Watcher] = []

    def start(*folders: Path) -> tuple[Told, Watcher]:
        told = Told()
        watcher = Watcher(folders, told.queue.put)
        watcher.start()
        started.append(watcher)
        return told, watcher

    yield start
    for watcher in started:
        watcher.stop()


def test_a_new_a_changed_and_a_removed_file_are_told(tmp_path, watching):
    told, _ = watching(tmp_path)
    file = tmp_path / "a.py"
    for change in (lambda: file.write_text("1"), lambda: file.write_text("2"), file.unlink):
        told.seen.clear()
        change()
        told.until(file)


def test_a_file_put_in_place_by_rename_is_told(tmp_path, watching):
    told, _ = watching(tmp_path)
    (tmp_path / ".a.py.tmp").write_text("1")
    (tmp_path / ".a.py.tmp").rename(tmp_path / "a.py")
    told.until(tmp_path / "a.py")


def test_a_new_folder_is_told_and_watched(tmp_path, watching):
    told, _ = watching(tmp_path)
    (tmp_path / "new" / "deep").mkdir(parents=True)
    told.until(tmp_path / "new")
    (tmp_path / "new" / "a.py").write_text("1")
    told.until(tmp_path / "new" / "a.py")


def test_noise_is_not_told(tmp_path, watching):
    told, _ = watching(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_text("1")
    (tmp_path / "a.py").write_text("1")
    told.until(tmp_path / "a.py")
    assert told.seen == {str(tmp_path / "a.py")}


@pytest.mark.parametrize("path", ["/d/a.pyc", "/d/.git/index", "/d/.a.py.swp", "/d/a.py~", "/d/__pycache__/x.py"])
def test_byte_code_version_control_and_editors_files_are_noise(path):
    assert is_noise(path)
    assert not is_noise("/d/gitlab/a.py")


def test_a_folder_that_appears_later_is_told_and_watched(tmp_path, watching, monkeypatch):
    monkeypatch.setattr(watch, "LOOK_AGAIN_MS", 20)
    told, _ = watching(tmp_path / "later")
    (tmp_path / "later").mkdir()
    told.until(tmp_path / "later")
    (tmp_path / "later" / "a.py").write_text("1")
    told.until(tmp_path / "later" / "a.py")


def test_a_link_pointed_elsewhere_is_told_and_its_new_folder_watched(tmp_path, watching, monkeypatch):
    monkeypatch.setattr(watch, "LOOK_AGAIN_MS", 20)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    link = tmp_path / "current"
    link.symlink_to(tmp_path / "one")
    told, _ = watching(link)
    (tmp_path / "next").symlink_to(tmp_path / "two")
    (tmp_path / "next").rename(link)
    told.until(link)
    (tmp_path / "two" / "a.py").write_text("1")
    told.until(link / "a.py")


def test_without_file_events_folders_are_compared_and_the_reason_is_said(tmp_path, watching, monkeypatch):
    monkeypatch.setattr(watch, "LOOK_AGAIN_MS", 50)
    real = watch._rust_notify()

    def exhausted(folders, debug, force_polling, *more):
        if not force_polling:
            raise OSError("OS file watch limit reached.")
        return real(folders, debug, force_polling, *more)

    monkeypatch.setattr(watch, "_rust_notify", lambda: exhausted)
    told, watcher = watching(tmp_path)
    assert "file watch limit" in (watcher.polling or "")
    (tmp_path / "a.py").write_text("1")
    told.until(tmp_path / "a.py")
