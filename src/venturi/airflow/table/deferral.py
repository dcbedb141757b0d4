"""Triggers, deferring, other DAGs, callbacks."""

from .rows import Refused, Served

SERVED: list[Served] = []

REFUSED: list[Refused] = []
