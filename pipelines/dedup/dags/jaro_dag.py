"""New records of people come in; those that are not in the database yet, however they are typed, are inserted."""

from datetime import datetime, timedelta

from airflow.operators.email_operator import EmailOperator
from airflow.operators.python_operator import PythonOperator
from dedup.mails import email_list, tell_failure
from dedup.steps import clean_records, create_table, ingest, measure, run_analysis

from airflow import DAG

dag_params = {
    "dag_id": "Jaro_dag",
    "start_date": datetime(2019, 10, 7),
    "email": email_list,
    "schedule_interval": None,
    "retries": 2,
    "retry_delay": timedelta(seconds=5),
    "retry_exponential_backoff": True,
    "email_on_retry": False,
    "email_on_failure": False,  # tell_failure mails the numbers too
    "on_failure_callback": tell_failure,
    "provide_context": True,
}
dag = DAG(dag_id="jaro_dag", default_args=dag_params, max_active_runs=1)

create_table = PythonOperator(task_id="create_table", python_callable=create_table, dag=dag)

ingest = PythonOperator(task_id="ingest", python_callable=ingest, dag=dag)

clean_records = PythonOperator(task_id="clean_records", python_callable=clean_records, dag=dag)

run_analysis = PythonOperator(task_id="run_analysis", python_callable=run_analysis, dag=dag)

measure = PythonOperator(
    task_id="measure",
    python_callable=measure,
    op_kwargs={"precision_at_least": 0.9, "recall_at_least": 0.9},
    dag=dag,
)

email_success = EmailOperator(
    task_id="email_success",
    to=email_list,
    subject="Airflow Alert Success",
    html_content=""" <h3>new data insertion success</h3>
{% set n = ti.xcom_pull(task_ids="run_analysis") %}{% set m = ti.xcom_pull(task_ids="measure") %}
<p>{{ n["inserted"] }} of {{ n["read"] }} records of {{ run_id }} were inserted, {{ n["duplicates"] }} were there
already. {{ n["people"] }} people are known.</p>
<p>{% if m["precision"] is none %}Nothing is known of this feed's duplicates.{% else %}Precision
{{ "%.3f" | format(m["precision"]) }}, recall {{ "%.3f" | format(m["recall"]) }}.{% endif %}</p> """,
    dag=dag,
)

create_table >> ingest >> clean_records >> run_analysis >> measure
run_analysis >> email_success
measure >> email_success
