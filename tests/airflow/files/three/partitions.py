"""DAGs that start for partitions of assets: every mapper, window and wait policy, and some of one's own."""

from datetime import timedelta

from airflow.partition_mappers.wait_policy import WaitPolicy
from airflow.sdk import (
    DAG,
    AllowedKeyMapper,
    Asset,
    ChainMapper,
    DayWindow,
    FanOutMapper,
    FixedKeyMapper,
    HourWindow,
    IdentityMapper,
    MinimumCount,
    MonthWindow,
    PartitionedAssetTimetable,
    PartitionedAtRuntime,
    PartitionMapper,
    ProductMapper,
    QuarterWindow,
    RollupMapper,
    SegmentWindow,
    StartOfDayMapper,
    StartOfHourMapper,
    StartOfMonthMapper,
    StartOfQuarterMapper,
    StartOfWeekMapper,
    StartOfYearMapper,
    WaitForAll,
    WeekWindow,
    Window,
    YearWindow,
    asset,
    task,
)

AT = "2024-05-15T10:42:15"
regions = SegmentWindow(["eu", "us"])


class Upper(PartitionMapper):
    def to_downstream(self, key):
        return key.upper()


class TwoDays(Window):
    expected_decoded_type = StartOfDayMapper.expected_decoded_type

    def to_upstream(self, start):
        return [start, start + timedelta(days=1)]


class OneMissing(WaitPolicy):
    def is_satisfied(self, matched, expected):
        return matched >= expected - 1


def rollup(mapper, window, policy=None):
    return RollupMapper(upstream_mapper=mapper, window=window, wait_policy=policy)


ways = {
    "same": (IdentityMapper(), "2024-05-15T10:42:15"),
    "fixed": (FixedKeyMapper("all"), "all"),
    "allowed": (AllowedKeyMapper([AT]), AT),
    "hour": (StartOfHourMapper(), "2024-05-15T10"),
    "day": (StartOfDayMapper(), "2024-05-15"),
    "week": (StartOfWeekMapper(), "2024-05-13 (W20)"),
    "month": (StartOfMonthMapper(), "2024-05"),
    "quarter": (StartOfQuarterMapper(), "2024-Q2"),
    "year": (StartOfYearMapper(), "2024"),
    "chain": (ChainMapper(StartOfDayMapper(), StartOfMonthMapper(input_format="%Y-%m-%d")), ["2024-05"]),
    "product": (ProductMapper(StartOfDayMapper(), IdentityMapper(), delimiter="T1"), None),
    "minutes": (rollup(StartOfHourMapper(), HourWindow(), MinimumCount(-5)), "2024-05-15T10"),
    "hours": (rollup(StartOfDayMapper(), DayWindow(), WaitForAll()), "2024-05-15"),
    "months": (rollup(StartOfQuarterMapper(), QuarterWindow()), "2024-Q2"),
    "segments": (rollup(FixedKeyMapper("all"), regions, OneMissing()), "all"),
    "days": (
        FanOutMapper(upstream_mapper=StartOfWeekMapper(), window=WeekWindow(direction=Window.Direction.BACKWARD)),
        [f"2024-05-{day:02}" for day in range(7, 14)],
    ),
    "days_of_month": (
        FanOutMapper(upstream_mapper=StartOfMonthMapper(), window=MonthWindow()),
        [f"2024-05-{day:02}" for day in range(1, 32)],
    ),
    "months_of_year": (
        FanOutMapper(upstream_mapper=StartOfYearMapper(), window=YearWindow()),
        [f"2024-{month:02}" for month in range(1, 13)],
    ),
    "own": (Upper(), AT),
    "own_window": (rollup(StartOfDayMapper(), TwoDays()), "2024-05-15"),
}

source = Asset("source")

for name, (mapper, key) in ways.items():
    if key is not None:
        assert mapper.to_downstream(AT) == key, name
    schedule = PartitionedAssetTimetable(
        assets=source & Asset.ref(name="runtime"),
        default_partition_mapper=mapper,
        partition_mapper_config={Asset.ref(name="runtime"): IdentityMapper()},
    )
    with DAG(f"partitions_by_{name}", schedule=schedule) as dag:

        @task
        def says(partition_key=None):
            return partition_key

        says()
    globals()[name] = dag


@asset(schedule=PartitionedAtRuntime())
def runtime(self, outlet_events):
    outlet_events[self].add_partitions(["eu", "us"])
