"""Setup and teardown tasks, in the ways they can be said, where work fails and where it does not."""

from datetime import datetime

from airflow import DAG
from airflow.decorators import setup, task, task_group, teardown
from airflow.operators.bash import BashOperator
from airflow.operators.empty import EmptyOperator

with DAG("setups", start_date=datetime(2024, 1, 1), schedule=None, catchup=False):

    @task
    def fail():
        raise ValueError("as meant")

    @task
    def work():
        return "worked"

    @setup
    def make():
        return "place"

    @teardown
    def remove(place):
        return f"removed {place}"

    place = make()
    place >> work() >> EmptyOperator(task_id="plain_end") >> remove(place)

    # Work fails, what was set up is taken down.
    up = BashOperator(task_id="up", bash_command="echo up").as_setup()
    down = BashOperator(task_id="down", bash_command="echo down")
    up >> fail.override(task_id="fails")() >> EmptyOperator(task_id="after_failure") >> down.as_teardown(setups=up)

    # The setup fails, so the teardown does not run.
    bad_up = BashOperator(task_id="bad_up", bash_command="exit 1").as_setup()
    unneeded = EmptyOperator(task_id="unneeded")
    bad_up >> EmptyOperator(task_id="never") >> unneeded.as_teardown(setups=bad_up)

    with EmptyOperator(task_id="around_down").as_teardown(setups=EmptyOperator(task_id="around_up").as_setup()):
        EmptyOperator(task_id="within_1") >> EmptyOperator(task_id="within_2")

    @task_group
    def group():
        first = EmptyOperator(task_id="first").as_setup()
        first >> EmptyOperator(task_id="middle") >> EmptyOperator(task_id="last").as_teardown(setups=first)

    group() >> EmptyOperator(task_id="after_group")

with DAG("teardown_fails", start_date=datetime(2024, 1, 1), schedule=None, catchup=False):
    (
        EmptyOperator(task_id="up").as_setup()
        >> EmptyOperator(task_id="work")
        >> BashOperator(task_id="down", bash_command="exit 1").as_teardown()
    )

with DAG("teardown_counts", start_date=datetime(2024, 1, 1), schedule=None, catchup=False):
    EmptyOperator(task_id="work") >> BashOperator(task_id="down", bash_command="exit 1").as_teardown(
        on_failure_fail_dagrun=True
    )
