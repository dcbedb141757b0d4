"""Templates in arguments: `{{ ds }}`, template files, native objects. Jinja is loaded by the first text that needs it.

Text without any markup is what Jinja would make of it, without Jinja. The environment is sandboxed as Airflow's is.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from . import era, times
from .exceptions import AirflowException
from .nodes import Node
from .references import Reference
from .rendering import Renders

if TYPE_CHECKING:
    from .dag import DAG

_MARKUP = ("{{", "{%", "{#")
_NEWLINES = re.compile(r"\r\n|\r|\n")
_NAMED_FILES = re.compile(r"\{%-?\s*(?:include|extends|import|from)\s+['\"]([^'\"]+)['\"]")


class LiteralValue:
    """`literal(value)`: rendered to the value as it stands."""

    def __init__(self, value: Any) -> None:
        self.value = value


def literal(value: Any) -> LiteralValue:
    return LiteralValue(value)


def has_markup(text: str) -> bool:
    return any(mark in text for mark in _MARKUP)


class Templates:
    """Renders one operator's arguments in one context. `untouched` are ids of values that are data, never templates."""

    def __init__(
        self,
        task: Any,
        context: Mapping[str, Any],
        env: Any = None,
        untouched: Iterable[int] = (),
        seen_oids: set[int] | None = None,
    ) -> None:
        self.task = task
        self.context = context
        self._env = env
        self._untouched = set(untouched)
        self._seen_oids = seen_oids
        self._kept: list[Any] = []  # so that no id in `_untouched` is ever used again
        dag = task.dag_
        native = task.render_template_as_native_obj
        self.native = bool(native if native is not None else dag is not None and dag.render_template_as_native_obj)
        # Other delimiters or native types: only Jinja knows what plain text means then.
        self._always = self.native or bool(dag is not None and dag.jinja_environment_kwargs)

    def render_fields(self) -> None:
        for name in self.task.template_fields:
            try:
                value = getattr(self.task, name)
            except AttributeError:
                raise AttributeError(
                    f"{name!r} is configured as a template field but {self.task.task_type} has no such attribute."
                ) from None
            if value is None or value == "":
                continue
            rendered = self.render(value)
            if rendered is not value:
                setattr(self.task, name, rendered)

    def env(self) -> Any:
        if self._env is None:
            self._env = environment(self.task.dag_, self.native)
        return self._env

    def render(self, value: Any, seen: frozenset[int] = frozenset()) -> Any:
        if id(value) in self._untouched:
            return value
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Reference):
            found = value.resolve(self.context)
            self._kept.append(found)
            self._untouched.add(id(found))
            return found
        if isinstance(value, LiteralValue):
            return value.value
        if isinstance(value, (int, float, bytes, datetime, type, Node)) or id(value) in seen:
            return value
        seen = seen | {id(value)}
        if isinstance(value, tuple):
            parts = [self.render(part, seen) for part in value]
            return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
        if isinstance(value, list):
            return [self.render(part, seen) for part in value]
        if isinstance(value, dict):
            return {key: self.render(part, seen) for key, part in value.items()}
        if isinstance(value, (set, frozenset)):
            return type(value)(self.render(part, seen) for part in value)
        if hasattr(value, "resolve") and hasattr(value, "iter_references"):
            return value.resolve(self.context)
        self._object(value, seen)
        return value

    def _object(self, value: Any, seen: frozenset[int]) -> None:
        theirs = getattr(type(self.task), "_render_nested_template_fields", None)
        if theirs is not None and theirs is not Renders._render_nested_template_fields:
            if self._seen_oids is None:
                self._seen_oids = set()
            theirs(self.task, value, self.context, self.env(), self._seen_oids)
            return
        fields = getattr(value, "template_fields", None)
        if not fields or isinstance(fields, str):
            return
        for name in fields:
            setattr(value, name, self.render(getattr(value, name), seen))

    def _text(self, text: str) -> Any:
        if any(text.endswith(ext) for ext in self.task.template_ext):
            return self._file(text)
        return self._made(text)

    def _made(self, text: str) -> Any:
        if not self._always and not has_markup(text):
            if "\n" not in text and "\r" not in text:
                return text
            text = _NEWLINES.sub("\n", text)
            return text[:-1] if text.endswith("\n") else text  # Jinja takes one newline off the end
        return _rendered(self.env().from_string(text), self.context, self.native)

    def _file(self, name: str) -> Any:
        path = find_file(self.task.dag_, name)
        if path is None:
            folders = ", ".join(search_folders(self.task.dag_)) or "nowhere (the task has no DAG)"
            raise AirflowException(
                f"Template file {name!r} of task '{self.task.task_id}' was not found in: {folders}. "
                "Put it there, name its folder in template_searchpath, or end the text with a space if it is no file."
            )
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if self._always or has_markup(text):
            return _rendered(self.env().get_template(name), self.context, self.native)
        return self._made(text)


def _rendered(template: Any, context: Mapping[str, Any], native: bool) -> Any:
    """With the context as it is: Jinja's own render() would copy it, and so make every key of it."""
    from jinja2.nativetypes import native_concat

    env = template.environment
    scope = template.new_context(_Scope(context, template.globals), shared=True)
    try:
        if native:
            return native_concat(template.root_render_func(scope))
        return "".join(template.root_render_func(scope))
    except Exception:
        return env.handle_exception()  # re-raises, with the template's own lines in the traceback


class _Scope(Mapping[str, Any]):
    """The context with Jinja's globals behind it."""

    def __init__(self, context: Mapping[str, Any], behind: Mapping[str, Any]) -> None:
        self._context = context
        self._behind = behind

    def __getitem__(self, name: str) -> Any:
        return self._context[name] if name in self._context else self._behind[name]

    def __contains__(self, name: object) -> bool:
        return name in self._context or name in self._behind

    def __iter__(self) -> Iterator[str]:
        yield from self._context
        yield from (name for name in self._behind if name not in self._context)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def copy(self) -> dict[str, Any]:
        """What Jinja shows as local variables in a traceback; making every key for that would hide the error."""
        return dict(self._behind)


def search_folders(dag: DAG | None) -> list[str]:
    return [dag.folder, *dag.template_searchpath] if dag is not None else []


def find_file(dag: DAG | None, name: str) -> str | None:
    if os.path.isabs(name) and dag is None:
        return name if os.path.isfile(name) else None
    for folder in search_folders(dag):
        path = os.path.join(folder, name.lstrip("/"))
        if os.path.isfile(path):
            return path
    return None


def files_of(dag: DAG, name: str) -> list[str]:
    """A template file and those it includes by a fixed name."""
    found: list[str] = []
    names = [name]
    while names:
        path = find_file(dag, names.pop())
        if path is not None and path not in found:
            found.append(path)
            with open(path, encoding="utf-8", errors="replace") as file:
                names += _NAMED_FILES.findall(file.read())
    return found


def environment(dag: DAG | None, native: bool = False) -> Any:
    """The Jinja environment of a DAG."""
    import jinja2
    import jinja2.nativetypes
    import jinja2.sandbox

    class Sandboxed(jinja2.sandbox.SandboxedEnvironment):
        def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
            """One leading underscore is allowed, as Airflow allows it; two are not."""
            return not jinja2.sandbox.is_internal_attribute(obj, attr)

    class Native(jinja2.nativetypes.NativeEnvironment, Sandboxed):
        pass

    options: dict[str, Any] = {
        "loader": jinja2.FileSystemLoader(search_folders(dag)),
        "undefined": jinja2.StrictUndefined,
        "extensions": ["jinja2.ext.do"],
    }
    if dag is not None:
        if dag.template_undefined is not None:
            options["undefined"] = dag.template_undefined
        elif not era.strict_undefined(dag.era):
            options["undefined"] = jinja2.Undefined
        options.update(dag.jinja_environment_kwargs or {})
        native = native or dag.render_template_as_native_obj
    env = (Native if native else Sandboxed)(**options)
    env.filters.update(FILTERS)
    if dag is not None:
        env.globals.update(dag.user_defined_macros or {})
        env.filters.update(dag.user_defined_filters or {})
    return env


def _moment(value: datetime) -> datetime:
    return times.make_aware(value) or value


FILTERS = {
    "ds": lambda value: value.strftime("%Y-%m-%d"),
    "ds_nodash": lambda value: value.strftime("%Y%m%d"),
    "ts": lambda value: _moment(value).isoformat(),
    "ts_nodash": lambda value: value.strftime("%Y%m%dT%H%M%S"),
    "ts_nodash_with_tz": lambda value: _moment(value).isoformat().replace("-", "").replace(":", ""),
}
