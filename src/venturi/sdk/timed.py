"""Sensors of time: they wait for a moment, without a process in any mode."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, time, timedelta, tzinfo
from typing import Any

from . import times
from .exceptions import AirflowException
from .triggers import BaseTrigger, DateTimeTrigger
from .waiting import WaitingSensor
from .weekdays import WeekDay

DAY_S = 24 * 3600.0
YEAR_S = 366 * DAY_S


class MomentSensor(WaitingSensor):
    """Waits for the moment that `moment(context)` gives."""

    def __init__(
        self,
        *,
        end_from_trigger: bool = False,
        start_from_trigger: bool = False,
        trigger_kwargs: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.end_from_trigger = end_from_trigger

    def moment(self, context: Any) -> datetime:
        raise NotImplementedError(f"{type(self).__name__} has no moment().")

    def poke(self, context: Any) -> bool:
        moment = self.moment(context)
        self.log.info("Checking if the time (%s) has come", moment)
        return times.utcnow() > moment

    def condition(self, context: Any, ends: bool) -> BaseTrigger:
        moment = self.moment(context)
        self.log.info("Deferred until %s", moment)
        return DateTimeTrigger(moment=moment, end_from_trigger=ends or self.end_from_trigger)


class DateTimeSensor(MomentSensor):
    """Waits until a date and time, which may be a template."""

    template_fields: Collection[str] = ("target_time",)

    def __init__(self, *, target_time: str | datetime, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if isinstance(target_time, datetime):
            self.target_time = target_time.isoformat()
        elif isinstance(target_time, str):
            self.target_time = target_time
        else:
            kind = type(target_time).__name__
            raise TypeError(f"Expected str or datetime.datetime type for target_time. Got {kind}")

    def moment(self, context: Any) -> datetime:
        return times.read(self.target_time)


class DateTimeSensorAsync(DateTimeSensor):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "deferrable": True})


class TimeSensor(MomentSensor):
    """Waits until a time of the day on which it was first called, in the DAG's time zone."""

    def __init__(self, *, target_time: time, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target_time = target_time

    def moment(self, context: Any) -> datetime:
        zone = self.target_time.tzinfo or self._zone()
        first = context["ti"].first_poke_at or context["ti"].start_date
        day = first.astimezone(zone)
        return datetime.combine(day.date(), self.target_time.replace(tzinfo=None), tzinfo=zone).astimezone(times.utc)

    def _zone(self) -> tzinfo:
        dag = self.dag_
        zone = dag.start_date.tzinfo if dag is not None and dag.start_date is not None else None
        return zone or times.utc


class TimeSensorAsync(TimeSensor):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "deferrable": True})


class TimeDeltaSensor(MomentSensor):
    """Waits for a time after the end of the run's interval; of a run without one, after it was asked for."""

    template_fields: Collection[str] = ("delta",)

    def __init__(self, *, delta: timedelta, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.delta = delta

    def moment(self, context: Any) -> datetime:
        base = context.get("data_interval_end") or context["dag_run"].queued_at or times.utcnow()
        delta = self.delta if isinstance(self.delta, timedelta) else timedelta(seconds=float(self.delta))
        return datetime.fromtimestamp(base.timestamp(), times.utc) + delta

    def execute(self, context: Any) -> Any:
        if self.deferrable and times.utcnow() > self.moment(context):
            return True  # nothing is left to wait for
        return super().execute(context)


class TimeDeltaSensorAsync(TimeDeltaSensor):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "deferrable": True})


class WaitSensor(MomentSensor):
    """Waits this long after it has begun: a timedelta, or a number of minutes."""

    def __init__(self, *, time_to_wait: timedelta | int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.time_to_wait = time_to_wait if isinstance(time_to_wait, timedelta) else timedelta(minutes=time_to_wait)

    def moment(self, context: Any) -> datetime:
        first: datetime = context["ti"].first_poke_at or context["ti"].start_date
        return first + self.time_to_wait


class DayOfWeekSensor(WaitingSensor):
    """Waits until it is one of these days of the week."""

    def __init__(
        self,
        *,
        week_day: Any,
        use_task_logical_date: bool = False,
        use_task_execution_day: bool = False,
        use_task_execution_date: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.week_day = week_day
        self.use_task_logical_date = bool(use_task_logical_date or use_task_execution_day or use_task_execution_date)
        self._week_day_num = WeekDay.validate_week_day(week_day)

    def poke(self, context: Any) -> bool:
        moment = context["logical_date"] if self.use_task_logical_date else times.utcnow()
        if moment is None:
            raise AirflowException("This run has no logical date for its day of the week to be looked at.")
        return moment.isoweekday() in self._week_day_num

    def condition(self, context: Any, ends: bool) -> BaseTrigger:
        now = times.utcnow()
        moment = now + timedelta(
            seconds=min(self.timeout, YEAR_S) + DAY_S
        )  # the day of the run is what it is: its time goes by
        if not self.use_task_logical_date:
            midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
            coming = (midnight + timedelta(days=days) for days in range(1, 8))
            moment = next(day for day in coming if day.isoweekday() in self._week_day_num)
        return DateTimeTrigger(moment=moment, end_from_trigger=ends)
