"""Branches, short circuits and skips, and how far they reach."""

from datetime import datetime

from airflow.decorators import dag, task, task_group
from airflow.exceptions import AirflowFailException, AirflowSkipException
from airflow.operators.bash import BashOperator
from airflow.operators.empty import EmptyOperator
from airflow.operators.latest_only import LatestOnlyOperator
from airflow.operators.python import BranchPythonOperator, ShortCircuitOperator


@dag(start_date=datetime(2024, 1, 1), schedule=None, catchup=False)
def branches():
    def ends(name, *rules):
        return [EmptyOperator(task_id=f"{name}-{rule}", trigger_rule=rule) for rule in rules or ["all_success"]]

    one = BranchPythonOperator(task_id="one", python_callable=lambda: "one-a")
    a, b = EmptyOperator(task_id="one-a"), EmptyOperator(task_id="one-b")
    join = EmptyOperator(task_id="one-join", trigger_rule="none_failed_min_one_success")
    one >> [a, b] >> join
    b >> ends("one-after", "all_success", "all_done", "none_failed")

    several = BranchPythonOperator(task_id="several", python_callable=lambda: ["several-a", "several-c"])
    (
        several
        >> [EmptyOperator(task_id=f"several-{x}") for x in "abc"]
        >> EmptyOperator(task_id="several-join", trigger_rule="one_success")
    )
    nothing = BranchPythonOperator(task_id="nothing", python_callable=lambda: None)
    nothing >> EmptyOperator(task_id="nothing-a")

    # One branch is also behind the other.
    near = BranchPythonOperator(task_id="near", python_callable=lambda: "near-end")
    near_a, near_end = EmptyOperator(task_id="near-a"), EmptyOperator(task_id="near-end", trigger_rule="none_failed")
    near >> near_a >> near_end
    near >> near_end

    into = BranchPythonOperator(task_id="into", python_callable=lambda: "left")

    @task_group
    def left():
        EmptyOperator(task_id="first") >> EmptyOperator(task_id="second")

    @task_group
    def right():
        EmptyOperator(task_id="first") >> EmptyOperator(task_id="second")

    into >> [left(), right()]

    circuit = ShortCircuitOperator(task_id="circuit", python_callable=lambda: False)
    circuit >> EmptyOperator(task_id="circuit-a") >> ends("circuit", "all_success", "all_done")
    soft = ShortCircuitOperator(task_id="soft", python_callable=lambda: [], ignore_downstream_trigger_rules=False)
    soft >> EmptyOperator(task_id="soft-a") >> ends("soft", "all_success", "all_done")
    goes_on = ShortCircuitOperator(task_id="goes-on", python_callable=lambda: "yes")
    goes_on >> EmptyOperator(task_id="goes-on-a")

    @task.branch
    def decorated():
        return "decorated-b"

    decorated() >> [EmptyOperator(task_id="decorated-a"), EmptyOperator(task_id="decorated-b")]

    @task.short_circuit
    def decorated_circuit():
        return 0

    decorated_circuit() >> EmptyOperator(task_id="decorated-circuit-a")

    latest = LatestOnlyOperator(task_id="latest")
    latest >> ends("latest", "all_success", "all_done")

    @task
    def skip():
        raise AirflowSkipException

    @task(retries=3)
    def fail_at_once():
        raise AirflowFailException("no more tries")

    skip() >> ends("skip", "all_success", "all_done", "none_failed", "all_skipped")
    fail_at_once() >> ends("fail", "all_success", "all_done", "one_failed", "all_failed")
    BashOperator(task_id="bash-99", bash_command="exit 99") >> EmptyOperator(task_id="after-99")
    BashOperator(task_id="bash-42", bash_command="exit 42", skip_on_exit_code=[42, 43])
    BashOperator(task_id="bash-1", bash_command="exit 1", trigger_rule="all_done")


branches()
