"""The small functions that operators are built with, the machine, mails, settings and secrets."""

import asyncio
import os
import sys
import tempfile
from datetime import datetime, timedelta

from airflow import DAG, __version__
from airflow.configuration import AIRFLOW_CONFIG, AIRFLOW_HOME, get_airflow_config, get_airflow_home
from airflow.decorators import TaskDecorator
from airflow.decorators.base import DecoratedOperator, get_unique_task_id, task_decorator_factory
from airflow.decorators.setup_teardown import context_wrapper
from airflow.hooks.filesystem import FSHook
from airflow.hooks.package_index import PackageIndexHook
from airflow.hooks.subprocess import SubprocessHook, SubprocessResult, working_directory
from airflow.macros import ds_format_locale
from airflow.models import Connection
from airflow.models.abstractoperator import AbstractOperator
from airflow.models.baseoperator import BaseOperator, BaseOperatorMeta
from airflow.models.taskinstancekey import TaskInstanceKey
from airflow.models.xcom import XCOM_RETURN_KEY
from airflow.models.xcom_arg import MapXComArg, ZipXComArg
from airflow.operators.python import PythonOperator
from airflow.sdk.bases.decorator import is_async_callable
from airflow.sdk.bases.operator import BaseAsyncOperator
from airflow.sdk.definitions._internal.types import SET_DURING_EXECUTION, is_arg_set
from airflow.sdk.execution_time.callback_runner import create_async_executable_runner, create_executable_runner
from airflow.secrets import BaseSecretsBackend
from airflow.secrets.environment_variables import EnvironmentVariablesBackend
from airflow.secrets.local_filesystem import LocalFilesystemBackend
from airflow.settings import DAGS_FOLDER, PLUGINS_FOLDER
from airflow.utils.context import context_get_outlet_events, context_merge
from airflow.utils.dag_cycle_tester import check_cycle
from airflow.utils.dag_parsing_context import AirflowParsingContext
from airflow.utils.email import build_mime_message, get_email_address_list, send_email, send_email_smtp
from airflow.utils.file import (
    TemporaryDirectory,
    correct_maybe_zipped,
    get_unique_dag_module_name,
    list_py_file_paths,
    might_contain_dag,
    mkdirs,
    open_maybe_zipped,
)
from airflow.utils.hashlib_wrapper import md5
from airflow.utils.helpers import (
    as_tuple,
    at_most_one,
    build_airflow_dagrun_url,
    build_airflow_url_with_query,
    chunks,
    exactly_one,
    is_container,
    merge_dicts,
    partition,
    prune_dict,
    reduce_in_chunks,
    validate_key,
)
from airflow.utils.log.logging_mixin import remove_escape_codes
from airflow.utils.log.secrets_masker import mask_secret, redact
from airflow.utils.module_loading import import_string, is_valid_dotpath, iter_namespace, qualname
from airflow.utils.net import get_host_ip_address, get_hostname, getfqdn
from airflow.utils.operator_helpers import (
    AIRFLOW_VAR_NAME_FORMAT_MAPPING,
    ExecutionCallableRunner,
    KeywordParameters,
    context_to_airflow_vars,
    determine_kwargs,
    make_kwargs_callable,
)
from airflow.utils.platform import getuser, is_tty
from airflow.utils.process_utils import execute_in_subprocess, execute_in_subprocess_with_kwargs, patch_environ
from airflow.utils.strings import to_boolean
from airflow.utils.task_group import MappedTaskGroup, TaskGroup
from airflow.utils.timeout import timeout
from airflow.utils.timezone import datetime as aware
from airflow.utils.types import NOTSET, ArgNotSet
from airflow.utils.weekday import WeekDay
from airflow.utils.yaml import YAMLError, dump, safe_dump, safe_load, safe_load_all


def adds(a, b=2):
    return a + b


def helpers(**context):
    assert prune_dict({"a": None, "b": 1}) == {"b": 1} and merge_dicts({"a": {"b": 1}}, {"a": {"c": 2}})["a"]["b"] == 1
    assert exactly_one(None, 1) and at_most_one(None, None) and is_container([]) and as_tuple("a") == ("a",)
    assert list(chunks([1, 2, 3], 2)) == [[1, 2], [3]]
    assert reduce_in_chunks(lambda total, some: total + sum(some), [1, 2, 3], 0, 2) == 6
    assert [list(part) for part in partition(lambda n: n > 1, [1, 2])] == [[1], [2]]
    validate_key("a_key")
    assert "dag_run" in build_airflow_dagrun_url("d", "r") or build_airflow_url_with_query({"a": 1})
    assert import_string("os.path.join") is os.path.join and qualname(adds).endswith("adds")
    assert is_valid_dotpath("a.b") and list(iter_namespace(asyncio)) and md5(b"x").hexdigest()
    assert (
        to_boolean("yes") and remove_escape_codes("\x1b[1mbold\x1b[0m") == "bold" and getuser() and is_tty() in (0, 1)
    )
    assert determine_kwargs(adds, (1,), {"b": 3, "c": 4}) == {"b": 3} and KeywordParameters
    assert make_kwargs_callable(adds)(1, c=5) == 3 and ExecutionCallableRunner(adds, None).run(1) == 3
    assert create_executable_runner(adds, None).run(1, b=1) == 2 and create_async_executable_runner
    assert "AIRFLOW_CTX_DAG_ID" in context_to_airflow_vars(context, in_env_var_format=True)
    assert AIRFLOW_VAR_NAME_FORMAT_MAPPING and context_get_outlet_events(context) is not None
    more = {"a": 1}
    context_merge(more, {"b": 2})
    assert more == {"a": 1, "b": 2} and isinstance(NOTSET, ArgNotSet)
    assert not is_arg_set(NOTSET) and SET_DURING_EXECUTION and get_unique_task_id("a") == "a"
    assert issubclass(BaseOperator, AbstractOperator) and isinstance(BaseOperator, BaseOperatorMeta)
    assert TaskInstanceKey("d", "t", "r", 1, -1).task_id == "t" and XCOM_RETURN_KEY == "return_value"
    assert AirflowParsingContext(None, None).dag_id is None and WeekDay.MONDAY == 1 and aware(2020, 1, 1).tzinfo
    assert list(safe_load_all(safe_dump({"a": 1}))) == [{"a": 1}]
    assert safe_load(dump({"a": 1})) == {"a": 1} and issubclass(YAMLError, Exception) and __version__
    assert is_async_callable(Asynchronous.aexecute) and check_cycle(dag) is None
    assert MapXComArg and ZipXComArg and MappedTaskGroup and TaskGroup and context_wrapper and DecoratedOperator
    assert ds_format_locale


def machine():
    with TemporaryDirectory() as folder, working_directory() as other:
        mkdirs(os.path.join(folder, "a"), 0o755)
        file = os.path.join(folder, "a", "flow.py")
        with open(file, "w") as opened:
            opened.write("# airflow dag")
        assert list_py_file_paths(folder) == [file] and might_contain_dag(file, True) and other != folder
        assert open_maybe_zipped(file).read() == "# airflow dag" and correct_maybe_zipped(file) == file
        assert get_unique_dag_module_name(file).endswith("flow") and FSHook().get_path() is not None
    assert get_hostname() and getfqdn() and get_host_ip_address
    execute_in_subprocess([sys.executable, "-c", "print('said')"])
    execute_in_subprocess_with_kwargs([sys.executable, "-c", "print('said')"])
    ran = SubprocessHook().run_command(["echo", "said"])
    assert ran == SubprocessResult(0, "said")
    with patch_environ({"AIRFLOW_CONN_INDEX": "http://me:secret@index.example/simple", "AIRFLOW_VAR_A": "b"}):
        assert "index.example" in PackageIndexHook("index").get_connection_url()
        named: Connection = PackageIndexHook.get_connection("index")
        assert isinstance(named, Connection) and named.get_uri().startswith("http://me:secret@index.example")
        backend = EnvironmentVariablesBackend()
        assert isinstance(backend, BaseSecretsBackend) and backend.get_variable("a") == "b"
    with tempfile.NamedTemporaryFile("w", suffix=".json") as kept:
        kept.write('{"of_file": "found"}')
        kept.flush()
        assert LocalFilesystemBackend(variables_file_path=kept.name).get_variable("of_file") == "found"
    assert AIRFLOW_HOME == get_airflow_home() and AIRFLOW_CONFIG == get_airflow_config(AIRFLOW_HOME)
    assert DAGS_FOLDER.endswith("dags") and PLUGINS_FOLDER.endswith("plugins")
    mask_secret("not to be seen")
    assert "***" in str(redact({"password": "x"}))
    with timeout(seconds=5):
        pass


def mails():
    assert get_email_address_list("a@example.org, b@example.org") == ["a@example.org", "b@example.org"]
    message, _ = build_mime_message("a@example.org", "b@example.org", "subject", "<b>text</b>")
    assert message["Subject"] == "subject"
    send_email("b@example.org", "subject", "<b>text</b>", dryrun=True)
    send_email_smtp("b@example.org", "subject", "<b>text</b>", dryrun=True)


class Asynchronous(BaseAsyncOperator):
    async def aexecute(self, context):
        await asyncio.sleep(0)
        return "came"


class Shouts(DecoratedOperator):
    def execute(self, context):
        return self.python_callable(*self.op_args, **self.op_kwargs).upper()


def shouting(function=None, **named):
    made: TaskDecorator = task_decorator_factory(function, decorated_operator_class=Shouts, **named)
    return made


with DAG("small_parts", start_date=datetime(2022, 1, 1), schedule=timedelta(days=1), catchup=False) as dag:
    PythonOperator(task_id="helpers", python_callable=helpers)
    PythonOperator(task_id="machine", python_callable=machine)
    PythonOperator(task_id="mails", python_callable=mails)
    Asynchronous(task_id="asynchronous")

    @shouting
    def shouts(text):
        return text

    shouts("loud")
