"""Notifiers: objects that are callbacks, with templated attributes."""

from __future__ import annotations

import logging
from collections.abc import Generator, Mapping, Sequence
from typing import Any, ClassVar

from .rendering import Renders


class BaseNotifier(Renders):
    """Extend it and give `notify(context)`, or `async_notify(context)`; `template_fields` names what is rendered."""

    template_fields: Sequence[str] = ()
    template_ext: Sequence[str] = ()
    template_fields_renderers: ClassVar[dict[str, str]] = {}

    def __init__(self, context: Mapping[str, Any] | None = None, **_: Any) -> None:
        super().__init__()
        self.context: Any = context or {}

    @property
    def log(self) -> logging.Logger:
        return logging.getLogger(f"airflow.{type(self).__module__}.{type(self).__name__}")

    def notify(self, context: Any) -> None:
        raise NotImplementedError(f"{type(self).__name__} has no notify().")

    async def async_notify(self, context: Any) -> None:
        raise NotImplementedError(f"{type(self).__name__} has no async_notify().")

    def render_template_fields(self, context: Any, jinja_env: Any = None) -> None:
        from .templates import Templates

        Templates(_Rendered(self, context), context, jinja_env).render_fields()

    def render_template(self, content: Any, context: Any, jinja_env: Any = None, seen_oids: Any = None) -> Any:
        from .templates import Templates

        return Templates(_Rendered(self, context), context, jinja_env, seen_oids=seen_oids).render(content)

    def get_template_env(self, dag: Any = None) -> Any:
        from .templates import environment

        return environment(dag)

    def resolve_template_files(self) -> None:
        """Template files are read when they are rendered."""

    def __call__(self, *args: Any) -> None:
        """As a callback is called: with the context, or as `sla_miss_callback` with its four arguments."""
        if len(args) == 1:
            context = args[0]
        else:
            names = ("dag", "task_list", "blocking_task_list", "blocking_tis")
            context = dict(zip(names, args[:4], strict=False))
        self._prepare(context)
        self.notify(context)

    def __await__(self) -> Generator[Any, None, None]:
        self._prepare(self.context)
        return self.async_notify(self.context).__await__()

    def _prepare(self, context: Any) -> None:
        for name in self.template_fields:
            context[name] = getattr(self, name)
        self.render_template_fields(context)


class _Rendered:
    """A notifier in the place of the task that templates are rendered for."""

    def __init__(self, notifier: BaseNotifier, context: Any) -> None:
        object.__setattr__(self, "_notifier", notifier)
        object.__setattr__(self, "dag_", context.get("dag"))

    render_template_as_native_obj = None
    task_type = property(lambda self: type(self._notifier).__name__)
    task_id = property(lambda self: type(self._notifier).__name__)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._notifier, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._notifier, name, value)
