"""The Python operator approach: every step is a command of the project's own command line (`__main__.py`, by Click).

Daily: songs and their images, a version of them (DVC, Git), training, evaluation against earlier runs, a look at the
songs of the day, a version of the model, and an alarm when something is not as it was.
"""

import json
from datetime import datetime, timedelta

from airflow.decorators import dag, task
from airflow.exceptions import AirflowFailException
from airflow.models.param import Param
from airflow.operators.python import PythonOperator
from cli_steps import DATA, PROJECT, run_commands

WORKSPACE = DATA / "python" / "workspace"  # a Git and DVC repository of its own
REMOTE = DATA / "python" / "remote"  # any address that DVC knows, such as s3://bucket/folder
TRAIN = (
    "python3 __main__.py train-using-image-features --model resnet18 --criterion cross_entropy --optimizer sdg "
    "--checkpoints_path checkpoints --images_path Data/images_original"
)
REPORTS = "reports/{{ ts_nodash }}"
AGAIN = {"retries": 2, "retry_delay": timedelta(seconds=10)}  # a remote may be away for a moment


def step(task_id, *commands, folder=WORKSPACE, **more):
    given = {"commands": list(commands), "folder": str(folder)}
    return PythonOperator(task_id=task_id, python_callable=run_commands, op_kwargs=given, **more)


@dag(
    start_date=datetime(2021, 1, 1),
    schedule_interval="@daily",
    catchup=False,
    max_active_runs=1,  # one workspace
    params={
        "change": Param("none", enum=["none", "muffled", "quiet", "hissing"], description="Of today's recordings."),
        "songs": Param(90, type="integer", minimum=10, description="Of each genre, where there are none yet."),
        "num_epoch": Param(6, type="integer", minimum=1),
    },
)
def genres_python():
    prepare = step(
        "prepare",
        f"python3 __main__.py prepare-workspace --workspace '{WORKSPACE}' --remote '{REMOTE}'",
        folder=PROJECT,
    )
    collect_songs = step(
        "collect_songs",
        "python3 __main__.py generate-audio --audio_path Data/genres_original --songs {{ params.songs }}",
        "python3 __main__.py generate-audio --audio_path Data/incoming/{{ ts_nodash }} --songs 8 "
        "--seed {{ ds_nodash }} --change {{ params.change }}",
    )
    create_images = step(
        "create_images",
        "python3 __main__.py create-image-features-from-audio "
        "--path_with_audios_dir Data/genres_original --path_to_image Data/images_original",
        "python3 __main__.py create-image-features-from-audio "
        "--path_with_audios_dir Data/incoming/{{ ts_nodash }} --path_to_image Data/incoming_images/{{ ts_nodash }}",
    )
    version_data = step(
        "version_data",
        "python3 __main__.py version --message 'Songs of {{ ds }}' Data/genres_original Data/images_original",
        **AGAIN,
    )
    train = step("train", TRAIN + " --num_epoch {{ params.num_epoch }}")
    evaluate = step(
        "evaluate",
        "python3 __main__.py evaluate --model resnet18 --checkpoints_path checkpoints "
        f"--images_path Data/images_original --run '{{{{ run_id }}}}' --report {REPORTS}/evaluation.json",
    )
    watch = step(
        "watch",
        "python3 __main__.py watch --model resnet18 --checkpoints_path checkpoints "
        f"--images_path Data/incoming_images/{{{{ ts_nodash }}}} --report {REPORTS}/drift.json",
    )
    # Several commands in one deliverable: the model goes to DVC and its remote, its pointer and its figures to Git.
    version_model = step(
        "version_model",
        "bash -c 'dvc add checkpoints/resnet18_checkpoint.pt && dvc push && "
        "git add checkpoints/resnet18_checkpoint.pt.dvc'",
        "python3 __main__.py commit --message 'Model of {{ ds }}' --tag model-{{ ts_nodash }} "
        "checkpoints/.gitignore checkpoints/resnet18_checkpoint.pt.dvc checkpoints/resnet18_reference.json "
        f"metrics.json metrics {REPORTS}",
        **AGAIN,
    )

    @task
    def alarm(ts_nodash=None):
        """Fails when something is not as it was, so that whoever watches runs, or gets their mails, hears of it."""
        reports = [WORKSPACE / "reports" / ts_nodash / name for name in ("evaluation.json", "drift.json")]
        found = [alarm for report in reports for alarm in json.loads(report.read_text())["alarms"]]
        if found:
            raise AirflowFailException("; ".join(found))
        print("Nothing is alarming.")

    prepare >> collect_songs >> create_images >> version_data >> train >> [evaluate, watch] >> version_model >> alarm()


genres_python()
