import importlib
import subprocess
import sys

import pytest

from venturi.airflow import VERSION, importer
from venturi.airflow.table import FULL, MOVED, PARTIAL, REFUSED, TABLE, Row, counts, module_paths, twice


@pytest.fixture(autouse=True)
def _installed():
    importer.install()


def installed(row):
    """Whether the wheel that holds it is here, or ours under its name."""
    try:
        return hasattr(importlib.import_module(row.module), row.name)
    except ImportError:
        return False


def stands_in(path, row):
    old = row.kind == MOVED and not path.startswith("airflow.providers.")
    return old and path.endswith(("Operator", "Sensor", "Hook"))


def test_every_path_of_the_table_gives_its_object():
    for path, row in TABLE.items():
        place, _, name = path.rpartition(".")
        if row.kind == REFUSED:
            with pytest.raises(ImportError, match="is not served by Venturi"):
                getattr(importlib.import_module(place), name)
            continue
        if row.module.startswith("airflow.providers.") and not installed(row):
            wheel = row.reason if row.kind == MOVED else ""
            if stands_in(path, row):
                assert getattr(importlib.import_module(place), name).wheel == wheel
                continue
            with pytest.raises(ImportError, match=f"'{path}' is now '{row.module}.{row.name}'.*{wheel}"):
                getattr(importlib.import_module(place), name)
            continue
        found = getattr(importlib.import_module(place), name)
        assert found is getattr(importlib.import_module(row.module), row.name), path


def test_no_path_stands_in_the_table_twice():
    assert twice == []


def test_every_row_is_of_a_known_kind_and_says_why_it_is_not_full():
    for path, row in TABLE.items():
        assert row.kind in (FULL, PARTIAL, MOVED, REFUSED)
        assert bool(row.reason) == (row.kind != FULL), path
    assert sum(counts().values()) == len(TABLE)


def test_old_and_new_spellings_are_one_object():
    from airflow.models.dag import DAG as of_models
    from airflow.operators.bash_operator import BashOperator as old_bash
    from airflow.operators.dummy_operator import DummyOperator
    from airflow.operators.empty import EmptyOperator
    from airflow.providers.standard.operators.bash import BashOperator as new_bash
    from airflow.sdk import DAG as OF_SDK

    from airflow import DAG
    from venturi import DAG as OURS

    assert DAG is of_models is OF_SDK is OURS
    assert old_bash is new_bash
    assert DummyOperator is EmptyOperator


def test_modules_are_reached_by_attribute_after_a_bare_import():
    text = (
        "import airflow; print(airflow.utils.dates.days_ago(1).hour, airflow.models.DAG.__name__, airflow.__version__)"
    )
    program = f"from venturi.airflow.importer import install; install(); {text}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "DAG", VERSION]


def test_a_bare_import_of_airflow_loads_nothing_of_the_sdk_that_it_does_not_need():
    program = (
        "from venturi.airflow.importer import install; install(); import airflow, airflow.operators.bash, sys; "
        "print('venturi.sdk.bash' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("statement", "kind", "message"),
    [
        ("import airflow.operators.pyton", ModuleNotFoundError, "nearest it has is 'airflow.operators.python'"),
        (
            "from airflow.operators.python import PythonOprator",
            ImportError,
            "'airflow.operators.python.PythonOperator'",
        ),
        ("from airflow.models import BashOperator", ImportError, r"'airflow.operators.\w+.BashOperator'"),
        ("import airflow.contrib.operators.nothing_like_it", ModuleNotFoundError, "Venturi does not serve"),
    ],
)
def test_what_is_not_served_says_what_is_near(statement, kind, message):
    with pytest.raises(kind, match=message):
        exec(statement, {})


def test_what_is_refused_says_what_to_do_instead(monkeypatch):
    monkeypatch.setitem(TABLE, "airflow.operators.python.Old", Row("", "", REFUSED, "Use a TaskGroup instead."))
    with pytest.raises(ImportError, match="Use a TaskGroup"):
        exec("from airflow.operators.python import Old", {})


def test_hasattr_and_optional_imports_work_as_with_any_module():
    import airflow.models

    assert hasattr(airflow.models, "DAG")
    assert not hasattr(airflow.models, "Nothing")
    assert "DAG" in dir(airflow.models)
    names: dict[str, object] = {}
    exec("from airflow.utils.trigger_rule import *", names)
    assert "TriggerRule" in names


def test_a_real_airflow_on_the_path_is_not_seen(tmp_path):
    (tmp_path / "airflow").mkdir()
    (tmp_path / "airflow" / "__init__.py").write_text("raise RuntimeError('the real one')")
    program = "from venturi.airflow.importer import install; install(); import airflow; print(airflow.__version__)"
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == VERSION


def test_one_that_was_imported_before_is_replaced(tmp_path):
    (tmp_path / "airflow").mkdir()
    (tmp_path / "airflow" / "__init__.py").write_text("__version__ = 'the real one'")
    program = (
        "import airflow; from venturi.airflow.importer import install; install(); "
        "import airflow; print(airflow.__version__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == VERSION


def test_the_names_a_file_took_are_noted_for_it(tmp_path):
    file = tmp_path / "some_dag.py"
    file.write_text(
        "import airflow\nfrom airflow.operators.bash import BashOperator\nairflow.utils.dates.days_ago(2)\n"
    )
    spec = importlib.util.spec_from_file_location("some_dag", file)
    assert spec is not None
    assert spec.loader is not None
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    assert importer.used_paths()[str(file)] >= {"airflow.operators.bash.BashOperator", "airflow.utils.dates.days_ago"}


def test_each_module_path_can_be_imported():
    for path in module_paths():
        assert importlib.import_module(path).__name__ == path


def test_a_path_that_is_both_a_module_and_an_object_is_the_object_and_the_modules_name_leads_to_it():
    both = {"airflow.decorators.task_group", "airflow.sdk.definitions.decorators.task_group"}
    assert TABLE.keys() & module_paths() == both
    for path in both:
        place = path.rpartition(".")[0]
        function = importlib.import_module(path).task_group
        assert importlib.import_module(place).task_group is function
        names: dict[str, object] = {}
        exec(f"from {place} import task_group\nfrom {path} import task_group as inner", names)
        assert names["task_group"] is names["inner"] is function


def test_modules_are_only_where_airflow_has_some():
    tops = {path.split(".")[1] for path in module_paths() if "." in path}
    assert tops <= {
        *("assets", "callbacks", "configuration", "contrib", "datasets", "decorators", "example_dags", "exceptions"),
        *("executors", "hooks", "io", "kubernetes", "lineage", "listeners", "logging_config", "macros", "models"),
        *(
            "notifications",
            "operators",
            "partition_mappers",
            "plugins_manager",
            "policies",
            "providers",
            "sdk",
            "secrets",
            "sensors",
        ),
        *("serialization", "settings", "stats", "task", "templates", "timetables", "triggers", "typing_compat"),
        *("utils", "version"),
        # What wheels import of Airflow's server.
        *("api", "api_fastapi", "cli", "dag_processing", "jobs", "observability", "providers_manager"),
        *("compat",),
    }


def test_every_name_of_airflow_sdk_is_under_the_bridge_of_the_providers_too():
    import airflow.sdk as sdk
    from airflow.providers.common.compat.sdk import DAG, Asset, TriggerRule, task, timezone

    assert (DAG, Asset, TriggerRule, task) == (sdk.DAG, sdk.Asset, sdk.TriggerRule, sdk.task)
    assert timezone.utcnow().tzinfo is not None


def test_hooks_are_in_the_package_itself_as_1_10_had_them():
    from airflow.hooks import PostgresHook, S3Hook, SqliteHook
    from airflow.providers.sqlite.hooks.sqlite import SqliteHook as today

    assert SqliteHook is today
    assert (PostgresHook.__name__, S3Hook.__name__) == ("PostgresHook", "S3Hook")
