from venturi import DAG, BaseOperator, BranchPythonOperator, EmptyOperator, ShortCircuitOperator, TaskGroup, task
from venturi.sdk.python import BaseBranchOperator, SkipMixin
from venturi.testing import run_dag


def states(dag):
    return {task_id: state for (task_id, _), state in run_dag(dag).states.items()}


def branch_dag(chosen, rule="none_failed_min_one_success"):
    with DAG("d", schedule=None) as dag:
        branch = BranchPythonOperator(task_id="branch", python_callable=lambda: chosen)
        a, b = EmptyOperator(task_id="a"), EmptyOperator(task_id="b")
        with TaskGroup("g"):
            first, second = EmptyOperator(task_id="first"), EmptyOperator(task_id="second")
            first >> second
        branch >> [a, b, first]
        branch >> (join := EmptyOperator(task_id="join", trigger_rule=rule))
        [a, b, second] >> join
    return dag


def test_a_branch_skips_what_it_does_not_choose_and_keeps_what_lies_behind_its_choice():
    assert states(branch_dag("a")) == {
        "branch": "success", "a": "success", "b": "skipped", "g.first": "skipped", "g.second": "skipped",
        "join": "success",
    }  # fmt: skip
    assert states(branch_dag(["a", "b"]))["b"] == "success"
    assert states(branch_dag("g"))["g.second"] == "success"
    assert set(states(branch_dag(None)).values()) == {"success", "skipped"}


def test_a_branch_to_an_unknown_task_fails():
    result = run_dag(branch_dag("nowhere"))
    assert "Invalid tasks found: {'nowhere'}" in result.errors[("branch", -1)]["message"]
    assert result.state == "failed"


def test_branches_as_functions_and_classes():
    class Own(BaseBranchOperator):
        def choose_branch(self, context):
            return "x"

    with DAG("d", schedule=None) as dag:

        @task.branch
        def choose():
            return "c"

        choose() >> [EmptyOperator(task_id="c"), EmptyOperator(task_id="d")]
        Own(task_id="own") >> [EmptyOperator(task_id="x"), EmptyOperator(task_id="y")]
    found = states(dag)
    assert (found["c"], found["d"], found["x"], found["y"]) == ("success", "skipped", "success", "skipped")


def test_a_short_circuit_skips_everything_behind_it_or_only_the_next():
    def circuit(**arguments):
        with DAG("d", schedule=None) as dag:
            stop = ShortCircuitOperator(task_id="stop", python_callable=lambda: False, **arguments)
            stop >> EmptyOperator(task_id="next") >> EmptyOperator(task_id="last", trigger_rule="all_done")
        return states(dag)

    assert circuit() == {"stop": "success", "next": "skipped", "last": "skipped"}
    assert circuit(ignore_downstream_trigger_rules=False) == {"stop": "success", "next": "skipped", "last": "success"}

    with DAG("d", schedule=None) as dag:

        @task.short_circuit
        def go_on():
            return True

        go_on() >> EmptyOperator(task_id="next")
    assert states(dag)["next"] == "success"


def test_an_operator_may_skip_tasks_and_go_on():
    class Skipper(BaseOperator, SkipMixin):
        def execute(self, context):
            self.skip(context["dag_run"], context["execution_date"], context["task"].downstream_list)
            return "went on"

    with DAG("d", schedule=None) as dag:
        Skipper(task_id="s") >> EmptyOperator(task_id="next")
    assert states(dag) == {"s": "success", "next": "skipped"}
