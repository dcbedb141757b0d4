"""Small functions and classes under `airflow.utils` and beside it that files of 1.10 and 2.x use, as they work there.

`kit` has those that provider wheels are built with.
"""

from __future__ import annotations

import functools
import importlib
import json
import logging
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import date, datetime
from typing import Any

from ..sdk import times
from ..sdk.exceptions import AirflowConfigException, AirflowException

cached_property = functools.cached_property
cache = functools.cache
TRUE_LIKE_VALUES = {"on", "t", "true", "y", "yes", "1"}
KEY_REGEX = re.compile(r"^[\w.-]+$")
GROUP_KEY_REGEX = re.compile(r"^[\w\-]+$")
IS_WINDOWS = os.name == "nt"
ENABLE_AIP_52 = True  # setup and teardown, which were an experiment once
DEFAULT_OWNER, DEFAULT_POOL_SLOTS, DEFAULT_PRIORITY_WEIGHT, DEFAULT_QUEUE = "airflow", 1, 1, "default"
XCOM_SKIPMIXIN_KEY, XCOM_SKIPMIXIN_SKIPPED, XCOM_SKIPMIXIN_FOLLOWED = "skipmixin_key", "skipped", "followed"
MAX_XCOM_SIZE = 49344
CONN_ENV_PREFIX, VAR_ENV_PREFIX = "AIRFLOW_CONN_", "AIRFLOW_VAR_"
STATE_COLORS = {
    "queued": "gray",
    "running": "lime",
    "success": "green",
    "failed": "red",
    "up_for_retry": "gold",
    "up_for_reschedule": "turquoise",
    "upstream_failed": "orange",
    "skipped": "hotpink",
    "scheduled": "tan",
    "deferred": "mediumpurple",
    "restarting": "violet",
}

__all__ = ["redirect_stderr", "redirect_stdout"]  # beside what is defined here


# ── airflow.utils.helpers, airflow.utils.strings ──


def as_flattened_list(iterable: Iterable[Any]) -> list[Any]:
    """The elements of the elements."""
    return [element for inner in iterable for element in inner]


def convert_camel_to_snake(camel_str: str) -> str:
    return re.sub(r"(?!^)([A-Z]+)", r"_\1", camel_str).lower()


def validate_group_key(k: str, max_length: int = 200) -> None:
    if not isinstance(k, str):
        raise TypeError(f"The key has to be a string and is {type(k)}:{k}")
    if len(k) > max_length or not GROUP_KEY_REGEX.match(k):
        raise AirflowException(f"The key {k!r} has to be of at most {max_length} letters, digits, dashes, underscores.")


def prevent_duplicates(kwargs1: dict[str, Any], kwargs2: Mapping[str, Any], *, fail_reason: str) -> None:
    twice = sorted(kwargs1.keys() & kwargs2.keys())
    if twice:
        many = "s" if len(twice) > 1 else ""
        raise TypeError(f"{fail_reason} argument{many}: {', '.join(twice)}")


def ask_yesno(question: str, default: bool | None = None) -> bool:
    while True:
        answer = input(question).strip().lower()
        if not answer and default is not None:
            return default
        if answer in ("y", "yes", "n", "no"):
            return answer in ("y", "yes")


def parse_template_string(template_string: str) -> tuple[str | None, Any]:
    """The text itself, or what Jinja makes of it where it holds a template."""
    if "{{" not in template_string:
        return template_string, None
    from ..sdk.services.packages import needed

    return None, needed("jinja2", "A template").Template(template_string)


def render_template(template: Any, context: Mapping[str, Any], *, native: bool) -> Any:
    """A Jinja template with this context, as text or as the value that it makes."""
    environment = template.environment
    if native:
        from ..sdk.services.packages import needed

        environment = needed("jinja2.nativetypes", "A native template").NativeEnvironment()
    concat = environment.concat if hasattr(environment, "concat") else "".join
    return concat(template.root_render_func(template.new_context(dict(context))))


def render_template_to_string(template: Any, context: Mapping[str, Any]) -> str:
    return str(render_template(template, context, native=False))


def render_template_as_native(template: Any, context: Mapping[str, Any]) -> Any:
    return render_template(template, context, native=True)


def get_random_string(length: int = 8, choices: str = "") -> str:
    import random
    import string

    return "".join(random.choices(choices or string.ascii_letters + string.digits, k=length))


# ── airflow.utils.json, airflow.utils.compression, airflow.utils.retries ──


class AirflowJsonEncoder(json.JSONEncoder):
    """Dates as text, numbers of Decimal and numpy as numbers, sets as lists."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "default": kwargs.get("default") or _plain})


def _plain(value: Any) -> Any:
    from decimal import Decimal

    if isinstance(value, datetime):
        return f"{times.convert_to_utc(value):%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    if hasattr(value, "tolist"):  # numpy's
        return value.tolist()
    raise TypeError(f"Object of type '{type(value).__name__}' is not JSON serializable")


def uncompress_file(input_file_name: str, file_extension: str, dest_dir: str) -> str:
    """A `.gz` or `.bz2` unpacked into a new file of the folder."""
    import bz2
    import gzip
    import shutil
    import tempfile

    opened: Any = {".gz": gzip.open, ".bz2": bz2.open}.get(file_extension.lower())
    if opened is None:
        raise NotImplementedError(f"Received {file_extension} format. Only gz and bz2 files can be uncompressed.")
    with opened(input_file_name, "rb") as packed, tempfile.NamedTemporaryFile(dir=dest_dir, delete=False) as plain:
        shutil.copyfileobj(packed, plain)
    return plain.name


def run_with_db_retries(max_retries: int = 3, logger: Any = None, **_: Any) -> Iterator[Any]:
    """`for attempt in …: with attempt:`: there is no database to fail, so that one attempt is made."""
    from contextlib import nullcontext

    return iter([nullcontext()])


# ── airflow.utils.deprecation_tools, airflow.utils.warnings, airflow.utils.decorators ──


def getattr_with_deprecation(
    imports: Mapping[str, str],
    module: str,
    override_deprecated_classes: Mapping[str, str],
    extra_message: str,
    name: str,
) -> Any:
    """The object that a module's `imports` names for an old name, with a warning."""
    target = imports.get(name) or imports.get("*", "").replace(".*", f".{name}")
    if not target:
        raise AttributeError(f"The module `{module!r}` has no attribute `{name!r}`")
    place, _, new = target.rpartition(".")
    told = override_deprecated_classes.get(name, target)
    warnings.warn(f"`{module}.{name}` is deprecated. Use `{told}`. {extra_message}", DeprecationWarning, stacklevel=3)
    return getattr(importlib.import_module(place), new)


def add_deprecated_classes(
    module_imports: Mapping[str, Mapping[str, str]],
    package: str,
    override_deprecated_classes: Mapping[str, Mapping[str, str]] | None = None,
    extra_message: str = "",
    **_: Any,
) -> None:
    """Old names of a package, looked up when they are asked for; a key that is a module's name makes that module."""
    from types import ModuleType

    for inner, imports in module_imports.items():
        full = package if inner == "__name__" else f"{package}.{inner}"
        told = (override_deprecated_classes or {}).get(inner, {})
        module = sys.modules.get(full) or ModuleType(full)
        module.__dict__["__getattr__"] = functools.partial(getattr_with_deprecation, imports, full, told, extra_message)
        sys.modules.setdefault(full, module)


@contextmanager
def capture_with_reraise() -> Iterator[list[Any]]:
    """What is warned of inside, told again behind it."""
    caught: list[Any] = []
    try:
        with warnings.catch_warnings(record=True) as inner:
            yield caught
    finally:
        caught.extend(inner)
        for one in inner:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)


def remove_task_decorator(python_source: str, task_decorator_name: str) -> str:
    """The source of a function without this decorator above it."""
    mark = re.compile(rf"^\s*{re.escape(task_decorator_name)}(\.\w+)*\b.*$")
    kept, depth = [], 0
    for line in python_source.splitlines(keepends=True):
        if depth > 0 or mark.match(line):
            depth += line.count("(") - line.count(")")
            continue
        kept.append(line)
    return "".join(kept)


# ── logging ──


class StreamLogWriter:
    """What is written to it goes to a logger, line by line."""

    encoding: Any = None

    def __init__(self, logger: logging.Logger, level: int) -> None:
        self.logger, self.level, self._buffer = logger, level, ""

    def write(self, message: str) -> None:
        self._buffer += message
        if message.endswith("\n"):
            self.flush()

    def flush(self) -> None:
        text, self._buffer = self._buffer.rstrip(), ""
        if text:
            self.logger.log(self.level, text)

    def close(self) -> None:
        self.flush()

    @property
    def closed(self) -> bool:
        return False

    def isatty(self) -> bool:
        return False


def should_hide_value_for_key(name: Any) -> bool:
    from ..core.secrets import sounds_secret

    return isinstance(name, str) and sounds_secret(name.strip().lower())


# ── airflow.utils.operator_resources ──


class Resource:
    def __init__(self, name: str, units_str: str, qty: float) -> None:
        if qty < 0:
            raise AirflowException(f"Received resource quantity {qty} for resource {name}, but it must be positive.")
        self.name, self.units_str, self.qty = name, units_str, qty

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Resource) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    def to_dict(self) -> dict[str, Any]:
        return dict(vars(self))


def _kind(name: str, units: str) -> Callable[[float], Resource]:
    return functools.partial(Resource, name, units)


CpuResource, RamResource, DiskResource, GpuResource = (
    _kind("CPU", "core(s)"),
    _kind("RAM", "MB"),
    _kind("Disk", "MB"),
    _kind("GPU", "gpu(s)"),
)


class Resources:
    """What a task says it wants of the machine."""

    def __init__(self, cpus: float = 1, ram: float = 512, disk: float = 512, gpus: float = 0) -> None:
        self.cpus, self.ram, self.disk, self.gpus = (
            CpuResource(cpus),
            RamResource(ram),
            DiskResource(disk),
            GpuResource(gpus),
        )

    def to_dict(self) -> dict[str, Any]:
        return {name: each.to_dict() for name, each in vars(self).items()}


# ── airflow.configuration ──


def expand_env_var(env_var: Any) -> Any:
    """`$NAME` and `~` filled in until nothing changes."""
    before = None
    while isinstance(env_var, str) and env_var != before:
        before, env_var = env_var, os.path.expanduser(os.path.expandvars(env_var))
    return env_var


def run_command(command: str) -> str:
    """What a command prints, for settings that are asked of one."""
    import shlex

    done = subprocess.run(shlex.split(command), capture_output=True, text=True, check=False)
    if done.returncode:
        raise AirflowConfigException(
            f"Cannot execute {command}. Error code is: {done.returncode}. Output: {done.stdout}, Stderr: {done.stderr}"
        )
    return done.stdout
