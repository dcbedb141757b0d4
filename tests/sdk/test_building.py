import pytest

from tests.sdk.loading import load
from venturi.core.errors import AuthoringError, DagCycle, DuplicateTask


def test_a_dag_takes_its_id_by_position_or_name_and_its_tasks_by_with_or_argument(tmp_path):
    loaded = load(
        tmp_path,
        """
        from venturi import DAG, EmptyOperator
        with DAG("one", schedule=None) as one:
            EmptyOperator(task_id="a")
        two = DAG(dag_id="two", schedule=None)
        EmptyOperator(task_id="b", dag=two)
        """,
    )
    assert [(s.dag_id, [t.task_id for t in s.tasks]) for s in loaded.specs] == [("one", ["a"]), ("two", ["b"])]


def test_only_dags_that_can_be_reached_or_were_opened_are_the_files(tmp_path):
    loaded = load(
        tmp_path,
        """
        from venturi import DAG, dag, EmptyOperator
        def make(name, **more):
            made = DAG(name, **more)
            return made
        make("lost")
        with make("opened"):
            EmptyOperator(task_id="a")
        with make("not_registered", auto_register=False):
            EmptyOperator(task_id="a")
        kept = make("kept")
        @dag
        def decorated():
            EmptyOperator(task_id="a")
        @dag
        def never_called():
            EmptyOperator(task_id="a")
        decorated()
        """,
    )
    assert {dag.dag_id for dag in loaded.dags} == {"opened", "kept", "decorated"}


def test_a_function_under_dag_names_it_and_gives_its_arguments_as_params(tmp_path):
    loaded = load(
        tmp_path,
        """
        from venturi import dag, task, Param
        @dag("given_id", schedule="@daily")
        def pipeline(size: int = 3, name=Param("x", type="string")):
            "What it is for."
            @task
            def use(size, name): return f"{name}{size}"
            use(size, name)
        the_dag = pipeline(size=4)
        """,
    )
    assert loaded.spec.dag_id == "given_id"
    assert loaded.spec.doc == "What it is for."
    assert {k: v["value"] for k, v in loaded.spec.params.items()} == {"size": 4, "name": "x"}
    assert loaded.dag.test().value("use") == "x4"
    assert loaded.dag.test(run_conf={"size": 9}).value("use") == "x9"


def test_arrows_join_tasks_and_lists_on_either_side(tmp_path):
    loaded = load(
        tmp_path,
        """
        from venturi import DAG, EmptyOperator, Label
        with DAG("d", schedule=None):
            a, b, c, d, e, f, g = (EmptyOperator(task_id=x) for x in "abcdefg")
            a >> [b, c] >> d
            e << [f, g]
            [f] << a
            g.set_upstream([a, b])
            g.set_downstream(d)
            a >> Label("yes") >> e
        """,
    )
    assert loaded.edges() == {
        ("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("f", "e"), ("g", "e"), ("a", "f"), ("a", "g"), ("b", "g"),
        ("g", "d"), ("a", "e"),
    }  # fmt: skip
    assert loaded.dag.edge_labels == {("a", "e"): "yes"}


def test_chain_pairs_lists_chain_linear_and_cross_downstream_cross_them(tmp_path):
    loaded = load(
        tmp_path,
        """
        from venturi import DAG, EmptyOperator, chain, chain_linear, cross_downstream
        with DAG("d", schedule=None):
            t = [EmptyOperator(task_id=f"t{i}") for i in range(12)]
            chain(t[0], [t[1], t[2]], [t[3], t[4]], t[5])
            cross_downstream([t[6], t[7]], [t[8], t[9]])
            chain_linear([t[8], t[9]], [t[10], t[11]])
        """,
    )
    n = lambda *pairs: {(f"t{a}", f"t{b}") for a, b in pairs}  # noqa: E731
    assert loaded.edges() == n(
        (0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (4, 5), (6, 8), (6, 9), (7, 8), (7, 9),
        (8, 10), (8, 11), (9, 10), (9, 11),
    )  # fmt: skip


def test_chain_of_lists_with_different_lengths_says_so(tmp_path):
    with pytest.raises(Exception, match="different lengths: 2 and 1"):
        load(
            tmp_path,
            """
            from venturi import DAG, EmptyOperator, chain
            with DAG("d", schedule=None):
                a, b, c = (EmptyOperator(task_id=x) for x in "abc")
                chain([a, b], [c])
            """,
        )


def test_groups_prefix_their_tasks_nest_and_take_arrows(tmp_path):
    loaded = load(
        tmp_path,
        """
        from venturi import DAG, EmptyOperator, TaskGroup, task_group, task
        with DAG("d", schedule=None):
            start, end = EmptyOperator(task_id="start"), EmptyOperator(task_id="end")
            with TaskGroup("outer", tooltip="what it does") as outer:
                a = EmptyOperator(task_id="a")
                with TaskGroup("inner") as inner:
                    b, c = EmptyOperator(task_id="b"), EmptyOperator(task_id="c")
                a >> inner
                with TaskGroup("plain", prefix_group_id=False):
                    EmptyOperator(task_id="p")
            start >> outer >> end
            @task_group
            def steps(x):
                @task
                def one(x): return x
                return one(x)
            steps(1) >> end
            steps(2)
        """,
    )
    ids = {t.task_id: t.group_id for t in loaded.spec.tasks}
    assert ids == {
        "start": None, "end": None, "outer.a": "outer", "outer.inner.b": "outer.inner", "outer.inner.c": "outer.inner",
        "p": "outer.plain", "steps.one": "steps", "steps__1.one": "steps__1",
    }  # fmt: skip
    assert loaded.edges() == {
        ("start", "outer.a"), ("start", "p"), ("outer.a", "outer.inner.b"), ("outer.a", "outer.inner.c"),
        ("outer.inner.b", "end"), ("outer.inner.c", "end"), ("p", "end"), ("steps.one", "end"),
    }  # fmt: skip
    groups = {g.group_id: (g.parent, g.label, g.tooltip) for g in loaded.spec.groups}
    assert groups["outer"] == (None, "outer", "what it does")
    assert groups["outer.inner"] == ("outer", "inner", "")


def test_default_args_of_dag_group_and_operator_are_taken_the_nearest_first(tmp_path):
    loaded = load(
        tmp_path,
        """
        from datetime import timedelta
        from venturi import DAG, BashOperator, EmptyOperator, TaskGroup
        args = {"owner": "ana", "retries": 1, "retry_delay": timedelta(minutes=2), "concurrency": 3, "tags": ["x"],
                "bash_command": "echo default", "catchup": False}
        with DAG("d", schedule=None, default_args=args):
            EmptyOperator(task_id="dag")
            with TaskGroup("g", default_args={"retries": 2}):
                EmptyOperator(task_id="group")
                EmptyOperator(task_id="own", default_args={"retries": 3})
                EmptyOperator(task_id="given", retries=4, default_args={"retries": 3}, retry_delay=7)
            bash = BashOperator(task_id="bash")
        """,
    )
    retries = {t.task_id: (t.retries, t.retry_delay_s) for t in loaded.spec.tasks}
    assert retries == {
        "dag": (1, 120.0), "g.group": (2, 120.0), "g.own": (3, 120.0), "g.given": (4, 7.0), "bash": (1, 120.0)
    }  # fmt: skip
    assert loaded.spec.owner == "ana"
    assert loaded.module.bash.bash_command == "echo default"


def test_default_args_reach_the_arguments_of_an_authors_own_operator(tmp_path):
    loaded = load(
        tmp_path,
        """
        from venturi import DAG, BaseOperator
        class Mine(BaseOperator):
            template_fields = ("table")
            def __init__(self, conn, *args, table="t", **kwargs):
                super().__init__(*args, **kwargs)
                self.conn, self.table = conn, table
            def execute(self, context): return [self.conn, self.table, self.retries]
        with DAG("d", schedule=None, default_args={"conn": "c", "table": "{{ ds }}", "retries": 2}):
            Mine(task_id="all")
            Mine("given", task_id="by_place", table="u")
        """,
    )
    result = loaded.dag.test(logical_date="2024-01-02")
    assert (result.value("all"), result.value("by_place")) == (["c", "2024-01-02", 2], ["given", "u", 2])


def test_two_tasks_with_one_id_are_an_error_and_calls_of_a_task_function_are_numbered(tmp_path):
    with pytest.raises(DuplicateTask, match="'a' is used twice"):
        load(
            tmp_path,
            """
            from venturi import DAG, EmptyOperator
            with DAG("d", schedule=None):
                EmptyOperator(task_id="a"), EmptyOperator(task_id="a")
            """,
        )
    loaded = load(
        tmp_path,
        """
        from venturi import DAG, task
        with DAG("d", schedule=None):
            @task
            def f(): ...
            f(), f(), f.override(task_id="other", retries=3)(), f()
        """,
    )
    assert [(t.task_id, t.retries) for t in loaded.spec.tasks] == [("f", 0), ("f__1", 0), ("other", 3), ("f__2", 0)]


def test_a_cycle_is_named(tmp_path):
    with pytest.raises(DagCycle, match="a → b → a"):
        load(
            tmp_path,
            """
            from venturi import DAG, EmptyOperator
            with DAG("d", schedule=None):
                a, b = EmptyOperator(task_id="a"), EmptyOperator(task_id="b")
                a >> b >> a
            """,
        )


def test_what_cannot_be_is_told_with_its_file_and_line(tmp_path):
    cases = {
        "EmptyOperator(task_id='a b')": "'a b' cannot be a task_id",
        "EmptyOperator(task_id='a', trigger_rule='sometimes')": "unknown trigger rule 'sometimes'",
        "BashOperator(task_id='a', bash_command='x', bash_comand='y')": "does not know the argument bash_comand",
        "DAG('e', schedul='@daily')": "Did you mean 'schedule'",
        "DAG('e', schedule='@daily', schedule_interval='@hourly')": "more than one of",
        "EmptyOperator(task_id='a') >> None": "leads to None",
        "f(1, 2, 3)": "does not fit it: too many positional arguments",
        "f.expand(z=[1])": "got the argument 'z'",
        "f.expand(x='text')": "cannot map over x='text'",
        "f.partial(x=1).expand(x=[1])": "is in partial",
    }
    for line, message in cases.items():
        with pytest.raises(AuthoringError, match=message) as caught:
            load(
                tmp_path,
                f"""
                from venturi import *
                dag = DAG("d", schedule=None)
                with dag:
                    @task
                    def f(x=1): ...
                    {line}
                """,
            )
        assert caught.value.parts["line"] == 7, line
        assert caught.value.parts["file"].startswith(str(tmp_path))


def test_tasks_of_two_dags_cannot_be_connected(tmp_path):
    with pytest.raises(Exception, match="more than one DAG: d, e"):
        load(
            tmp_path,
            """
            from venturi import DAG, EmptyOperator
            d, e = DAG("d"), DAG("e")
            EmptyOperator(task_id="a", dag=d) >> EmptyOperator(task_id="b", dag=e)
            """,
        )


def test_a_task_without_a_dag_joins_the_one_it_is_connected_with(tmp_path):
    loaded = load(
        tmp_path,
        """
        from venturi import DAG, EmptyOperator
        d = DAG("d", schedule=None)
        EmptyOperator(task_id="a", dag=d) >> EmptyOperator(task_id="b")
        """,
    )
    assert loaded.edges() == {("a", "b")}


def test_a_value_in_any_template_field_makes_an_edge(tmp_path):
    loaded = load(
        tmp_path,
        """
        from venturi import DAG, BashOperator, PythonOperator, task
        with DAG("d", schedule=None):
            @task
            def source(): return {"a": [1, 2]}
            one, two, three = source(), source(), source()
            PythonOperator(task_id="nested", python_callable=print, op_kwargs={"x": [{"y": one["a"]}]}, op_args=[two])
            bash = BashOperator(task_id="bash", bash_command="echo 1")
            bash.env = {"X": three}
            bash.output >> PythonOperator(task_id="after", python_callable=print)
        """,
    )
    assert loaded.edges() == {
        ("source", "nested"), ("source__1", "nested"), ("source__2", "bash"), ("bash", "after")
    }  # fmt: skip


def test_a_value_cannot_be_iterated_while_the_dag_is_built(tmp_path):
    with pytest.raises(TypeError, match=r"Use \.expand\(\)"):
        load(
            tmp_path,
            """
            from venturi import DAG, task
            with DAG("d"):
                @task
                def f(): return [1]
                for x in f(): pass
            """,
        )
