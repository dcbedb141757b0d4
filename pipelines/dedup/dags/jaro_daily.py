"""Starts `jaro_dag` once a day: unpause both. The seed's own file has no schedule."""

from datetime import datetime

from airflow.operators.dagrun_operator import TriggerDagRunOperator

from airflow import DAG

dag = DAG(dag_id="jaro_daily", start_date=datetime(2019, 10, 7), schedule_interval="@daily", catchup=False)

start_jaro = TriggerDagRunOperator(task_id="start_jaro", trigger_dag_id="jaro_dag", dag=dag)
