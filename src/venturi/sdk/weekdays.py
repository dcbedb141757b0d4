"""Days of the week as DAG files name them: by number, by name, by `WeekDay`."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Any


class WeekDay(IntEnum):
    MONDAY = 1
    TUESDAY = 2
    WEDNESDAY = 3
    THURSDAY = 4
    FRIDAY = 5
    SATURDAY = 6
    SUNDAY = 7

    @classmethod
    def get_weekday_number(cls, week_day_str: str) -> WeekDay:
        try:
            return cls[week_day_str.strip().upper()]
        except KeyError:
            names = ", ".join(day.name.capitalize() for day in cls)
            raise AttributeError(f"{week_day_str!r} is no day of the week. They are: {names}.") from None

    @classmethod
    def convert(cls, day: str | WeekDay) -> int:
        return day.value if isinstance(day, WeekDay) else cls.get_weekday_number(day).value

    @classmethod
    def validate_week_day(cls, week_day: Any) -> set[int]:
        """The numbers of one day or of several."""
        if isinstance(week_day, (str, WeekDay)):
            return {cls.convert(week_day)}
        if isinstance(week_day, Iterable):
            return {cls.convert(day) for day in week_day}
        raise TypeError(f"{week_day!r} is neither the name of a day nor a WeekDay, nor a set of these.")
