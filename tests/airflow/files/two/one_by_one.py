"""Each decorator from the module that has it alone, helpers, constants, and exceptions that nobody raises."""

import gzip
import json
import logging
import sys
import types
import warnings
from datetime import datetime

import jinja2
from airflow import DAG
from airflow import exceptions as words
from airflow.compat.functools import cache, cached_property
from airflow.configuration import AirflowConfigException, expand_env_var, run_command
from airflow.decorators import TaskDecoratorCollection, run_if, setup_task, skip_if, teardown_task
from airflow.decorators.bash import bash_task
from airflow.decorators.branch_external_python import branch_external_python_task
from airflow.decorators.branch_python import branch_task
from airflow.decorators.branch_virtualenv import branch_virtualenv_task
from airflow.decorators.external_python import external_python_task
from airflow.decorators.python import python_task
from airflow.decorators.python_virtualenv import virtualenv_task
from airflow.decorators.sensor import sensor_task
from airflow.decorators.short_circuit import short_circuit_task
from airflow.decorators.task_group import task_group
from airflow.exceptions import (
    AirflowClearRunningTaskException,
    AirflowTimetableInvalid,
    AirflowUnsupportedFileTypeException,
    DagNotPartitionedError,
    DagRunTypeNotAllowed,
    DeserializationError,
    InvalidPartitionKeyError,
    NotMapped,
    PodMutationHookException,
    PodReconciliationError,
    VariableNotUnique,
)
from airflow.executors.executor_constants import (
    CELERY_EXECUTOR,
    DASK_EXECUTOR,
    DEBUG_EXECUTOR,
    KUBERNETES_EXECUTOR,
    LOCAL_EXECUTOR,
    SEQUENTIAL_EXECUTOR,
)
from airflow.hooks.base_hook import CONN_ENV_PREFIX
from airflow.models.abstractoperator import (
    DEFAULT_OWNER,
    DEFAULT_POOL_SLOTS,
    DEFAULT_PRIORITY_WEIGHT,
    DEFAULT_QUEUE,
)
from airflow.models.dagbag import FileLoadStat
from airflow.models.skipmixin import XCOM_SKIPMIXIN_FOLLOWED, XCOM_SKIPMIXIN_KEY, XCOM_SKIPMIXIN_SKIPPED
from airflow.operators.python import PythonOperator
from airflow.providers.standard.decorators.stub import stub
from airflow.secrets import VAR_ENV_PREFIX
from airflow.settings import _ENABLE_AIP_52, STATE_COLORS
from airflow.utils.compression import uncompress_file
from airflow.utils.context import AirflowContextDeprecationWarning
from airflow.utils.decorators import remove_task_decorator
from airflow.utils.deprecation_tools import add_deprecated_classes, getattr_with_deprecation
from airflow.utils.helpers import (
    GROUP_KEY_REGEX,
    KEY_REGEX,
    as_flattened_list,
    ask_yesno,
    convert_camel_to_snake,
    parse_template_string,
    prevent_duplicates,
    render_template,
    render_template_as_native,
    render_template_to_string,
    validate_group_key,
)
from airflow.utils.json import AirflowJsonEncoder
from airflow.utils.log.logging_mixin import StreamLogWriter, redirect_stderr, redirect_stdout
from airflow.utils.log.secrets_masker import should_hide_value_for_key
from airflow.utils.operator_resources import (
    CpuResource,
    DiskResource,
    GpuResource,
    RamResource,
    Resource,
    Resources,
)
from airflow.utils.platform import IS_WINDOWS
from airflow.utils.strings import TRUE_LIKE_VALUES, get_random_string
from airflow.utils.warnings import capture_with_reraise

RAISED = [
    AirflowClearRunningTaskException,
    AirflowTimetableInvalid,
    AirflowUnsupportedFileTypeException,
    DagNotPartitionedError,
    DagRunTypeNotAllowed,
    DeserializationError,
    InvalidPartitionKeyError,
    NotMapped,
    PodMutationHookException,
    PodReconciliationError,
    VariableNotUnique,
    AirflowConfigException,
]


def raises(kind, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except kind as error:
        return str(error)
    raise AssertionError(f"{kind} was not raised")


def helpers():
    assert as_flattened_list([[1, 2], (3,)]) == [1, 2, 3]
    assert convert_camel_to_snake("MyOperatorName") == "my_operator_name"
    assert KEY_REGEX.match("a.b-c")
    assert not GROUP_KEY_REGEX.match("a.b")
    validate_group_key("group_1")
    raises(words.AirflowException, validate_group_key, "a.b")
    prevent_duplicates({"a": 1}, {"b": 2}, fail_reason="twice")
    assert raises(TypeError, prevent_duplicates, {"a": 1}, {"a": 2}, fail_reason="twice") == "twice argument: a"
    assert parse_template_string("plain") == ("plain", None)
    assert parse_template_string("{{ n }}")[1].render(n=1) == "1"
    template = jinja2.Template("{{ n + 1 }}")
    assert render_template_to_string(template, {"n": 1}) == "2"
    assert render_template_as_native(template, {"n": 1}) == 2
    assert render_template(template, {"n": 1}, native=True) == 2
    sys.stdin = types.SimpleNamespace(readline=lambda *_: "yes\n")
    assert ask_yesno("Go on? ") is True
    assert len(get_random_string(12)) == 12
    assert "yes" in TRUE_LIKE_VALUES
    assert json.loads(json.dumps({"at": datetime(2024, 1, 2)}, cls=AirflowJsonEncoder)) == {
        "at": "2024-01-02T00:00:00Z"
    }
    with gzip.open("some.gz", "wb") as packed:
        packed.write(b"inside")
    assert open(uncompress_file("some.gz", ".gz", ".")).read() == "inside"
    assert remove_task_decorator("@task.virtualenv(\n    a=1)\ndef f():\n    pass\n", "@task") == "def f():\n    pass\n"
    assert expand_env_var("~") != "~"
    assert run_command("echo said").strip() == "said"
    raises(AirflowConfigException, run_command, "false")
    assert IS_WINDOWS is False


def old_names():
    sys.modules["olden"] = types.ModuleType("olden")
    add_deprecated_classes({"__name__": {"Old": "datetime.datetime"}}, "olden")
    with capture_with_reraise() as told, warnings.catch_warnings():
        warnings.simplefilter("always")
        assert sys.modules["olden"].Old is datetime
        assert getattr_with_deprecation({"Old": "datetime.datetime"}, "m", {}, "", "Old") is datetime
    assert issubclass(AirflowContextDeprecationWarning, DeprecationWarning)
    assert isinstance(told, list)


def logs():
    lines = []
    logger = logging.getLogger("one_by_one")
    logger.addHandler(types.SimpleNamespace(level=0, handle=lambda record: lines.append(record.getMessage())))
    with redirect_stdout(StreamLogWriter(logger, logging.WARNING)), redirect_stderr(sys.stdout):
        print("a line")
    assert lines == ["a line"]
    assert should_hide_value_for_key("my_password")
    assert not should_hide_value_for_key("place")


def constants():
    wants = Resources(cpus=2).to_dict()
    assert wants["cpus"] == {"name": "CPU", "units_str": "core(s)", "qty": 2}
    assert CpuResource(1) == Resource("CPU", "core(s)", 1)
    assert [kind(1).units_str for kind in (RamResource, DiskResource, GpuResource)] == ["MB", "MB", "gpu(s)"]
    assert (DEFAULT_OWNER, DEFAULT_POOL_SLOTS, DEFAULT_PRIORITY_WEIGHT, DEFAULT_QUEUE) == ("airflow", 1, 1, "default")
    assert (XCOM_SKIPMIXIN_KEY, XCOM_SKIPMIXIN_SKIPPED, XCOM_SKIPMIXIN_FOLLOWED)[1:] == ("skipped", "followed")
    assert (CONN_ENV_PREFIX, VAR_ENV_PREFIX) == ("AIRFLOW_CONN_", "AIRFLOW_VAR_")
    assert STATE_COLORS["success"] == "green"
    assert _ENABLE_AIP_52 is True
    names = [CELERY_EXECUTOR, DASK_EXECUTOR, DEBUG_EXECUTOR, KUBERNETES_EXECUTOR, LOCAL_EXECUTOR, SEQUENTIAL_EXECUTOR]
    assert all(name.endswith("Executor") for name in names)
    assert FileLoadStat("f", None, 1, 2, "[]").dag_num == 1
    for kind in RAISED:
        raises(kind, lambda kind=kind: (_ for _ in ()).throw(kind("said")))

    class Once:
        @cached_property
        def value(self):
            return object()

    one = Once()
    assert one.value is one.value
    assert cache(lambda: object()) is not None


with DAG("one_by_one", start_date=datetime(2024, 1, 1), schedule=None) as dag:
    for check in (helpers, old_names, logs, constants):
        PythonOperator(task_id=check.__name__, python_callable=check)

    @python_task
    def first():
        return ["a", "b"]

    @bash_task
    def said():
        return "echo said"

    @branch_task
    def choose():
        return "kept"

    @short_circuit_task
    def go_on():
        return True

    @sensor_task(poke_interval=1, timeout=5)
    def there():
        return True

    @external_python_task(python=sys.executable)
    def elsewhere():
        return 1

    @branch_external_python_task(python=sys.executable)
    def choose_elsewhere():
        return "kept_elsewhere"

    @setup_task
    def begin():
        return 1

    @teardown_task
    def end():
        return 2

    @run_if(lambda context: False, "not now")
    @python_task
    def left_out():
        raise AssertionError

    @skip_if(lambda context: True)
    @python_task
    def left_out_too():
        raise AssertionError

    @task_group
    def inner():
        first() >> said()

    @python_task
    def kept():
        return True

    @python_task
    def kept_elsewhere():
        return True

    inner()
    choose() >> kept()
    choose_elsewhere() >> kept_elsewhere()
    go_on() >> elsewhere()
    begin() >> there() >> end()
    left_out()
    left_out_too()
    # Made, and not run here: they build environments, or are another language's.
    assert all(callable(kind) for kind in (virtualenv_task, branch_virtualenv_task, stub))
    assert issubclass(TaskDecoratorCollection, object)
