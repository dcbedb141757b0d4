"""Names under `airflow.providers` that we serve ourselves."""

from .rows import Refused, Served

SERVED: list[Served] = []

REFUSED: list[Refused] = []
