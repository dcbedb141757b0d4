"""The Docker operator approach: the same commands in containers of `music-genre-classif:latest` (see Dockerfile).

The image holds the environment, so the machine that runs this needs nothing but an engine. The workspace is mounted:
what a container leaves there (checkpoint, versions) is found by the next one and by you.
"""

import os
from datetime import datetime, timedelta

from airflow.decorators import dag, task
from airflow.providers.docker.operators.docker import DockerOperator
from cli_steps import DATA, PROJECT, run_commands
from docker.types import DeviceRequest, Mount

IMAGE = "music-genre-classif:latest"
HERE = DATA / "docker"
TRAIN = (
    "python3 __main__.py train-using-image-features --model resnet18 --criterion cross_entropy --optimizer sdg "
    "--checkpoints_path checkpoints --images_path Data/images_original"
)

# What a container may use of the machine: as it has it. GENRES_GPUS=1 asks for one GPU, -1 for all.
GPUS = int(os.environ.get("GENRES_GPUS", "0"))
HARDWARE = {
    "cpus": float(os.environ.get("GENRES_CPUS", "2")),
    "mem_limit": os.environ.get("GENRES_MEMORY", "4g"),
    "device_requests": [DeviceRequest(count=GPUS, capabilities=[["gpu"]])] if GPUS else None,
}

# Keys are in no file: set them as variables (aws_secret_access_key …). They are not shown in logs or rendered fields.
AWS = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_SECRET_ACCESS_KEY": "{{ var.value.get('aws_secret_access_key', '') }}",
    "AWS_ACCESS_KEY_ID": "{{ var.value.get('aws_access_key_id', '') }}",
    "AWS_SESSION_TOKEN": "{{ var.value.get('aws_session_token', '') }}",
}


def container(task_id, command, **more):
    return DockerOperator(
        task_id=task_id,
        image=IMAGE,
        command=command,
        network_mode="bridge",
        environment={**AWS, "HOME": "/tmp", "USER": "genres", "DVC_NO_ANALYTICS": "1"},
        mounts=[Mount(source=str(HERE), target="/project", type="bind")],
        working_dir="/project/workspace",
        user=f"{os.getuid()}:{os.getgid()}",  # what it writes belongs to you
        mount_tmp_dir=False,
        auto_remove="force",
        **HARDWARE,
        **more,
    )


@dag(start_date=datetime(2021, 1, 1), schedule_interval="@daily", catchup=False, max_active_runs=1)
def genres_docker():
    @task
    def prepare():
        workspace, remote = HERE / "workspace", HERE / "remote"
        command = f"python3 __main__.py prepare-workspace --workspace '{workspace}' --remote '{remote}'"
        return run_commands([command], PROJECT)

    collect_songs = container(
        "collect_songs", "python3 __main__.py generate-audio --audio_path Data/genres_original --songs 40"
    )
    create_images = container(
        "create_images",
        "python3 __main__.py create-image-features-from-audio "
        "--path_with_audios_dir Data/genres_original --path_to_image Data/images_original",
    )
    train = container("train", TRAIN)
    version_model = container(
        "version_model",
        "bash -c 'dvc add checkpoints/resnet18_checkpoint.pt && dvc push && "
        "git add checkpoints/.gitignore checkpoints/resnet18_checkpoint.pt.dvc metrics.json && "
        '(git diff --cached --quiet || git commit --quiet --message "Model of {{ ds }}") && git rev-parse HEAD\'',
        retries=2,
        retry_delay=timedelta(seconds=10),
    )

    prepare() >> collect_songs >> create_images >> train >> version_model


genres_docker()
