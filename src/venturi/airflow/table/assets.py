"""Assets and datasets, timetables, object storage, notifiers, human input."""

from .rows import Refused, Served

SERVED: list[Served] = []

REFUSED: list[Refused] = []
