"""Arrays, tables and tensors come back as they went, in their libraries' open formats; what only pickle could hold is
refused with what to do instead."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from datetime import date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import numpy as np
import pandas as pd
import pendulum
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from hypothesis.extra import pandas as st_pandas

from venturi.core.errors import BadValue
from venturi.wire import blobs, values

BIG = blobs.ASIDE_BYTES_MIN


def back(obj: Any) -> Any:
    return values.decode(values.encode(obj).whole(), classes=True)


def same_array(a: Any, b: Any) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


# ── numpy ──

dtypes = st_numpy.scalar_dtypes() | st_numpy.unicode_string_dtypes() | st_numpy.byte_string_dtypes()
arrays = dtypes.flatmap(lambda dtype: st_numpy.arrays(dtype, st_numpy.array_shapes(min_dims=0, min_side=0, max_side=4)))


@settings(max_examples=150, deadline=None)
@given(arrays)
def test_an_array_comes_back_with_its_type_shape_and_bits(array: Any) -> None:
    got = back({"a": [array]})["a"][0]
    assert same_array(got, np.ascontiguousarray(array).reshape(array.shape))
    got.flags.writeable = True  # it is the reader's own


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((BIG, 2)),
        np.asfortranarray(np.arange(12).reshape(3, 4)),
        np.arange(20)[::3],
        np.array([(1, "a", 2.5)], dtype=[("n", "i4"), ("s", "U3"), ("f", "f8", (1,))]),
        np.array(["2024-01-01", "NaT"], dtype="datetime64[D]"),
        np.float16([1.5, np.nan]),
    ],
    ids=lambda a: f"{a.dtype}{a.shape}"[:30],
)
def test_awkward_arrays_come_back(array: Any) -> None:
    got = back(array)
    np.testing.assert_array_equal(got, array)
    assert got.dtype == array.dtype


def test_masked_arrays_scalars_and_dtypes_come_back() -> None:
    masked = np.ma.MaskedArray([1, 2, 3], mask=[False, True, False])
    got = back(masked)
    assert got.sum() == 4
    assert got.mask.tolist() == [False, True, False]
    for scalar in (np.datetime64("2024-01-01T00:00:00.000000001"), np.timedelta64(5, "D"), np.complex64(1 + 2j)):
        assert back(scalar) == scalar
        assert back(scalar).dtype == scalar.dtype
    assert back(np.dtype("f4")) == np.dtype("f4")
    assert back(np.dtype([("a", "i4")])) == np.dtype([("a", "i4")])


def test_a_metric_of_numpy_is_kept_as_the_number_that_it_is() -> None:
    obj = {"f1": np.float64(0.5), "n": np.int32(3), "ok": np.bool_(True), "name": np.str_("x")}
    assert values.encode(obj).data == b'{"f1":0.5,"n":3,"ok":true,"name":"x"}'


# ── tables ──


@settings(max_examples=60, deadline=None)
@given(
    st_pandas.data_frames(
        [
            st_pandas.column("i", dtype=np.int64),
            st_pandas.column("f", dtype=np.float64),
            st_pandas.column("t", elements=st.text(st.characters(codec="utf-8"), max_size=5)),
            st_pandas.column("b", dtype=bool),
        ]
    )
)
def test_a_data_frame_comes_back_equal(frame: Any) -> None:
    pd.testing.assert_frame_equal(back(frame), frame, check_column_type=False)


FRAMES = {
    "wide": pd.DataFrame(np.arange(BIG).reshape(-1, 16)),
    "index": pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", "y"], name="key")),
    "multi": pd.DataFrame({"a": [1, 2]}, index=pd.MultiIndex.from_tuples([("x", 1), ("y", 2)], names=["k", None])),
    "zoned": pd.DataFrame({"t": pd.date_range("2024-01-01", periods=3, tz="Europe/Paris")}),
    "category": pd.DataFrame({"c": pd.Categorical(["a", "b", "a"], categories=["b", "a"], ordered=True)}),
    "nullable": pd.DataFrame({"i": pd.array([1, None], dtype="Int64"), "s": pd.array(["a", None], dtype="string")}),
    "empty": pd.DataFrame(),
    "columns": pd.DataFrame([[1, 2]], columns=pd.Index(["a", "b"], name="which")),
    "lists": pd.DataFrame({"l": [[1, 2], [3]], "d": [date(2024, 1, 1), None]}),
}


@pytest.mark.parametrize("name", FRAMES)
def test_frames_of_every_kind_come_back(name: str) -> None:
    got, frame = back(FRAMES[name]), FRAMES[name]
    if name == "lists":
        assert [list(x) for x in got["l"]] == [[1, 2], [3]]
        return
    pd.testing.assert_frame_equal(got, frame)


@pytest.mark.parametrize(
    "obj",
    [
        pd.Series([1.5, None], name="s", index=["a", "b"]),
        pd.Series(["x"], name=None),
        pd.Series([], dtype="float64", name=7),
    ],
)
def test_series_come_back(obj: Any) -> None:
    pd.testing.assert_series_equal(back(obj), obj)


def test_indexes_and_nothings_of_pandas_come_back() -> None:
    pd.testing.assert_index_equal(back(pd.RangeIndex(2, 10, 3, name="r")), pd.RangeIndex(2, 10, 3, name="r"))
    pd.testing.assert_index_equal(back(pd.Index(["a", "b"], name="n")), pd.Index(["a", "b"], name="n"))
    multi = pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["x", None])
    pd.testing.assert_index_equal(back(multi), multi)
    got = back([pd.NaT, pd.NA, {"when": pd.NaT}])
    assert got[0] is pd.NaT
    assert got[1] is pd.NA
    assert got[2]["when"] is pd.NaT
    fine = pd.Timestamp(1_700_000_000_000_000_001, unit="ns", tz="Asia/Tokyo")
    assert back(fine) == fine
    assert str(back(fine).tz) == "Asia/Tokyo"
    assert back(pd.Timedelta(1, "ns")) == pd.Timedelta(1, "ns")
    assert back(pd.Timestamp("2024-01-01", tz="UTC")) == datetime(2024, 1, 1, tzinfo=timezone.utc)
    assert back(pd.array([1, None], dtype="Int64")).tolist() == [1, pd.NA]


def test_polars_and_arrow_come_back() -> None:
    frame = pl.DataFrame({"a": [1, None], "s": ["x", "y"], "l": [[1], []], "d": [date(2024, 1, 1), None]})
    assert back(frame).equals(frame)
    assert back(frame).schema == frame.schema
    assert back(frame["s"]).equals(frame["s"])
    table = pa.table({"a": [1, None, 3], "s": ["x", "y", "z"]})
    assert back(table).equals(table)
    assert back(table.to_batches()[0]).equals(table.to_batches()[0])
    assert back(table.column("a")).equals(table.column("a"))
    assert back(pa.array([1, 2])).equals(pa.array([1, 2]))
    assert back(table.schema).equals(table.schema)


@pytest.mark.parametrize(
    ("obj", "reason", "advice"),
    [
        (np.array([object()]), "numpy array of Python objects", "tolist"),
        (
            {"x": pd.DataFrame({"a": [1, "x", object()]})},
            r"\['x'\] is a pandas object that Arrow cannot hold",
            "one type",
        ),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "Duplicate column names", "name of its own"),
        (pl.DataFrame({"a": [1]}).lazy(), "LazyFrame, a plan", "collect"),
        (pd.DataFrame({"a": [1]}).groupby("a"), "has no encoding", "Return a DataFrame"),
    ],
)
def test_what_a_library_cannot_say_openly_is_refused_with_what_to_do(obj: Any, reason: str, advice: str) -> None:
    with pytest.raises(BadValue, match=reason) as caught:
        values.encode(obj)
    assert advice in str(caught.value)


def test_a_fitted_model_is_refused_and_told_how_to_be_saved(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in by module name: what the sentence goes by is where the class is defined."""
    (tmp_path / "sklearn").mkdir()
    (tmp_path / "sklearn" / "__init__.py").write_text("class Fitted:\n    coef_ = [1]\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import sklearn

    with pytest.raises(
        BadValue, match=r"\['model'\] is a sklearn.Fitted, which could be kept only by pickle"
    ) as caught:
        values.encode({"model": sklearn.Fitted()})
    assert "joblib.dump(model, path)" in str(caught.value)
    assert "return the file's path" in str(caught.value)

    class Mine(sklearn.Fitted): ...

    with pytest.raises(BadValue, match="only by pickle"):
        values.encode(Mine())


# ── where the library is not ──

READER = """
import sys
sys.modules[{missing!r}] = None
from venturi.core.errors import BadValue
from venturi.wire import values
data = open({path!r}, "rb").read()
print(repr(values.decode(data)))
try:
    values.decode(data, classes=True)
except BadValue as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("obj", "missing", "described"),
    [
        (np.arange(3), "numpy", "Unmade(kind='numpy', name='ndarray', held={'dtype': 'int64', 'shape': [3]})"),
        (pd.DataFrame({"a": [1]}), "pandas", "{'rows': 1, 'columns': ['a']}"),
        (pd.DataFrame({"a": [1]}), "pyarrow", "{'rows': 1, 'columns': ['a']}"),
        (pl.DataFrame({"a": [1]}), "polars", "{'rows': 1, 'columns': ['a']}"),
    ],
)
def test_a_reader_without_the_library_gets_one_sentence_and_a_viewer_the_outline(
    tmp_path: Any, obj: Any, missing: str, described: str
) -> None:
    path = tmp_path / "value"
    path.write_bytes(values.encode(obj).whole())
    program = textwrap.dedent(READER).format(missing=missing, path=str(path))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    seen, sentence = done.stdout.strip().split("\n")
    assert described in seen
    assert f"and {missing} is not installed where it is read" in sentence
    assert "requirements.txt" in sentence


def test_without_pyarrow_a_frame_is_refused_when_it_is_made() -> None:
    program = (
        "import sys, pandas as pd; sys.modules['pyarrow'] = None\n"
        "from venturi.wire import values\n"
        "try: values.encode(pd.DataFrame({'a': [1]}))\nexcept Exception as error: print(type(error).__name__, error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("BadValue")
    assert "Add pyarrow to the requirements.txt" in done.stdout


def test_what_is_not_imported_is_not_looked_for() -> None:
    program = (
        "import sys; from venturi.wire import values\n"
        "values.decode(values.encode([{'a': (1, b'x')}, values]).data) if False else values.encode([(1, b'x'), {2}])\n"
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'numpy', 'pandas', 'pyarrow', 'polars', 'pickle'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ── large parts stand aside ──


def test_large_bytes_stand_behind_the_json_as_they_are() -> None:
    data = bytes(range(256)) * (BIG // 256)
    encoded = values.encode({"a": [data, b"small"], "b": bytearray(data), "n": 1})
    assert encoded.aside == (data, bytearray(data))
    assert len(encoded.data) < 300
    whole = encoded.whole()
    assert whole.count(data) == 2
    assert values.decode(whole) == {"a": [data, b"small"], "b": bytearray(data), "n": 1}
    assert values.decode(values.inlined(whole)) == values.decode(whole)
    assert values.inlined(b"[1]") == b"[1]"


def test_elements_of_such_a_value_are_whole_in_themselves() -> None:
    big = np.arange(BIG)
    parts = values.elements(values.encode([big, 1, {"x": big}]).whole())
    assert same_array(values.decode(parts[0], classes=True), big)
    assert same_array(values.decode(parts[2], classes=True)["x"], big)


@pytest.mark.parametrize("cut", [20, 40, -1, -1000])
def test_one_that_is_cut_short_is_damaged_and_not_something_else(cut: int) -> None:
    whole = values.encode(bytes(BIG)).whole()
    with pytest.raises(BadValue, match="damaged"):
        values.decode(whole[:cut])


# ── authors' and pendulum's objects ──


class Own:
    """Airflow's protocol for objects that say themselves what they are made again from."""

    __version__ = 2

    def __init__(self, n: int) -> None:
        self.n = n

    def serialize(self) -> dict[str, Any]:
        return {"n": self.n, "when": (1, 2)}

    @staticmethod
    def deserialize(data: dict[str, Any], version: int) -> Own:
        assert data["when"] == (1, 2)
        return Own(data["n"] * 10 + version)


class Shorter:
    def serialize(self) -> list[int]:
        return [1]

    @classmethod
    def deserialize(cls, data: list[int]) -> Shorter:
        made = cls()
        made.held = data  # type: ignore[attr-defined]
        return made


@attrs.define
class Row:
    name: str
    values: list[int] = attrs.field(factory=list)


def test_objects_that_serialize_themselves_come_back_by_their_own_word() -> None:
    assert back([Own(3)])[0].n == 32
    assert back(Shorter()).held == [1]
    seen = values.decode(values.encode(Own(3)).data)
    assert seen == values.Unmade("own", f"{__name__}:Own", {"n": 3, "when": (1, 2)})


def test_one_that_cannot_say_itself_is_named() -> None:
    class Broken:
        def serialize(self) -> None:
            raise KeyError("x")

        deserialize = serialize

    with pytest.raises(BadValue, match=r"\[0\] is a .*Broken whose serialize\(\) raised KeyError"):
        values.encode([Broken()])


def test_attrs_objects_come_back() -> None:
    assert back({"r": Row("a", [1])}) == {"r": Row("a", [1])}


def test_assets_and_their_like_go_through_as_values() -> None:
    from venturi.sdk.assets import Asset, AssetAlias

    for one in (Asset("a", "s3://b", extra={"k": 1}), AssetAlias("x"), Asset.ref(name="n"), Asset("a") | Asset("b")):
        assert back(one) == one


def test_pendulums_objects_are_pendulums_again_on_the_authors_side() -> None:
    moment = pendulum.datetime(2024, 7, 1, 12, tz="Europe/Paris")
    got = back([moment, pendulum.date(2024, 2, 29), pendulum.duration(days=3, hours=1), pendulum.time(1, 2)])
    assert got[0].add(days=1) == moment.add(days=1)
    assert got[0].timezone_name == "Europe/Paris"
    assert type(got[1]) is pendulum.Date
    assert got[2].in_hours() == 73
    assert got[3].add(hours=1).hour == 2
    assert isinstance(back(pendulum.naive(2024, 1, 1)), pendulum.DateTime)
    assert back(pendulum.naive(2024, 1, 1)).tzinfo is None
    assert back(pendulum.datetime(2024, 1, 1) - pendulum.datetime(2023, 1, 1)) == timedelta(days=365)
    assert type(back(datetime(2024, 1, 1, tzinfo=ZoneInfo("UTC")))) is datetime


def test_time_zones_themselves_come_back() -> None:
    for zone in (ZoneInfo("Asia/Tokyo"), timezone.utc, timezone(timedelta(hours=2))):
        assert back(zone).utcoffset(datetime(2024, 1, 1)) == zone.utcoffset(datetime(2024, 1, 1))
    assert back(pendulum.timezone("Europe/Paris")).name == "Europe/Paris"
