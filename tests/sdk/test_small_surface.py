"""Small things that example DAGs use."""

from __future__ import annotations

from tests.sdk.loading import load
from venturi import testing

FILE = """
    import json
    from datetime import datetime, timedelta
    from airflow.sdk import DAG, task
    from airflow.providers.standard.sensors.time_delta import TimeDeltaSensorAsync
    from airflow.providers.standard.triggers.file import DirectoryFileDeleteTrigger
    from airflow.utils.dates import datetime as the_class

    trigger = DirectoryFileDeleteTrigger(directory="/tmp/flags", filename="us.flag", poke_interval=2.0)

    with DAG("small", start_date=datetime(2024, 1, 1)) as dag:

        @task.bash(multiple_outputs=True, output_processor=json.loads)
        def told():
            return "echo '{\\"left\\": 1, \\"right\\": \\"two\\"}'"

        @task
        def see(left, partition_key, dag_run):
            return [left, partition_key, dag_run.partition_date]

        see(told()["left"])
        TimeDeltaSensorAsync(task_id="past", delta=timedelta(seconds=1))

    @dag.task(task_id="named")
    def outside():
        return the_class.__name__

    @dag.task
    def bare():
        return 5

    outside() >> bare()
"""


def test_they_load_and_do_what_they_do_in_airflow(tmp_path):
    loaded = load(tmp_path, FILE)
    assert loaded.edges() == {("told", "see"), ("named", "bare")}
    path, told = loaded.module.trigger.serialize()
    assert path == "airflow.providers.standard.triggers.file.DirectoryFileDeleteTrigger"
    assert told == {"directory": "/tmp/flags", "filename": "us.flag", "poke_interval": 2.0}
    result = testing.run_dag(loaded.dag, logical_date="2024-01-10")
    assert result.value("told", key="right") == "two"
    assert result.value("see") == [1, None, None]
    assert result.value("past") is True
    assert [result.value("named"), result.value("bare")] == ["datetime", 5]
