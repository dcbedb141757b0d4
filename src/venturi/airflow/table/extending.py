"""What extends Airflow: plugins."""

from .rows import Refused, Served

SERVED: list[Served] = [
    (
        "airflow.plugins.AirflowPlugin",
        "airflow.plugins_manager airflow.sdk.plugins_manager",
        "Its operators, sensors, hooks, macros and timetables are served; views, links and listeners are not called.",
    ),
]

REFUSED: list[Refused] = []
