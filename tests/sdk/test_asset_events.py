"""What tasks say of the assets they make, and what they hear of those they use."""

from __future__ import annotations

import pytest

from tests.sdk.loading import load
from venturi.testing import LocalStore, run_dag


def events(store):
    return [{k: e[k] for k in ("name", "extra", "aliases", "partition", "task_id")} for e in store.asset_events]


def test_a_task_that_succeeds_leaves_an_event_for_each_outlet_and_says_more_in_each_documented_way(tmp_path):
    dag = load(
        tmp_path,
        """
        from airflow.sdk import DAG, Asset, AssetAlias, Metadata, task
        from airflow.providers.standard.operators.bash import BashOperator
        a, b, by = Asset("a", "s3://b/a"), Asset("b"), AssetAlias("by")
        with DAG("d", schedule=None):
            @task(outlets=[a, b])
            def silent(): ...

            @task(outlets=[a])
            def said(*, outlet_events=None):
                outlet_events[a].extra = {"rows": 3}

            @task(outlets=[a, by])
            def yielded():
                yield Metadata(a, {"hi": "bye"})
                yield Metadata(b, {"via": "alias"}, alias=by)
                return 7

            @task(outlets=[by, Asset.ref(name="b")])
            def added(*, outlet_events=None):
                outlet_events[AssetAlias("by")].add(Asset("s3://x/1"), extra={"n": 1})
                outlet_events.for_asset_alias(name="by").add(a)
                outlet_events.for_asset(name="b").extra["k"] = 1
                outlet_events[b].extra["other"] = 2

            @task(outlets=[a])
            def parts(*, outlet_events=None):
                outlet_events[a].add_partitions(["eu", "us", "eu"])
                outlet_events[a].add_partitions("us")

            @task(outlets=[a])
            def failing(*, outlet_events=None):
                raise ValueError

            bash = BashOperator(task_id="bash", outlets=[a], bash_command=":",
                                post_execute=lambda context, result: context["outlet_events"][a].extra.update(x=1))
            silent() >> said() >> yielded() >> added() >> parts() >> bash >> failing()
        """,
    ).dag
    result = run_dag(dag)
    assert result.value("yielded") == 7
    assert events(result.store) == [
        {"name": "a", "extra": {}, "aliases": [], "partition": None, "task_id": "silent"},
        {"name": "b", "extra": {}, "aliases": [], "partition": None, "task_id": "silent"},
        {"name": "a", "extra": {"rows": 3}, "aliases": [], "partition": None, "task_id": "said"},
        {"name": "a", "extra": {"hi": "bye"}, "aliases": [], "partition": None, "task_id": "yielded"},
        {"name": "b", "extra": {"via": "alias"}, "aliases": ["by"], "partition": None, "task_id": "yielded"},
        {"name": "s3://x/1", "extra": {"n": 1}, "aliases": ["by"], "partition": None, "task_id": "added"},
        {"name": "a", "extra": {}, "aliases": ["by"], "partition": None, "task_id": "added"},
        {"name": "b", "extra": {"k": 1, "other": 2}, "aliases": [], "partition": None, "task_id": "added"},
        {"name": "a", "extra": {}, "aliases": [], "partition": "eu", "task_id": "parts"},
        {"name": "a", "extra": {}, "aliases": [], "partition": "us", "task_id": "parts"},
        {"name": "a", "extra": {"x": 1}, "aliases": [], "partition": None, "task_id": "bash"},
    ]
    assert result.state_of("failing") == "failed"


READING = """
from airflow.sdk import DAG, Asset, AssetAlias, task
from airflow.providers.standard.operators.bash import BashOperator
a, by = Asset("a", "s3://b/a"), AssetAlias("by")
with DAG("makes", schedule=None) as makes:
    @task(outlets=[a, by])
    def make(x, outlet_events=None):
        outlet_events[a].extra["n"] = x
        outlet_events[by].add(Asset("other"), extra={"n": -x})
    make.expand(x=[1, 2, 3])
with DAG("uses", schedule=None) as uses:
    @task(inlets=[a, by])
    def use(inlet_events):
        found = inlet_events[a]
        return [
            len(found), found[-1].extra["n"], [e.extra["n"] for e in found[:-1]],
            [e.extra["n"] for e in inlet_events[by].limit(2)],
            [e.extra["n"] for e in found.ascending(False).limit(1)],
            found[0].source_dag_id, found[0].source_task_id, found[1].source_map_index, found[0].asset.uri,
            len(found.after("2020-01-01")), len(found.before("2020-01-01")), inlet_events[0][0].uri,
            len(inlet_events[Asset.ref(name="a")]), len(inlet_events),
        ]
    @task(inlets=[a])
    def strange(inlet_events):
        inlet_events[Asset("unknown")]
    use()
    strange()
    BashOperator(task_id="rendered", inlets=[a],
                 bash_command="echo {{ inlet_events.for_asset(uri='s3://b/a')[-1].extra | tojson }}")
"""


def test_a_task_hears_of_its_inlets(tmp_path):
    makes, uses = load(tmp_path, READING).dags
    store = LocalStore()
    run_dag(makes, store=store)
    result = run_dag(uses, store=store)
    assert result.value("use") == [
        3, 3, [1, 2], [-1, -2], [3], "makes", "make", 1, "s3://b/a", 3, 0, "s3://b/a", 3, 2,
    ]  # fmt: skip
    assert result.value("rendered") == "{n: 3}"
    assert result.errors[("strange", -1)]["type"] == "KeyError"


def test_a_function_under_asset_is_given_its_assets(tmp_path):
    raw, clean, many = load(
        tmp_path,
        """
        from airflow.sdk import Asset, asset

        @asset(schedule=None, uri="s3://b/raw")
        def raw(self, context, outlet_events):
            outlet_events[self].extra = {"by": context["dag"].dag_id}
            return self.uri

        @asset(schedule=raw)
        def clean(raw, limit=3):
            return [raw.name, raw.uri, limit]

        @asset.multi(schedule=None, outlets=[Asset("x"), Asset("y")])
        def many(self, outlet_events):
            for one in self.objects:
                outlet_events[one].extra["n"] = one.name
        """,
    ).dags
    store = LocalStore()
    assert run_dag(raw, store=store).value("raw") == "s3://b/raw"
    assert run_dag(clean, store=store).value("clean") == ["raw", "s3://b/raw", 3]
    assert run_dag(many, store=store).state == "success"
    assert [(e["name"], e["extra"]) for e in events(store)] == [
        ("raw", {"by": "raw"}),
        ("clean", {}),
        ("x", {"n": "x"}),
        ("y", {"n": "y"}),
    ]


def test_an_asset_that_nobody_declares_is_named(tmp_path):
    dag = load(tmp_path, "from airflow.sdk import asset\n@asset(schedule=None)\ndef mine(nowhere): ...").dag
    assert "No DAG file declares an asset named 'nowhere'" in run_dag(dag).errors[("mine", -1)]["message"]


def test_what_a_task_keeps_is_there_in_its_next_try_and_of_an_asset_in_the_next_run(tmp_path):
    dag = load(
        tmp_path,
        """
        from datetime import timedelta
        from airflow.sdk import DAG, Asset, NEVER_EXPIRE, task
        orders = Asset("orders")
        with DAG("d", schedule=None):
            @task(retries=1, retry_delay=0)
            def job(task_state_store=None):
                known = task_state_store.get("id")
                if known is None:
                    task_state_store.set("id", ["j", 1], retention=NEVER_EXPIRE)
                    task_state_store.set("gone", 1)
                    task_state_store.delete("gone")
                    raise RuntimeError("lost")
                return [known, task_state_store.get("gone", "default")]
            @task
            async def later(task_state_store=None):
                await task_state_store.aset("k", 1)
                await task_state_store.aclear()
                return await task_state_store.aget("k", 5)
            @task(inlets=[orders], outlets=[orders])
            def mark(asset_state_store=None):
                asset_state_store[orders].set("n", asset_state_store.get("n", 0) + 1)
                return asset_state_store[Asset.ref(name="orders")].get("n")
            @task
            def none(task_state_store=None):
                task_state_store.set("k", None)
            @task
            def odd(task_state_store=None):
                task_state_store.set("k", {1, 2})
            job(); later(); mark(); none(); odd()
        """,
    ).dag
    store = LocalStore()
    first, second = run_dag(dag, store=store, run_id="1"), run_dag(dag, store=store, run_id="2")
    assert first.value("job") == [["j", 1], "default"]
    assert first.tries[("job", -1)] == 2
    assert first.value("later") == 5
    assert (first.value("mark"), second.value("mark")) == (1, 2)
    assert first.errors[("none", -1)]["type"] == "ValueError"
    assert "must be text, numbers" in first.errors[("odd", -1)]["message"]


def test_a_later_try_takes_up_the_remote_job_of_an_earlier_one(tmp_path):
    dag = load(
        tmp_path,
        """
        from airflow.sdk import DAG, BaseOperator, ResumableJobMixin
        submitted = []
        class Job(ResumableJobMixin, BaseOperator):
            def execute(self, context):
                return self.execute_resumable(context)
            def submit_job(self, context):
                submitted.append(1)
                return f"job-{len(submitted)}"
            def get_job_status(self, external_id, context):
                return "RUNNING"
            def is_job_active(self, status):
                return status == "RUNNING"
            def is_job_succeeded(self, status):
                return False
            def poll_until_complete(self, external_id, context):
                if context["ti"].try_number == 1:
                    raise RuntimeError("connection lost")
            def get_job_result(self, external_id, context):
                return external_id
        with DAG("d", schedule=None):
            Job(task_id="kept", retries=1)
            Job(task_id="anew", retries=1, durable=False)
        """,
    ).dag
    result = run_dag(dag)
    assert result.value("kept") == "job-1"
    assert result.value("anew") == "job-3"


def test_only_a_function_that_yields_is_exhausted():
    from venturi import DAG, task

    with DAG("d", schedule=None) as dag:

        @task
        def gives():
            return (i for i in "ab")

        gives()
    assert "generator" in run_dag(dag).errors[("gives", -1)]["message"]


@pytest.mark.parametrize(
    ("policy", "tries", "state"),
    [
        ("ExceptionRetryPolicy([RetryRule(ValueError, action=RetryAction.FAIL)])", 1, "failed"),
        (
            "ExceptionRetryPolicy([RetryRule(['builtins.KeyError', 'builtins.ValueError'], RetryAction.FAIL)])",
            1,
            "failed",
        ),
        (
            "ExceptionRetryPolicy([RetryRule('builtins.Exception', RetryAction.FAIL, match_subclasses=False)])",
            3,
            "failed",
        ),
        ("ExceptionRetryPolicy([RetryRule('no.such.Error', RetryAction.FAIL)])", 3, "failed"),
        ("ExceptionRetryPolicy([], default=RetryAction.FAIL)", 1, "failed"),
        ("Mine()", 2, "failed"),
        ("Broken()", 3, "failed"),
    ],
)
def test_a_retry_policy_may_end_a_task_earlier(tmp_path, policy, tries, state):
    dag = load(
        tmp_path,
        f"""
        from airflow.sdk import (DAG, ExceptionRetryPolicy, RetryAction, RetryDecision, RetryPolicy, RetryRule, task)
        class Mine(RetryPolicy):
            def evaluate(self, exception, try_number, max_tries, context=None):
                return RetryDecision.fail("enough") if try_number >= max_tries else RetryDecision.retry()
        class Broken(RetryPolicy):
            def evaluate(self, exception, try_number, max_tries, context=None):
                raise KeyError(1)
        with DAG("d", schedule=None):
            @task(retries=2, retry_delay=0, retry_policy={policy})
            def t():
                raise ValueError("no")
            t()
        """,
    ).dag
    result = run_dag(dag)
    assert (result.tries[("t", -1)], result.state_of("t")) == (tries, state)


def test_a_policy_says_how_long_to_wait():
    from datetime import timedelta

    from venturi import DAG, PythonOperator
    from venturi.sdk.retry_policies import ExceptionRetryPolicy, RetryRule
    from venturi.sdk.running import Instance, run
    from venturi.testing import LocalPort

    def fails():
        raise ValueError

    policy = ExceptionRetryPolicy([RetryRule(ValueError, retry_delay=timedelta(minutes=5))])
    assert ExceptionRetryPolicy.deserialize(policy.serialize()).serialize() == policy.serialize()
    with DAG("d", schedule=None) as dag:
        PythonOperator(task_id="t", python_callable=fails, retries=1, retry_policy=policy)
    instance = Instance("d", "r", "t")
    assert run(dag, instance, LocalPort(LocalStore(), instance)).retry_delay_s == 300.0


class Started:
    """A port of a run that these events have started."""

    def __init__(self, *told):
        self.told = [{"id": n, "at": 1.0 + n, **event} for n, event in enumerate(told)]
        self.asked = []

    def asset_events(self, **wanted):
        self.asked.append(wanted)
        return self.told

    def runs(self, dag_id, **wanted):
        return [{"dag_id": dag_id, "run_id": wanted["run_ids"][0], "state": "success", "interval_start": 5.0}]


def test_a_run_is_told_of_the_events_that_started_it_by_asset_and_alias_and_as_2x_by_uri():
    from venturi.sdk.asset_events import TriggeringAssetEvents, TriggeringDatasetEvents
    from venturi.sdk.assets import Asset, AssetAlias
    from venturi.sdk.port import installed

    a = {
        "name": "a",
        "uri": "s3://b/a",
        "extra": {"n": 1},
        "dag_id": "m",
        "run_id": "r",
        "task_id": "t",
        "map_index": -1,
    }
    port = Started(a, {**a, "aliases": ["z"]}, {"name": "b", "uri": "s3://b/b", "dag_id": None})
    with installed(port):
        found = TriggeringAssetEvents("d", "run")
        assert list(found) == [Asset("a", "s3://b/a"), AssetAlias("z"), Asset("b", "s3://b/b")]
        assert [e.id for e in found[Asset("a", "s3://b/a")]] == [0, 1]
        assert [e.id for e in found[AssetAlias("z")]] == [e.id for e in found.for_asset_alias(name="z")] == [1]
        with pytest.raises(KeyError):
            found[Asset("c")]
        first = found[Asset("a", "s3://b/a")][0]
        assert (first.source_dag_run.dag_id, first.source_dag_run.data_interval_start.timestamp()) == ("m", 5.0)
        assert found[Asset("b", "s3://b/b")][0].source_dag_run is None
        assert port.asked == [{"dag_id": "d", "run_id": "run"}]
        old = TriggeringDatasetEvents("d", "run")
        assert [(uri, len(events)) for uri, events in old.items()] == [("s3://b/a", 2), ("s3://b/b", 1)]
        assert next(iter(old.values()))[0].extra == {"n": 1}
