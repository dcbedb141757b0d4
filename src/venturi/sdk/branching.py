"""Operators that choose the way by the time: the day of the week, a span of time, the newest interval."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from . import times
from .exceptions import AirflowException
from .python import BaseBranchOperator
from .weekdays import WeekDay


class _TwoWays(BaseBranchOperator):
    """Follows the one or the other."""

    def __init__(
        self,
        *,
        follow_task_ids_if_true: str | Iterable[str],
        follow_task_ids_if_false: str | Iterable[str],
        use_task_logical_date: bool = False,
        use_task_execution_date: bool = False,
        use_task_execution_day: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.follow_task_ids_if_true = follow_task_ids_if_true
        self.follow_task_ids_if_false = follow_task_ids_if_false
        self.use_task_logical_date = use_task_logical_date or use_task_execution_date or use_task_execution_day

    def moment(self, context: Any) -> datetime:
        """The run's logical date, or now."""
        found: datetime = context["logical_date"] if self.use_task_logical_date else times.utcnow()
        return found

    def is_so(self, now: datetime) -> bool:
        raise NotImplementedError

    def choose_branch(self, context: Any) -> Any:
        return self.follow_task_ids_if_true if self.is_so(self.moment(context)) else self.follow_task_ids_if_false


class BranchDayOfWeekOperator(_TwoWays):
    def __init__(self, *, week_day: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.week_day = week_day
        self._days = WeekDay.validate_week_day(week_day)

    def is_so(self, now: datetime) -> bool:
        return now.isoweekday() in self._days


class BranchDateTimeOperator(_TwoWays):
    """True between `target_lower` and `target_upper`, each a datetime, a time of the day or None. Two times of which
    the upper is the earlier span midnight."""

    def __init__(
        self,
        *,
        target_lower: datetime | time | None,
        target_upper: datetime | time | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if target_lower is None and target_upper is None:
            raise AirflowException(
                "Both target_upper and target_lower are None. At least one must be defined to be compared to the "
                "current datetime"
            )
        self.target_lower, self.target_upper = target_lower, target_upper

    def is_so(self, now: datetime) -> bool:
        lower, upper = (self._on(now.date(), target, now) for target in (self.target_lower, self.target_upper))
        if isinstance(self.target_lower, time) and isinstance(self.target_upper, time):
            assert lower is not None
            assert upper is not None
            if upper < lower:
                upper += timedelta(days=1)
        return not (upper is not None and upper < now) and not (lower is not None and lower > now)

    def _on(self, day: date, target: datetime | time | None, now: datetime) -> datetime | None:
        if isinstance(target, time):
            target = datetime.combine(day, target)
        if target is None:
            return None
        return target if target.tzinfo is not None else target.replace(tzinfo=now.tzinfo)


class LatestOnlyOperator(BaseBranchOperator):
    """Follows nothing unless the run is about the newest interval; a run started by hand goes on."""

    ui_color = "#e9ffdb"

    def choose_branch(self, context: Any) -> Any:
        downstream = sorted(context["task"].downstream_task_ids)
        run = context["dag_run"]
        if run.run_type == "manual":
            self.log.info("Manually triggered DAG_Run: allowing execution to proceed.")
            return downstream
        if run.run_type in ("asset_triggered", "dataset_triggered"):
            return downstream  # no later interval is known
        left, right = run.data_interval_start, run.data_interval_end
        now = times.utcnow()
        if right < now and now > right + (right - left):
            self.log.info("Not latest execution, skipping downstream.")
            return []
        return downstream
