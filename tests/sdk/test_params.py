import pytest

from venturi import DAG, Param, PythonOperator
from venturi.core.schema import problems
from venturi.sdk.exceptions import ParamValidationError
from venturi.sdk.params import ParamsDict
from venturi.testing import run_dag


@pytest.mark.parametrize(
    ("schema", "fitting", "unfitting"),
    [
        ({"type": "integer"}, [1, 2.0], ["1", True, 1.5, None]),
        ({"type": ["null", "string"]}, [None, "x"], [1]),
        ({"type": "number", "minimum": 1, "exclusiveMaximum": 3}, [1, 2.9], [0, 3]),
        ({"type": "string", "minLength": 2, "maxLength": 3, "pattern": "^a"}, ["ab"], ["a", "abcd", "bab"]),
        ({"type": "string", "format": "date"}, ["2024-01-01"], ["2024-13-01", "x"]),
        ({"type": "string", "format": "date-time"}, ["2024-01-01T00:00:00Z"], ["yesterday"]),
        ({"enum": ["a", 1]}, ["a", 1], ["b"]),
        ({"const": 5}, [5], [6]),
        (
            {"type": "array", "items": {"type": "integer"}, "minItems": 1, "uniqueItems": True},
            [[1, 2]],
            [[], ["a"], [1, 1]],
        ),
        (
            {
                "type": "object",
                "required": ["a"],
                "properties": {"a": {"type": "string"}},
                "additionalProperties": False,
            },
            [{"a": "x"}],
            [{}, {"a": 1}, {"a": "x", "b": 1}],
        ),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, ["x", None], [1]),
        ({"oneOf": [{"minimum": 3}, {"maximum": 5}]}, [1, 9], [4]),
        ({"not": {"type": "string"}}, [1], ["x"]),
        ({"multipleOf": 5}, [10], [7]),
        ({"unknown_keyword": 1, "title": "T"}, [object()], []),
    ],
)
def test_values_are_checked_by_their_schema(schema, fitting, unfitting):
    assert [v for v in fitting if list(problems(v, schema))] == []
    assert [v for v in unfitting if not list(problems(v, schema))] == []


def test_a_problem_names_the_place():
    schema = {"properties": {"a": {"items": {"type": "integer"}}}}
    assert list(problems({"a": [1, "x"]}, schema)) == ["a[1]: 'x' is not of type 'integer'"]


def test_params_keep_their_schema_when_a_value_is_set():
    params = ParamsDict({"n": Param(1, type="integer"), "plain": 2})
    params["n"] = 5
    assert (params["n"], params.dump(), params.get_param("n").schema) == (5, {"n": 5, "plain": 2}, {"type": "integer"})
    params["n"] = "five"
    with pytest.raises(ParamValidationError, match="Invalid input for param n: 'five' is not of type 'integer'"):
        params.validate()


def params_of(conf=None, **task_arguments):
    with DAG(
        "d", schedule=None, params={"a": 1, "b": Param(2, type="integer")}, default_args={"params": {"c": 3}}
    ) as dag:
        PythonOperator(task_id="t", python_callable=lambda params: params, **task_arguments)
    return run_dag(dag, conf=conf)


def test_dag_params_task_params_and_the_runs_conf_are_merged_the_last_winning():
    assert params_of().value("t") == {"a": 1, "b": 2, "c": 3}
    assert params_of(params={"a": 5, "d": 6}).value("t") == {"a": 5, "b": 2, "c": 3, "d": 6}
    assert params_of({"a": 7, "e": 8}, params={"a": 5}).value("t") == {"a": 7, "b": 2, "c": 3, "e": 8}


def test_a_value_that_does_not_fit_fails_the_task_with_the_name():
    assert "Invalid input for param b" in params_of({"b": "x"}).errors[("t", -1)]["message"]


def test_a_param_without_default_needs_a_value():
    with DAG("d", schedule=None, params={"needed": Param(type="string")}) as dag:
        PythonOperator(task_id="t", python_callable=lambda params: params["needed"])
    assert "needed" in run_dag(dag).errors[("t", -1)]["message"]
    assert run_dag(dag, conf={"needed": "x"}).value("t") == "x"
