"""Values of libraries that authors use: arrays, tables, tensors; as bytes in those libraries' own open formats.

Owns what is kept of them and how they are made again. A library is imported only where one of its objects is at hand,
or is to be made. There is no pickle: what only pickle could hold (a fitted model) is refused with what to do instead.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from .values import Bad

Blob = Callable[[Any], Any]  # bytes to what stands for them in the JSON
Bytes = Callable[[Any], Any]  # and back

_TO_REQUIREMENTS = "Add it to the requirements.txt of this DAG file's bundle."
_SAVED = "Save it to a file in its own format ({how}) and return the file's path."
# Of which library, what saves it without Python's pickle being loaded by anyone but the author's own task.
_MODELS = {
    "sklearn": "joblib.dump(model, path)",
    "xgboost": "model.save_model(path)",
    "lightgbm": "booster.save_model(path)",
    "catboost": "model.save_model(path)",
    "keras": "model.save(path)",
    "tensorflow": "tf.saved_model.save(model, path)",
    "transformers": "model.save_pretrained(folder)",
    "joblib": "joblib.dump(object, path)",
    "PIL": "image.save(path)",
    "matplotlib": "figure.savefig(path)",
    "scipy": "scipy.sparse.save_npz(path, matrix)",
    "torch": "torch.save(model.state_dict(), path)",
}


def tagged(obj: Any, blob: Blob) -> dict[str, Any] | None:
    """What is kept of the object; None if it is one that plain Python has a form for. Bad if it cannot be kept."""
    for library, make in (("numpy", _numpy), ("pandas", _pandas), ("polars", _polars), ("pyarrow", _arrow)):
        if _is_of(obj, library):
            made = make(obj, blob)
            return None if made is None else {"library": library, **made}
    if _is_of(obj, "torch"):
        made = _torch(obj, blob)
        if made is not None:
            return {"library": "torch", **made}
    for kind in type(obj).__mro__:
        how = _MODELS.get(kind.__module__.partition(".")[0])
        if how is not None and not isinstance(obj, (int, float, str, bytes, tuple, list, dict)):
            if library_of(obj) == "torch" and hasattr(obj, "state_dict"):
                raise Bad(f"is a {_name(obj)}, a model", "Return model.state_dict() and load it into a new model.")
            raise Bad(f"is a {_name(obj)}, which could be kept only by pickle", _SAVED.format(how=how))
    return None


def made(library: str, found: dict[str, Any], bytes_of: Bytes) -> Any:
    """The object again, by its library. Bad if that is not installed here."""
    kind = str(found["kind"])
    make = _MAKERS[library]
    try:
        return make(kind, found, bytes_of)
    except ImportError as error:
        missing = error.name or library
        raise Bad(
            f"it holds a {library} {kind}, and {missing} is not installed where it is read ({sys.executable})",
            _TO_REQUIREMENTS,
        ) from None


def library_of(obj: Any) -> str:
    return type(obj).__module__.partition(".")[0]


def _is_of(obj: Any, library: str) -> bool:
    return library in sys.modules and any(k.__module__.partition(".")[0] == library for k in type(obj).__mro__)


def _name(obj: Any) -> str:
    return f"{type(obj).__module__}.{type(obj).__qualname__}"


# ── numpy ────────────────────────────────────────────────────────────────────────────────────────────────


def _numpy(obj: Any, blob: Blob) -> dict[str, Any] | None:
    np = import_module("numpy")

    if isinstance(obj, np.ndarray):
        if isinstance(obj, np.ma.MaskedArray):
            parts = {
                "kind": "masked",
                "data": blob(_npy(np.asarray(obj.data))),
                "mask": blob(_npy(np.asarray(obj.mask))),
            }
            return {**parts, "dtype": str(obj.dtype), "shape": list(obj.shape)}
        return {
            "kind": "ndarray",
            "dtype": str(obj.dtype),
            "shape": list(obj.shape),
            "data": blob(_npy(np.asarray(obj))),
        }
    if isinstance(obj, (np.datetime64, np.timedelta64, np.complexfloating, np.void, np.longdouble)):
        return {"kind": "scalar", "dtype": str(obj.dtype), "shape": [], "data": blob(_npy(np.asarray(obj)))}
    if isinstance(obj, np.dtype):
        return {"kind": "dtype", "dtype": np.lib.format.dtype_to_descr(obj)}
    return None  # other scalars are kept as the plain numbers and texts that they are


def _npy(array: Any) -> bytes:
    np = import_module("numpy")

    if array.dtype.hasobject:
        raise Bad(
            f"is a numpy array of Python objects (dtype {array.dtype}), which only pickle could hold",
            "Return array.tolist(), or give it a dtype of numbers or text.",
        )
    held = io.BytesIO()
    np.lib.format.write_array(held, array, allow_pickle=False)
    return held.getvalue()


def _numpy_made(kind: str, found: dict[str, Any], bytes_of: Bytes) -> Any:
    np = import_module("numpy")

    if kind == "dtype":
        descr = found["dtype"]
        return np.lib.format.descr_to_dtype([tuple(part) for part in descr] if isinstance(descr, list) else descr)
    array = _array(bytes_of(found["data"]))
    if kind == "masked":
        return np.ma.MaskedArray(array, _array(bytes_of(found["mask"])))
    return array[()] if kind == "scalar" else array


def _array(data: Any) -> Any:
    np = import_module("numpy")

    return np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)


# ── pandas, as Arrow ─────────────────────────────────────────────────────────────────────────────────────

_NOTHINGS = ("NaT", "NA")


def _pandas(obj: Any, blob: Blob) -> dict[str, Any] | None:
    pd = import_module("pandas")

    for name in _NOTHINGS:
        if obj is getattr(pd, name):
            return {"kind": name}
    if isinstance(obj, pd.DataFrame):
        return {"kind": "DataFrame", "rows": len(obj), "columns": [str(c) for c in obj.columns], **_attrs(obj, blob)}
    if isinstance(obj, pd.Series):
        told = {"kind": "Series", "rows": len(obj), "named": _label(obj.name)}
        return {**told, **_attrs(obj.to_frame("values"), blob)}
    if isinstance(obj, pd.MultiIndex):
        frame = obj.to_frame(index=False, name=[f"level_{i}" for i in range(obj.nlevels)], allow_duplicates=True)
        return {"kind": "MultiIndex", "rows": len(obj), "names": [_label(n) for n in obj.names], **_attrs(frame, blob)}
    if isinstance(obj, pd.RangeIndex):
        return {"kind": "RangeIndex", "range": [obj.start, obj.stop, obj.step], "named": _label(obj.name)}
    if isinstance(obj, pd.Index):
        frame = pd.DataFrame({"values": obj.to_series(index=range(len(obj)))})
        return {"kind": "Index", "rows": len(obj), "named": _label(obj.name), **_attrs(frame, blob)}
    if isinstance(obj, pd.api.extensions.ExtensionArray):
        frame = pd.DataFrame({"values": pd.Series(obj)})
        return {"kind": "array", "rows": len(obj), **_attrs(frame, blob)}
    if isinstance(obj, pd.Timestamp):
        zone = None if obj.tz is None else str(obj.tz)
        return {"kind": "Timestamp", "v": obj.value, "unit": obj.unit, "zone": zone} if obj.nanosecond else None
    if isinstance(obj, pd.Timedelta):
        return {"kind": "Timedelta", "v": obj.value} if obj.nanoseconds else None
    raise Bad(f"is a {_name(obj)}, which has no encoding", "Return a DataFrame, a Series, or plain data.")


def _label(name: Any) -> Any:
    """The name of a column or index, where JSON can say it."""
    if name is None or isinstance(name, (str, int, float, bool)):
        return name
    raise Bad(f"has the name {name!r}, which is no text or number", "Give it a name that is text.")


def _attrs(frame: Any, blob: Blob) -> dict[str, Any]:
    pa = _pyarrow("pandas")
    try:
        table = pa.Table.from_pandas(frame)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        said = " ".join(str(part) for part in error.args)
        raise Bad(
            f"is a pandas object that Arrow cannot hold: {said}",
            "Give each column one type (such as df.astype({'column': str})) and a name of its own.",
        ) from None
    return {"data": blob(_ipc(table))}


def _pyarrow(of: str) -> Any:
    try:
        pa = import_module("pyarrow")
    except ImportError:
        raise Bad(
            f"is of {of}, which is kept as Arrow, and pyarrow is not installed",
            f"Add pyarrow to the requirements.txt beside {of}, or write the data to a file and return its path.",
        ) from None
    return pa


def _ipc(table: Any) -> Any:
    pa = import_module("pyarrow")

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return memoryview(sink.getvalue())


def _table(data: Any) -> Any:
    pa = import_module("pyarrow")

    return pa.ipc.open_stream(pa.py_buffer(data)).read_all()


def _pandas_made(kind: str, found: dict[str, Any], bytes_of: Bytes) -> Any:
    pd = import_module("pandas")

    if kind in _NOTHINGS:
        return getattr(pd, kind)
    if kind == "RangeIndex":
        return pd.RangeIndex(*found["range"], name=found["named"])
    if kind == "Timestamp":
        moment = pd.Timestamp(found["v"], unit="ns", tz="UTC" if found["zone"] else None)
        return moment.tz_convert(found["zone"]) if found["zone"] else moment
    if kind == "Timedelta":
        return pd.Timedelta(found["v"], unit="ns")
    frame = _table(bytes_of(found["data"])).to_pandas()
    if kind == "DataFrame":
        return frame
    if kind == "MultiIndex":
        return pd.MultiIndex.from_frame(frame, names=found["names"])
    series = frame.iloc[:, 0]
    if kind == "Series":
        return series.rename(found["named"])
    return pd.Index(series, name=found["named"]) if kind == "Index" else series.array


# ── polars, Arrow ────────────────────────────────────────────────────────────────────────────────────────


def _polars(obj: Any, blob: Blob) -> dict[str, Any] | None:
    pl = import_module("polars")

    if isinstance(obj, pl.LazyFrame):
        raise Bad("is a polars LazyFrame, a plan and no data", "Return lazy.collect().")
    if not isinstance(obj, (pl.DataFrame, pl.Series)):
        raise Bad(f"is a {_name(obj)}, which has no encoding", "Return a DataFrame, a Series, or plain data.")
    frame = obj.to_frame() if isinstance(obj, pl.Series) else obj
    if any(dtype == pl.Object for dtype in frame.dtypes):
        raise Bad("is a polars table with a column of Python objects", "Give each column a type of polars' own.")
    held = io.BytesIO()
    frame.write_ipc_stream(held)
    kind = "Series" if isinstance(obj, pl.Series) else "DataFrame"
    return {"kind": kind, "rows": len(obj), "columns": frame.columns, "data": blob(held.getvalue())}


def _polars_made(kind: str, found: dict[str, Any], bytes_of: Bytes) -> Any:
    pl = import_module("polars")

    frame = pl.read_ipc_stream(io.BytesIO(bytes_of(found["data"])))
    return frame.to_series(0) if kind == "Series" else frame


def _arrow(obj: Any, blob: Blob) -> dict[str, Any] | None:
    pa = import_module("pyarrow")

    kind: str = type(obj).__name__
    rows = getattr(obj, "num_rows", None)
    if isinstance(obj, pa.RecordBatch):
        table = pa.Table.from_batches([obj])
    elif isinstance(obj, pa.Table):
        table = obj
    elif isinstance(obj, (pa.Array, pa.ChunkedArray)):
        kind, rows = "ChunkedArray" if isinstance(obj, pa.ChunkedArray) else "Array", len(obj)
        table = pa.table({"values": obj})
    elif isinstance(obj, pa.Schema):
        kind, rows, table = "Schema", 0, obj.empty_table()
    else:
        raise Bad(f"is a {_name(obj)}, which has no encoding", "Return a Table, or plain data.")
    return {"kind": kind, "rows": rows, "columns": table.column_names, "data": blob(_ipc(table))}


def _arrow_made(kind: str, found: dict[str, Any], bytes_of: Bytes) -> Any:
    pa = import_module("pyarrow")

    table = _table(bytes_of(found["data"]))
    if kind == "Table":
        return table
    if kind == "RecordBatch":
        whole = table.combine_chunks().to_batches()
        return whole[0] if whole else pa.RecordBatch.from_pylist([], schema=table.schema)
    if kind == "Schema":
        return table.schema
    column = table.column("values")
    return column.combine_chunks() if kind == "Array" else column


# ── torch ────────────────────────────────────────────────────────────────────────────────────────────────


def _torch(obj: Any, blob: Blob) -> dict[str, Any] | None:
    torch = import_module("torch")

    if isinstance(obj, torch.dtype):
        return {"kind": "dtype", "dtype": str(obj).removeprefix("torch.")}
    if isinstance(obj, torch.device):
        return {"kind": "device", "v": str(obj)}
    if not isinstance(obj, torch.Tensor):
        return None
    if obj.layout != torch.strided:
        raise Bad(f"is a torch tensor of layout {obj.layout}", "Return tensor.to_dense().")
    dense = obj.detach().cpu().contiguous()
    kind = "Parameter" if isinstance(obj, torch.nn.Parameter) else "Tensor"
    told: dict[str, Any] = {"kind": kind, "dtype": str(obj.dtype).removeprefix("torch."), "shape": list(obj.shape)}
    if obj.requires_grad:
        told["grad"] = True
    data = dense.reshape(-1).view(torch.uint8).numpy() if dense.numel() else b""
    return {**told, "data": blob(memoryview(data))}


def _torch_made(kind: str, found: dict[str, Any], bytes_of: Bytes) -> Any:
    """On the processor: where its device may not be there."""
    torch = import_module("torch")

    if kind == "device":
        return torch.device(found["v"])
    dtype = getattr(torch, found["dtype"])
    if kind == "dtype":
        return dtype
    data = bytearray(bytes_of(found["data"]))
    flat = torch.frombuffer(data, dtype=dtype) if data else torch.empty(0, dtype=dtype)
    tensor = flat.reshape(found["shape"])
    if kind == "Parameter":
        return torch.nn.Parameter(tensor, requires_grad=bool(found.get("grad")))
    return tensor.requires_grad_() if found.get("grad") else tensor


_MAKERS: dict[str, Callable[[str, dict[str, Any], Bytes], Any]] = {
    "numpy": _numpy_made,
    "pandas": _pandas_made,
    "polars": _polars_made,
    "pyarrow": _arrow_made,
    "torch": _torch_made,
}
