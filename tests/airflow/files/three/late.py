"""Deadlines of runs, by every reference, and what is called once one has passed."""

from datetime import datetime, timedelta, timezone

from airflow.sdk import AsyncCallback, DeadlineAlert, DeadlineReference, SyncCallback, dag, task
from airflow.sdk.definitions.callback import Callback
from airflow.sdk.definitions.deadline import (
    AverageRuntimeDeadline,
    DagRunLogicalDateDeadline,
    DagRunQueuedAtDeadline,
    FixedDatetimeDeadline,
    VariableInterval,
)


async def tell(text, context=None):
    print(text)


def write(text, context=None):
    print(text)


FAR = datetime(2099, 1, 1, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)
CALLS: list[Callback] = [AsyncCallback(tell, kwargs={"text": "late"}), SyncCallback(write, kwargs={"text": "late"})]
REFERENCES = {
    DeadlineReference.DAGRUN_LOGICAL_DATE: DagRunLogicalDateDeadline,
    DeadlineReference.DAGRUN_QUEUED_AT: DagRunQueuedAtDeadline,
    DeadlineReference.FIXED_DATETIME(FAR): FixedDatetimeDeadline,
    DeadlineReference.AVERAGE_RUNTIME(max_runs=5, min_runs=2): AverageRuntimeDeadline,
}
ALERTS = [
    DeadlineAlert(reference=reference, interval=HOUR, callback=call, name=type(call).__name__)
    for reference in REFERENCES
    for call in CALLS
]


@dag(schedule=None, deadline=ALERTS)
def in_time():
    @task
    def check():
        assert all(isinstance(reference, kind) for reference, kind in REFERENCES.items())
        assert [call.path.rpartition(".")[2] for call in CALLS] == ["tell", "write"]

    check()


@dag(
    schedule=None,
    deadline=DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT, interval=VariableInterval("patience_s"), callback=CALLS[0]
    ),
)
def as_long_as_a_variable_says():
    @task
    def work():
        return 1

    work()


in_time()
as_long_as_a_variable_says()
