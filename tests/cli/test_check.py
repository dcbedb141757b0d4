"""`venturi check`: a verdict for each file, with lines and what to do; nothing is written and no engine is needed."""

from __future__ import annotations

import json
import sys
import textwrap

import pytest

HEAD = "from airflow.sdk import DAG, task\n"
GOOD = (
    HEAD
    + """
with DAG("good", schedule=None):
    @task
    def first(): ...
    @task
    def second(): ...
    @task
    def third(): ...
    one = first()
    one >> [third(), second()]
"""
)


@pytest.fixture
def check(place):
    def run(text="", *more, name="flow.py", status=None):
        if text:
            (place.dags / name).write_text(textwrap.dedent(text))
        path = place.dags / name if text else place.dags
        done = place("check", str(path), "--json", *more)
        assert status is None or done.status == status, done
        found = json.loads(done.out)
        return found[0] if len(found) == 1 else found

    return run


def test_a_good_file_runs_and_its_edges_are_told(check, place):
    assert check(GOOD, status=0) == {
        "file": str(place.dags / "flow.py"),
        "verdict": "runs",
        "warnings": [],
        "errors": [],
        "dags": {"good": {"first": ["second", "third"], "second": [], "third": []}},
    }


def test_nothing_is_written(check, place):
    (place.dags / "helper.py").write_text("x = 1\n")
    before = sorted(place.folder.rglob("*"))
    check("import helper\n" + GOOD)
    (place.dags / "flow.py").unlink()
    assert sorted(place.folder.rglob("*")) == before


def test_the_text_form_says_which_interpreter_reads_and_sums_up(place):
    (place.dags / "flow.py").write_text(GOOD)
    done = place("check", str(place.dags))
    assert f"Reading with Venturi's own interpreter, {sys.executable}." in done.err
    assert f"{place.dags / 'flow.py'}: runs   good (3 tasks)" in done.out
    assert done.out.endswith("1 file: 1 runs, 0 runs with warnings, 0 not yet\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import airflow\nfrom airflow.oprators import X\n", "line 2: Venturi does not serve 'airflow.oprators'"),
        ("from airflow import DAG\nDAG('a', start_date=1/0)\n", "line 2: ZeroDivisionError: division by zero"),
        ("def broken(:\n", "line 1: SyntaxError: invalid syntax"),
        ("import sys\nsys.exit(3)\n", "line 2: The file called sys.exit(3) while it was imported."),
        ("import os\nos.abort()\n", "Importing the file ended its process: signal SIGABRT."),
        ("import no_such_package\n", "line 1: ModuleNotFoundError: No module named 'no_such_package'"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_not_yet_with_its_line(check, text, said):
    found = check(text, status=1)
    assert found["verdict"] == "not yet"
    assert found["errors"][0].startswith(said), found


def test_all_names_that_are_not_served_are_told_at_once(check):
    found = check("from airflow.nothing_a import A\nfrom airflow import DAG\nfrom airflow.nothing_b import B\n")
    assert [error.split(":")[0] for error in found["errors"]] == ["line 1", "line 3"]


def test_an_old_name_of_a_wheel_that_is_not_installed_is_told(check):
    found = check("from airflow.contrib.hooks.bigquery_hook import BigQueryHook\n")
    told = [*found["errors"], *found["warnings"]]
    assert found["verdict"] != "runs"
    assert "line 1: 'airflow.contrib.hooks.bigquery_hook.BigQueryHook' is now" in told[0]
    assert "apache-airflow-providers-google" in told[0]


def test_what_a_file_takes_and_we_serve_in_part_is_told_with_what_differs(check):
    text = """
        from airflow import DAG, settings
        from airflow.models import Log
        from airflow.operators.bash import BashOperator
        from airflow.sdk import Asset, AssetAccessControl
        from airflow.utils.session import provide_session
        with DAG("d", schedule=None):
            BashOperator(task_id="t", bash_command="true", outlets=[Asset("a")])
        """
    found = check(text, status=0)
    assert found["verdict"] == "runs with warnings"
    assert found["warnings"] == [
        "line 3: 'airflow.models.Log': Can be imported and its columns named; there is no database of Airflow behind "
        "it.",
        "line 5: 'airflow.sdk.AssetAccessControl': Kept; there are no teams here.",
        "line 6: 'airflow.utils.session.provide_session': The function is called; the session is empty.",
    ]


def test_a_name_inside_a_function_is_a_warning(check):
    found = check(GOOD + "def later():\n    from airflow.nothing import A\n", status=0)
    assert found["verdict"] == "runs with warnings"
    assert "'airflow.nothing.A'" in found["warnings"][0]
    assert found["dags"].keys() == {"good"}


def test_numpy_starts_no_threads_here_either(check):
    found = check(
        """
        import numpy as np
        from airflow import DAG
        from airflow.operators.empty import EmptyOperator
        with DAG("counts", schedule=None):
            EmptyOperator(task_id=f"t{int(np.ones((2, 2)).dot(np.ones((2, 2))).sum())}")
        """
    )
    assert (found["verdict"], found["warnings"]) == ("runs", [])


def test_a_missing_variable_or_connection_is_a_warning_that_names_it(check):
    found = check(
        """
        from airflow import DAG
        from airflow.hooks.base import BaseHook
        from airflow.models import Variable
        from airflow.operators.empty import EmptyOperator
        n = int(Variable.get("how_many"))
        table = Variable.get("setup", deserialize_json=True)["tables"]["first"]
        host = BaseHook.get_connection("warehouse").host
        with DAG("asks", schedule=None):
            for i in range(n):
                EmptyOperator(task_id=f"t{i}")
        """,
        status=0,
    )
    assert [warning.split(".")[0] for warning in found["warnings"]] == [
        "line 6: There is no variable 'how_many' here",
        "line 7: There is no variable 'setup' here",
        "line 8: There is no connection 'warehouse' here",
    ]
    assert found["dags"] == {"asks": {"t0": []}}


def test_a_file_that_copes_with_a_missing_variable_is_read_as_it_copes(check):
    found = check("""
        from airflow import DAG
        from airflow.models import Variable
        from airflow.operators.empty import EmptyOperator
        try:
            name = Variable.get("name")
        except KeyError:
            name = "its_own"
        with DAG("copes", schedule=None):
            EmptyOperator(task_id=name)
        """)
    assert found["dags"] == {"copes": {"its_own": []}}
    assert "no variable 'name'" in found["warnings"][0]


def test_environment_variables_answer_what_is_read_at_import(check, place):
    place._environment["AIRFLOW_VAR_HOW_MANY"] = "2"
    found = check("""
        from airflow.sdk import DAG, Variable
        from airflow.providers.standard.operators.empty import EmptyOperator
        with DAG("asks"):
            for i in range(int(Variable.get("how_many"))):
                EmptyOperator(task_id=f"t{i}")
        """)
    assert found["verdict"] == "runs"
    assert found["dags"] == {"asks": {"t0": [], "t1": []}}


SECRETS = [
    ('environment = {"AWS_ACCESS_KEY_ID": "AKIA2E0A8F3B244C9986"}', "'AWS_ACCESS_KEY_ID' is written"),
    ('environment = {"AWS_SESSION_TOKEN": "FwoGZXIvYXdzEBYaDJ2u6X9"}', "'AWS_SESSION_TOKEN' is written"),
    ('aws_secret_access_key="wJalrXUtnFEMIK7MDENGbPxRfiCYzzz"', "'aws_secret_access_key' is written"),
    ('address = "postgresql://me:hunter22@db/x"', "a password in an address (***)"),
    ('command = "iqoqo login -u me --password=hunter22"', "a password in a command (***)"),
    ('slack = "xoxb-123456789012-abcdefghijkl"', "a Slack token (xo***)"),
    ('key = """-----BEGIN RSA PRIVATE KEY-----\nabc"""', "a private key"),
]


@pytest.mark.parametrize(("line", "said"), SECRETS)
def test_credentials_in_the_file_are_told_and_masked(check, line, said):
    """S3.u2"""
    found = check(GOOD + line + "\n", status=0)
    (warning,) = found["warnings"]
    assert warning.startswith(f"line {GOOD.count(chr(10)) + 1}: ")
    assert said in warning
    for secret in ("AKIA2E0A8F3B244C9986", "FwoGZXIvYXdzEBYaDJ2u6X9", "hunter22", "wJalrXUtnFEMI"):
        assert secret not in warning


def test_an_error_that_quotes_a_credential_of_the_file_masks_it(check):
    """S1.u7: as the public file has it, once under a name and once in a command."""
    found = check(
        "import subprocess\nfrom airflow import DAG\nIQOQO_LOGIN_PASSWORD = '12345678'\n"
        "subprocess.run(['iqoqo login -u me -p 12345678'])\n",
        status=1,
    )
    assert found["warnings"][0].startswith("line 3: 'IQOQO_LOGIN_PASSWORD' is written in the file (***).")
    assert found["errors"] == [
        "line 4: FileNotFoundError: [Errno 2] No such file or directory: 'iqoqo login -u me -p ***'"
    ]


@pytest.mark.parametrize(
    "line",
    [
        'environment = {"AWS_SESSION_TOKEN": "add_the_AWS_SESSION_TOKEN", "AWS_REGION": "us-east-1"}',
        'environment = {"AWS_ACCESS_KEY_ID": "<your key>", "PASSWORD": "{{ conn.db.password }}"}',
        'password = "change_me"; token = ""; secret_name = "prod/database/main"; password_file = "/run/secrets/db"',
        'address = "postgresql://db/x"; other = "https://example.org:8080/a@b"; tokens = "a b c d e f"',
    ],
)
def test_what_only_looks_like_a_credential_is_not_told(check, line):
    assert check(GOOD + line + "\n")["warnings"] == []


def test_a_schedule_in_default_args_and_a_default_that_catches_up_are_told(check):
    """S5.31"""
    found = check("""
        from datetime import datetime
        from airflow import DAG
        from airflow.operators.dummy_operator import DummyOperator
        dag_params = {"dag_id": "jaro_dag", "start_date": datetime(2019, 10, 7), "schedule_interval": None}
        with DAG(dag_id="jaro_dag", default_args=dag_params):
            DummyOperator(task_id="a")
        with DAG(dag_id="daily", start_date=datetime(2019, 10, 7), schedule_interval="@daily"):
            DummyOperator(task_id="a")
        """)
    assert [w for w in found["warnings"] if w.startswith("line 6: schedule_interval=None stands in default_args")]
    assert [w for w in found["warnings"] if w.startswith("line 8: DAG 'daily' does not say `catchup`")]
    assert len(found["warnings"]) == 2


def test_an_sla_of_an_airflow_3_file_is_told_once_not_to_be_acted_on(check):
    found = check("""
        from datetime import timedelta
        from airflow.sdk import DAG
        from airflow.providers.standard.operators.bash import BashOperator
        with DAG("d", schedule=None, default_args={"sla": timedelta(hours=1)}, sla_miss_callback=print):
            BashOperator(task_id="a", bash_command="true")
            BashOperator(task_id="b", bash_command="true")
        with DAG("e", schedule=None, sla_miss_callback=print):
            BashOperator(task_id="a", bash_command="true")
    """)
    assert found["verdict"] == "runs with warnings"
    first, second = found["warnings"]
    assert "line 6: DAG 'd': nothing acts on sla of a, b, as Airflow 3 has removed SLAs. Write deadline=" in str(first)
    assert "DAG 'e': nothing acts on sla_miss_callback" in str(second)


def test_an_sla_of_an_older_file_is_served_and_not_warned_of(check):
    found = check("""
        from datetime import timedelta
        from airflow import DAG
        from airflow.operators.bash import BashOperator
        with DAG("d", schedule=None, default_args={"sla": timedelta(hours=1)}, sla_miss_callback=print):
            BashOperator(task_id="a", bash_command="true")
    """)
    assert found["verdict"] == "runs"


def test_side_effects_at_import_are_told_with_their_line(check, place):
    """S1.u6"""
    found = check(
        GOOD
        + "import subprocess, os\nsubprocess.run(['true'])\n"
        + f"open({str(place.folder / 'made')!r}, 'w').close()\nos.system('true')\n"
    )
    n = GOOD.count("\n")
    assert [w.partition(". ")[0] for w in found["warnings"]] == [
        f"line {n + 2}: While it is imported, the file starts a process (true)",
        f"line {n + 3}: While it is imported, the file writes {place.folder / 'made'}",
        f"line {n + 4}: While it is imported, the file starts a process (true)",
    ]


def test_a_missing_command_at_import_is_a_readable_error(check):
    """S1.u6"""
    found = check("import subprocess\nfrom airflow import DAG\nsubprocess.run(['iqoqo login -u me'])\n", status=1)
    assert found["errors"] == ["line 3: FileNotFoundError: [Errno 2] No such file or directory: 'iqoqo login -u me'"]
    assert "line 3: While it is imported, the file starts a process (iqoqo)" in found["warnings"][0]


def test_what_a_library_does_while_it_is_imported_is_not_the_files_doing(check, place):
    site = place.folder / "site"
    site.mkdir()
    (site / "noisy.py").write_text("import subprocess\nsubprocess.run(['true'])\n")
    found = check(f"import sys\nsys.path.append({str(site)!r})\nimport noisy\n" + GOOD)
    assert found["warnings"] == []


def test_a_pool_of_threads_that_no_zygote_starts_is_no_warning(check):
    # Where there is more than one core, OpenBLAS starts threads when numpy is imported, unless told not to.
    assert check("import numpy\n" + GOOD)["warnings"] == []


def test_modules_of_the_working_directory_do_not_stand_before_the_bundles(place, monkeypatch):
    for root in (place.folder / "elsewhere", place.dags):
        (root / "parts").mkdir(parents=True)
        (root / "parts" / "names.py").write_text(f"where = {str(root)!r}\n")
    (place.folder / "elsewhere" / "parts" / "__init__.py").touch()  # which would win over a folder without one
    text = f"from parts.names import where\nassert where == {str(place.dags)!r}, where\n"
    (place.dags / "flow.py").write_text(text + GOOD)
    monkeypatch.chdir(place.folder / "elsewhere")
    done = place("check", str(place.dags / "flow.py"), "--json")
    assert json.loads(done.out)[0]["errors"] == []


def test_a_dag_function_that_is_never_called_is_told(check):
    found = check("from airflow.sdk import dag\n\n@dag\ndef flow(): ...\n")
    assert found["warnings"][0].startswith("line 4: No DAG is found")


def test_one_file_does_not_hold_up_the_others(check, place):
    (place.dags / "a.py").write_text("from airflow import DAG\nimport os\nos._exit(7)\n")
    (place.dags / "b.py").write_text(GOOD)
    found = check()
    assert [one["verdict"] for one in found] == ["not yet", "runs"]
    assert found[0]["errors"] == ["Importing the file ended its process with exit code 7."]


def test_an_import_without_end_is_ended(check, place):
    place._environment["VENTURI_PARSE_TIME_LIMIT_S"] = "0.5"
    found = check("from airflow import DAG\nwhile True: pass\n", status=1)
    assert "took longer than 0.5 s" in found["errors"][0]


def test_a_path_that_is_not_there(place):
    done = place("check", str(place.folder / "nowhere"), "--json")
    assert done.status == 2
    assert "There is no file or folder" in done.json["error"]["message"]
