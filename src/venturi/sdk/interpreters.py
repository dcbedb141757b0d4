"""Functions that run in another Python: in an environment made for them, or in one that is there.

Owns the child's script and what travels: arguments and result in files, with the serializer the author chose; what
the child prints goes to the task's log as it comes. The environments themselves are made in `venvs`.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Collection, Container, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .calling import takes
from .exceptions import AirflowException, AirflowSkipException, DeserializingResultError
from .python import BranchMixIn, PythonOperator
from .services.packages import needed
from .source import source_of

if TYPE_CHECKING:
    import subprocess

_SERIALIZERS = ("pickle", "dill", "cloudpickle", "json")

# What a function may name of its context: words, dates and the like; no live object travels to another interpreter.
_DATES = (
    *("data_interval_end", "data_interval_start", "execution_date", "logical_date", "next_execution_date"),
    *("prev_data_interval_end_success", "prev_data_interval_start_success", "prev_end_date_success"),
    *("prev_execution_date", "prev_execution_date_success", "prev_start_date_success"),
)
_PLAIN = (
    *("ds", "ds_nodash", "expanded_ti_count", "next_ds", "next_ds_nodash", "params", "prev_ds", "prev_ds_nodash"),
    *("run_id", "task_instance_key_str", "test_mode", "tomorrow_ds", "tomorrow_ds_nodash", "ts", "ts_nodash"),
    *("ts_nodash_with_tz", "yesterday_ds", "yesterday_ds_nodash"),
)

_SCRIPT = """\
import sys
import {library} as _library

with open(sys.argv[1], "rb") as _file:
    _given = _library.loads(_file.read())
virtualenv_string_args = _given["string_args"]

{source}

try:
    _result = {name}(*_given["args"], **_given["kwargs"])
except BaseException as _error:
    if not isinstance(_error, SystemExit):
        with open(sys.argv[3], "w", encoding="utf-8", errors="backslashreplace") as _file:
            _file.write(f"{{type(_error).__name__}}: {{_error}}")
    raise
_made = _library.dumps(_result)
with open(sys.argv[2], "wb") as _file:
    _file.write(_made.encode() if isinstance(_made, str) else _made)
"""


class Elsewhere(PythonOperator):
    """What the operators of this kind share. The function is shipped as source: imports go inside it."""

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        serializer: str | None = None,
        use_dill: bool = False,
        string_args: Iterable[str] | None = None,
        expect_airflow: bool = True,
        expect_pendulum: bool = True,
        skip_on_exit_code: int | Container[int] | None = None,
        env_vars: dict[str, str] | None = None,
        inherit_env: bool = True,
        **kwargs: Any,
    ) -> None:
        import inspect

        kind = type(self).__name__
        if not inspect.isfunction(python_callable) or python_callable.__name__ == "<lambda>":
            raise ValueError(f"{kind} only supports functions for python_callable arg")
        if inspect.isgeneratorfunction(python_callable):
            raise ValueError(f"{kind} does not support using 'yield' in python_callable")
        super().__init__(python_callable=python_callable, **kwargs)
        self.serializer = serializer or ("dill" if use_dill else "pickle")
        if self.serializer not in _SERIALIZERS:
            raise AirflowException(
                f"Unsupported serializer {serializer!r}. Expected one of {', '.join(map(repr, _SERIALIZERS))}"
            )
        self.string_args = list(string_args or ())
        self.expect_airflow, self.expect_pendulum = expect_airflow, expect_pendulum
        chosen = skip_on_exit_code
        self.skip_on_exit_code: Container[int] = (chosen,) if isinstance(chosen, int) else chosen or ()
        self.env_vars, self.inherit_env = env_vars, inherit_env
        self._process: subprocess.Popen[bytes] | None = None

    def interpreter(self) -> str:
        """The path of the Python to run in."""
        raise NotImplementedError

    def get_python_source(self) -> str:
        return source_of(self.python_callable)

    def execute_callable_in(self, context: Any) -> Any:
        import tempfile

        library = needed(self.serializer, type(self).__name__)
        given = self._arguments(context)
        python = self.interpreter()
        with tempfile.TemporaryDirectory(prefix="venv-call") as folder:
            script, sent, made, failed = (os.path.join(folder, n) for n in ("task.py", "given", "made", "failed"))
            with open(script, "w", encoding="utf-8") as file:
                name = self.python_callable.__name__
                file.write(_SCRIPT.format(library=self.serializer, source=self.get_python_source(), name=name))
            with open(sent, "wb") as file:
                file.write(self._packed(library, given))
            self._run([python, script, sent, made, failed], failed)
            with open(made, "rb") as file:
                return self._unpacked(library, file.read())

    def _arguments(self, context: Any) -> dict[str, Any]:
        """What the function is called with: its own arguments, and those of the context's words that it names."""
        kwargs = dict(self.op_kwargs)
        if self.templates_dict is not None:
            kwargs.setdefault("templates_dict", self.templates_dict)
        wanted = takes(self.python_callable)
        if wanted is not None:
            taken = {*kwargs, *wanted.names[: min(len(self.op_args), wanted.positional)]}
            names = (*_PLAIN, *_DATES) if wanted.everything else wanted.names
            for name in names:
                if name in taken or name not in context:
                    continue
                if name in _PLAIN:
                    kwargs[name] = context[name]
                elif name in _DATES:
                    kwargs[name] = _plain_date(context[name])
            if not wanted.everything and "templates_dict" not in wanted.names:
                kwargs.pop("templates_dict", None)
        return {"args": tuple(self.op_args), "kwargs": kwargs, "string_args": self.string_args}

    def _packed(self, library: Any, given: Mapping[str, Any]) -> bytes:
        try:
            made = library.dumps(given)
        except Exception as error:
            wanted = takes(self.python_callable)
            named = {**dict(zip(wanted.names if wanted else (), given["args"], strict=False)), **given["kwargs"]}
            bad = [name for name, value in named.items() if not _can_travel(library, value)]
            which = f"the argument '{bad[0]}'" if bad else "an argument"
            raise AirflowException(
                f"{which} of '{self.task_id}' cannot go to another Python by {self.serializer} ({error}). "
                "Give text, numbers, lists and dicts of these, or choose another serializer."
            ) from None
        return made.encode() if isinstance(made, str) else bytes(made)

    def _unpacked(self, library: Any, data: bytes) -> Any:
        try:
            return library.loads(data)
        except Exception as error:
            raise DeserializingResultError(
                f"What '{self.task_id}' returned cannot be read here: {type(error).__name__}: {error}. Return plain "
                "data, or a class that is installed on both sides."
            ) from error

    def _run(self, command: list[str], failed: str) -> None:
        import subprocess
        import sys

        env = dict(os.environ) if self.inherit_env else {}
        env["PYTHONPATH"] = os.environ.get("PYTHONPATH", "") if self.expect_airflow else env.get("PYTHONPATH", "")
        env["PYTHONUNBUFFERED"] = "1"
        env.update({str(k): str(v) for k, v in (self.env_vars or {}).items()})
        sys.stdout.flush()
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=env)
        self._process.venturi_looks_after = True  # type: ignore[attr-defined]  # its failure is told below
        code = self._process.wait()
        if code in self.skip_on_exit_code:
            raise AirflowSkipException(f"Process exited with code {code}. Skipping.")
        if code == 0:
            return
        said = ""
        if os.path.exists(failed):
            with open(failed, encoding="utf-8") as file:
                said = f"\n{file.read()}"
        raise AirflowException(f"Process returned non-zero exit status {code}.{said}")

    def on_kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)


def _plain_date(value: Any) -> Any:
    """A date of the standard library: the other Python need not have pendulum."""
    if not isinstance(value, datetime):
        return value
    return datetime.fromisoformat(value.isoformat())


def _can_travel(library: Any, value: Any) -> bool:
    try:
        library.dumps(value)
    except Exception:
        return False
    return True


class PythonVirtualenvOperator(Elsewhere):
    """Calls the function in a virtual environment with these requirements, made once for every task that wants it."""

    template_fields: Collection[str] = (
        *("requirements", "index_urls", "index_urls_from_connection_ids", "venv_cache_path"),
        *PythonOperator.template_fields,
    )
    template_ext = (".txt",)

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        requirements: Iterable[str] | str | None = None,
        python_version: str | float | None = None,
        system_site_packages: bool = True,
        pip_install_options: list[str] | None = None,
        index_urls: Collection[str] | str | None = None,
        index_urls_from_connection_ids: Collection[str] | str | None = None,
        venv_cache_path: str | os.PathLike[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(python_callable=python_callable, **kwargs)
        self.requirements: Any = requirements if isinstance(requirements, str) else list(requirements or ())
        self.python_version = None if python_version is None else str(python_version)
        self.system_site_packages = system_site_packages
        self.pip_install_options = list(pip_install_options or ())
        self.index_urls: Any = index_urls
        self.index_urls_from_connection_ids: Any = index_urls_from_connection_ids
        self.venv_cache_path = venv_cache_path

    def interpreter(self) -> str:
        from .venvs import Wanted, ensure

        given = self.requirements.splitlines() if isinstance(self.requirements, str) else self.requirements
        lines = [line for text in given for line in str(text).splitlines() if line.strip()]
        if self.serializer in ("dill", "cloudpickle") and not self.system_site_packages:
            lines.append(self.serializer)
        wanted = Wanted(
            requirements=tuple(lines),
            python_version=self.python_version,
            system_site_packages=self.system_site_packages,
            pip_options=tuple(self.pip_install_options),
            index_urls=(*_several(self.index_urls), *self._indexes_of_connections()),
        )
        return ensure(wanted, None if self.venv_cache_path is None else os.fspath(self.venv_cache_path))

    def _indexes_of_connections(self) -> list[str]:
        from .connections import Connection

        return [Connection.get(conn_id).get_uri() for conn_id in _several(self.index_urls_from_connection_ids)]


def _several(given: Any) -> tuple[str, ...]:
    return () if given is None else (given,) if isinstance(given, str) else tuple(given)


class ExternalPythonOperator(Elsewhere):
    """Calls the function in the Python at this path."""

    template_fields: Collection[str] = ("python", *PythonOperator.template_fields)

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        python: str,
        expect_airflow: bool = True,
        **kwargs: Any,
    ) -> None:
        if not python:
            raise ValueError("Python Path must be defined in ExternalPythonOperator")
        super().__init__(python_callable=python_callable, expect_airflow=expect_airflow, **kwargs)
        self.python = python

    def interpreter(self) -> str:
        if not os.path.exists(self.python):
            raise ValueError(f"Python Path '{self.python}' must exists")
        if not os.path.isfile(self.python):
            raise ValueError(f"Python Path '{self.python}' must be a file")
        return self.python


class BranchPythonVirtualenvOperator(PythonVirtualenvOperator, BranchMixIn):
    """Its function, in an environment of its own, says which direct downstream tasks to follow."""

    inherits_from_skipmixin = True

    def execute(self, context: Any) -> Any:
        return self.do_branch(context, super().execute(context))


class BranchExternalPythonOperator(ExternalPythonOperator, BranchMixIn):
    """Its function, in the Python at this path, says which direct downstream tasks to follow."""

    inherits_from_skipmixin = True

    def execute(self, context: Any) -> Any:
        return self.do_branch(context, super().execute(context))


class DecoratedVirtualenv(PythonVirtualenvOperator):
    custom_operator_name = "@task.virtualenv"


class DecoratedExternalPython(ExternalPythonOperator):
    custom_operator_name = "@task.external_python"


class DecoratedBranchVirtualenv(BranchPythonVirtualenvOperator):
    custom_operator_name = "@task.branch_virtualenv"


class DecoratedBranchExternalPython(BranchExternalPythonOperator):
    custom_operator_name = "@task.branch_external_python"


class DecoratedStub(PythonOperator):
    """Stands for a task that is written in another language; nothing here can run it."""

    custom_operator_name = "@task.stub"

    def execute(self, context: Any) -> Any:
        raise AirflowException(
            f"'{self.task_id}' is a stub (@task.stub): its code is in another language, whose workers Venturi has not."
        )
