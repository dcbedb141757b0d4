import pytest

from venturi import DAG, BashOperator, PythonOperator, get_current_context, task
from venturi.sdk.describe import describe
from venturi.sdk.exceptions import AirflowSkipException
from venturi.sdk.running import Instance, run
from venturi.testing import LocalPort, LocalStore, run_dag


def values(result, task_id):
    return [result.value(task_id, index) for (name, index) in sorted(result.states) if name == task_id and index >= 0]


def test_one_instance_per_element_with_the_shared_arguments():
    with DAG("d", schedule=None) as dag:

        @task
        def numbers():
            return [1, 2, 3]

        @task
        def add(x, y, ti=None):
            return [x + y, ti.map_index]

        @task
        def total(xs):
            return [len(xs), xs[0], [x[0] for x in xs], sum(x[0] for x in xs)]

        total(add.partial(y=10).expand(x=numbers()))
    result = run_dag(dag)
    assert values(result, "add") == [[11, 0], [12, 1], [13, 2]]
    assert result.value("total") == [3, [11, 0], [11, 12, 13], 36]


def test_several_arguments_give_every_combination_the_last_varying_fastest():
    with DAG("d", schedule=None) as dag:

        @task
        def letters():
            return ["x", "y"]

        @task
        def pair(a, b):
            return f"{a}{b}"

        pair.expand(a=[1, 2], b=letters())
    assert values(run_dag(dag), "pair") == ["1x", "1y", "2x", "2y"]


def test_dicts_are_mapped_over_by_pairs_and_expand_kwargs_over_sets_of_arguments():
    with DAG("d", schedule=None) as dag:

        @task
        def conf():
            return {"k": 1, "l": 2}

        @task
        def sets():
            return [{"a": 1, "b": 2}, {"a": 3}]

        @task
        def show(pair):
            return list(pair)

        @task
        def many(a, b=0):
            return [a, b]

        show.expand(pair=conf())
        show.override(task_id="literal").expand(pair={"m": 3})
        many.expand_kwargs(sets())
        many.override(task_id="listed").expand_kwargs([{"a": 5}, {"a": 6, "b": 7}])
    result = run_dag(dag)
    assert values(result, "show") == [["k", 1], ["l", 2]]
    assert values(result, "literal") == [["m", 3]]
    assert values(result, "many") == [[1, 2], [3, 0]]
    assert values(result, "listed") == [[5, 0], [6, 7]]


def test_classic_operators_are_mapped_too():
    with DAG("d", schedule=None, default_args={"retries": 1, "append_env": True}) as dag:
        BashOperator.partial(task_id="b", env={"N": "{{ ti.map_index }}"}).expand(
            bash_command=["echo {{ ds }} $N", "echo two $N"]
        )
        PythonOperator.partial(task_id="p", python_callable=lambda a, b: a * b).expand(op_args=[[2, 3], [4, 5]])
        PythonOperator.partial(task_id="k", python_callable=lambda a: a).expand_kwargs(
            [{"op_kwargs": {"a": 1}}, {"op_args": ["{{ ds }}"]}]
        )
    result = run_dag(dag, logical_date="2024-01-05")
    assert values(result, "b") == ["2024-01-05 0", "two 1"]
    assert values(result, "p") == [6, 20]
    assert values(result, "k") == [1, "2024-01-05"]


def test_values_of_other_tasks_may_stand_in_a_list_and_in_the_shared_arguments():
    with DAG("d", schedule=None) as dag:

        @task
        def one():
            return 1

        @task
        def add(x, y):
            return x + y

        mapped = add.partial(y=one()).expand(x=[one(), 10])
    assert {t.task_id for t in mapped.operator.upstream_list} == {"one", "one__1"}
    assert values(run_dag(dag), "add") == [2, 11]


def test_a_mapped_task_over_a_mapped_task_has_as_many_instances():
    with DAG("d", schedule=None) as dag:

        @task
        def double(x):
            return 2 * x

        double.override(task_id="second").expand(x=double.expand(x=[1, 2]))
    assert values(run_dag(dag), "second") == [4, 8]


def test_nothing_to_map_over_is_skipped():
    with DAG("d", schedule=None) as dag:

        @task
        def f(x): ...

        f.expand(x=[])
    assert run_dag(dag).states == {("f", -1): "skipped"}


def test_the_declared_argument_and_its_element_are_the_authors_own_objects():
    marker = object()
    seen = []
    with DAG("d", schedule=None) as dag:

        @task
        def keep(x):
            seen.append(x)

        keep.expand(x=[marker])
    run_dag(dag)
    assert seen == [marker]


def test_an_instance_knows_its_group():
    with DAG("d", schedule=None) as dag:

        @task
        def f(x):
            context = get_current_context()
            return [context["ti"].map_index, context["expanded_ti_count"], context["task"].task_id]

        f.expand(x=["a", "b"])
    assert values(run_dag(dag), "f") == [[0, 2, "f"], [1, 2, "f"]]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda: BashOperator.partial(task_id="b").expand(bash_comand=["x"]),
            "does not know the argument 'bash_comand'",
        ),
        (
            lambda: BashOperator.partial(task_id="b", bsh=1).expand(bash_command=["x"]),
            "does not know the argument 'bsh'",
        ),
        (lambda: BashOperator.partial(task_id="b", bash_command="x").expand(retries=[1]), "'retries' cannot differ"),
        (lambda: BashOperator.partial(bash_command="x"), "no task_id"),
        (lambda: BashOperator.partial(task_id="b").expand(), "nothing to map over"),
        (lambda: BashOperator.partial(task_id="b").expand_kwargs({"a": 1}), "cannot map over a dict"),
    ],
)
def test_what_cannot_be_mapped_is_told_when_the_file_is_read(build, message):
    with DAG("d", schedule=None), pytest.raises(TypeError, match=message):
        build()


def test_elements_of_expand_kwargs_that_are_no_dicts_fail_the_instance():
    with DAG("d", schedule=None) as dag:

        @task
        def sets():
            return [1]

        @task
        def f(x): ...

        f.expand_kwargs(sets())
    result = run_dag(dag)
    assert "maps over dicts of arguments" in result.errors[("f", 0)]["message"]


# ── map, zip, concat ─────────────────────────────────────────────────────────────────────────────────────


@task
def show(x):
    return list(x) if isinstance(x, tuple) else x


def test_elements_go_through_functions_and_stand_side_by_side_or_one_after_the_other():
    with DAG("d", schedule=None) as dag:

        @task
        def numbers():
            return [1, 2, 3]

        @task
        def words():
            return ["a", "b"]

        n, w = numbers(), words()
        show.override(task_id="mapped").expand(x=n.map(lambda i: i * 10).map(str))
        show.override(task_id="zipped").expand(x=n.zip(w))
        show.override(task_id="filled").expand(x=n.zip(w, fillvalue="?"))
        show.override(task_id="joined").expand(x=n.concat(w, ["c"]))
        show.override(task_id="deep").expand(x=n.map(lambda i: -i).concat(w.zip(n, n)).map(str))
        show.override(task_id="whole")(n.concat(w).map(str).zip([7, 8]))
    result = run_dag(dag)
    assert result.errors == {}
    assert values(result, "mapped") == ["10", "20", "30"]
    assert values(result, "zipped") == [[1, "a"], [2, "b"]]
    assert values(result, "filled") == [[1, "a"], [2, "b"], [3, "?"]]
    assert values(result, "joined") == [1, 2, 3, "a", "b", "c"]
    assert values(result, "deep") == ["-1", "-2", "-3", "('a', 1, 1)", "('b', 2, 2)"]
    assert [list(pair) for pair in result.value("whole")] == [["1", 7], ["2", 8]]


def test_a_function_that_skips_skips_its_instance_alone():
    with DAG("d", schedule=None) as dag:

        @task
        def numbers():
            return [1, 2, 3]

        def odd_only(i):
            if i % 2 == 0:
                raise AirflowSkipException("even")
            return i

        show.expand(x=numbers().map(odd_only))
    result = run_dag(dag)
    assert result.states[("show", 1)] == "skipped"
    assert values(result, "show") == [1, None, 3]


def test_sets_of_arguments_may_be_made_from_other_values():
    with DAG("d", schedule=None) as dag:

        @task
        def numbers():
            return [1, 2]

        @task
        def add(x, y):
            return x + y

        @task
        def one():
            return {"x": 100, "y": 1}

        add.expand_kwargs(numbers().map(lambda i: {"x": i, "y": 10 * i}))
        add.override(task_id="listed").expand_kwargs([one(), {"x": 1, "y": 2}])
    result = run_dag(dag)
    assert values(result, "add") == [11, 22]
    assert values(result, "listed") == [101, 3]


@pytest.mark.parametrize(("made", "message"), [(None, "did not push XCom"), (3, "unmappable return type 'int'")])
def test_a_task_that_leaves_nothing_to_map_over_fails_itself(made, message):
    with DAG("d", schedule=None) as dag:

        @task
        def make():
            return made

        show.expand(x=make())
    result = run_dag(dag)
    assert result.states == {("make", -1): "failed", ("show", -1): "upstream_failed"}
    assert message in result.errors[("make", -1)]["message"]


def test_a_decorated_function_is_no_function_to_map_by():
    with DAG("d", schedule=None), pytest.raises(ValueError, match="plain function"):
        show.expand(x=show([1]).map(show))


def test_an_instance_is_labelled_by_its_own_template_even_when_it_fails():
    with DAG("d", schedule=None) as dag:

        @task(map_index_template="{{ name }} of {{ ti.map_index }}")
        def named(x):
            get_current_context()["name"] = x.upper()
            if x == "b":
                raise ValueError(x)

        named.expand(x=["a", "b"])
    describe(dag)
    for index, name in enumerate("ab"):
        instance = Instance("d", "r", "named", index, indices={"x": index}, mapped_count=2)
        done = run(dag, instance, LocalPort(LocalStore(), instance))
        assert done.label == f"{name.upper()} of {index}"
