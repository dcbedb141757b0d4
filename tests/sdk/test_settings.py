"""`conf`: AIRFLOW__SECTION__KEY, then airflow.cfg, then known defaults, then the fallback."""

from __future__ import annotations

from datetime import timedelta

import pytest

from venturi.config import Config
from venturi.sdk import settings
from venturi.sdk.backends import BaseSecretsBackend
from venturi.sdk.dag import DAG
from venturi.sdk.exceptions import AirflowConfigException
from venturi.sdk.settings import Settings


@pytest.fixture
def conf(tmp_path, monkeypatch):
    monkeypatch.delenv("VENTURI_HOME", raising=False)
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    return Settings()


def test_the_environment_wins_over_the_file_and_the_file_over_defaults(conf, tmp_path, monkeypatch):
    (tmp_path / "airflow.cfg").write_text(
        "[core]\nparallelism = 7\ndefault_timezone = Europe/Paris\n[mine]\nformat = %%d $WHO\nflag = yes # a remark\n"
        "[database]\nsql_alchemy_conn = sqlite://\n"
    )
    monkeypatch.setenv("AIRFLOW__CORE__PARALLELISM", "5")
    monkeypatch.setenv("AIRFLOW__MY_PART__FLAG", "True")
    monkeypatch.setenv("WHO", "me")
    assert conf.getint("core", "parallelism") == 5
    assert conf.get("core", "default_timezone") == "Europe/Paris"
    assert conf.get("mine", "format") == "%d me"
    assert conf.getboolean("mine", "flag") is True
    assert conf.getboolean("my.part", "flag") is conf.getboolean("MY-PART", "FLAG") is True
    assert conf.get("core", "sql_alchemy_conn") == "sqlite://", "it moved between the generations"
    assert conf.get("core", "dags_folder") == f"{tmp_path}/dags"
    assert conf.get("logging", "base_log_folder") == conf.get("core", "base_log_folder") == f"{tmp_path}/.venturi/logs"
    assert conf.get("mine", "other", fallback="f") == "f"
    assert conf.get("mine", "other", fallback=None) is None
    with pytest.raises(AirflowConfigException, match=r"Set AIRFLOW__MINE__OTHER or give a fallback"):
        conf.get("mine", "other")


def test_what_a_dag_does_not_say_is_said_by_the_environment_or_the_home(conf, tmp_path, monkeypatch):
    """And never by an airflow.cfg, which holds all defaults of the Airflow that wrote it."""
    (tmp_path / "airflow.cfg").write_text(
        "[scheduler]\ncatchup_by_default = True\n[core]\nmax_active_runs_per_dag = 3\n"
    )

    def limits(**given):
        dag = DAG("d", **given)
        return dag.max_active_tasks, dag.max_active_runs, dag.catchup

    assert limits() == (16, 16, False)
    (tmp_path / ".venturi").mkdir(exist_ok=True)
    (tmp_path / ".venturi" / "venturi.toml").write_text("max_active_tasks_per_dag = 5\nmax_active_runs_per_dag = 6\n")
    assert limits() == (5, 6, False)
    monkeypatch.setenv("AIRFLOW__CORE__MAX_ACTIVE_RUNS_PER_DAG", "2")
    monkeypatch.setenv("AIRFLOW__SCHEDULER__CATCHUP_BY_DEFAULT", "True")
    assert limits() == (5, 2, True)
    assert limits(max_active_tasks=1, max_active_runs=1, catchup=False) == (1, 1, False)
    assert conf.getint("core", "max_active_tasks_per_dag") == conf.getint("core", "dag_concurrency") == 5


def test_values_are_converted_and_a_bad_one_is_named(conf, monkeypatch):
    for name, value in {
        "N": "3",
        "F": "1.5",
        "L": "a, b",
        "J": '{"a": 1}',
        "B": "maybe",
        "S": "90",
        "I": "json.dumps",
    }.items():
        monkeypatch.setenv(f"AIRFLOW__X__{name}", value)
    assert (conf.getint("x", "n"), conf.getfloat("x", "f"), conf.getfloat("x", "n")) == (3, 1.5, 3.0)
    assert (conf.getlist("x", "l"), conf.getjson("x", "j")) == (["a", "b"], {"a": 1})
    assert conf.gettimedelta("x", "s") == timedelta(seconds=90)
    assert conf.getimport("x", "i").__name__ == "dumps"
    assert conf.getint("x", "absent", fallback=4) == 4
    for ask, sentence in (
        (lambda: conf.getboolean("x", "b"), r"\[x/b\] is 'maybe', which is neither true nor false"),
        (lambda: conf.getint("x", "f"), r"\[x/f\] is '1.5', which is no number"),
        (lambda: conf.getjson("x", "l"), r"\[x/l\] is no JSON"),
        (lambda: conf.getimport("x", "l"), r"\[x/l\] is 'a, b', which cannot be imported"),
    ):
        with pytest.raises(AirflowConfigException, match=sentence):
            ask()


def test_sections_are_told_with_all_that_is_set_in_them(conf, tmp_path, monkeypatch):
    (tmp_path / "airflow.cfg").write_text("[mine]\na = 1\nb = true\n")
    monkeypatch.setenv("AIRFLOW__MINE__C", "2.5")
    assert conf.getsection("mine") == {"a": 1, "b": True, "c": 2.5}
    assert conf.getsection("nowhere") is None
    assert (conf.has_section("mine"), conf.has_section("nowhere")) == (True, False)
    assert (conf.has_option("mine", "c"), conf.has_option("mine", "d")) == (True, False)
    assert conf.getsection("core")["parallelism"] == Config().slots
    assert {"core", "mine"} <= set(conf.sections())
    assert conf.as_dict()["mine"]["a"] == "1"


def test_a_file_that_asks_for_the_image_of_its_kubernetes_executor_loads(conf):
    assert conf.get("kubernetes_executor", "worker_container_repository") == ""
    assert conf.get("kubernetes", "WORKER_CONTAINER_TAG") == ""  # the section's older name


def test_a_file_sets_for_its_own_process(conf):
    conf.set("core", "parallelism", 9)
    assert conf.getint("core", "parallelism") == 9
    conf.remove_option("core", "parallelism")
    assert conf.getint("core", "parallelism") == Config().slots


def test_a_broken_airflow_cfg_is_named(conf, tmp_path):
    (tmp_path / "airflow.cfg").write_text("no section = 1\n")
    with pytest.raises(AirflowConfigException, match=r"airflow\.cfg cannot be read: File contains no section headers"):
        conf.get("core", "parallelism")


def test_airflow_config_names_another_file_and_constants_are_found(conf, tmp_path, monkeypatch):
    other = tmp_path / "other.cfg"
    other.write_text("[mine]\na = here\n")
    monkeypatch.setenv("AIRFLOW_CONFIG", str(other))
    assert conf.get("mine", "a") == "here"
    assert str(other) == settings.AIRFLOW_CONFIG
    assert settings.AIRFLOW_HOME == settings.get_airflow_home() == str(tmp_path)
    assert f"{tmp_path}/dags" == settings.DAGS_FOLDER


def test_a_secret_setting_may_be_what_a_command_prints_or_what_the_secrets_backend_keeps(conf, tmp_path, monkeypatch):
    (tmp_path / "airflow.cfg").write_text(
        "[smtp]\nsmtp_password_cmd = echo of-file\n[mine]\napi_token_secret = tokens/mine\nplace_cmd = echo no\n"
    )
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY_CMD", "printf 'a key\\n'")
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_SECRET", "database")
    monkeypatch.setenv("AIRFLOW__SECRETS__BACKEND", "tests.sdk.test_settings.Keeper")
    assert conf.get("core", "fernet_key") == "a key"
    assert conf.get("smtp", "smtp_password") == "of-file"
    assert conf.get("database", "sql_alchemy_conn") == "kept:database"
    assert conf.get("core", "sql_alchemy_conn") == "kept:database", "it moved between the generations"
    assert conf.get("mine", "api_token") == "kept:tokens/mine"
    assert conf.get("mine", "place", fallback="f") == "f", "only what is secret is asked for so"
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", "plain")
    assert conf.get("core", "fernet_key") == "plain", "what is said plainly wins"


def test_a_command_that_fails_is_named_with_its_setting(conf, monkeypatch):
    monkeypatch.setenv("AIRFLOW__MINE__PASSWORD_CMD", "sh -c 'echo no such vault >&2; exit 3'")
    with pytest.raises(AirflowConfigException, match=r"for \[mine/password\] failed with exit code 3: no such vault"):
        conf.get("mine", "password")
    monkeypatch.setenv("AIRFLOW__MINE__PASSWORD_CMD", "no-such-command-anywhere")
    with pytest.raises(AirflowConfigException, match=r"for \[mine/password\] cannot be run"):
        conf.get("mine", "password")


class Keeper(BaseSecretsBackend):
    def get_config(self, key):
        return f"kept:{key}"
