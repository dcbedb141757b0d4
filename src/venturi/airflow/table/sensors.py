"""Sensors."""

from .rows import Refused, Served

_BASES = "airflow.sdk.bases"
_STANDARD = "airflow.providers.standard"

SERVED: list[Served] = [
    # ── sensors ──
    (
        "sdk.sensors.BaseSensorOperator",
        f"airflow.sensors.base airflow.sensors.base_sensor_operator airflow.sdk {_BASES}.sensor airflow.sensors "
        "airflow.operators.sensors",
        "",
    ),
    ("sdk.sensors.PokeReturnValue", f"airflow.sensors.base airflow.sdk {_BASES}.sensor", ""),
    (
        "sdk.sensors.PythonSensor",
        f"airflow.sensors.python airflow.contrib.sensors.python_sensor {_STANDARD}.sensors.python",
        "",
    ),
    (
        "sdk.sensors.BashSensor",
        f"airflow.sensors.bash airflow.contrib.sensors.bash_sensor {_STANDARD}.sensors.bash",
        "",
    ),
]

REFUSED: list[Refused] = []
