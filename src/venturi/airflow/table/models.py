"""Names of `airflow.models` and others that stand for rows of Airflow's database."""

from .rows import Refused, Served

SERVED: list[Served] = []

REFUSED: list[Refused] = []
