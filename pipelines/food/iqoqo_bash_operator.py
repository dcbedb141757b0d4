"""Food or not food: sets of pictures are analyzed side by side, a model is built, unknown pictures are sorted.

The steps of the document, those marked --> being the ones that several agents share:

--> (1) (2)  build_dataset_0 … _4                 get a set of pictures and resize them
--> (3)      extract_features_from_images_0 … _4  their features, in a .csv file for each set
    (4)      build_model                          out of all sets
--> (5)      analyze_unknown_images               sorted into the classes, with a probability each
"""

from builtins import range
from datetime import timedelta
import os

import airflow
from airflow.models import DAG
from airflow.operators.bash_operator import BashOperator
from airflow.operators.dummy_operator import DummyOperator

IMAGE_SETS = 5
HERE = os.path.dirname(os.path.abspath(__file__))

args = {
    "owner": "iqoqo_sample",
    "start_date": airflow.utils.dates.days_ago(1),
    "retries": 1,
    "retry_delay": timedelta(seconds=10),
}

dag = DAG(
    dag_id="iqoqo_bash_operator",
    default_args=args,
    schedule_interval="0 0 * * *",
    dagrun_timeout=timedelta(minutes=60),
)


def step(script):
    """The command of a script, and the folder of its run: no two runs write to the same place."""
    return "FOOD_SETS=%d python3 %s/%s --run %s/{{ ts_nodash }}" % (IMAGE_SETS, HERE, script, dag.dag_id)


# The document logs in to its platform here. A bucket that anybody may read needs no login; for another one the keys
# come from the environment (see README.md), and stand in no file.
iqoqo_login = BashOperator(
    task_id="iqoqo_login",
    bash_command="",
    dag=dag,
)

analyze_existing_images = DummyOperator(
    task_id="analyze_existing_images",
    dag=dag,
)

build_model = BashOperator(
    task_id="build_model",
    bash_command=step("train.py"),
    dag=dag,
)

analyze_unknown_images = BashOperator(
    task_id="analyze_unknown_images",
    bash_command=step("predict.py"),
    dag=dag,
)

for i in range(IMAGE_SETS):
    image_set = "imgs_str_" + str(i)
    build_dataset = BashOperator(
        task_id="build_dataset_" + str(i),
        bash_command=step("build_dataset.py " + image_set),
        dag=dag,
    )
    extract_features = BashOperator(
        task_id="extract_features_from_images_" + str(i),
        bash_command=step("extract_features.py " + image_set),
        dag=dag,
    )
    iqoqo_login >> build_dataset >> extract_features >> analyze_existing_images

analyze_existing_images >> build_model >> analyze_unknown_images


if __name__ == "__main__":
    dag.cli()
