"""The inner steps of rendering, by the names that wheels know them: they call them, and override them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class Renders:
    """What an operator or a notifier inherits of it. A class that overrides a step is rendered by these steps."""

    template_fields: Any
    get_template_env: Any

    render_template: Any

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = vars(cls)
        if "_do_render_template_fields" in own and "render_template_fields" not in own:
            cls.render_template_fields = _by_steps  # type: ignore[attr-defined]

    def _do_render_template_fields(
        self, parent: Any, template_fields: Iterable[str], context: Any, jinja_env: Any, seen_oids: set[int]
    ) -> None:
        for name in template_fields:
            value = getattr(parent, name)
            if value:
                setattr(parent, name, self.render_template(value, context, jinja_env, seen_oids))

    def _render_nested_template_fields(self, content: Any, context: Any, jinja_env: Any, seen_oids: set[int]) -> None:
        """Of an object inside an argument; one that holds itself is rendered once."""
        fields = getattr(content, "template_fields", None)
        if fields and not isinstance(fields, str) and id(content) not in seen_oids:
            seen_oids.add(id(content))
            self._do_render_template_fields(content, fields, context, jinja_env, seen_oids)


def _by_steps(self: Any, context: Any, jinja_env: Any = None) -> None:
    env = jinja_env or self.get_template_env()
    self._do_render_template_fields(self, self.template_fields, context, env, set())
