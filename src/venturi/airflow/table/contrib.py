"""Spellings of 1.10: `airflow.contrib`, `…_operator`, `…_sensor`, `…_hook`."""

from .rows import Refused, Served

SERVED: list[Served] = []

REFUSED: list[Refused] = []
