"""Which runs follow from a DAG's schedule, and when each may start.

Owns cron expressions, lengths of time, lists of moments and what clocks that are put forward or back do to them.
Decides from values alone: `now` is always given. The one place that knows a cron library, dateutil and time zones.
"""

from __future__ import annotations

from .reading import custom_of as custom_of
from .reading import timetable_of as timetable_of
from .reading import upcoming as upcoming
from .timetable import Continuous as Continuous
from .timetable import Once as Once
from .timetable import Partitions as Partitions
from .timetable import Planned as Planned
from .timetable import Timetable as Timetable
from .timetable import counted_from as counted_from
from .zones import zone_of as zone_of
