"""Sensors: tasks that wait until something is true, in their process (poke) or by being called again (reschedule)."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NoReturn

from . import times
from .calling import call
from .exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowRescheduleException,
    AirflowSensorTimeout,
    AirflowSkipException,
    AirflowTaskTimeout,
    TaskDeferralError,
    TaskDeferralTimeout,
)
from .operator import BaseOperator
from .python import SkipMixin

WEEK_S = 7 * 24 * 3600.0


class PokeReturnValue:
    """What poke() may return: whether the wait is over, and the value to keep then."""

    def __init__(self, is_done: bool, xcom_value: Any = None) -> None:
        self.is_done = is_done
        self.xcom_value = xcom_value

    def __bool__(self) -> bool:
        return self.is_done


class BaseSensorOperator(BaseOperator, SkipMixin):
    """Extend it and give poke(context)."""

    valid_modes = ("poke", "reschedule")

    def __init__(
        self,
        *,
        poke_interval: timedelta | float = 60,
        timeout: timedelta | float = WEEK_S,
        soft_fail: bool = False,
        mode: str = "poke",
        exponential_backoff: bool = False,
        max_wait: timedelta | float | None = None,
        silent_fail: bool = False,
        never_fail: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.poke_interval = self._duration("poke_interval", poke_interval)
        self.timeout = self._duration("timeout", timeout)
        self.max_wait = None if max_wait is None else self._duration("max_wait", max_wait)
        if soft_fail and never_fail:
            raise ValueError("soft_fail and never_fail are mutually exclusive, you can not provide both.")
        if mode not in self.valid_modes:
            raise AirflowException(f"The mode must be one of {list(self.valid_modes)}, '{self.task_id}' has {mode!r}.")
        self.soft_fail, self.never_fail, self.silent_fail = soft_fail, never_fail, silent_fail
        self.mode = mode
        self.exponential_backoff = exponential_backoff

    def _duration(self, name: str, value: Any) -> float:
        try:
            found = times.seconds(value)
        except (TypeError, ValueError):
            found = None
        if found is None or found < 0:
            raise AirflowException(
                f"The {name} of '{self.task_id}' must be a timedelta or a number not below 0, not {value!r}."
            )
        return found

    @property
    def reschedule(self) -> bool:
        return self.mode == "reschedule"

    def poke(self, context: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no poke() method.")

    def execute(self, context: Any) -> Any:
        began_at = self._began_at(context)
        pokes = 0
        while True:
            found = self._poke(context)
            if found:
                return found.xcom_value if isinstance(found, PokeReturnValue) else None
            waited_s = (times.utcnow() - began_at).total_seconds()
            if waited_s > self.timeout:
                self._is_late(waited_s)
            pokes += 1
            pause_s = self._pause_s(context, pokes, waited_s)
            if self.reschedule:
                raise AirflowRescheduleException(times.utcnow() + timedelta(seconds=pause_s))
            time.sleep(pause_s)

    def resume_execution(self, next_method: str, next_kwargs: Any, context: Any) -> Any:
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except TaskDeferralTimeout:
            message = (
                f"Sensor has timed out; its trigger had no event within the specified timeout of {self.timeout:g}."
            )
            self._give_up(message)
        except (TaskDeferralError, AirflowException) as error:
            if isinstance(error, AirflowSkipException) or not (self.soft_fail or self.never_fail):
                raise
            raise AirflowSkipException(str(error)) from error

    def _began_at(self, context: Any) -> datetime:
        first = context["ti"].first_poke_at if self.reschedule else None
        return first or times.utcnow()

    def _poke(self, context: Any) -> Any:
        try:
            return self.poke(context)
        except AirflowSkipException:
            raise
        except (AirflowSensorTimeout, AirflowTaskTimeout, AirflowFailException) as error:
            for given, name in ((self.soft_fail, "soft_fail"), (self.never_fail, "never_fail")):
                if given:
                    raise AirflowSkipException(f"Skipping due to {name} is set to True.") from error
            raise
        except Exception as error:
            if self.silent_fail:
                self.log.exception("Sensor poke failed; it is called again.")
                return False
            if self.never_fail:
                raise AirflowSkipException("Skipping due to never_fail is set to True.") from error
            raise

    def _is_late(self, waited_s: float) -> NoReturn:
        self._give_up(
            f"Sensor has timed out; run duration of {waited_s:.1f} seconds exceeds "
            f"the specified timeout of {self.timeout:g}."
        )

    def _give_up(self, message: str) -> NoReturn:
        if self.soft_fail or self.never_fail:
            raise AirflowSkipException(message)
        raise AirflowSensorTimeout(message)

    def _pause_s(self, context: Any, pokes: int, waited_s: float) -> float:
        if not self.exponential_backoff:
            return self.poke_interval
        base = max(self.poke_interval, 1.0)
        if self.reschedule:  # each call is a new process: how many there were follows from the time that has passed
            pokes = 1
            while base * (2**pokes - 1) <= waited_s and pokes < 64:
                pokes += 1
        pause_s = base * 2.0 ** (min(pokes, 64) - 1)
        ti = context["ti"]
        spread = zlib.crc32(f"{ti.dag_id}#{ti.task_id}#{ti.run_id}#{pokes}".encode()) / 2**32
        pause_s += pause_s * spread
        return min(pause_s, self.max_wait if self.max_wait is not None else WEEK_S)


class PythonSensor(BaseSensorOperator):
    """Waits until `python_callable` returns something true."""

    template_fields: Collection[str] = ("templates_dict", "op_args", "op_kwargs")

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        op_args: Sequence[Any] | None = None,
        op_kwargs: Mapping[str, Any] | None = None,
        templates_dict: dict[str, Any] | None = None,
        provide_context: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not callable(python_callable):
            raise AirflowException("`python_callable` param must be callable")
        self.python_callable = python_callable
        self.op_args = op_args if op_args is not None else ()
        self.op_kwargs = op_kwargs if op_kwargs is not None else {}
        self.templates_dict = templates_dict

    def poke(self, context: Any) -> Any:
        if self.templates_dict is not None:
            context["templates_dict"] = self.templates_dict
        found = call(self.python_callable, tuple(self.op_args), self.op_kwargs, context)
        return found if isinstance(found, PokeReturnValue) else PokeReturnValue(bool(found))


class BashSensor(BaseSensorOperator):
    """Waits until a command ends with exit code 0."""

    template_fields: Collection[str] = ("bash_command", "env")
    template_ext: Sequence[str] = (".sh", ".bash")

    def __init__(
        self,
        *,
        bash_command: str,
        env: dict[str, str] | None = None,
        output_encoding: str = "utf-8",
        retry_exit_code: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.bash_command, self.env, self.output_encoding = bash_command, env, output_encoding
        self.retry_exit_code = retry_exit_code

    def poke(self, context: Any) -> bool:
        from .bash import BashOperator
        from .building import detached

        with detached():
            command = BashOperator(
                task_id=self.task_id.replace(".", "_"),
                bash_command=self.bash_command,
                env=self.env,
                output_encoding=self.output_encoding,
                skip_on_exit_code=None,
            )
        try:
            command.execute(context)
        except AirflowException:
            code = command.exit_code
            if self.retry_exit_code is None or code == self.retry_exit_code:
                return False
            raise AirflowFailException(f"Bash command failed with exit code {code}.") from None
        return True
