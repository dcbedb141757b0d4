"""Values between tasks: pushed, returned, pulled."""

import pytest

from tests.sdk.loading import load
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
        (lambda ti: ti.xcom_pull(key="extra"), None),
        (lambda ti: ti.xcom_pull(key="extra", default=5), 5),
        (lambda ti: ti.xcom_push("own", 3) or ti.xcom_pull(key="own"), 3),
        (lambda ti: ti.xcom_pull(task_ids="gone"), None),
        (lambda ti: ti.xcom_pull(task_ids="gone", default=5), 5),
        (lambda ti: ti.xcom_pull(task_ids="one", key="gone", default=5), 5),
        (lambda ti: ti.xcom_pull(task_ids=["one", "gone", "mapped"]), ["one", None, 10, 20, 30]),
        (lambda ti: list(ti.xcom_pull(task_ids="mapped")), [10, 20, 30]),
        (lambda ti: ti.xcom_pull(task_ids="mapped", map_indexes=1), 20),
        (lambda ti: ti.xcom_pull(task_ids="mapped", map_indexes=[2, 0]), [30, 10]),
        (lambda ti: ti.xcom_pull(task_ids="mapped", map_indexes=range(1, 5), default=0), [20, 30, 0, 0]),
        (lambda ti: ti.xcom_pull(task_ids="mapped", map_indexes=7, default=0), 0),
        (lambda ti: ti.xcom_pull(task_ids="mapped")[1:], [20, 30]),
        (lambda ti: ti.xcom_pull(task_ids="mapped")[-1], 30),
        (lambda ti: {"deep": [ti.xcom_pull(task_ids="mapped")]}, {"deep": [[10, 20, 30]]}),
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


def test_without_a_task_id_a_file_of_2_asks_any_task_and_one_of_3_its_own(tmp_path):
    text = """
from {place} import DAG
from {operators} import PythonOperator
with DAG("d", {schedule}=None):
    a = PythonOperator(task_id="a", python_callable=lambda ti: ti.xcom_push("k", "of a"))
    z = PythonOperator(task_id="z", python_callable=lambda ti: ti.xcom_push("k", "of z"))
    b = PythonOperator(task_id="b", python_callable=lambda ti: [
        ti.xcom_pull(key="k", default="none"), ti.xcom_pull(task_ids=["a", "no"], key="k")])
    z >> a >> b
"""
    two = text.format(place="airflow", operators="airflow.operators.python", schedule="schedule_interval")
    three = text.format(
        place="airflow.sdk", operators="airflow.providers.standard.operators.python", schedule="schedule"
    )
    assert run_dag(load(tmp_path, two).dag).value("b") == ["of a", ["of a"]]
    assert run_dag(load(tmp_path, three).dag).value("b") == ["none", ["of a", None]]


def test_what_a_failed_try_has_pushed_is_gone_in_the_next(tmp_path):
    dag = load(
        tmp_path,
        """
        from airflow.sdk import DAG, task
        with DAG("d", schedule=None):
            @task(retries=1, retry_delay=0)
            def t(ti=None):
                if ti.try_number == 1:
                    ti.xcom_push("k", "stale")
                    raise ValueError
                return ti.xcom_pull(task_ids="t", key="k", default="gone")
            t()
        """,
    ).dag
    assert run_dag(dag).value("t") == "gone"


def test_xcom_itself_is_asked_set_and_cleared_in_the_forms_of_every_generation(tmp_path):
    dag = load(
        tmp_path,
        """
        from airflow.models import DAG, XCom
        from airflow.models.xcom import XCOM_RETURN_KEY, BaseXCom
        from airflow.utils.xcom import XCOM_RETURN_KEY as of_utils
        from airflow.operators.python import PythonOperator
        assert XCOM_RETURN_KEY == of_utils == XCom.XCOM_RETURN_KEY == "return_value"
        def make(ti, **context):
            XCom.set(key="k", value=[1], task_id="make", dag_id="d", run_id=context["run_id"])
            XCom.set("old", 2, "make", "d", context["execution_date"])
            ti.xcom_push("x", 5)
            return "returned"
        def ask(ti, run_id, execution_date, **context):
            found = XCom.get_many(run_id=run_id, key="k", task_ids=["make"], dag_ids="d")
            return [
                XCom.get_one(key="k", task_id="make", dag_id="d", run_id=run_id),
                XCom.get_one(execution_date=execution_date, key="old", task_id="make", dag_id="d"),
                XCom.get_one(run_id=run_id, task_id="make"), XCom.get_one(run_id=run_id, key="gone"),
                XCom.get_value(ti_key=ti.key, key="k"),
                [(one.task_id, one.key, one.value, one.map_index) for one in found], found.first().value,
                XCom.get_all(key="k", dag_id="d", task_id="make", run_id=run_id),
            ]
        def clear(ti, run_id, **context):
            XCom.delete("k", task_id="make")
            after_one = [XCom.get_one(run_id=run_id, task_id="make", key=key) for key in ("k", "x")]
            XCom.clear(dag_id="d", task_id="make", run_id=run_id)
            return [after_one, XCom.get_one(run_id=run_id, task_id="make")]
        def foreign(**context):
            XCom.set(key="k", value=1, task_id="make", dag_id="d", run_id=context["run_id"])
        def elsewhere(**context):
            XCom.clear(dag_id="other", run_id="r")
        with DAG("d", schedule_interval=None):
            tasks = [PythonOperator(task_id=f.__name__, python_callable=f, provide_context=True)
                     for f in (make, ask, clear, foreign, elsewhere)]
            tasks[0] >> tasks[1] >> tasks[2] >> [tasks[3], tasks[4]]
        """,
    ).dag
    result = run_dag(dag)
    assert result.value("ask") == [[1], 2, "returned", None, None, [("make", "k", [1], -1)], [1], [[1]]]
    assert result.value("clear") == [[None, 5], None]
    assert "sets values of its own alone" in result.errors[("foreign", -1)]["message"]
    assert "cannot be cleared by a task of another run" in result.errors[("elsewhere", -1)]["message"]


def test_output_subscripts_and_templates_of_results(tmp_path):
    dag = load(
        tmp_path,
        """
        from airflow.sdk import DAG, task
        from airflow.providers.standard.operators.bash import BashOperator
        from airflow.providers.standard.operators.python import PythonOperator
        with DAG("d", schedule=None, render_template_as_native_obj=False):
            first = PythonOperator(task_id="first", python_callable=lambda: {"a": [1, 2], "b": "x"},
                                   multiple_outputs=True)
            @task(multiple_outputs=True)
            def split():
                return {"n": 3, "t": ("p", 1)}
            @task
            def use(whole, part, n, t, text):
                return [whole["b"], part, n, t, text]
            parts = split()
            use(first.output, first.output["a"], parts["n"], parts["t"], f"<{first.output['b']}>")
            BashOperator(task_id="shown", bash_command="echo " + f"{parts['n']}" + " {{ ti.xcom_pull('first')['b'] }}")
        """,
    ).dag
    result = run_dag(dag)
    assert result.value("use") == ["x", [1, 2], 3, ("p", 1), "<x>"]
    assert result.value("shown") == "3 x"


BACKEND = """
import json
from pathlib import Path
from airflow.models.xcom import BaseXCom

class Files(BaseXCom):
    @staticmethod
    def serialize_value(value, *, key=None, task_id=None, run_id=None, **more):
        if not isinstance(value, dict):
            return BaseXCom.serialize_value(value)
        file = Path(__file__).with_name(f"{task_id}-{key}.json")
        file.write_text(json.dumps(value))
        return BaseXCom.serialize_value(f"file:{file}")

    @staticmethod
    def deserialize_value(result):
        found = BaseXCom.deserialize_value(result)
        if isinstance(found, str) and found.startswith("file:"):
            return {**json.loads(Path(found[5:]).read_text()), "read": result.task_id}
        return found
"""


def test_a_class_of_ones_own_is_asked_on_the_way_in_and_out(tmp_path, monkeypatch):
    (tmp_path / "files_backend.py").write_text(BACKEND)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("AIRFLOW__CORE__XCOM_BACKEND", "files_backend.Files")
    dag = load(
        tmp_path,
        """
        from airflow.decorators import dag, task
        from airflow.models import XCom
        @dag("d", schedule=None)
        def d():
            @task
            def make(ti=None):
                ti.xcom_push("pushed", {"a": 1})
                return {"b": 2}
            @task(multiple_outputs=True)
            def parts():
                return {"one": {"c": 3}}
            @task
            def ask(made, one, ti=None, run_id=None):
                return [made, one, ti.xcom_pull(task_ids="make", key="pushed"),
                        XCom.get_one(run_id=run_id, task_id="make", key="pushed")]
            @task
            def many():
                return {"x": 1, "y": 2}
            @task
            def each(pair):
                return pair[1]
            @task
            def whole(found):
                return [found]
            ask(make(), parts()["one"])
            pairs = many()
            each.expand(pair=pairs)
            whole(pairs)
        d()
        """,
    ).dag
    store = LocalStore()
    result = run_dag(dag, store=store)
    assert result.state == "success", result.errors
    assert result.value("ask") == [
        {"b": 2, "read": "make"},
        {"c": 3, "read": "parts"},
        {"a": 1, "read": "make"},
        {"a": 1, "read": "make"},
    ]
    assert result.value("make").startswith("file:")
    assert [result.value("each", index) for index in (0, 1)] == [1, 2]
    assert result.value("whole") == [{"x": 1, "y": 2}]  # mapped over: kept as it is


def test_a_class_for_values_that_is_not_there_fails_the_task_in_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW__CORE__XCOM_BACKEND", "not_there.Backend")
    dag = load(
        tmp_path,
        """
        from airflow.sdk import DAG, task
        with DAG("d", schedule=None):
            @task
            def t():
                return 1
            t()
        """,
    ).dag
    (error,) = run_dag(dag).errors.values()
    assert error["message"].startswith("xcom_backend in [core] names not_there.Backend, which cannot be imported")
