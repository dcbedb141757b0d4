"""Freshness of what files read: hears of changed variables and connections by their events.

Owns how far the event log has been looked through. Whoever sets one writes the event in the same transaction and tells
the engine of this host; one set from another host is noticed with the engine's next commit, whose number has jumped.
"""

from __future__ import annotations

from ..store import Reader
from .dagfiles import DagFiles, FileState


class SettingsWatch:
    def __init__(self, reader: Reader, files: DagFiles) -> None:
        self._reader = reader
        self._files = files
        self._looked_to = self._newest = reader.last_event()

    def committed(self, own_events: int, last_event: int) -> None:
        others = last_event - self._newest > own_events
        self._newest = last_event
        if others:
            self.look()

    def look(self) -> list[FileState]:
        """Has every file read again that has read what was changed; which these are."""
        newest = self._reader.last_event()
        changes = self._reader.settings_changes(self._looked_to)
        self._looked_to = newest
        return self._files.settings_changed(set(changes)) if changes else []
