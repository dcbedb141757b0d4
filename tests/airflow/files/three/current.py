"""airflow.sdk and the standard provider."""

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import (
    BranchPythonOperator,
    ShortCircuitOperator,
    get_current_context,
)
from airflow.providers.standard.operators.smooth import SmoothOperator
from airflow.providers.standard.sensors.bash import BashSensor
from airflow.providers.standard.sensors.python import PythonSensor
from airflow.sdk import (
    DAG,
    BaseBranchOperator,
    BaseHook,
    BaseOperator,
    BaseSensorOperator,
    Context,
    DagRunState,
    Label,
    Param,
    ParamsDict,
    PokeReturnValue,
    SkipMixin,
    TaskGroup,
    TaskInstanceState,
    TriggerRule,
    Variable,
    WeightRule,
    chain,
    chain_linear,
    cross_downstream,
    dag,
    get_parsing_context,
    literal,
    macros,
    task,
    task_group,
)
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

with DAG(
    dag_id="current",
    start_date=pendulum.datetime(2024, 1, 1, tz="Europe/Amsterdam"),
    params={"who": Param("you", type="string")},
    tags={"three"},
):

    @task.bash
    def command() -> str:
        return "echo from bash {{ params.who }}"

    @task.branch
    def choose() -> str:
        return "kept"

    @task(retries=1, retry_delay=pendulum.duration(seconds=0))
    def fails_once(ti=None, **context):
        if ti.try_number == 1:
            raise ValueError("the first time")
        assert get_parsing_context().task_id in ("fails_once", None)
        return ti.try_number

    @task
    def skips(n):
        if n == 2:
            raise AirflowSkipException
        return n

    @task(trigger_rule=TriggerRule.ALL_DONE)
    def collects(values):
        return list(values)

    class Greets(BaseOperator, SkipMixin):
        template_fields = ("name",)

        def __init__(self, *, name: str, **kwargs):
            super().__init__(**kwargs)
            self.name = name

        def execute(self, context: Context):
            assert get_current_context()["run_id"] == context["run_id"]
            return f"hello {self.name}"

    class Waits(BaseSensorOperator):
        def poke(self, context: Context) -> PokeReturnValue:
            return PokeReturnValue(is_done=True, xcom_value=macros.ds_add("2024-01-01", 1))

    class Picks(BaseBranchOperator):
        def choose_branch(self, context):
            return "kept"

    kept = EmptyOperator(task_id="kept", trigger_rule="none_failed_min_one_success")
    other = EmptyOperator(task_id="other")
    choose() >> Label("the one") >> [kept, other]
    Picks(task_id="picks") >> [kept, other]
    BranchPythonOperator(task_id="branch", python_callable=lambda: "kept") >> [kept, other]
    chain(command(), fails_once(), Greets(task_id="greets", name="{{ params.who }}"))
    collects(skips.expand(n=[1, 2, 3]))
    with TaskGroup(group_id="waiting"):
        chain_linear(
            [Waits(task_id="waits", poke_interval=0)],
            [
                PythonSensor(task_id="python_there", python_callable=lambda: True),
                BashSensor(task_id="bash_there", bash_command="true"),
            ],
        )
    smooth = SmoothOperator(task_id="smooth", weight_rule=WeightRule.UPSTREAM)
    cross_downstream([smooth], [BashOperator(task_id="as_it_is", bash_command=literal("echo '{{ x }}'"))])
    ShortCircuitOperator(task_id="goes_on", python_callable=lambda: Variable.get("nowhere", default=True))


@dag
def current_decorated():
    @task_group
    def group(n):
        @task
        def adds(n):
            return n + 1

        return adds(n)

    group.expand(n=[1, 2])

    @task
    def words():
        assert TaskInstanceState.SKIPPED == "skipped" and DagRunState.FAILED == "failed"
        assert ParamsDict({"a": 1})["a"] == 1 and issubclass(BaseHook, object)
        try:
            raise AirflowFailException("told")
        except Exception as error:
            return str(error)

    words()


current_decorated()
