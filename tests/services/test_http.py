"""HttpHook, HttpOperator and HttpSensor on a server of our own."""

import pytest

HEAD = """
from airflow import DAG
from airflow.providers.http.operators.http import HttpOperator, SimpleHttpOperator
from airflow.providers.http.sensors.http import HttpSensor

with DAG("d", schedule=None):
"""


@pytest.fixture
def ran(running, answers):
    def run(task, **more):
        host = more.pop("host", "127.0.0.1")
        fields = {"conn_type": "http", "host": host, "port": answers.port, **more.pop("connection", {})}
        running.connection("api", **fields)
        return running(HEAD + "    " + task, **more)

    return run


def test_a_get_sends_its_data_as_query_and_gives_the_text(ran, answers):
    result = ran(
        'HttpOperator(task_id="t", http_conn_id="api", method="GET", endpoint="items", data={"day": "{{ ds }}"})',
        logical_date="2024-02-03",
    )
    assert result.value("t") == '{"path": "/items?day=2024-02-03"}', result.errors


def test_a_post_sends_its_data_as_body_with_headers_and_login(ran, answers):
    result = ran(
        'SimpleHttpOperator(task_id="t", http_conn_id="api", endpoint="/make", data=\'{"a": 1}\', '
        'headers={"X-A": "1"})',
        connection={"login": "me", "password": "secret", "extra": '{"X-Key": "k", "verify": false}'},
    )
    assert result.state == "success", result.errors
    (asked,) = answers.asked
    assert (asked["method"], asked["path"], asked["body"]) == ("POST", "/make", '{"a": 1}')
    assert asked["headers"]["X-A"] == "1"
    assert asked["headers"]["X-Key"] == "k"
    assert asked["headers"]["Authorization"] == "Basic bWU6c2VjcmV0"
    assert "verify" not in asked["headers"]


def test_a_filter_makes_the_value_and_sees_the_context(ran):
    result = ran(
        'HttpOperator(task_id="t", http_conn_id="api", method="GET", endpoint="x", '
        "response_filter=lambda response, ds: [ds, response.json()['path']])",
        logical_date="2024-02-03",
    )
    assert result.value("t") == ["2024-02-03", "/x"], result.errors


def test_a_check_that_says_no_fails_the_task(ran):
    result = ran(
        'HttpOperator(task_id="t", http_conn_id="api", method="GET", endpoint="x", '
        "response_check=lambda response, **context: 'nothing' in response.text)"
    )
    assert result.errors["t", -1]["message"] == "Response check returned False."


def test_a_bad_status_fails_unless_it_is_not_to_be_checked(ran, answers):
    answers.answer = lambda asked: (503, "closed")
    result = ran('HttpOperator(task_id="t", http_conn_id="api", endpoint="x")')
    assert result.errors["t", -1]["message"].startswith("503:")
    result = ran('HttpOperator(task_id="t", http_conn_id="api", extra_options={"check_response": False})')
    assert result.value("t") == "closed", result.errors


def test_pages_are_followed_to_the_last(ran, answers):
    def answer(asked):
        page = int(asked["path"].partition("page=")[2].partition("&")[0] or 1)
        return 200, {"page": page, "next": page + 1 if page < 3 else None}

    answers.answer = answer
    result = ran(
        'HttpOperator(task_id="t", http_conn_id="api", method="GET", endpoint="list", data={"kind": "a"}, '
        "pagination_function=lambda r: {'data': {'page': r.json()['next']}} if r.json()['next'] else None, "
        "response_filter=lambda pages: [page.json()['page'] for page in pages])"
    )
    assert result.value("t") == [1, 2, 3], result.errors
    assert all("kind=a" in asked["path"] for asked in answers.asked)


def test_a_host_may_be_a_whole_address(ran, answers):
    result = ran(
        'HttpOperator(task_id="t", http_conn_id="api", method="GET", endpoint="v1/x")',
        host=f"http://127.0.0.1:{answers.port}/base/",
        connection={"port": None},
    )
    assert result.value("t") == '{"path": "/base/v1/x"}', result.errors


def test_a_sensor_waits_while_nothing_is_found_and_until_its_check_agrees(ran, answers):
    said = [(404, ""), (200, {"ready": False}), (200, {"ready": True})]
    answers.answer = lambda asked: said.pop(0)
    result = ran(
        'HttpSensor(task_id="t", http_conn_id="api", endpoint="ready", poke_interval=0, '
        "response_check=lambda response: response.json()['ready'])"
    )
    assert result.state == "success", result.errors
    assert len(answers.asked) == 3


def test_a_sensor_fails_on_other_errors(ran, answers):
    answers.answer = lambda asked: (500, "")
    result = ran('HttpSensor(task_id="t", http_conn_id="api", endpoint="ready", poke_interval=0)')
    assert result.errors["t", -1]["message"].startswith("500:")


@pytest.fixture
def waits(monkeypatch):
    """What tasks have waited for: each time they deferred."""
    from venturi import testing

    seen = []
    go_on = testing._gone_on

    def noting(wait):
        seen.append(wait)
        return go_on(wait)

    monkeypatch.setattr(testing, "_gone_on", noting)
    return seen


def test_a_deferrable_sensor_waits_in_a_trigger(ran, answers, waits):
    said = [(404, ""), (404, ""), (200, "")]
    answers.answer = lambda asked: said.pop(0)
    task = 'HttpSensor(task_id="t", http_conn_id="api", endpoint="{{ ds }}", poke_interval=0.01, deferrable=True)'
    result = ran(task, logical_date="2024-02-03")
    assert result.state == "success", result.errors
    assert [asked["path"] for asked in answers.asked] == ["/2024-02-03"] * 3
    (wait,) = waits
    assert wait.trigger == "venturi.sdk.services.deferred.PokeTrigger"
    assert 604_000 < wait.timeout_s <= 604_800


def test_a_deferrable_sensor_with_a_check_asks_it_in_the_task_and_waits_again(ran, answers, waits):
    said = [(404, ""), (200, "no"), (200, "no"), (200, "yes"), (200, "yes")]
    answers.answer = lambda asked: said.pop(0)
    result = ran(
        'HttpSensor(task_id="t", http_conn_id="api", endpoint="x", poke_interval=0.01, deferrable=True, '
        "response_check=lambda response, ti: response.text == 'yes')"
    )
    assert result.state == "success", result.errors
    assert len(waits) == 2


def test_what_goes_wrong_while_a_sensor_waits_is_told_in_the_task(ran, answers, waits):
    said = [(404, ""), (500, "broken")]
    answers.answer = lambda asked: said.pop(0)
    result = ran('HttpSensor(task_id="t", http_conn_id="api", poke_interval=0.01, deferrable=True, endpoint="x")')
    assert "500:" in result.errors["t", -1]["message"]


def test_a_deferrable_sensor_gives_up_in_time(ran, answers, waits):
    answers.answer = lambda asked: (404, "")
    common = 'http_conn_id="api", endpoint="x", poke_interval=0.01, timeout=0.05, deferrable=True'
    result = ran(f'HttpSensor(task_id="t", {common}); HttpSensor(task_id="soft", {common}, soft_fail=True)')
    assert (result.state_of("t"), result.state_of("soft")) == ("failed", "skipped")
    assert result.errors["t", -1]["type"] == "AirflowSensorTimeout"


def test_a_subclass_of_a_deferrable_sensor_is_called_again(ran, answers, waits):
    said = [(404, ""), (200, "")]
    answers.answer = lambda asked: said.pop(0)
    own = 'type("Own", (HttpSensor,), {"__module__": __name__})'
    result = ran(f'{own}(task_id="t", http_conn_id="api", endpoint="x", deferrable=True)', sleep=lambda _: None)
    assert result.state == "success", result.errors
    assert waits == []


def test_a_deferrable_operator_has_its_request_made_by_a_trigger(ran, answers, waits):
    answers.answer = lambda asked: (200, {"got": asked["body"], "key": asked["headers"].get("X-Key")})
    result = ran(
        'HttpOperator(task_id="t", http_conn_id="api", endpoint="make", data="{{ ds }}", deferrable=True, '
        "response_check=lambda response, ti: response.ok and response.headers['Content-Length'], "
        "response_filter=lambda response: [response.json(), response.status_code, response.url.rpartition('/')[2]])",
        logical_date="2024-02-03",
        connection={"extra": '{"X-Key": "k"}'},
    )
    assert result.value("t") == [{"got": "2024-02-03", "key": "k"}, 200, "make"], result.errors
    assert len(waits) == 1
    answers.answer = lambda asked: (503, "closed")
    result = ran('HttpOperator(task_id="t", http_conn_id="api", endpoint="x", deferrable=True)')
    assert "503:" in result.errors["t", -1]["message"]


def test_a_deferrable_operator_follows_pages_from_trigger_to_trigger(ran, answers, waits):
    def answer(asked):
        page = int(asked["path"].partition("page=")[2] or 1)
        return 200, {"page": page, "next": page + 1 if page < 3 else None}

    answers.answer = answer
    result = ran(
        'HttpOperator(task_id="t", http_conn_id="api", method="GET", endpoint="list", deferrable=True, '
        "pagination_function=lambda r: {'data': {'page': r.json()['next']}} if r.json()['next'] else None, "
        "response_filter=lambda pages: [page.json()['page'] for page in pages])"
    )
    assert result.value("t") == [1, 2, 3], result.errors
    assert len(waits) == 3


def test_a_connection_that_is_not_there_is_named(running):
    result = running(HEAD + '    HttpOperator(task_id="t", http_conn_id="nowhere")')
    assert "nowhere" in result.errors["t", -1]["message"]


def test_the_hook_is_found_by_the_type_of_a_connection(running, answers):
    running.connection("api", conn_type="http", host="127.0.0.1", port=answers.port)
    result = running("""
from airflow import DAG
from airflow.hooks.base import BaseHook
from airflow.operators.python import PythonOperator

def ask():
    hook = BaseHook.get_hook("api")
    hook.method = "GET"
    return hook.run("found").json()["path"], hook.test_connection()[0]

with DAG("d", schedule=None):
    PythonOperator(task_id="t", python_callable=ask)
""")
    assert result.value("t") == ("/found", True), result.errors
