"""Values between tasks: pushed, returned, pulled."""

import pytest

from venturi import DAG, BashOperator, PythonOperator, task
from venturi.sdk.running import Instance, run
from venturi.testing import LocalPort, LocalStore, run_dag


@pytest.fixture
def pulled():
    """Runs a few tasks that push, and gives what `pull(ti)` finds after them."""

    def go(pull, store=None, run_id=None):
        with DAG("d", schedule=None) as dag:

            @task
            def one(ti=None):
                ti.xcom_push(key="extra", value={"k": 1})
                return "one"

            @task
            def two():
                return "two"

            @task
            def mapped(x):
                return x * 10

            @task
            def last(ti=None):
                return {"found": pull(ti)}

            [one(), two(), mapped.expand(x=[1, 2, 3])] >> last()
        result = run_dag(dag, store=store, run_id=run_id)
        assert result.state == "success", result.errors
        return result.value("last")["found"]

    return go


@pytest.mark.parametrize(
    ("pull", "found"),
    [
        (lambda ti: ti.xcom_pull("one"), "one"),
        (lambda ti: ti.xcom_pull(task_ids="one", key="return_value"), "one"),
        (lambda ti: ti.xcom_pull(task_ids="one", key="extra"), {"k": 1}),
        (lambda ti: ti.xcom_pull(task_ids=["two", "one"]), ["two", "one"]),
        (lambda ti: ti.xcom_pull(task_ids=("one",)), ["one"]),
        (lambda ti: ti.xcom_pull(key="extra"), {"k": 1}),
        (lambda ti: ti.xcom_pull(task_ids="gone"), None),
        (lambda ti: ti.xcom_pull(task_ids="gone", default=5), 5),
        (lambda ti: ti.xcom_pull(task_ids="one", key="gone", default=5), 5),
        (lambda ti: ti.xcom_pull(task_ids=["gone"]), []),
        (lambda ti: list(ti.xcom_pull(task_ids="mapped")), [10, 20, 30]),
        (lambda ti: ti.xcom_pull(task_ids="mapped", map_indexes=1), 20),
        (lambda ti: ti.xcom_pull(task_ids="mapped", map_indexes=[2, 0]), [30, 10]),
        (lambda ti: ti.xcom_pull(task_ids="one", dag_id="other"), None),
    ],
)
def test_every_way_of_pulling(pulled, pull, found):
    assert pulled(pull) == found


def test_prior_dates_are_looked_at_when_asked(pulled):
    store = LocalStore()
    pulled(lambda ti: None, store, "earlier")
    key = ("d", "earlier", "two", -1, "return_value")
    store.values[("d", "earlier", "old", -1, "return_value")] = store.values[key]
    assert pulled(lambda ti: ti.xcom_pull("old"), store, "later") is None
    assert pulled(lambda ti: ti.xcom_pull("old", include_prior_dates=True), store, "latest") == "two"


def test_results_are_arguments_of_other_tasks_also_by_key_and_in_templates():
    with DAG("d", schedule=None) as dag:

        @task
        def split() -> dict:
            return {"left": [1], "right": 2}

        @task
        def nothing(): ...

        @task
        def join(a, b, whole, none):
            return [a, b, whole["right"], none]

        parts = split()
        join(parts["left"], b={"deep": (parts["right"],)}, whole=parts, none=nothing())
        BashOperator(task_id="bash", bash_command="echo " + str(parts["right"])) << parts.operator
        BashOperator(task_id="env", bash_command="echo $X", env={"X": parts["right"]}, append_env=True)
    result = run_dag(dag)
    assert result.value("join") == [[1], {"deep": (2,)}, 2, None]
    assert result.value("bash") == "2"
    assert result.value("env") == "2"


def test_a_key_that_was_never_pushed_is_an_error_that_names_it():
    with DAG("d", schedule=None) as dag:

        @task
        def source():
            return 1

        @task
        def use(x): ...

        use(source()["gone"])
    assert "pushed no value under the key 'gone'" in run_dag(dag).errors[("use", -1)]["message"]


def test_values_of_a_mapped_task_are_asked_for_only_when_looked_at():
    asked = []

    class Counting(LocalPort):
        def values(self, *args, **kwargs):
            asked.append(args)
            return super().values(*args, **kwargs)

    with DAG("d", schedule=None) as dag:

        @task
        def f(x):
            return x

        @task
        def use(xs, look):
            return [len(xs), xs[-1], xs[:1], list(xs), xs == [1]] if look else None

        use(f.expand(x=[1]), False)
        use(f.expand(x=[1]), True)
    store = LocalStore()
    run_dag(dag, store=store, run_id="r")
    for task_id, times in (("use", 0), ("use__1", 1)):
        asked.clear()
        instance = Instance("d", "r", task_id)
        run(dag, instance, Counting(store, instance))
        assert len(asked) == times
    assert run(dag, instance, LocalPort(store, instance)).value == [1, 1, [1], [1], True]


def test_the_values_of_a_mapped_task_may_be_returned_again_as_a_list():
    with DAG("d", schedule=None) as dag:

        @task
        def f(x):
            return x

        @task
        def again(xs):
            return xs

        again(f.expand(x=[1, 2]))
    assert run_dag(dag).value("again") == [1, 2]


def test_what_cannot_be_kept_fails_the_task():
    with DAG("d", schedule=None) as dag:
        PythonOperator(task_id="t", python_callable=lambda: open)
    assert run_dag(dag).state == "failed"


def test_the_classes_own_push_and_pull_of_1_10_work():
    with DAG("d", schedule=None) as dag:
        a = PythonOperator(
            task_id="a", python_callable=lambda **c: c["task"].xcom_push(c, "k", 3), provide_context=True
        )
        b = PythonOperator(task_id="b", python_callable=lambda **c: c["task"].xcom_pull(c, task_ids="a", key="k"))
        a >> b
    assert run_dag(dag).value("b") == 3
