import pytest

from tests.sdk.loading import load
from venturi import DAG, BaseOperator, PythonOperator, literal
from venturi.testing import LocalStore, run_dag


def render(value, date="2024-01-05", conf=None, store=None, dag_arguments=None, **more):
    with DAG("d", schedule=None, **(dag_arguments or {})) as dag:
        PythonOperator(task_id="t", python_callable=lambda x: x, op_kwargs={"x": value}, **more)
    result = run_dag(dag, logical_date=date, conf=conf, store=store)
    if result.errors:
        raise AssertionError(result.errors[("t", -1)]["message"])
    return result.value("t")


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ ds }}", "2024-01-05"),
        ("{{ ds_nodash }}/{{ ts_nodash }}", "20240105/20240105T000000"),
        ("{{ macros.ds_add(ds, -5) }}", "2023-12-31"),
        ("{{ macros.ds_format(ds, '%Y-%m-%d', '%d/%m') }}", "05/01"),
        ("{{ macros.datetime(2024, 1, 2).day }} {{ macros.timedelta(days=1).days }}", "2 1"),
        ("{{ macros.dateutil.parser.parse('2020-02-03').month }}", "2"),
        ("{{ execution_date.strftime('%d') }} {{ logical_date.add(days=1) | ds }}", "05 2024-01-06"),
        ("{{ data_interval_start | ts_nodash }} {{ logical_date | ds_nodash }}", "20240105T000000 20240105"),
        ("{{ dag.dag_id }} {{ task.task_id }} {{ ti.try_number }} {{ dag_run.conf['a'] }}", "d t 1 1"),
        ("{{ params.a }}{{ params['b'] }}", "12"),
        ("{% for i in range(2) %}{{ i }}{% endfor %}", "01"),
        ("{% if dag_run.conf.get('a') %}yes{% endif %}", "yes"),
        ("{{ var.value.name }} {{ var.json.data.k }} {{ var.value.get('gone', 'none') }}", "ana 5 none"),
        ("{{ conn.db.host }}:{{ conn.db.port }}", "localhost:5432"),
        ("{{ {'a': 1} | tojson }}", '{"a": 1}'),
        ("plain", "plain"),
        ("two\r\nlines\n", "two\nlines"),
    ],
)
def test_templates_say_what_airflow_says(template, text):
    store = LocalStore(
        variables={"name": "ana", "data": '{"k": 5}'}, connections={"db": {"host": "localhost", "port": 5432}}
    )
    assert render(template, conf={"a": 1}, store=store, params={"b": 2}) == text


def test_templates_are_rendered_through_every_container():
    class Thing:
        template_fields = ("inner",)

        def __init__(self):
            self.inner = "{{ ds }}"
            self.outer = "{{ ds }}"

        def __eq__(self, other):
            return False

    thing = Thing()
    seen = []
    with DAG("d", schedule=None) as dag:
        PythonOperator(
            task_id="t",
            python_callable=lambda *args: seen.extend(args),
            op_args=[["{{ ds }}"], ("{{ ds }}",), {"k": {"{{ ds }}"}}, thing, literal("{{ ds }}"), 5, b"{{ ds }}"],
        )
    run_dag(dag, logical_date="2024-01-05")
    day = "2024-01-05"
    assert seen[:3] == [[day], (day,), {"k": {day}}]
    assert (seen[3].inner, seen[3].outer) == (day, "{{ ds }}")
    assert seen[4:] == ["{{ ds }}", 5, b"{{ ds }}"]


def test_native_objects_keep_their_type():
    native = {"render_template_as_native_obj": True}
    assert render("{{ [1, 2] }}", dag_arguments=native) == [1, 2]
    assert render("{{ dag_run.conf }}", conf={"a": {"b": 1}}, dag_arguments=native) == {"a": {"b": 1}}
    assert render("5", dag_arguments=native) == 5
    assert render("{{ [1, 2] }}") == "[1, 2]"


def test_macros_filters_and_environment_of_the_dag_are_used():
    arguments = {
        "user_defined_macros": {"greet": lambda name: f"hi {name}"},
        "user_defined_filters": {"loud": str.upper},
        "jinja_environment_kwargs": {"variable_start_string": "<<", "variable_end_string": ">>"},
    }
    assert render("<< greet('a') | loud >> {{ ds }}", dag_arguments=arguments) == "HI A {{ ds }}"


def test_an_unknown_name_is_an_error_unless_the_dag_says_otherwise():
    import jinja2

    with pytest.raises(AssertionError, match="'nothing' is undefined"):
        render("{{ nothing }}")
    assert render("<{{ nothing }}>", dag_arguments={"template_undefined": jinja2.Undefined}) == "<>"


def test_templates_cannot_reach_pythons_insides():
    with pytest.raises(AssertionError, match=r"unsafe|undefined"):
        render("{{ ''.__class__.__mro__ }}")


def test_template_files_come_from_the_files_folder_and_the_search_path(tmp_path):
    loaded = load(
        tmp_path,
        f"""
        from venturi import DAG, BashOperator
        with DAG("d", schedule=None, template_searchpath=["{tmp_path}/more"]):
            BashOperator(task_id="near", bash_command="sub/near.sh")
            BashOperator(task_id="far", bash_command="far.bash")
            BashOperator(task_id="gone", bash_command="gone.sh")
        """,
    )
    (tmp_path / "more").mkdir()
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "near.sh").write_text("echo {{ ds }}\n{% include 'far.bash' %}\n")
    (tmp_path / "more" / "far.bash").write_text("echo plain\n")
    result = run_dag(loaded.dag, logical_date="2024-01-05")
    assert (result.value("near"), result.value("far")) == ("plain", "plain")
    assert f"'gone.sh' of task 'gone' was not found in: {tmp_path}" in result.errors[("gone", -1)]["message"]


def test_templates_exts_of_a_python_operator_name_template_files(tmp_path):
    (tmp_path / "q.sql").write_text("select '{{ ds }}'")
    loaded = load(
        tmp_path,
        """
        from venturi import DAG, PythonOperator
        with DAG("d", schedule=None):
            PythonOperator(task_id="t", python_callable=lambda templates_dict: templates_dict["query"],
                           templates_dict={"query": "q.sql"}, templates_exts=[".sql"])
        """,
    )
    assert run_dag(loaded.dag, logical_date="2024-01-05").value("t") == "select '2024-01-05'"


def test_another_tasks_value_is_never_taken_for_a_template():
    with DAG("d", schedule=None) as dag:
        source = PythonOperator(task_id="s", python_callable=lambda: "{{ ds }}")
        PythonOperator(task_id="t", python_callable=lambda x: x, op_args=[source.output])
        PythonOperator.partial(task_id="m", python_callable=lambda x: x).expand(op_args=[["{{ ds }}"]])
    result = run_dag(dag, logical_date="2024-01-05")
    assert (result.value("t"), result.value("m", 0)) == ("{{ ds }}", "2024-01-05")


def test_a_template_field_that_is_not_there_is_named():
    class Mine(BaseOperator):
        template_fields = ("sql",)

        def execute(self, context): ...

    with DAG("d", schedule=None) as dag:
        Mine(task_id="t")
    assert "'sql' is configured as a template field" in run_dag(dag).errors[("t", -1)]["message"]
