"""What an attempt's end is, by what the author's code did."""

import signal
import subprocess
import sys
import textwrap

import pytest

from tests.sdk.loading import load
from venturi import DAG, BaseOperator, EmptyOperator, PythonOperator, get_current_context, task
from venturi.sdk.exceptions import (
    AirflowFailException,
    AirflowRescheduleException,
    AirflowSensorTimeout,
    AirflowSkipException,
    DownstreamTasksSkipped,
)
from venturi.sdk.running import TRACEBACK_BYTES_MAX, Instance, run, warm
from venturi.sdk.times import read
from venturi.testing import LocalPort, LocalStore


def attempt(function, **arguments):
    """One attempt of a DAG of one task."""
    with DAG("d", schedule=None) as dag:
        PythonOperator(task_id="t", python_callable=function, **arguments)
    instance = Instance("d", "r", "t")
    store = LocalStore()
    return run(dag, instance, LocalPort(store, instance)), store


def raising(error):
    def f():
        raise error

    return f


def test_a_return_value_is_success_with_a_value_and_none_is_without():
    ended, _ = attempt(lambda: [1])
    assert (ended.outcome, ended.value, ended.has_value, ended.error) == ("success", [1], True, None)
    ended, _ = attempt(lambda: None)
    assert (ended.outcome, ended.has_value) == ("success", False)
    ended, _ = attempt(lambda: 1, do_xcom_push=False)
    assert (ended.outcome, ended.has_value) == ("success", False)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (AirflowSkipException("enough"), "skipped"),
        (AirflowFailException("no use"), "fail_now"),
        (AirflowSensorTimeout("late"), "fail_now"),
        (ValueError("wrong"), "failed"),
        (SystemExit(3), "failed"),
        (SystemExit(0), "failed"),
        (KeyboardInterrupt(), "failed"),
    ],
)
def test_an_exception_decides_the_outcome(error, outcome):
    ended, _ = attempt(raising(error))
    assert ended.outcome == outcome
    assert (ended.error is None) == (outcome == "skipped")


def test_reschedule_says_when_to_wake():
    at = read("2030-01-02T03:04:05")
    ended, _ = attempt(raising(AirflowRescheduleException(at)))
    assert (ended.outcome, ended.wake_at) == ("reschedule", at.timestamp())


def test_an_error_names_the_innermost_line_of_the_authors_own_files(tmp_path, capsys):
    loaded = load(
        tmp_path,
        """
        import json
        from venturi import DAG, task
        with DAG("d", schedule=None):
            @task
            def parse():
                return inner("{")
            parse()
        def inner(text):
            return json.loads(text)
        """,
    )
    instance = Instance("d", "r", "parse")
    ended = run(loaded.dag, instance, LocalPort(LocalStore(), instance))
    assert ended.error is not None
    assert (ended.error["type"], ended.error["file"], ended.error["line"]) == (
        "JSONDecodeError",
        loaded.dag.fileloc,
        10,
    )
    assert "running.py" not in ended.error["traceback"]
    assert 'return inner("{")' in ended.error["traceback"]
    assert ended.error["traceback"].strip() in capsys.readouterr().err


def test_a_long_traceback_is_cut_in_the_middle():
    ended, _ = attempt(raising(ValueError("x" * 100_000 + "the end")))
    assert ended.error is not None
    assert len(ended.error["traceback"].encode()) <= TRACEBACK_BYTES_MAX
    assert ended.error["traceback"].rstrip().endswith("the end")
    assert "bytes left out" in ended.error["traceback"]


def test_an_error_whose_text_cannot_be_made_still_fails_the_task():
    class Broken(Exception):
        def __str__(self):
            raise RuntimeError

    ended, _ = attempt(raising(Broken()))
    assert ended.outcome == "failed"


def test_multiple_outputs_put_each_key_and_refuse_what_is_no_dict():
    ended, store = attempt(lambda: {"a": 1, "b": [2]}, multiple_outputs=True)
    assert ended.value == {"a": 1, "b": [2]}
    assert {key[-1]: data for key, data in store.values.items()} == {"a": b"1", "b": b"[2]"}
    for wrong in ([1], {1: 2}):
        ended, _ = attempt(lambda wrong=wrong: wrong, multiple_outputs=True)
        assert (ended.outcome, ended.error["type"]) == ("failed", "TypeError")


def test_hooks_run_around_execute_in_order():
    seen = []

    class Mine(BaseOperator):
        def pre_execute(self, context):
            seen.append("pre")

        def execute(self, context):
            seen.append("execute")
            return 5

        def post_execute(self, context, result=None):
            seen.append(("post", result))

    with DAG("d", schedule=None) as dag:
        Mine(task_id="m")
        EmptyOperator(task_id="e", pre_execute=lambda context: seen.append(context["task"].task_id))
    dag.test()
    assert seen == ["pre", "execute", ("post", 5), "e"]


def test_a_task_may_leave_out_tasks_behind_it():
    ended, _ = attempt(raising(DownstreamTasksSkipped(tasks=["b", "a"])))
    assert (ended.outcome, ended.skip) == ("success", ["a", "b"])


def test_executing_changes_nothing_of_the_declared_task():
    with DAG("d", schedule=None) as dag:
        operator = PythonOperator(task_id="t", python_callable=lambda day: day, op_kwargs={"day": "{{ ds }}"})
    assert [dag.test(logical_date=day).value("t") for day in ("2024-01-01", "2024-01-02")] == [
        "2024-01-01",
        "2024-01-02",
    ]
    assert operator.op_kwargs == {"day": "{{ ds }}"}


def test_an_unknown_task_is_a_failure_that_lists_the_known_ones():
    instance = Instance("d", "r", "gone")
    with DAG("d", schedule=None) as dag:
        EmptyOperator(task_id="here")
    ended = run(dag, instance, LocalPort(LocalStore(), instance))
    assert ended.outcome == "failed"
    assert "It has: here" in ended.error["message"]


def test_the_current_context_is_there_during_a_task_and_gone_after():
    def f():
        return get_current_context()["ti"].task_id

    assert attempt(f)[0].value == "t"
    with pytest.raises(Exception, match="no context was found"):
        get_current_context()


def test_sigterm_calls_on_kill_and_ends_even_what_catches_every_exception():
    class Stubborn(BaseOperator):
        killed = False

        def execute(self, context):
            try:
                signal.raise_signal(signal.SIGTERM)
            except Exception:
                return "went on"

        def on_kill(self):
            type(self).killed = True

    before = signal.getsignal(signal.SIGTERM)
    with DAG("d", schedule=None) as dag:
        Stubborn(task_id="t")
    result = dag.test()
    assert (result.state_of("t"), Stubborn.killed) == ("failed", True)
    assert result.errors[("t", -1)]["type"] == "AirflowTaskTerminated"
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_coroutine_function_is_awaited():
    async def f():
        return 4

    assert attempt(f)[0].value == 4


def test_a_plain_task_loads_neither_jinja_nor_pendulum_and_a_warm_process_has_both():
    text = """
        import sys
        from venturi import DAG, task, PythonOperator
        from venturi.sdk.running import Instance, run, warm
        from venturi.testing import LocalPort, LocalStore
        with DAG("d", schedule=None) as dag:
            @task
            def fib(n, ti=None): return n if n < 2 else fib.function(n - 1) + fib.function(n - 2)
            fib(5)
        heavy = lambda: sorted({"jinja2", "pendulum", "subprocess"} & set(sys.modules))
        warm(dag)
        instance = Instance("d", "r", "fib")
        print(run(dag, instance, LocalPort(LocalStore(), instance)).value, heavy())
        with dag:
            PythonOperator(task_id="p", python_callable=lambda **context: 1, op_kwargs={"x": ["{{ ds }}"]})
        warm(dag)
        print(heavy())
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(text)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["5 []", "['jinja2', 'pendulum']"]


def test_warming_a_dag_of_every_kind_of_task_does_no_harm():
    with DAG("d", schedule=None) as dag:

        @task
        def f(x): ...

        f.expand(x=[1])
        EmptyOperator(task_id="e")
        PythonOperator(task_id="builtin", python_callable=print)
    warm(dag)


def test_whoever_runs_the_attempt_decides_when_sigterm_breaks_it_off():
    told = []

    class Slow(BaseOperator):
        def execute(self, context):
            signal.raise_signal(signal.SIGTERM)
            return "went on"

        def on_kill(self):
            told.append("operator")

    before = signal.signal(signal.SIGTERM, lambda *_: told.append("runner"))
    try:
        with DAG("d", schedule=None) as dag:
            Slow(task_id="t")
        assert dag.test().value("t") == "went on"
    finally:
        signal.signal(signal.SIGTERM, before)
    assert told == ["operator", "runner"]


def test_the_end_of_its_time_lets_the_operator_stop_what_it_started():
    from venturi.sdk.exceptions import AirflowTaskTimeout

    class Slow(BaseOperator):
        stopped = False

        def execute(self, context):
            raise AirflowTaskTimeout

        def on_kill(self):
            type(self).stopped = True

    with DAG("d", schedule=None) as dag:
        Slow(task_id="t")
    assert (dag.test().state_of("t"), Slow.stopped) == ("failed", True)
