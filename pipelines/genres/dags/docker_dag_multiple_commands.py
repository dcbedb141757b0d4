"""Several commands in one container: the trained model goes to DVC, and what it is now to Git.

Beside `docker_dag.py` as the seed of this project has it: nothing is mounted, so what the commands need has to be in
the image. `genres_docker.py` is the form for daily use.
"""

from datetime import datetime

from airflow.decorators import dag, task
from airflow.providers.docker.operators.docker import DockerOperator


@dag(start_date=datetime(2021, 1, 1), schedule_interval="@daily", catchup=False)
def docker_dag_multiple_commands():
    @task
    def t1():
        pass

    t2 = DockerOperator(
        task_id="t2",
        image="music-genre-classif:latest",
        command="bash -c 'dvc add checkpoints/resnet18_checkpoint.pt && dvc push && "
        "git add checkpoints/resnet18_checkpoint.pt.dvc'",
        network_mode="bridge",
        environment={
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_REGION": "us-east-1",
            "AWS_SECRET_ACCESS_KEY": "{{ var.value.get('aws_secret_access_key', '') }}",
            "AWS_ACCESS_KEY_ID": "{{ var.value.get('aws_access_key_id', '') }}",
            "AWS_SESSION_TOKEN": "{{ var.value.get('aws_session_token', '') }}",
        },
    )

    t1() >> t2


dag = docker_dag_multiple_commands()
