"""The same steps over the same functions, with as many tasks as there is work: the list of pictures is cut into ranges
when the run has it, and each worker gets one. Triggered by hand: from the UI, or from the bash.

Where the pictures are is said by the connection `food_images`, if there is one, else by the environment.
"""

import os
from datetime import timedelta

import airflow
from airflow.decorators import task
from airflow.exceptions import AirflowFailException, AirflowNotFoundException
from airflow.hooks.base import BaseHook
from airflow.models import DAG
from airflow.operators.python import PythonOperator

import build_dataset
import extract_features
import predict
import train
from food.bucket import opened
from food.config import FoodError, NotNow, source_of_connection, source_of_environment

args = {
    "owner": "iqoqo_airflow_user",
    "start_date": airflow.utils.dates.days_ago(1),
    "retries": 2,
    "retry_delay": timedelta(seconds=10),
}


def source():
    try:
        connection = BaseHook.get_connection("food_images")
    except AirflowNotFoundException:
        return source_of_environment()
    return source_of_connection(connection)


def unless_hopeless(step, *arguments, **more):
    """Another try may help where S3 did not answer; where something is wrong, it does not."""
    try:
        return str(step(*arguments, **more))
    except NotNow:
        raise
    except FoodError as error:
        raise AirflowFailException(str(error)) from None


def analyze_images(run, start, stop):
    name = "images_%05d_to_%05d" % (start, stop - 1)
    unless_hopeless(build_dataset.build_dataset, run, name, source(), start, stop)
    return unless_hopeless(extract_features.extract_features, run, name)


def ranges(run, pictures, workers):
    step = -(-pictures // workers)
    return [{"run": run, "start": n, "stop": min(n + step, pictures)} for n in range(0, pictures, step)]


with DAG(dag_id="iqoqo_python_operator", default_args=args, schedule_interval=None) as dag:

    @task
    def list_images(ts_nodash=None, dag=None):
        def listed():
            with opened(source()) as bucket:
                return len(bucket.labelled())

        pictures = int(unless_hopeless(listed))
        return ranges("%s/%s" % (dag.dag_id, ts_nodash), pictures, workers=int(os.environ.get("FOOD_WORKERS", 6)))

    @task
    def build_model(known):
        return unless_hopeless(train.train, known[0]["run"])

    @task
    def list_unknown_images(known):
        def listed():
            with opened(source()) as bucket:
                return len(bucket.unknown())

        return ranges(known[0]["run"], int(unless_hopeless(listed)), workers=2)

    @task
    def analyze_unknown_images(part):
        name = "unknown_%05d_to_%05d" % (part["start"], part["stop"] - 1)
        return unless_hopeless(predict.predict, part["run"], name, source(), part["start"], part["stop"])

    known = list_images()
    analyzed = PythonOperator.partial(task_id="analyze_images", python_callable=analyze_images).expand(op_kwargs=known)
    unknown = list_unknown_images(known)
    built = build_model(known)
    analyzed >> built >> analyze_unknown_images.expand(part=unknown)


if __name__ == "__main__":
    dag.cli()
