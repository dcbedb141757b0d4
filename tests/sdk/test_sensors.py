from datetime import timedelta

import pytest

from venturi import DAG, BaseSensorOperator, PokeReturnValue, PythonSensor, task
from venturi.sdk.exceptions import AirflowFailException, AirflowNotFoundException
from venturi.sdk.files import FSHook
from venturi.sdk.port import installed
from venturi.sdk.running import Instance, run
from venturi.sdk.sensors import BashSensor
from venturi.sdk.times import utcnow
from venturi.testing import LocalPort, LocalStore, run_dag


def attempt(function=lambda: False, first_poke_at=None, kind=PythonSensor, **arguments):
    with DAG("d", schedule=None) as dag:
        kind(task_id="s", python_callable=function, **{"poke_interval": 0, **arguments})
    instance = Instance("d", "r", "s", first_poke_at=first_poke_at)
    return run(dag, instance, LocalPort(LocalStore(), instance))


def answers(*given):
    left = list(given)
    return lambda: left.pop(0)


def test_poke_mode_asks_until_it_is_true():
    assert attempt(answers(False, None, True)).outcome == "success"


def test_a_poke_may_give_the_value():
    ended = attempt(answers(PokeReturnValue(False, 1), PokeReturnValue(True, {"x": 2})))
    assert ended.value == {"x": 2}


def test_reschedule_mode_asks_once_and_says_when_to_ask_again():
    before = utcnow().timestamp()
    ended = attempt(mode="reschedule", poke_interval=timedelta(minutes=5))
    assert ended.outcome == "reschedule"
    assert ended.wake_at is not None
    assert 299 < ended.wake_at - before < 360


def test_the_timeout_of_a_rescheduled_sensor_counts_from_its_first_call():
    assert (
        attempt(mode="reschedule", timeout=60, first_poke_at=utcnow() - timedelta(seconds=59)).outcome == "reschedule"
    )
    ended = attempt(mode="reschedule", timeout=60, first_poke_at=utcnow() - timedelta(seconds=61))
    assert ended.outcome == "fail_now"
    assert ended.error is not None
    assert "exceeds the specified timeout of 60" in ended.error["message"]


def test_soft_fail_and_never_fail_skip():
    def refuse():
        raise AirflowFailException

    def fail():
        raise ValueError

    late = {"timeout": 0, "mode": "reschedule", "first_poke_at": utcnow() - timedelta(seconds=1)}
    assert attempt(soft_fail=True, **late).outcome == "skipped"
    assert attempt(refuse, soft_fail=True).outcome == "skipped"
    assert attempt(refuse).outcome == "fail_now"
    assert attempt(fail, soft_fail=True).outcome == "failed"
    assert attempt(fail, never_fail=True).outcome == "skipped"


def test_silent_fail_takes_an_error_as_not_yet():
    def once(state=[]):  # noqa: B006
        state.append(1)
        if len(state) == 1:
            raise ValueError
        return True

    assert attempt(once, silent_fail=True).outcome == "success"


def test_exponential_backoff_grows_with_the_time_waited_up_to_max_wait():
    def pause(waited_s, **more):
        now = utcnow()
        first = now - timedelta(seconds=waited_s)
        ended = attempt(mode="reschedule", poke_interval=10, exponential_backoff=True, first_poke_at=first, **more)
        assert ended.wake_at is not None
        return ended.wake_at - now.timestamp()

    assert 10 <= pause(0) < 25
    assert 40 <= pause(30) < 90
    assert pause(1000, max_wait=15) < 20


def test_an_unknown_mode_or_interval_is_told_when_the_file_is_read():
    with pytest.raises(Exception, match="mode must be one of"):
        attempt(mode="nap")
    with pytest.raises(Exception, match="poke_interval of 's' must be"):
        attempt(poke_interval=-1)


def test_task_sensor_and_an_authors_own_sensor():
    class Own(BaseSensorOperator):
        def poke(self, context):
            return context["ti"].task_id == "own"

    with DAG("d", schedule=None) as dag:

        @task.sensor(poke_interval=0, timeout=10, mode="reschedule")
        def there(x) -> PokeReturnValue:
            return PokeReturnValue(is_done=x, xcom_value="found")

        there(True)
        Own(task_id="own")
        BashSensor(task_id="bash", bash_command="exit 0")
        BashSensor(task_id="bad", bash_command="exit 3", retry_exit_code=2)
    result = run_dag(dag)
    assert result.value("there") == "found"
    assert [result.state_of(t) for t in ("own", "bash", "bad")] == ["success", "success", "failed"]


def test_run_dag_calls_a_rescheduled_sensor_again():
    pauses = []
    with DAG("d", schedule=None) as dag:
        PythonSensor(task_id="s", python_callable=answers(False, False, True), mode="reschedule", poke_interval=5)
    assert run_dag(dag, sleep=pauses.append).state == "success"
    assert len(pauses) == 2


def test_a_folder_hook_takes_its_connection_by_the_name_that_1_10_gave_it(monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_THERE", "fs://?path=%2Fthere")
    with installed(LocalPort(LocalStore())):
        assert FSHook(conn_id="there").get_path() == "/there"
        with pytest.raises(AirflowNotFoundException):
            FSHook(conn_id="nowhere")
