"""Parameters with schemas, on the DAG, on a task, and as arguments of a decorated DAG."""

from datetime import datetime

from airflow import DAG
from airflow.decorators import dag, task
from airflow.models.param import Param
from airflow.operators.python import PythonOperator


def tell(params):
    return {name: params[name] for name in sorted(params)}


with DAG(
    "parameters",
    start_date=datetime(2024, 1, 1),
    schedule=None,
    catchup=False,
    params={
        "plain": 5,
        "text": Param("abc", type="string", minLength=2, title="A text", description="Some text."),
        "number": Param(10, type="integer", minimum=1, maximum=20),
        "choice": Param("b", enum=["a", "b", "c"]),
        "maybe": Param(None, type=["null", "string"]),
        "many": Param(["x", "y"], type="array", items={"type": "string"}, examples=["x", "y", "z"]),
        "inside": Param({"a": 1}, type="object", additionalProperties=True),
        "day": Param("2024-02-03", type="string", format="date"),
        "shown": Param("k", type="string", values_display={"k": "the K"}, section="Others"),
    },
):
    PythonOperator(task_id="tell", python_callable=tell)
    PythonOperator(task_id="own", python_callable=tell, params={"plain": 6, "more": "yes"})


@dag(start_date=datetime(2024, 1, 1), schedule=None, catchup=False, params={"other": 1})
def arguments(word: str = "hello", number=Param(3, type="integer")):
    @task
    def say(text, n):
        return f"{text} {n}"

    say(word, number)


arguments()
