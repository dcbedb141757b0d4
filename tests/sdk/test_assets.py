"""Assets as files write them, and what of them reaches the spec."""

from __future__ import annotations

import json
import os

import pytest

from tests.sdk.loading import load
from venturi.core.spec import dag_from_json, to_json
from venturi.sdk.assets import Asset, AssetAlias, AssetAll, AssetAny, Dataset, Model


def test_an_asset_has_a_name_and_a_uri_of_which_one_is_enough():
    assert (Asset("a").name, Asset("a").uri) == ("a", "a")
    assert (Asset(uri="s3://b/k").name, Asset(uri="s3://b/k").uri) == ("s3://b/k", "s3://b/k")
    assert (Asset("n", "s3://b/k").name, Asset("n", "s3://b/k").uri) == ("n", "s3://b/k")
    assert (Dataset("s3://b/k", extra={"x": 1}).uri, Model("m").group) == ("s3://b/k", "model")
    assert os.fspath(Asset("n", "file:///data/x")) == "file:///data/x"
    assert Asset("a") == Asset("a", "a")
    assert Asset("a") != Asset("a", "b")
    assert len({Asset("a"), Asset("a"), Asset("b")}) == 2


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("s3://bucket", "s3://bucket/"),
        ("S3://bucket/key//", "s3://bucket/key"),
        ("postgres://h/db?b=2&a=1#part", "postgres://h/db?a=1&b=2"),
        ("x-mine://Any/", "x-mine://Any/"),
        ("just a name", "just a name"),
    ],
)
def test_a_uri_has_one_spelling(given, kept):
    assert Asset(uri=given).uri == kept


def test_a_password_in_a_uri_is_dropped_with_a_warning():
    with pytest.warns(UserWarning, match="should not contain a password"):
        assert Asset(uri="postgres://me:secret@host/db").uri == "postgres://host/db"


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: Asset(), "requires either 'name' or 'uri'"),
        (lambda: Asset(""), "cannot be empty"),
        (lambda: Asset("  "), "just whitespace"),
        (lambda: Asset("self"), "prohibited name"),
        (lambda: Asset("x" * 1501), "cannot exceed 1500"),
        (lambda: Asset(uri="airflow://x"), "reserved"),
        (lambda: Asset.ref(), "'name' or 'uri'"),
        (lambda: Asset.ref(name="a", uri="b"), "not both"),
        (lambda: AssetAny(Asset("a"), "b"), "expect asset expressions"),
    ],
)
def test_what_cannot_be_an_asset_is_refused(make, why):
    with pytest.raises((TypeError, ValueError), match=why):
        make()


def test_expressions_are_flat_where_they_can_be():
    a, b, c = Asset("a"), Asset("b"), AssetAlias("c")
    assert (a & b & c) == AssetAll(a, b, c)
    assert (a | b | c) == AssetAny(a, b, c)
    assert (a | (b & c)).as_plain() == {
        "any": [
            {"asset": {"name": "a", "uri": "a"}},
            {"all": [{"asset": {"name": "b", "uri": "b"}}, {"alias": "c"}]},
        ]
    }
    assert [asset.name for _, asset in (a | (b & c)).iter_assets()] == ["a", "b"]


@pytest.mark.parametrize("era", ["asset", "dataset"])
def test_schedules_of_assets_reach_the_spec(tmp_path, era):
    names = {
        "asset": "from airflow.sdk import DAG, Asset, AssetAlias, AssetOrTimeSchedule as Or, CronTriggerTimetable",
        "dataset": "from airflow.datasets import Dataset as Asset, DatasetAlias as AssetAlias\n"
        "from airflow import DAG\n"
        "from airflow.timetables.trigger import CronTriggerTimetable\n"
        "from airflow.timetables.datasets import DatasetOrTimeSchedule\n"
        "Or = lambda timetable, assets: DatasetOrTimeSchedule(timetable=timetable, datasets=assets)",
    }[era]
    found = load(
        tmp_path,
        names
        + """
a, b, by = Asset("s3://a/1"), Asset("s3://b/2", extra={"k": [1]}), AssetAlias("by")
listed = DAG("listed", schedule=[a, by])
one = DAG("one", schedule=a)
both = DAG("both", schedule=(a & b))
none = DAG("none", schedule=[])
timed = DAG("timed", schedule=Or(timetable=CronTriggerTimetable("0 1 * * 3", timezone="UTC"), assets=[a]))
""",
    )
    specs = {spec.dag_id: spec for spec in found.specs}
    group = {} if era == "asset" else {"group": "dataset"}
    a = {"asset": {"name": "s3://a/1", "uri": "s3://a/1", **group}}
    b = {"asset": {"name": "s3://b/2", "uri": "s3://b/2", **group, "extra": {"k": [1]}}}
    assert specs["listed"].schedule == {"assets": {"all": [a, {"alias": "by"}]}}
    assert specs["one"].schedule == {"assets": a}
    assert specs["both"].schedule == {"assets": {"all": [a, b]}}
    assert specs["none"].schedule is None
    assert specs["timed"].schedule["assets"] == {"all": [a]}
    assert specs["timed"].schedule["time"]["expression"] == "0 1 * * 3"
    for spec in specs.values():
        assert dag_from_json(json.loads(json.dumps(to_json(spec)))) == spec


def test_inlets_and_outlets_reach_the_spec_and_other_lineage_is_left_out(tmp_path):
    spec = load(
        tmp_path,
        """
        from airflow.sdk import DAG, Asset, AssetAlias, task
        with DAG("d", schedule=None):
            @task(inlets=Asset("i"), outlets=[Asset("o"), AssetAlias("al"), "a word"])
            def t(): ...
            t()
        """,
    ).spec
    (t,) = spec.tasks
    assert t.inlets == ({"asset": {"name": "i", "uri": "i"}},)
    assert t.outlets == ({"asset": {"name": "o", "uri": "o"}}, {"alias": "al"})


def test_a_watchers_trigger_reaches_the_spec(tmp_path):
    spec = load(
        tmp_path,
        """
        from airflow.sdk import DAG, Asset, AssetWatcher
        class T:
            def serialize(self):
                return "mine.T", {"path": "/x", "every": 5}
        DAG("d", schedule=[Asset("a", watchers=[AssetWatcher(name="w", trigger=T())])]).__enter__()
        """,
    ).spec
    (one,) = spec.schedule["assets"]["all"]
    assert one["asset"]["watchers"] == [{"name": "w", "trigger": "mine.T", "kwargs": {"path": "/x", "every": 5}}]


def test_a_function_under_asset_is_a_dag_of_one_task(tmp_path):
    found = load(
        tmp_path,
        """
        from airflow.sdk import Asset, asset, task

        @asset(schedule="@daily", uri="s3://b/raw", tags=["t"], extra={"k": 1})
        def raw(self, context, outlet_events): ...

        @asset(schedule=raw, dag_id="own_id", name="Clean")
        def clean(raw, limit=3): ...

        @asset.multi(schedule=None, outlets=[Asset("x"), Asset("y")])
        def many(self): ...

        @asset(schedule=None)
        @task.bash
        def by_command():
            return "true"
        """,
    )
    specs = {spec.dag_id: spec for spec in found.specs}
    assert set(specs) == {"raw", "own_id", "many", "by_command"}
    (raw,) = specs["raw"].tasks
    told = {"asset": {"name": "raw", "uri": "s3://b/raw", "extra": {"k": 1}}}
    assert (raw.task_id, raw.outlets, raw.inlets) == ("raw", (told,), ())
    assert (specs["raw"].schedule, specs["raw"].tags) == ("@daily", ("t",))
    (clean,) = specs["own_id"].tasks
    assert specs["own_id"].schedule == {"assets": told}
    assert clean.inlets == ({"ref": {"name": "raw"}},)
    assert [o["asset"]["name"] for o in clean.outlets] == ["Clean"]
    (many,) = specs["many"].tasks
    assert [o["asset"]["name"] for o in many.outlets] == ["x", "y"]
    (command,) = specs["by_command"].tasks
    assert command.operator == "@task.bash"
    assert [o["asset"]["name"] for o in command.outlets] == ["by_command"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("@asset(schedule=None)\ndef f(*a): ...", "wildcard '\\*a'"),
        ("@asset(schedule=None)\ndef f(**a): ...", "wildcard '\\*\\*a'"),
        ("@asset.multi(schedule=None, outlets=[])\ndef f(): ...", "no outlets"),
        ("def g():\n    @asset(schedule=None)\n    def f(): ...\ng()", "nested function"),
    ],
)
def test_functions_that_cannot_be_assets_are_refused(tmp_path, text, why):
    with pytest.raises((TypeError, ValueError), match=why):
        load(tmp_path, "from airflow.sdk import asset\n" + text)
