"""Who is told, and of a failure: what failed, why, and the numbers so far."""

from html import escape

from airflow.utils.email import send_email

email_list = ["asimbanskota@gmail.com", ""]


def tell_failure(context):
    ti = context["task_instance"]
    numbers = ti.xcom_pull(task_ids=ti.task_id, key="numbers") or ti.xcom_pull(task_ids="run_analysis") or {}
    told = "".join(f"<li>{name}: {value}</li>" for name, value in numbers.items())
    send_email(
        to=[address for address in email_list if address],
        subject=f"Airflow Alert Failure: {ti.dag_id}.{ti.task_id}",
        html_content="<h3>{} failed in {}</h3><p>{}</p><ul>{}</ul>".format(
            ti.task_id, context["run_id"], escape(str(context.get("exception"))), told or "<li>no numbers yet</li>"
        ),
    )
