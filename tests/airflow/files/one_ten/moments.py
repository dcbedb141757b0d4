"""Dates, time zones and macros, as functions and in templates."""

from datetime import datetime as plain, timedelta

from airflow import DAG
from airflow.macros import (
    datetime,
    dateutil,
    datetime_diff_for_humans,
    ds_add,
    ds_format,
    json,
    random,
    time,
    timedelta as delta,
    uuid,
)
from airflow.operators.bash_operator import BashOperator
from airflow.operators.python_operator import PythonOperator
from airflow.utils import timezone
from airflow.utils.dates import (
    days_ago,
    datetime_to_nano,
    infer_time_unit,
    parse_execution_date,
    scale_time_units,
)
from airflow.utils.timezone import (
    coerce_datetime,
    convert_to_utc,
    from_timestamp,
    is_localized,
    is_naive,
    local_timezone,
    make_aware,
    make_naive,
    parse,
    parse_timezone,
    td_format,
    utc,
    utc_epoch,
    utcnow,
)

dag = DAG("moments", start_date=days_ago(1), schedule_interval="@once")


def in_python(**context):
    assert timezone.datetime(2020, 1, 2).tzinfo is not None
    assert is_localized(utcnow()) and is_naive(plain(2020, 1, 1))
    assert make_aware(plain(2020, 1, 1), utc) == convert_to_utc(plain(2020, 1, 1)) == coerce_datetime(plain(2020, 1, 1))
    assert make_naive(parse("2020-01-01T00:00:00+00:00"), utc) == plain(2020, 1, 1)
    assert utc_epoch().year == 1970 and parse_execution_date("2020-01-01").year == 2020
    assert from_timestamp(0).year == 1970 and parse_timezone("Europe/Paris") and local_timezone()
    assert td_format(timedelta(hours=3, minutes=1)) == "3h:1m"
    assert datetime_to_nano(timezone.datetime(1970, 1, 1, 0, 0, 1)) == 1_000_000_000
    assert infer_time_unit([4000]) == "minutes" and scale_time_units([120], "minutes") == [2]
    assert ds_add("2020-01-01", 2) == "2020-01-03" and ds_format("2020-01-02", "%Y-%m-%d", "%d/%m") == "02/01"
    assert datetime is plain and delta is timedelta and json.loads("[1]") == [1] and time.time() > 0
    assert uuid.UUID(int=1) and random() < 1 and dateutil.parser.parse("2020-01-01").year == 2020
    assert datetime_diff_for_humans(utcnow())


in_python_ = PythonOperator(task_id="in_python", python_callable=in_python, provide_context=True, dag=dag)
in_template = BashOperator(
    task_id="in_template",
    bash_command="test {{ macros.ds_add(ds, 1) }} = {{ tomorrow_ds }} && echo {{ macros.uuid.uuid4() }} {{ yesterday_ds_nodash }}",
    dag=dag,
)
