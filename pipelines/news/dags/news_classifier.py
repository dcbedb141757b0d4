"""Every day: read the news feeds, file each article under a topic, keep the articles by topic for the subscribers."""

import os
from datetime import timedelta
from pathlib import Path

from airflow.decorators import dag
from airflow.operators.python_operator import PythonOperator
from airflow.providers.docker.operators.docker import DockerOperator
from airflow.utils.dates import days_ago
from docker.types import Mount
from utils import aggregate_predictions

# The project is where this file is, so there is no path to fill in. Containers are made by the engine, which looks for
# the folder on its own machine: where that is another one (Airflow in a container), say where the project is there.
PROJECT = Path(__file__).resolve().parent.parent
PROJECT_ON_THE_ENGINES_MACHINE = os.environ.get("NEWS_PROJECT_PATH", str(PROJECT))

IN_CONTAINER = "/opt/airflow"
# What a container writes belongs to whoever runs this; where an engine without root maps users, say "0:0".
USER = os.environ.get("NEWS_CONTAINER_USER", f"{os.getuid()}:{os.getgid()}")

RAW = "data/raw/data__{{ ds }}.csv"
LABELS = "data/predict/labels__{{ ds }}.json"
RESULT = "data/predict/result__{{ ds }}.json"

# What counts as new: what was published in the run's interval; in a run by hand, whose interval may have no length,
# what was published in the day before it and since.
WINDOW_START = "{{ [data_interval_start, data_interval_end - macros.timedelta(days=1)] | min | ts }}"
WINDOW_END = "{{ [data_interval_end, logical_date] | max | ts }}"

docker_kwargs = {
    "docker_url": os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock"),
    "api_version": "auto",
    "network_mode": "bridge",
    "auto_remove": "success",
    "mount_tmp_dir": False,
    "user": USER,
    "mounts": [Mount(source=PROJECT_ON_THE_ENGINES_MACHINE, target=IN_CONTAINER, type="bind")],
    "retries": 1,
    "retry_delay": timedelta(seconds=10),
}


@dag("financial_news", start_date=days_ago(0), schedule="@daily", catchup=False)
def taskflow():
    news_load = DockerOperator(
        task_id="news_load",
        container_name="task__news_load__{{ ts_nodash }}",
        image="data-loader:latest",
        command=f"python data_load.py --data_path {IN_CONTAINER}/{RAW} --until {WINDOW_END}",
        environment={"NEWS_FEEDS": "{{ var.value.get('news_feeds', '') }}"},
        **docker_kwargs,
    )

    news_label = DockerOperator(
        task_id="news_label",
        container_name="task__news_label__{{ ts_nodash }}",
        image="model-prediction:latest",
        command=f"python model_predict.py --data_path {IN_CONTAINER}/{RAW} --pred_path {IN_CONTAINER}/{LABELS}",
        environment={"NEWS_MODEL": "{{ var.value.get('news_model', 'auto') }}"},
        **docker_kwargs,
    )

    news_by_topic = PythonOperator(
        task_id="news_by_topic",
        python_callable=aggregate_predictions,
        op_kwargs={
            "pred_data_path": f"{PROJECT}/{LABELS}",
            "result_data_path": f"{PROJECT}/{RESULT}",
            "window_start": WINDOW_START,
            "window_end": WINDOW_END,
        },
    )

    news_load >> news_label >> news_by_topic


taskflow()
