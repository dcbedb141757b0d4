"""Assets, retry policies, resumable jobs, notifiers and the words of custom timetables."""

from datetime import timedelta

import pendulum
from airflow.sdk import (
    DAG,
    NEVER_EXPIRE,
    Asset,
    AssetAlias,
    AssetAll,
    AssetAny,
    AssetWatcher,
    BaseNotifier,
    BaseOperator,
    ExceptionRetryPolicy,
    Metadata,
    ResumableJobMixin,
    RetryAction,
    RetryDecision,
    RetryPolicy,
    RetryRule,
    dag,
    task,
)
from airflow.sdk.definitions.asset import (
    AssetAliasUniqueKey,
    AssetNameRef,
    AssetRef,
    AssetUniqueKey,
    AssetUriRef,
    BaseAsset,
    Dataset,
    Model,
)
from airflow.sdk.execution_time.lazy_sequence import LazyXComSequence
from airflow.providers.standard.triggers.file import FileDeleteTrigger
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction

raw = Asset("raw", uri="s3://bucket/raw")
model, table = Model(name="model"), Dataset(uri="file:///table")
alias = AssetAlias("alias")
watched = Asset("watched", watchers=[AssetWatcher(name="inbox", trigger=FileDeleteTrigger("/inbox/one.csv"))])
either = (raw | model) & table


class Patient(RetryPolicy):
    def evaluate(self, exception, try_number, max_tries, context=None):
        return RetryDecision.retry(timedelta(0)) if try_number < 2 else RetryDecision.fail("enough")


class Tells(BaseNotifier):
    def notify(self, context):
        print("told")


class Job(ResumableJobMixin, BaseOperator):
    def execute(self, context):
        return self.submit_job(context)

    def submit_job(self, context):
        return "job"


with DAG("kept_words", schedule=None, start_date=pendulum.datetime(2024, 1, 1), on_success_callback=[Tells()]):

    @task(outlets=[raw])
    def writes():
        yield Metadata(raw, {"rows": 1})

    @task(retries=1, retry_delay=timedelta(0), retry_policy=Patient())
    def tried_again(ti=None):
        if ti.try_number == 1:
            raise ValueError

    @task(
        retries=1,
        retry_policy=ExceptionRetryPolicy(rules=[RetryRule(KeyError, RetryAction.FAIL), RetryRule("builtins.OSError")]),
    )
    def words(values=()):
        assert isinstance(either, AssetAll) and isinstance(raw | model, AssetAny) and isinstance(either, BaseAsset)
        assert (
            AssetUniqueKey.from_asset(raw).name == "raw" and AssetAliasUniqueKey.from_asset_alias(alias).name == "alias"
        )
        assert isinstance(Asset.ref(name="raw"), AssetNameRef) and isinstance(Asset.ref(uri="s3://a"), AssetUriRef)
        assert issubclass(AssetNameRef, AssetRef) and NEVER_EXPIRE is not None and LazyXComSequence
        interval = DataInterval(pendulum.datetime(2024, 1, 1), pendulum.datetime(2024, 1, 2))
        info = DagRunInfo.interval(interval.start, interval.end)
        assert info.data_interval == interval and TimeRestriction(None, None, True).catchup

    tried_again() >> Job(task_id="job") >> words()


@dag(schedule=[raw, table], start_date=pendulum.datetime(2024, 1, 1))
def waits_for_assets():
    @task(inlets=[raw])
    def reads(inlet_events=None):
        return "read"

    reads()


waits_for_assets()
