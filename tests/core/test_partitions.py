"""Which keys of an asset make up a key of a DAG's runs, and when what has come is enough for one."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from venturi.core import partition_keys, partitions
from venturi.core.errors import BadPartition
from venturi.sdk import partitions as sdk
from venturi.sdk.assets import Asset
from venturi.sdk.timetables import CronPartitionTimetable, PartitionedAssetTimetable, PartitionedAtRuntime

A, B, C = Asset("a", "s3://a"), Asset("b", "s3://b"), Asset("c", "s3://c")
TOKYO = sdk.StartOfDayMapper(input_format="%Y-%m-%dT%H%z", timezone="Asia/Tokyo")
BACK = sdk.Window.Direction.BACKWARD
KEYS = {one.name: (one.name, one.uri) for one in (A, B, C)}


def no_alias(alias: str) -> set[tuple[str, str]]:
    return set()


def targets(mapper: sdk.PartitionMapper, source: str) -> list[str]:
    return partition_keys.targets(mapper.as_plain(), source)


def waiting(key: str, came: dict[tuple[str, str], list[str]]) -> partitions.Waiting:
    events = [
        partitions.Came(n, 0, *asset, source, 1.0, None)
        for n, (asset, source) in enumerate((asset, source) for asset, several in came.items() for source in several)
    ]
    return partitions.Waiting(key, "r", 1.0, events)


def is_ready(schedule: Any, key: str, came: dict[tuple[str, str], list[str]]) -> bool:
    return waiting(key, came).is_ready(schedule, no_alias)


def needed(mapper: sdk.PartitionMapper, key: str) -> list[str] | None:
    return partition_keys.needed(mapper.as_plain(), key)


def utc(*parts: int) -> float:
    return datetime(*parts, tzinfo=timezone.utc).timestamp()  # type: ignore[misc]


@pytest.mark.parametrize(
    ("mapper", "source", "keys"),
    [
        (sdk.IdentityMapper(), "eu", ["eu"]),
        (sdk.FixedKeyMapper("all"), "eu", ["all"]),
        (sdk.AllowedKeyMapper(["eu", "us"]), "us", ["us"]),
        (sdk.StartOfHourMapper(), "2024-03-13T10:42:15", ["2024-03-13T10"]),
        (sdk.StartOfDayMapper(), "2024-03-13T10:42:15", ["2024-03-13"]),
        (sdk.StartOfWeekMapper(), "2024-03-13T10:42:15", ["2024-03-11 (W11)"]),
        (sdk.StartOfMonthMapper(), "2024-03-13T10:42:15", ["2024-03"]),
        (sdk.StartOfQuarterMapper(), "2024-05-13T10:42:15", ["2024-Q2"]),
        (sdk.StartOfYearMapper(), "2024-03-13T10:42:15", ["2024"]),
        (
            sdk.StartOfDayMapper(input_format="%Y-%m-%dT%H%z", timezone="Asia/Tokyo"),
            "2024-03-13T20+0000",
            ["2024-03-14"],
        ),
        (sdk.StartOfDayMapper(output_format="%d.%m.%Y"), "2024-03-13T10:42:15", ["13.03.2024"]),
        (sdk.StartOfQuarterMapper(output_format="Q{quarter} of %Y"), "2024-12-13T00:00:00", ["Q4 of 2024"]),
        (
            sdk.ProductMapper(sdk.IdentityMapper(), sdk.StartOfDayMapper()),
            "eu|2024-03-13T10:42:15",
            ["eu|2024-03-13"],
        ),
        (
            sdk.ChainMapper(sdk.StartOfHourMapper(), sdk.StartOfDayMapper(input_format="%Y-%m-%dT%H")),
            "2024-03-13T10:42:15",
            ["2024-03-13"],
        ),
        (
            sdk.RollupMapper(upstream_mapper=sdk.StartOfDayMapper(), window=sdk.DayWindow()),
            "2024-03-13T10:42:15",
            ["2024-03-13"],
        ),
        (
            sdk.FanOutMapper(upstream_mapper=sdk.StartOfWeekMapper(), window=sdk.WeekWindow()),
            "2024-03-11T00:00:00",
            [f"2024-03-{day}" for day in range(11, 18)],
        ),
        (
            sdk.FanOutMapper(upstream_mapper=sdk.StartOfWeekMapper(), window=sdk.WeekWindow(direction=BACK)),
            "2024-03-11T00:00:00",
            [f"2024-03-{day:02}" for day in range(5, 12)],
        ),
        (
            sdk.FanOutMapper(
                upstream_mapper=sdk.StartOfMonthMapper(),
                window=sdk.MonthWindow(direction=BACK),
            ),
            "2024-03-01T00:00:00",
            [*(f"2024-02-{day:02}" for day in range(2, 30)), "2024-03-01"],
        ),
        (
            sdk.FanOutMapper(upstream_mapper=sdk.StartOfYearMapper(), window=sdk.YearWindow()),
            "2024-07-01T00:00:00",
            [f"2024-{month:02}" for month in range(1, 13)],
        ),
        (
            sdk.FanOutMapper(
                upstream_mapper=sdk.IdentityMapper(),
                window=sdk.SegmentWindow(["us", "eu", "apac"]),
                downstream_mapper=sdk.IdentityMapper(),
            ),
            "today",
            ["apac", "eu", "us"],
        ),
    ],
)
def test_a_key_of_an_asset_counts_for_these(mapper: sdk.PartitionMapper, source: str, keys: list[str]) -> None:
    assert targets(mapper, source) == keys


@pytest.mark.parametrize(
    ("mapper", "source", "why"),
    [
        (sdk.AllowedKeyMapper(["eu", "us"]), "asia", "'asia' is none of the keys allowed, 'eu', 'us'"),
        (sdk.StartOfDayMapper(), "2024-03-13", "'2024-03-13' is no time as in %Y-%m-%dT%H:%M:%S"),
        (sdk.ProductMapper(sdk.IdentityMapper(), sdk.IdentityMapper()), "a|b|c", "has 3 parts between '|', and not 2"),
        (
            sdk.ProductMapper(
                sdk.FanOutMapper(upstream_mapper=sdk.StartOfWeekMapper(), window=sdk.WeekWindow()), sdk.IdentityMapper()
            ),
            "2024-03-13T00:00:00|a",
            "FanOutMapper makes 7 keys",
        ),
        (
            sdk.FanOutMapper(upstream_mapper=sdk.StartOfWeekMapper(), window=sdk.WeekWindow(), max_downstream_keys=6),
            "2024-03-13T00:00:00",
            "makes 7 keys of '2024-03-13T00:00:00', and at most 6 are allowed",
        ),
        (sdk.FixedKeyMapper("k" * 251), "a", "no key of 1 to 250 characters"),
        (
            sdk.FanOutMapper(
                upstream_mapper=sdk.StartOfDayMapper(),
                window=sdk.MonthWindow(),
            ),
            "2024-03-13T00:00:00",
            "MonthWindow begins on the first of a month, and not on 2024-03-13",
        ),
    ],
)
def test_a_key_that_counts_for_nothing_is_told_why(mapper: sdk.PartitionMapper, source: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        targets(mapper, source)


def test_the_ends_of_the_calendar_are_no_crash() -> None:
    week = sdk.WeekWindow()
    with pytest.raises(ValueError, match="outside of the calendar"):
        targets(sdk.FanOutMapper(upstream_mapper=sdk.StartOfWeekMapper(), window=week), "9999-12-31T00:00:00")
    with pytest.raises(ValueError, match="outside of the calendar"):
        needed(sdk.RollupMapper(upstream_mapper=sdk.StartOfWeekMapper(), window=week), "9999-12-27 (W52)")


@pytest.mark.parametrize(
    ("mapper", "key", "first", "last", "many"),
    [
        (sdk.StartOfHourMapper(), "2024-03-13T10", "2024-03-13T10:00:00", "2024-03-13T10:59:00", 60),
        (sdk.StartOfDayMapper(), "2024-03-13", "2024-03-13T00:00:00", "2024-03-13T23:00:00", 24),
        (sdk.StartOfWeekMapper(), "2024-03-11 (W11)", "2024-03-11T00:00:00", "2024-03-17T00:00:00", 7),
        (sdk.StartOfMonthMapper(), "2024-02", "2024-02-01T00:00:00", "2024-02-29T00:00:00", 29),
        (sdk.StartOfQuarterMapper(), "2024-Q4", "2024-10-01T00:00:00", "2024-12-01T00:00:00", 3),
        (sdk.StartOfYearMapper(), "2024", "2024-01-01T00:00:00", "2024-12-01T00:00:00", 12),
    ],
)
def test_a_window_is_made_up_of_its_keys(
    mapper: sdk.PartitionMapper, key: str, first: str, last: str, many: int
) -> None:
    windows = {60: sdk.HourWindow, 24: sdk.DayWindow, 7: sdk.WeekWindow, 29: sdk.MonthWindow, 3: sdk.QuarterWindow}
    rollup = sdk.RollupMapper(upstream_mapper=mapper, window=windows.get(many, sdk.YearWindow)())
    found = needed(rollup, key)
    assert found is not None
    assert (found[0], found[-1], len(found)) == (first, last, many)
    assert {one for source in found for one in targets(rollup, source)} == {key}


@given(
    at=some.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2100, 1, 1)),
    which=some.sampled_from(["Hour", "Day", "Week", "Month", "Quarter", "Year"]),
    zone=some.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe", "+05:30"]),
)
def test_every_key_of_a_window_counts_for_its_own_key_again(at: datetime, which: str, zone: str) -> None:
    mapper = getattr(sdk, f"StartOf{which}Mapper")(timezone=zone)
    rollup = sdk.RollupMapper(upstream_mapper=mapper, window=getattr(sdk, f"{which}Window")())
    (key,) = targets(rollup, f"{at:%Y-%m-%dT%H:%M:%S}")
    found = needed(rollup, key)
    assert found
    for source in found:
        assert targets(rollup, source) == [key]
    began = partition_keys.date_of(rollup.as_plain(), key)
    assert began is not None
    assert began <= at.replace(tzinfo=timezone.utc).timestamp() + 86400


def test_an_hour_that_clocks_skip_is_the_one_after_it_and_one_shown_twice_is_one() -> None:
    rollup = sdk.RollupMapper(upstream_mapper=sdk.StartOfDayMapper(timezone="Europe/Berlin"), window=sdk.DayWindow())
    spring, autumn = needed(rollup, "2024-03-31"), needed(rollup, "2024-10-27")
    assert spring is not None
    assert autumn is not None
    assert len(spring) == 23
    assert "2024-03-31T02:00:00" not in spring
    assert len(autumn) == 24


@pytest.mark.parametrize(
    ("policy", "enough", "not_enough"),
    [
        (sdk.WaitForAll(), 3, 2),
        (sdk.MinimumCount(2), 2, 1),
        (sdk.MinimumCount(-1), 2, 1),
        (sdk.MinimumCount(4), None, 3),
    ],
)
def test_a_wait_policy_says_how_many_are_enough(policy: Any, enough: int | None, not_enough: int) -> None:
    mapper = sdk.RollupMapper(
        upstream_mapper=sdk.FixedKeyMapper("all"), window=sdk.SegmentWindow(["us", "eu", "apac"]), wait_policy=policy
    )
    schedule = PartitionedAssetTimetable(assets=A, default_partition_mapper=mapper).as_plain()
    came = ["apac", "eu", "us"]
    for many in range(4):
        ready = is_ready(schedule, "all", {KEYS["a"]: [*came[:many], "mars"]})
        assert ready == (enough is not None and many >= enough), many
    assert not is_ready(schedule, "all", {KEYS["a"]: came[:not_enough]})


def test_a_run_for_a_key_needs_what_the_expression_says_of_it() -> None:
    schedule = PartitionedAssetTimetable(
        assets=A & (B | C),
        partition_mapper_config={A: sdk.StartOfHourMapper(), Asset.ref(name="b"): sdk.StartOfHourMapper()},
    ).as_plain()
    assert [partitions.mapper_of(schedule, KEYS[n])["mapper"] for n in "abc"] == [
        "StartOfHourMapper",
        "StartOfHourMapper",
        "IdentityMapper",
    ]

    def ready(names: str) -> bool:
        return is_ready(schedule, "2024-03-13T10", {KEYS[n]: ["x"] for n in names})

    assert [names for names in ("", "a", "b", "bc", "ab", "ac", "abc") if ready(names)] == ["ab", "ac", "abc"]


def test_a_partition_begins_where_its_key_says_so() -> None:
    berlin = sdk.StartOfDayMapper(timezone="Europe/Berlin").as_plain()
    assert partition_keys.date_of(berlin, "2024-07-01") == utc(2024, 6, 30, 22)
    product = sdk.ProductMapper(sdk.IdentityMapper(), sdk.StartOfWeekMapper()).as_plain()
    assert partition_keys.date_of(product, "eu|2024-03-11 (W11)") == utc(2024, 3, 11)
    fan = sdk.FanOutMapper(upstream_mapper=sdk.StartOfWeekMapper(), window=sdk.WeekWindow()).as_plain()
    assert partition_keys.date_of(fan, "2024-03-12") == utc(2024, 3, 12)
    assert partition_keys.date_of(sdk.IdentityMapper().as_plain(), "2024-03-12") is None

    def by(mappers: dict[Any, Any], key: str, *carried: float | None) -> float | None:
        schedule = PartitionedAssetTimetable(assets=A & B, partition_mapper_config=mappers).as_plain()
        dates = [*carried, None, None]
        events = [partitions.Came(n, 0, *KEYS["ab"[n % 2]], key, 1.0, date) for n, date in enumerate(dates)]
        return partitions.Waiting(key, "r", 1.0, events).began(schedule)

    day = sdk.StartOfDayMapper()
    assert by({A: day}, "2024-03-12", 5.0) == utc(2024, 3, 12)
    assert by({A: day, B: sdk.StartOfDayMapper(timezone="Europe/Berlin")}, "2024-03-12", 5.0) is None
    assert by({}, "eu", 5.0, 5.0, None) == 5.0
    assert by({}, "eu", 5.0, 6.0) is None
    assert by({A: day}, "eu", 5.0) is None


def test_a_key_that_somebody_gives_is_looked_at_first() -> None:
    def date(schedule: Any, key: Any) -> float | None:
        return partitions.date_of_given("d", schedule, "UTC", key)

    by_time = CronPartitionTimetable("@daily", timezone="Europe/Berlin", key_format="%Y-%m-%d").as_plain()
    by_assets = PartitionedAssetTimetable(assets=A, default_partition_mapper=sdk.StartOfDayMapper()).as_plain()
    assert date(by_time, "2024-07-01") == date(by_assets, "2024-07-01") - 7200.0  # type: ignore[operator]
    assert date(PartitionedAtRuntime().as_plain(), "eu") is None
    for schedule, key, why in [
        (None, "eu", "its schedule has none"),
        ("@daily", "eu", "its schedule has none"),
        (by_time, "eu", "'eu' is no time as in %Y-%m-%d"),
        (by_assets, "eu", "'eu' is no time as in %Y-%m-%d"),
        (by_assets, " ", "a text of 1 to 250 characters"),
        (by_assets, "k" * 251, "a text of 1 to 250 characters"),
        (by_assets, 5, "a text of 1 to 250 characters"),
    ]:
        with pytest.raises(BadPartition) as caught:
            date(schedule, key)
        assert why in str(caught.value)


class Mine(sdk.PartitionMapper):
    def to_downstream(self, key: str) -> str:
        raise AssertionError("an author's class is not run here")


class Few(sdk.WaitPolicy):
    def is_satisfied(self, matched: int, expected: int) -> bool:
        return matched > expected / 3


def test_an_authors_own_class_is_named_and_not_run() -> None:
    fan = sdk.FanOutMapper(
        upstream_mapper=Mine(), window=sdk.SegmentWindow(["a"]), downstream_mapper=sdk.IdentityMapper()
    )
    few = sdk.RollupMapper(upstream_mapper=sdk.FixedKeyMapper("x"), window=sdk.SegmentWindow(["a"]), wait_policy=Few())
    assert [partitions.own_class(mapper.as_plain()) for mapper in (Mine(), fan, few)] == ["Mine", "Mine", "Few"]
    assert partitions.own_class(sdk.IdentityMapper().as_plain()) is None
    with pytest.raises(ValueError, match="Mine is a class of the author's own"):
        targets(fan, "x")


def test_what_an_authors_own_class_has_said_is_enough_to_know() -> None:
    schedule = PartitionedAssetTimetable(assets=A, default_partition_mapper=Mine()).as_plain()
    said = partitions.Said(("x", "y", "z"), 2, 5.0)
    one = partitions.Waiting("k", "r", 1.0, [partitions.Came(1, 0, *KEYS["a"], "x", 1.0, None, said)])
    assert one.lacks(schedule, no_alias) == "asset a (of asset a 1 of 3 keys are there, 2 are enough)"
    one.events.append(partitions.Came(2, 0, *KEYS["a"], "z", 2.0, None, said))
    assert one.is_ready(schedule, no_alias)
    assert one.began(schedule) == 5.0


def test_what_is_mapped_otherwise_is_another_rule() -> None:
    def rule(**more: Any) -> str:
        return partitions.rule_of(PartitionedAssetTimetable(assets=A, **more).as_plain())

    assert rule() == rule(default_partition_mapper=sdk.IdentityMapper())
    assert rule() != rule(default_partition_mapper=sdk.StartOfDayMapper())
    assert rule() != rule(partition_mapper_config={A: sdk.StartOfDayMapper()})


def test_lengths_of_windows_are_those_of_the_calendar() -> None:
    rollup = sdk.RollupMapper(upstream_mapper=sdk.StartOfMonthMapper(), window=sdk.MonthWindow())
    day = datetime(2023, 1, 1)
    while day.year < 2025:
        found = needed(rollup, f"{day:%Y-%m}")
        assert found is not None
        following = (day + timedelta(days=32)).replace(day=1)
        assert len(found) == (following - day).days
        day = following
