"""`airflow.providers.…` falls through to installed wheels; an author's own folder `airflow/` is found."""

import subprocess
import sys
import textwrap

import pytest

WHEEL = {
    "airflow/providers/acme/__init__.py": "__version__ = '1'\n",
    "airflow/providers/acme/operators/__init__.py": "",
    "airflow/providers/acme/operators/anvil.py": """
        from airflow.sdk import BaseOperator

        class AnvilOperator(BaseOperator):
            def execute(self, context):
                return "drops"
        """,
    "airflow/providers/standard/__init__.py": "__version__ = '99'\n",
    "airflow/providers/standard/operators/__init__.py": "",
    "airflow/providers/standard/operators/bash.py": "class BashOperator: pass\nclass OnlyInTheWheel: pass\n",
    "airflow/providers/standard/operators/newest.py": "class NewestOperator: pass\n",
    **{f"airflow/providers/amazon/{place}__init__.py": "" for place in ("", "aws/", "aws/hooks/", "aws/operators/")},
    "airflow/providers/amazon/aws/hooks/sqs.py": "class SqsHook: pass\n",
    "airflow/providers/amazon/aws/operators/s3.py": "class S3PutBucketTaggingOperator: pass\n",
    "airflow/providers/common/acme/__init__.py": "where = 'a wheel that shares a folder'\n",
}


@pytest.fixture
def python(tmp_path):
    for name, text in WHEEL.items():
        file = tmp_path / "site" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text))

    def run(program, *more):
        program = "from venturi.airflow.importer import install; install()\n" + textwrap.dedent(program)
        file = tmp_path / "program.py"
        file.write_text(program)
        return subprocess.run(
            [sys.executable, str(file)], env={"PYTHONPATH": str(tmp_path / "site")}, capture_output=True, text=True
        )

    return run


def test_operators_of_a_wheel_are_served_from_its_files(python):
    done = python("""
        from airflow.providers.acme.operators.anvil import AnvilOperator
        import airflow.providers.common.acme as shared
        import airflow.providers.acme
        import venturi
        print(issubclass(AnvilOperator, venturi.BaseOperator), shared.where, airflow.providers.acme.__version__)
        """)
    assert done.stdout.strip() == "True a wheel that shares a folder 1", done.stderr


def test_what_an_installed_wheel_has_not_is_told_as_such(python, tmp_path):
    about = tmp_path / "site" / "apache_airflow_providers_acme-1.2.dist-info" / "METADATA"
    about.parent.mkdir(parents=True)
    about.write_text("Metadata-Version: 2.1\nName: apache-airflow-providers-acme\nVersion: 1.2\n")
    done = python("""
        for name in ("acme", "nobody"):
            try:
                __import__(f"airflow.providers.{name}.operators.hammer")
            except ImportError as error:
                print(error)
        """)
    here, absent = done.stdout.splitlines()
    assert "is not in apache-airflow-providers-acme 1.2, which is installed." in here, done.stderr
    assert "add that line to requirements.txt" in absent


def test_classes_that_the_amazon_wheel_has_renamed_or_moved_keep_their_old_names(python):
    done = python("""
        from airflow.providers.amazon.aws.hooks.sqs import SQSHook
        from airflow.providers.amazon.aws.operators.s3_bucket_tagging import S3PutBucketTaggingOperator
        print(SQSHook.__name__, S3PutBucketTaggingOperator.__module__)
        """)
    assert done.stdout.strip() == "SqsHook airflow.providers.amazon.aws.operators.s3", done.stderr


def test_the_redshift_operator_that_its_wheel_has_dropped_is_served(python):
    done = python("""
        from airflow.providers.amazon.aws.operators.redshift_sql import RedshiftSQLOperator
        from airflow.sdk import DAG
        with DAG("d"):
            task = RedshiftSQLOperator(task_id="t", sql="select 1", redshift_conn_id="there")
        print(task.conn_id, task.conn_id_field, "redshift_conn_id" in task.template_fields)
        """)
    assert done.stdout.strip() == "there redshift_conn_id True", done.stderr


def test_the_standard_provider_is_ours_first_and_its_wheel_has_the_rest(python):
    done = python("""
        from airflow.providers.standard.operators.bash import BashOperator, OnlyInTheWheel
        from airflow.providers.standard.operators.newest import NewestOperator
        import airflow.providers.standard, venturi
        print(BashOperator is venturi.BashOperator, OnlyInTheWheel.__name__, airflow.providers.standard.__version__)
        """)
    assert done.stdout.strip() == "True OnlyInTheWheel 99", done.stderr


def test_a_provider_that_is_not_installed_is_named(python):
    done = python("""
        try:
            from airflow.providers.microsoft.azure.hooks.wasb import WasbHook
        except ImportError as error:
            print(error)
        """)
    assert "It belongs to apache-airflow-providers-microsoft-azure: add that line to requirements.txt" in done.stdout, (
        done.stderr
    )


def test_a_name_that_a_wheel_has_dropped_comes_from_the_table(python):
    done = python("""
        from venturi.airflow import table
        row = table.TABLE["airflow.sdk.BaseOperator"]
        table.TABLE["airflow.providers.acme.operators.anvil.OldAnvilOperator"] = row
        from venturi.airflow import importer
        importer._MODULES.update({"airflow.providers.acme", "airflow.providers.acme.operators"})
        importer._MODULES.add("airflow.providers.acme.operators.anvil")
        from airflow.providers.acme.operators.anvil import AnvilOperator, OldAnvilOperator
        print(AnvilOperator.__module__, OldAnvilOperator.__name__)
        """)
    assert done.stdout.strip() == "airflow.providers.acme.operators.anvil BaseOperator", done.stderr


def test_a_file_under_a_folder_called_airflow_imports_its_siblings(tmp_path):
    dags = tmp_path / "airflow" / "dags"
    (dags / "parts").mkdir(parents=True)
    (dags / "parts" / "inner.py").write_text("value = 'a sibling'\n")
    (dags / "flow.py").write_text(
        "from venturi.airflow.importer import install; install()\n"
        "from airflow.dags.parts.inner import value\nimport airflow.models\nprint(value, airflow.models.DAG.__name__)\n"
    )
    done = subprocess.run([sys.executable, str(dags / "flow.py")], capture_output=True, text=True)
    assert done.stdout.strip() == "a sibling DAG", done.stderr


def test_of_a_copy_of_airflow_only_the_files_own_part_is_found(tmp_path):
    copy = tmp_path / "airflow"
    (copy / "example_dags" / "libs").mkdir(parents=True)
    (copy / "configuration.py").write_text("")
    (copy / "secret_room.py").write_text("value = 'not ours'\n")
    (copy / "example_dags" / "libs" / "helper.py").write_text("value = 'helper'\n")
    (copy / "example_dags" / "flow.py").write_text(
        "from venturi.airflow.importer import install; install()\n"
        "from airflow.example_dags.libs.helper import value\nprint(value)\n"
        "try:\n    import airflow.secret_room\nexcept ImportError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, str(copy / "example_dags" / "flow.py")], capture_output=True, text=True)
    assert done.stdout.startswith("helper\nVenturi does not serve 'airflow.secret_room'"), done.stderr
