"""Sensors of files and moments, and branches by them."""

import os
from datetime import datetime, time, timedelta

from airflow import DAG
from airflow.operators.datetime import BranchDateTimeOperator
from airflow.operators.empty import EmptyOperator
from airflow.operators.weekday import BranchDayOfWeekOperator
from airflow.sensors.date_time import DateTimeSensor
from airflow.sensors.filesystem import FileSensor
from airflow.sensors.time_delta import TimeDeltaSensor, WaitSensor
from airflow.sensors.time_sensor import TimeSensor
from airflow.sensors.weekday import DayOfWeekSensor
from airflow.utils.weekday import WeekDay

with DAG("waiting", start_date=datetime(2022, 1, 1), schedule=None):
    waits = [
        FileSensor(task_id="file", filepath=os.path.abspath(__file__), poke_interval=1, timeout=20),
        DateTimeSensor(task_id="date_time", target_time=datetime(2022, 1, 1)),
        TimeSensor(task_id="time", target_time=time(0, 0)),
        TimeDeltaSensor(task_id="time_delta", delta=timedelta(days=-1)),
        WaitSensor(task_id="wait", time_to_wait=timedelta(0)),
        DayOfWeekSensor(task_id="week_day", week_day=set(WeekDay)),
    ]
    yes, no = EmptyOperator(task_id="yes"), EmptyOperator(task_id="no")
    by_day = BranchDayOfWeekOperator(
        task_id="by_day", week_day=list(WeekDay), follow_task_ids_if_true="yes", follow_task_ids_if_false="no"
    )
    by_time = BranchDateTimeOperator(
        task_id="by_time",
        target_lower=datetime(2022, 1, 1),
        target_upper=None,
        follow_task_ids_if_true=["yes"],
        follow_task_ids_if_false=["no"],
    )
    waits >> by_day >> [yes, no]
    waits >> by_time >> [yes, no]
