"""Small functions of Airflow's own that operators of provider wheels are built with, under the meaning they have there.

Nothing of ours calls them.
"""

from __future__ import annotations

import hashlib
import importlib
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import reduce
from typing import Any

_KEY = re.compile(r"[\w.\-]+").fullmatch
_ESCAPES = re.compile(r"\x1b(?:[@-Z\\-_]|\[[0-?]*[ -/]*[@-~])")

md5 = hashlib.md5


# ── dictionaries and sequences ──


def prune_dict(val: Any, mode: str = "strict") -> Any:
    """Without what is None (`strict`) or false (`truthy`), however deep."""

    def is_empty(value: Any) -> bool:
        return value is None if mode == "strict" else not value

    if mode not in ("strict", "truthy"):
        raise ValueError("mode must be 'strict' or 'truthy'.")
    if isinstance(val, Mapping):
        parts = {key: prune_dict(part, mode) for key, part in val.items() if not is_empty(part)}
        return {k: v for k, v in parts.items() if not (isinstance(v, (dict, list)) and is_empty(v))}
    if isinstance(val, list):
        made = [prune_dict(part, mode) for part in val if not is_empty(part)]
        return [part for part in made if not (isinstance(part, (dict, list)) and is_empty(part))]
    return val


def merge_dicts(dict1: dict[Any, Any], dict2: Mapping[Any, Any]) -> dict[Any, Any]:
    """The second on top of the first, key by key however deep; both stay as they are."""
    merged = dict(dict1)
    for key, value in dict2.items():
        below = merged.get(key)
        both = isinstance(below, dict) and isinstance(value, dict)
        merged[key] = merge_dicts(below, value) if both and below is not None else value
    return merged


def exactly_one(*args: Any) -> bool:
    _no_collections(args)
    return sum(map(bool, args)) == 1


def at_most_one(*args: Any) -> bool:
    """Counts what is given: neither false nor left out."""
    from .marks import ArgNotSet

    return sum(bool(arg) and not isinstance(arg, ArgNotSet) for arg in args) <= 1


def _no_collections(args: tuple[Any, ...]) -> None:
    if any(isinstance(arg, (list, tuple, set, dict)) and len(args) == 1 for arg in args):
        raise ValueError("Give the values one by one, not as one collection.")


def is_container(obj: Any) -> bool:
    return hasattr(obj, "__iter__") and not isinstance(obj, (str, bytes))


def as_tuple(obj: Any) -> tuple[Any, ...]:
    return tuple(obj) if is_container(obj) else (obj,)


def chunks(items: list[Any], chunk_size: int) -> Iterator[list[Any]]:
    if chunk_size <= 0:
        raise ValueError("Chunk size must be a positive integer")
    for at in range(0, len(items), chunk_size):
        yield items[at : at + chunk_size]


def reduce_in_chunks(fn: Callable[[Any, list[Any]], Any], iterable: Any, initializer: Any, chunk_size: int = 0) -> Any:
    items = list(iterable)
    return reduce(fn, chunks(items, chunk_size or len(items)), initializer) if items else initializer


def partition(pred: Callable[[Any], bool], iterable: Any) -> tuple[Iterator[Any], Iterator[Any]]:
    items = list(iterable)
    return iter([item for item in items if not pred(item)]), iter([item for item in items if pred(item)])


# ── texts ──


def validate_key(k: str, max_length: int = 250) -> None:
    if not isinstance(k, str):
        raise TypeError(f"The key has to be a string and is {type(k)}:{k}")
    if len(k) > max_length:
        from ..sdk.exceptions import AirflowException

        raise AirflowException(f"The key has to be at most {max_length} characters long, and has {len(k)}.")
    if not _KEY(k):
        from ..sdk.exceptions import AirflowException

        raise AirflowException(f"The key {k!r} may hold letters, digits, dashes, dots and underscores alone.")


def to_boolean(astring: str | None) -> bool:
    return astring is not None and astring.lower() in ("true", "t", "yes", "y", "on", "1")


def remove_escape_codes(text: str) -> str:
    return _ESCAPES.sub("", text)


def getuser() -> str:
    import getpass

    from ..sdk.exceptions import AirflowConfigException

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise AirflowConfigException("The user that runs this process has no name, and USER is not set.") from None


def build_airflow_url_with_query(query: Mapping[str, Any]) -> str:
    from urllib.parse import urlencode

    return f"{_address()}/dags/{query.get('dag_id', '')}?{urlencode(query)}"


def build_airflow_dagrun_url(dag_id: str, run_id: str) -> str:
    from urllib.parse import quote

    return f"{_address()}/dags/{dag_id}/runs/{quote(run_id, safe='')}"


def _address() -> str:
    from ..sdk.settings import conf

    return str(conf.get("api", "base_url", fallback="http://localhost:8080")).rstrip("/")


# ── modules ──


def import_string(dotted_path: str) -> Any:
    place, dot, name = dotted_path.rpartition(".")
    if not dot:
        raise ImportError(f"{dotted_path} doesn't look like a module path")
    module = importlib.import_module(place)
    try:
        return getattr(module, name)
    except AttributeError:
        raise ImportError(f'Module "{place}" does not define a "{name}" attribute/class') from None


def qualname(o: Any, use_qualname: bool = False, exclude_module: bool = False) -> str:
    import functools

    while isinstance(o, functools.partial):
        o = o.func
    kind = o if hasattr(o, "__qualname__") else type(o)
    name = str(kind.__qualname__ if use_qualname or not hasattr(o, "__name__") else kind.__name__)
    module = getattr(kind, "__module__", None)
    return name if exclude_module or not module or module == "builtins" else f"{module}.{name}"


def iter_namespace(ns: Any) -> Iterator[Any]:
    import pkgutil

    return pkgutil.iter_modules(ns.__path__, ns.__name__ + ".")


def is_valid_dotpath(path: Any) -> bool:
    return isinstance(path, str) and all(part.isidentifier() for part in path.split("."))


def get_unique_dag_module_name(file_path: str) -> str:
    import os

    stem = re.sub(r"[.-]", "_", os.path.splitext(os.path.basename(file_path))[0])
    return f"unusual_prefix_{hashlib.sha1(file_path.encode()).hexdigest()}_{stem}"


def correct_maybe_zipped(fileloc: Any) -> Any:
    """The zip file, for a path inside one."""
    import zipfile

    found = re.search(r"((.*\.zip)[/\\])?(.*)", str(fileloc)) if fileloc else None
    archive = found.group(2) if found else None
    return archive if archive and zipfile.is_zipfile(archive) else fileloc


# ── calling with what a function takes ──


def determine_kwargs(func: Callable[..., Any], args: Collection[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the named values that the function takes, beside the positional ones."""
    from ..sdk.calling import takes

    wanted = takes(func)
    if wanted is None:
        return {}
    taken = set(wanted.names[: min(len(args), wanted.positional)])
    if wanted.everything:
        return {name: kwargs[name] for name in kwargs if name not in taken}
    return {name: kwargs[name] for name in wanted.names if name in kwargs and name not in taken}


def make_kwargs_callable(func: Callable[..., Any]) -> Callable[..., Any]:
    """The function, called with those named values that it takes."""
    import functools

    @functools.wraps(func)
    def called(*args: Any, **kwargs: Any) -> Any:
        return func(*args, **determine_kwargs(func, args, kwargs))

    return called


class KeywordParameters:
    """The named values that a function is called with; what it can do without is left out."""

    def __init__(self, kwargs: Mapping[str, Any], wildcard: bool) -> None:
        self._kwargs, self._wildcard = kwargs, wildcard

    @classmethod
    def determine(cls, func: Callable[..., Any], args: Collection[Any], kwargs: Mapping[str, Any]) -> KeywordParameters:
        from ..sdk.calling import takes

        wanted = takes(func)
        return cls(determine_kwargs(func, args, kwargs), wanted is not None and wanted.everything)

    def unpacking(self) -> Mapping[str, Any]:
        return self._kwargs

    def serializing(self) -> Mapping[str, Any]:
        return dict(self._kwargs)


class _Caller:
    def __init__(self, func: Callable[..., Any]) -> None:
        self.func = func

    def run(self, *args: Any, **kwargs: Any) -> Any:
        return self.func(*args, **kwargs)


def ExecutionCallableRunner(func: Callable[..., Any], outlet_events: Any = None, *, logger: Any = None) -> _Caller:
    """Calls the function; asset events that it adds are on the context itself."""
    return _Caller(func)


def create_executable_runner(func: Callable[..., Any], outlet_events: Any = None, logger: Any = None) -> _Caller:
    return _Caller(func)


class _AsyncCaller(_Caller):
    async def run(self, *args: Any, **kwargs: Any) -> Any:
        return await self.func(*args, **kwargs)


def create_async_executable_runner(func: Callable[..., Any], outlet_events: Any = None, logger: Any = None) -> _Caller:
    return _AsyncCaller(func)


def context_merge(context: Any, *args: Any, **kwargs: Any) -> None:
    """More values into a context."""
    context.update(*args, **kwargs)


def context_get_outlet_events(context: Any) -> Any:
    return context.get("outlet_events") or {}


_WORDS = ("dag_id", "task_id", "execution_date", "try_number", "dag_run_id", "dag_owner", "logical_date")
AIRFLOW_VAR_NAME_FORMAT_MAPPING = {
    f"AIRFLOW_CONTEXT_{word.upper()}": {
        "default": f"airflow.ctx.{word}",
        "env_var_format": f"AIRFLOW_CTX_{word.upper()}",
    }
    for word in (*_WORDS, "dag_email")
}


def context_to_airflow_vars(context: Any, in_env_var_format: bool = False) -> dict[str, str]:
    """What child processes are told about the task, as environment variables or with dotted names."""
    from ..sdk.context import environment_of

    # A function that takes **context has a dict of it.
    told = environment_of(context if hasattr(context, "instance") else context["ti"]._context)
    if in_env_var_format:
        return told
    return {name.lower().replace("airflow_ctx_", "airflow.ctx."): value for name, value in told.items()}
