"""Operators that wait for a person: to choose, approve, or fill in a form.

Owns what files declare, its checks, and what follows from an answer. A task asks by waiting: its question is kept in
the commit in which it is deferred, and the engine takes the answer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

from ..core.questions import TRIGGER, whole_params
from . import times
from .describe import plain_param
from .exceptions import AirflowException
from .operator import BaseOperator
from .params import ParamsDict
from .plain import plain
from .python import BranchMixIn, SkipMixin, leave_out
from .triggers import BaseTrigger, TriggerEvent


class HITLTriggerEventError(Exception):
    """Waiting for a person went wrong."""


class HITLTimeoutError(HITLTriggerEventError):
    """Nobody answered in time."""


class HITLRejectException(AirflowException):
    """A person said no, and the task is to fail by that."""


class Question(BaseTrigger):
    """Fires when a person has answered, or none has in time. The engine sees to that."""

    def __init__(self, question: dict[str, Any], limit: timedelta | None = None, **_: Any) -> None:
        super().__init__()
        self.question = dict(question)
        if limit is not None:
            self.question["due_at"] = (times.utcnow() + limit).timestamp()

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return TRIGGER, {"question": self.question}

    def wait_words(self) -> str:
        return f"a person's answer to: {' '.join(str(self.question.get('subject')).split())}"[:300]

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Where there is no engine there is nobody to ask."""
        defaults = self.question.get("defaults")
        if defaults is None:
            raise HITLTriggerEventError("Nobody can be asked in this process, and the task has no defaults.")
        yield TriggerEvent(
            {
                "chosen_options": defaults,
                "params_input": whole_params(self.question, {}),
                "responded_at": times.utcnow(),
                "responded_by_user": None,
                "timedout": True,
            }
        )


class HITLOperator(BaseOperator):
    """Asks a person to choose among options, and to fill in `params`."""

    template_fields: Collection[str] = ("subject", "body")

    def __init__(
        self,
        *,
        subject: str,
        options: Sequence[str],
        body: str | None = None,
        defaults: str | Sequence[str] | None = None,
        multiple: bool = False,
        params: Mapping[str, Any] | None = None,
        notifiers: Any = None,
        assigned_users: Any = None,
        response_timeout: timedelta | None = None,
        respondents: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if self.execution_timeout and not response_timeout:
            response_timeout, self.execution_timeout = self.execution_timeout, None
        self.subject = subject
        self.body = body
        self.options = list(options)
        self.defaults = [defaults] if isinstance(defaults, str) else None if defaults is None else list(defaults)
        self.multiple = multiple
        self.asked = ParamsDict(params)
        self.params = self.asked
        self.notifiers = list(notifiers) if isinstance(notifiers, (list, tuple)) else [notifiers] if notifiers else []
        users = assigned_users if assigned_users is not None else respondents
        self.assigned_users = [users] if isinstance(users, dict) else users
        self.response_timeout = response_timeout
        self._check()

    def _check(self) -> None:
        if not self.options:
            raise ValueError('"options" cannot be empty.')
        if "_options" in self.asked:
            raise ValueError('"_options" is not allowed in params')
        if self.defaults is not None:
            if not set(self.defaults) <= set(self.options):
                raise ValueError(f'defaults "{self.defaults}" should be a subset of options "{self.options}"')
            if not self.multiple and len(self.defaults) > 1:
                raise ValueError('More than one defaults given when "multiple" is set to False.')

    def execute(self, context: Any) -> Any:
        self.log.info("Waiting for response")
        for notifier in self.notifiers:
            notifier(context)
        limit = self.response_timeout
        self.defer(trigger=Question(self._question(), limit), method_name="execute_complete")

    def _question(self) -> dict[str, Any]:
        """As it is kept: the texts are rendered by now."""
        names = ("subject", "body", "options", "defaults", "multiple", "assigned_users")
        told = {name: plain(value) for name in names if (value := getattr(self, name)) is not None}
        if self.asked:
            told["params"] = {name: plain_param(self.asked.get_param(name)) for name in self.asked}
        return told

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """What follows from an answer."""
        if "error" in event:
            raise (HITLTimeoutError if event.get("error_type") == "timeout" else HITLTriggerEventError)(event)
        chosen, given = event["chosen_options"], event.get("params_input") or {}
        strays = set(chosen) - set(self.options)
        if strays:
            raise ValueError(f"Responses {strays} not in {self.options}")
        if self.asked and given and set(self.asked) != set(given):
            raise ValueError(f"params_input {given} does not match params {self.asked}")
        self.asked.update(given)
        self.asked.validate()
        names = ("responded_at", "responded_by_user")
        return {"chosen_options": chosen, "params_input": given, **{name: event.get(name) for name in names}}

    def generate_link_to_ui(
        self, *, task_instance: Any, base_url: str | None = None, options: Any = None, params_input: Any = None
    ) -> str:
        """Where a person answers."""
        query: dict[str, Any] = {}
        chosen = [options] if isinstance(options, str) else list(options or ())
        if set(chosen) - set(self.options):
            raise ValueError(f"options {set(chosen) - set(self.options)} are not valid options")
        if chosen:
            query["_options"] = chosen
        strays = set(params_input or ()) - set(self.asked)
        if strays:
            raise ValueError(f"params {strays} are not valid params")
        query.update(params_input or {})
        query["map_index"] = task_instance.map_index
        if base_url is None:
            from .settings import conf

            base_url = conf.get("api", "base_url")
        place = f"/dags/{task_instance.dag_id}/runs/{task_instance.run_id}/tasks/{task_instance.task_id}"
        return f"{str(base_url).rstrip('/')}{place}/required_actions?{urlencode(query)}"

    @staticmethod
    def generate_link_to_ui_from_context(*, context: Any, **more: Any) -> str:
        task = context["task"]
        if not isinstance(task, HITLOperator):
            raise ValueError("This method only supports HITLOperator")
        return task.generate_link_to_ui(task_instance=context["task_instance"], **more)


class ApprovalOperator(HITLOperator, SkipMixin):
    """Approve or reject; what lies behind a rejected one is skipped."""

    inherits_from_skipmixin = True
    APPROVE: ClassVar[str] = "Approve"
    REJECT: ClassVar[str] = "Reject"

    def __init__(
        self, *, ignore_downstream_trigger_rules: bool = False, fail_on_reject: bool = False, **kwargs: Any
    ) -> None:
        for name in ("options", "multiple"):
            if name in kwargs:
                raise ValueError(f"Passing {name} to ApprovalOperator is not allowed.")
        super().__init__(options=[self.APPROVE, self.REJECT], multiple=False, **kwargs)
        self.ignore_downstream_trigger_rules = ignore_downstream_trigger_rules
        self.fail_on_reject = fail_on_reject

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        answer = super().execute_complete(context, event)
        if answer["chosen_options"][0] == self.APPROVE:
            return answer
        if self.fail_on_reject:
            raise HITLRejectException('Receive "Reject"')
        task = context["task"]
        leave_out(task.get_flat_relative_ids() if self.ignore_downstream_trigger_rules else task.downstream_task_ids)
        return answer


class HITLBranchOperator(HITLOperator, BranchMixIn):
    """The options are tasks behind this one, or `options_mapping` says which; those not chosen are skipped."""

    inherits_from_skipmixin = True

    def __init__(self, *, options_mapping: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.options_mapping = dict(options_mapping or {})
        strays = sorted(set(self.options_mapping) - set(self.options))
        if strays:
            raise ValueError(f"`options_mapping` contains keys that are not in `options`: {strays}")
        wrong = {key: value for key, value in self.options_mapping.items() if not isinstance(value, str)}
        if wrong:
            raise ValueError(f"`options_mapping` values must be strings (task_ids). Invalid entries: {wrong}")

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        answer = super().execute_complete(context, event)
        return self.do_branch(context, [self.options_mapping.get(word, word) for word in answer["chosen_options"]])


class HITLEntryOperator(HITLOperator):
    """A form to fill in, and OK."""

    OK: ClassVar[str] = "OK"

    def __init__(self, **kwargs: Any) -> None:
        if "options" not in kwargs:
            kwargs["options"] = [self.OK]
            kwargs.setdefault("defaults", [self.OK])
        super().__init__(**kwargs)
