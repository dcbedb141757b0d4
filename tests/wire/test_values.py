"""Values come back as they went, or are refused with the path to what cannot be kept."""

from __future__ import annotations

import dataclasses
import enum
import json
import math
import subprocess
import sys
from collections import Counter, OrderedDict, defaultdict, namedtuple
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pendulum
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from venturi.core.errors import BadValue
from venturi.wire import values


def back(obj: Any, classes: bool = False) -> Any:
    return values.decode(values.encode(obj).data, classes=classes)


def same(a: Any, b: Any) -> bool:
    """Equality that tells 1 from True, 0.0 from −0.0, and takes nan as itself."""
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))
    if isinstance(a, complex):
        return same(a.real, b.real) and same(a.imag, b.imag)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return len(a) == len(b) and all(same(p, q) for p, q in zip(a.items(), b.items(), strict=True))
    if isinstance(a, datetime):
        return a == b and a.utcoffset() == b.utcoffset() and a.fold == b.fold and str(a.tzinfo) == str(b.tzinfo)
    if isinstance(a, Decimal):
        return str(a) == str(b)
    return bool(a == b)


any_text = st.text(st.characters(), max_size=20)  # lone surrogates and NUL among them
zones = st.sampled_from(["UTC", "Europe/Amsterdam", "America/New_York", "Asia/Kathmandu"]).map(ZoneInfo)
offsets = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_subnormal=True)
    | any_text
    | st.binary(max_size=20)
    | st.complex_numbers(allow_nan=False)
    | st.datetimes(timezones=st.none() | zones | offsets)
    | st.dates()
    | st.times()
    | st.timedeltas()
    | st.decimals(allow_nan=False)
    | st.uuids()
    | any_text.filter(lambda t: "\0" not in t).map(Path)
    | st.binary(max_size=9).map(bytearray)
)
hashable = st.recursive(
    st.none() | st.integers(3) | any_text | st.binary(max_size=5) | st.dates() | st.uuids(),
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3),
    max_leaves=4,
)
_anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(any_text | st.just("__venturi__"), inner, max_size=4)
        | st.dictionaries(hashable, inner, max_size=4)
        | st.sets(hashable, max_size=4)
        | st.frozensets(hashable, max_size=4)
    ),
    max_leaves=25,
)
anything = st.deferred(lambda: _anything)  # keeps its name short in hypothesis' reports


@settings(max_examples=400, deadline=None)
@given(anything)
def test_a_value_comes_back_equal_and_of_the_same_types(obj: Any) -> None:
    encoded = values.encode(obj)
    assert same(values.decode(encoded.data), obj)
    assert same(values.decode(encoded.data, classes=True), obj)
    assert encoded.kind == ("None" if obj is None else type(obj).__name__)


@settings(max_examples=200, deadline=None)
@given(anything)
def test_the_bytes_are_json_that_any_reader_takes(obj: Any) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    json.loads(values.encode(obj).data.decode("utf-8", "strict"), parse_constant=refuse)


@settings(max_examples=200, deadline=None)
@given(st.lists(anything, max_size=5) | st.dictionaries(hashable, anything, max_size=5) | st.sets(hashable, max_size=5))
def test_elements_are_the_encodings_of_what_iterating_gives(obj: Any) -> None:
    parts = values.elements(values.encode(obj).data)
    assert len(parts) == values.length(obj) == values.encode(obj).length
    made = [values.decode(part) for part in parts]
    if isinstance(obj, (set, frozenset)):
        assert set(made) == obj
    else:
        assert same(made, list(obj.items()) if isinstance(obj, dict) else obj)
    for part, element in zip(parts, made, strict=True):
        assert values.encode(element).data == part


@pytest.mark.parametrize("obj", [3, "abc", None, 1.5, b"ab", datetime(2020, 1, 1)])
def test_what_is_no_collection_cannot_be_mapped_over(obj: Any) -> None:
    assert values.encode(obj).length is None
    with pytest.raises(BadValue, match="only a list or dict can be mapped over"):
        values.elements(values.encode(obj).data)


@pytest.mark.parametrize(
    "obj",
    [
        {"__venturi__": "tuple", "items": [1]},
        {"a": {"__venturi__": 1}},
        {1: "int key", (2, 3): {None: ()}},
        10**6000,
        -(10**6000),
        [float("nan"), float("inf"), -float("inf"), -0.0],
        "\ud800",
        "\ud83d\ude00",
        {"\udfff": 1},
        "\0",
        "__venturi__",
        ['"__venturi__":'],
        PurePosixPath("/a/b"),
        PureWindowsPath("C:\\x"),
        datetime(2024, 10, 27, 2, 30, tzinfo=ZoneInfo("Europe/Amsterdam"), fold=1),
        datetime(2024, 1, 1, tzinfo=timezone(timedelta(seconds=3661, microseconds=5))),
        time(1, 2, 3, tzinfo=timezone.utc),
        time(1, 2, tzinfo=ZoneInfo("Asia/Tokyo")),
        UUID(int=7),
        Decimal("NaN"),
        Decimal("1.10"),
        date.min,
        timedelta.max,
    ],
    ids=lambda obj: type(obj).__name__,
)
def test_awkward_values_come_back(obj: Any) -> None:
    assert same(back(obj), obj)
    assert same(back([obj]), [obj])


def test_plain_json_is_stored_as_the_author_would_write_it() -> None:
    encoded = values.encode({"a": [1, 2.5, None, True, "é"], "b": {}})
    assert encoded.data == '{"a":[1,2.5,null,true,"é"],"b":{}}'.encode()
    assert values.is_plain(encoded.data)
    assert values.is_plain(values.encode(['"__venturi__":']).data)
    assert not values.is_plain(values.encode((1,)).data)


def test_equal_sets_have_equal_encodings() -> None:
    assert values.encode({"b", "a", "c"}).data == values.encode({"c", "b", "a"}).data


def test_a_pendulum_datetime_comes_back_as_a_datetime_in_the_same_zone() -> None:
    for moment in (pendulum.datetime(2024, 7, 1, 12, tz="Europe/Paris"), pendulum.datetime(2024, 7, 1)):
        got = back(moment)
        assert type(got) is datetime
        assert got == moment
        assert got.tzinfo.key == moment.timezone_name
    fixed = pendulum.parse("2024-07-01T12:00:00+02:00")
    assert back(fixed).utcoffset() == timedelta(hours=2)
    assert back(pendulum.duration(days=3, hours=1)) == timedelta(days=3, hours=1)
    assert back(pendulum.date(2024, 2, 29)) == date(2024, 2, 29)


def test_an_unknown_zone_name_falls_back_to_its_offset() -> None:
    data = b'{"__venturi__":"datetime","v":"2024-01-01T00:00:00","zone":"Mars/Olympus","offset_s":3600}'
    assert values.decode(data) == datetime(2024, 1, 1, tzinfo=timezone(timedelta(hours=1)))


# ── an author's classes ──────────────────────────────────────────────────────────────────────────────────


class Colour(enum.Enum):
    RED = "r"
    BLUE = (1, 2)


class Size(int, enum.Enum):
    S = 1


class Mode(enum.Flag):
    A = 1
    B = 2


@dataclasses.dataclass(frozen=True)
class Point:
    x: int
    y: float = 0.0
    tags: tuple[str, ...] = ()


@dataclasses.dataclass
class Fitted:
    scale: float
    __venturi__: str = "a field of this name"
    history: list[Point] = dataclasses.field(default_factory=list)
    derived: float = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        self.derived = self.scale * 2


class Model(pydantic.BaseModel):
    name: str
    at: datetime
    inner: dict[str, int] = {}


Pair = namedtuple("Pair", "left right")


@pytest.mark.parametrize(
    "obj",
    [
        Colour.RED,
        Colour.BLUE,
        Size.S,
        Mode.A | Mode.B,
        Point(1, 2.5, ("a",)),
        {Point(1), Point(2)},
        {Point(1): Colour.RED},
        Fitted(1.5, history=[Point(1)]),
        Model(name="m", at=datetime(2024, 1, 1, tzinfo=timezone.utc), inner={"a": 1}),
        [Pair(1, Pair("a", None))],
    ],
    ids=repr,
)
def test_an_authors_objects_are_made_again_on_his_side(obj: Any) -> None:
    got = back(obj, classes=True)
    assert got == obj
    assert type(got) is type(obj)


def test_a_dataclass_has_the_fields_it_had_and_not_those_its_constructor_gives() -> None:
    fitted = Fitted(2.0)
    fitted.derived = 77.0
    assert back(fitted, classes=True).derived == 77.0


def test_without_classes_an_authors_object_is_described_and_nothing_is_imported() -> None:
    data = values.encode({"p": Point(1), "c": [Colour.RED], "t": Pair(1, 2)}).data
    got = values.decode(data)
    assert got["p"] == values.Unmade("dataclass", f"{__name__}:Point", {"x": 1, "y": 0.0, "tags": ()})
    assert got["c"] == [values.Unmade("enum", f"{__name__}:Colour", "r")]
    assert got["t"] == (1, 2)
    foreign = data.replace(__name__.encode(), b"no_such_module")
    assert values.decode(foreign)["p"].name == "no_such_module:Point"
    with pytest.raises(BadValue, match="no_such_module:Point cannot be imported"):
        values.decode(foreign, classes=True)


def test_sets_of_an_authors_objects_can_be_read_without_his_classes() -> None:
    assert len(back({Point(1, tags=("a",)), Point(2)})) == 2


def test_a_class_inside_a_function_is_refused() -> None:
    @dataclasses.dataclass
    class Local:
        x: int

    with pytest.raises(BadValue, match="cannot be imported again"):
        values.encode(Local(1))


def test_subclasses_of_plain_types_are_kept_as_the_plain_value() -> None:
    class Text(str):
        pass

    class Number(float):
        pass

    obj = [defaultdict(int, a=1), OrderedDict(b=2), Counter("aab"), Text("t"), Number(1.5)]
    got = back(obj)
    assert got == [{"a": 1}, {"b": 2}, {"a": 2, "b": 1}, "t", 1.5]
    assert [type(g) for g in got] == [dict, dict, dict, str, float]


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────────────


class Strange:
    pass


@pytest.mark.parametrize(
    ("obj", "where"),
    [
        (Strange(), "it is a"),
        ([1, 2, 3, {"model": Strange()}], "[3]['model'] is a"),
        ([1, 2, 3, Fitted(1.0, history=[Strange()])], "[3].history[0] is a"),  # type: ignore[list-item]
        ({"a": (1, {Strange()})}, "['a'][1]{…} is a"),
        (lambda: 1, "it is a function"),
        ((i for i in "ab"), "it is a generator"),
    ],
)
def test_what_has_no_encoding_is_refused_with_the_path_to_it(obj: Any, where: str) -> None:
    with pytest.raises(BadValue) as caught:
        values.encode(obj, key="k")
    assert caught.value.parts["key"] == "k"
    assert caught.value.parts["reason"].startswith(where)
    assert "has no encoding" in caught.value.parts["reason"]


def test_a_cycle_is_refused_with_the_path_to_it() -> None:
    ring: list[Any] = [1]
    ring.append({"back": [ring, ring]})
    with pytest.raises(BadValue, match=r"\[1\]\['back'\]\[0\] is a list that contains itself"):
        values.encode(ring)


def test_the_same_object_twice_is_no_cycle() -> None:
    shared = (1,)
    assert back([shared, shared, [shared]]) == [shared, shared, [shared]]


@pytest.mark.parametrize("depth", [values.DEPTH_MAX - 1, values.DEPTH_MAX + 1, 100_000])
@pytest.mark.parametrize("wrap", [lambda o: [o], lambda o: (o,), lambda o: {"k": o}, lambda o: {1: o}])
def test_nesting_is_kept_to_a_depth_and_refused_beyond(depth: int, wrap: Any) -> None:
    obj: Any = 1
    for _ in range(depth):
        obj = wrap(obj)
    if depth < values.DEPTH_MAX:
        assert back(obj) == obj
    else:
        with pytest.raises(BadValue, match="nested more than 200 deep"):
            values.encode(obj)
    while isinstance(obj, (list, tuple, dict)):  # taken apart by hand: freeing it whole is deep recursion in C
        obj = next(iter(obj.values())) if isinstance(obj, dict) else obj[0]


@pytest.mark.parametrize(
    "data", [b"", b"{", b'{"__venturi__":"tuple"}', b'{"__venturi__":"date","v":"x"}', b'{"__venturi__":"later"}']
)
def test_damaged_and_unknown_encodings_are_refused(data: bytes) -> None:
    with pytest.raises(BadValue):
        values.decode(data)


def test_the_module_needs_the_standard_library_alone() -> None:
    code = (
        "import sys; from venturi.wire import values; "
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'pendulum','pydantic','numpy','pickle','sqlalchemy'}))"
    )
    got = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert got.stdout.strip() == "[]"
