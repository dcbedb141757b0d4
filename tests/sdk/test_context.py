"""The keys of the context, as functions, templates and kwargs see them."""

from datetime import datetime, timedelta, timezone

import pendulum
import pytest

from venturi import DAG, PythonOperator, task
from venturi.sdk.context import KEYS, Context
from venturi.sdk.running import Instance, run
from venturi.testing import LocalPort, LocalStore, run_dag

UTC = timezone.utc
DAY = datetime(2024, 3, 1, 6, 30, tzinfo=UTC)


@pytest.fixture
def context():
    with DAG("d", schedule=None, params={"a": 1}) as dag:
        operator = PythonOperator(task_id="t", python_callable=print, params={"b": 2})
    return Context(
        dag,
        operator,
        Instance(
            "d",
            "run",
            "t",
            try_number=2,
            run_type="scheduled",
            logical_date=DAY,
            interval_start=DAY,
            interval_end=DAY + timedelta(days=1),
            conf={"a": 7, "more": True},
        ),
    )


def test_dates_are_given_in_every_spelling(context):
    expected = {
        "ds": "2024-03-01",
        "ds_nodash": "20240301",
        "ts": "2024-03-01T06:30:00+00:00",
        "ts_nodash": "20240301T063000",
        "ts_nodash_with_tz": "20240301T063000+0000",
        "next_ds": "2024-03-02",
        "next_ds_nodash": "20240302",
        "prev_ds": "2024-02-29",
        "prev_ds_nodash": "20240229",
        "yesterday_ds": "2024-02-29",
        "yesterday_ds_nodash": "20240229",
        "tomorrow_ds": "2024-03-02",
        "tomorrow_ds_nodash": "20240302",
        "execution_date": DAY,
        "logical_date": DAY,
        "data_interval_start": DAY,
        "data_interval_end": DAY + timedelta(days=1),
        "next_execution_date": DAY + timedelta(days=1),
        "prev_execution_date": DAY - timedelta(days=1),
        "run_id": "run",
        "try_number": 2,
        "task_instance_key_str": "d__t__20240301",
        "params": {"a": 7, "b": 2, "more": True},
    }
    assert {key: context[key] for key in expected} == expected
    assert isinstance(context["logical_date"], pendulum.DateTime)
    assert isinstance(context["dag_run"].execution_date, pendulum.DateTime)


def test_a_manual_run_has_its_own_date_as_next_and_previous(context):
    context.instance.run_type = "manual"
    assert (context["next_ds"], context["prev_ds"]) == ("2024-03-01", "2024-03-01")


def test_every_key_can_be_made_and_the_context_is_as_a_dict(context):
    assert set(context) == set(KEYS)
    assert len({**context}) == len(KEYS)
    assert context["ti"] is context["task_instance"]
    assert context.get("nothing", 5) == 5
    context["own"] = 1
    assert ("own" in context, context["own"]) == (True, 1)
    del context["ds"]
    assert "ds" not in context
    with pytest.raises(KeyError):
        context["nothing"]


def test_functions_get_what_they_name_and_their_own_arguments_win():
    with DAG("d", schedule=None) as dag:

        @task
        def named(x, ds, ti=None, *, run_id=None):
            return [x, ds, ti.task_id, run_id]

        @task
        def everything(ds, **kwargs):
            return [ds, kwargs["ti"].task_id, kwargs["params"], {"conf", "conn"} <= kwargs.keys()]

        named("mine", "own ds")
        named.override(task_id="injected")(x=1)
        everything()
        PythonOperator(
            task_id="args", python_callable=lambda a, ds, b=0: [a, ds, b], op_args=["first"], op_kwargs={"b": 3}
        )
        PythonOperator(task_id="old", python_callable=lambda ds, **kw: kw["dag_run"].conf, provide_context=True)
        PythonOperator(
            task_id="templates_dict",
            python_callable=lambda templates_dict, **_: templates_dict,
            templates_dict={"day": "{{ ds }}"},
        )
    result = dag.test(logical_date="2024-03-01", run_conf={"k": 1})
    assert result.value("named") == ["mine", "own ds", "named", result.run_id]
    assert result.value("injected")[:3] == [1, "2024-03-01", "injected"]
    assert result.value("everything") == ["2024-03-01", "everything", {"k": 1}, True]
    assert result.value("args") == ["first", "2024-03-01", 3]
    assert result.value("old") == {"k": 1}
    assert result.value("templates_dict") == {"day": "2024-03-01"}


def test_methods_partials_and_callable_objects_get_the_context_too():
    import functools

    class Holder:
        def method(self, ds):
            return ds

        def __call__(self, ds):
            return ds

    def f(x, ds):
        return f"{x} {ds}"

    with DAG("d", schedule=None) as dag:
        PythonOperator(task_id="method", python_callable=Holder().method)
        PythonOperator(task_id="object", python_callable=Holder())
        PythonOperator(task_id="partial", python_callable=functools.partial(f, "a"))
    result = dag.test(logical_date="2024-03-01")
    assert [result.value(t) for t in ("method", "object", "partial")] == ["2024-03-01", "2024-03-01", "a 2024-03-01"]


def test_the_last_run_that_succeeded_is_told_and_asked_for_only_when_it_is_looked_at():
    store = LocalStore()
    asked = []

    class Counting(LocalPort):
        def runs(self, dag_id, **wanted):
            asked.append(dag_id)
            return super().runs(dag_id, **wanted)

    with DAG("d", schedule=None) as dag:

        @task
        def show(fail, prev_start_date_success=None, **kwargs):
            if fail:
                raise ValueError
            return [str(kwargs["prev_execution_date_success"])[:10], str(kwargs["prev_data_interval_start_success"])]

        @task
        def indifferent(**kwargs):
            return sorted(kwargs)[0]

        show("{{ dag_run.conf.get('fail', '') }}"), indifferent()
    first = run_dag(dag, logical_date="2024-01-01", store=store)
    assert first.value("show") == ["None", "None"]
    run_dag(dag, logical_date="2024-01-02", store=store, conf={"fail": "yes"})
    third = run_dag(dag, logical_date="2024-01-03", store=store)
    assert third.value("show")[0] == "2024-01-01"
    instance = Instance("d", "r", "indifferent", logical_date=DAY)
    assert run(dag, instance, Counting(store, instance)).error is None
    assert asked == []
