"""Values as bytes: Python values as tagged JSON, made in an attempt and kept in the store.

Owns the encoding of what Python itself has; libraries' objects are next door. Imports an author's class or a library
only in `decode(…, classes=True)`, which the attempt side alone calls; no pickle anywhere. What JSON can say natively is
plain JSON; the rest is an object with the key "__venturi__" that names its kind. The JSON is always valid UTF-8 without
NaN, so that any JSON reader and any database takes it; large bytes stand aside from it (`blobs`).

A subclass of a plain type (defaultdict, numpy.float64, a string type) is kept as the plain value.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from enum import Enum
from functools import cache
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import Any, NamedTuple

from ..core.errors import BadValue
from ..core.spec import RETURN_KEY
from . import blobs

TAG = "__venturi__"
# Whose objects `library_values` knows, or knows to refuse with advice.
LIBRARIES = frozenset(
    (
        *("numpy", "pandas", "polars", "pyarrow", "torch", "safetensors", "scipy", "sklearn", "xgboost", "lightgbm"),
        *("catboost", "keras", "tensorflow", "transformers", "joblib", "PIL", "matplotlib"),
    )
)
AUTHORS = frozenset({"dataclass", "attrs", "pydantic", "namedtuple", "enum", "own"})  # `author_values` makes these
DEPTH_MAX = 200
_MARK = b'"__venturi__":'  # in the bytes exactly when something in them is tagged
_INT_BITS_MAX = 2048  # larger ints go as hex: Python limits the digits it turns into an int
_ADVICE = "Return plain data, or write it to a file and return the file's path."

_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False).encode


class Encoded(NamedTuple):
    data: bytes
    kind: str  # the Python type's name, for people
    length: int | None  # what mapping over it would give
    aside: tuple[Any, ...] = ()  # large parts, which a file holds behind the data

    def parts(self) -> list[Any]:
        """What is kept, to be written one after the other."""
        return blobs.packed(self.data, self.aside) if self.aside else [self.data]

    def whole(self) -> bytes:
        return b"".join(self.parts())


@dataclasses.dataclass(frozen=True)
class Unmade:
    """An author's object where his classes are not imported: what it was and what it held."""

    kind: str  # dataclass, pydantic, attrs, enum, own; or the library it is of
    name: str  # module:qualname
    held: Any

    def __hash__(self) -> int:
        return hash((self.kind, self.name))


class Bad(Exception):
    """A part that cannot be encoded, or made again; gathers its path on the way up."""

    def __init__(self, reason: str, advice: str | None = None) -> None:
        self.reason = reason
        self.advice = advice
        self.steps: list[str] = []


# ── encode ───────────────────────────────────────────────────────────────────────────────────────────────


def encode(obj: Any, key: str = RETURN_KEY) -> Encoded:
    """The value's encoding; BadValue with the path to the offending part when there is none."""
    kind = "None" if obj is None else type(obj).__name__
    aside: list[Any] = []
    try:
        data = _encoded(obj, aside)
    except Bad as bad:
        where = "".join(reversed(bad.steps)).lstrip(".") or "it"
        raise BadValue(key=key, reason=f"{where} {bad.reason}", advice=bad.advice or _ADVICE) from None
    except RecursionError:
        raise BadValue(key=key, reason="it is nested too deeply", advice=_ADVICE) from None
    return Encoded(data, kind, length(obj), tuple(aside))


def length(obj: Any) -> int | None:
    """How many instances mapping over the value gives; None when it cannot be mapped over."""
    return len(obj) if isinstance(obj, (list, tuple, dict, set, frozenset)) else None


def _encoded(obj: Any, aside: list[Any]) -> bytes:
    if _is_plain(obj, DEPTH_MAX - 1):
        try:
            return _dumps(obj).encode()
        except ValueError:
            pass  # nan, an int of thousands of digits, or a lone surrogate: tagged below
    return _dumps(_Tagger(aside).tag(obj)).encode()


_NONE = type(None)
_SCALARS = frozenset({_NONE, bool, int, float, str})
_PLAIN = _SCALARS | {list, dict}
_STR = frozenset({str})


def _is_plain(obj: Any, depth: int) -> bool:
    """Whether json.dumps says all of it. A cycle runs into the depth on its first way down, so this always ends."""
    kind = type(obj)
    if kind is list:
        items: Iterable[Any] = obj
    elif kind is dict:
        if TAG in obj or not _STR.issuperset(map(type, obj)):
            return False
        items = obj.values()
    else:
        return kind in _SCALARS
    kinds = set(map(type, items))
    if kinds <= _SCALARS:
        return True
    if depth <= 0 or not kinds <= _PLAIN:
        return False
    return all(type(item) in _SCALARS or _is_plain(item, depth - 1) for item in items)


class _Tagger:
    """Turns one value into what json.dumps can say, with everything else tagged."""

    def __init__(self, aside: list[Any]) -> None:
        self._open: set[int] = set()  # ids of the containers being tagged: meeting one again is a cycle
        self._aside = aside

    def tag(self, obj: Any) -> Any:
        kind = type(obj)
        if obj is None or kind is bool:
            return obj
        simple = _SIMPLE.get(kind)
        if simple is not None:
            return simple(obj)
        if isinstance(obj, (bytes, bytearray)):
            form = "bytes" if isinstance(obj, bytes) else "bytearray"
            return {TAG: form, "v": self.blob(obj)}
        if id(obj) in self._open:
            raise Bad(f"is a {kind.__name__} that contains itself")
        if len(self._open) >= DEPTH_MAX:
            raise Bad(f"is nested more than {DEPTH_MAX} deep")
        self._open.add(id(obj))
        try:
            return self._compound(obj, kind)
        finally:
            self._open.discard(id(obj))

    def blob(self, data: Any) -> Any:
        """Bytes, as text in the JSON or aside from it."""
        if memoryview(data).nbytes < blobs.ASIDE_BYTES_MIN:
            return blobs.base64(data)
        self._aside.append(data)
        return {TAG: "blob", "at": len(self._aside) - 1}

    def _compound(self, obj: Any, kind: type) -> Any:
        if _is_of_library(kind):
            from . import library_values

            made = library_values.tagged(obj, self.blob)
            if made is not None:
                return {TAG: made.pop("library"), **made}
        if isinstance(obj, Enum):
            return {TAG: "enum", "class": _class_name(kind), "name": obj.name, "value": self._field(obj, "value")}
        if callable(getattr(kind, "serialize", None)) and callable(getattr(kind, "deserialize", None)):
            return self._own(obj, kind)
        if dataclasses.is_dataclass(obj):
            names = [f.name for f in dataclasses.fields(obj) if hasattr(obj, f.name)]
            return self._object("dataclass", kind, {n: self._field(obj, n) for n in names})
        if hasattr(kind, "__attrs_attrs__"):
            return self._object("attrs", kind, {a.name: self._field(obj, a.name) for a in kind.__attrs_attrs__})
        if callable(getattr(kind, "model_dump", None)) and callable(getattr(kind, "model_validate", None)):
            try:
                dumped = obj.model_dump()
            except Exception as error:
                raise Bad(f"is a {_name(kind)} whose model_dump raised {type(error).__name__}: {error}") from None
            return {TAG: "pydantic", "class": _class_name(kind), "held": self.tag(dumped)}
        if isinstance(obj, dict):
            return self._dict(obj)
        if isinstance(obj, tuple) and hasattr(kind, "_fields") and hasattr(kind, "_make"):
            return {TAG: "namedtuple", "class": _class_name(kind), "items": self._items(obj)}
        if isinstance(obj, list):
            return self._items(obj)
        if isinstance(obj, tuple):
            return {TAG: "tuple", "items": self._items(obj)}
        if isinstance(obj, (set, frozenset)):
            items = sorted(self._items(obj), key=_dumps)  # equal sets have equal encodings
            return {TAG: "set" if isinstance(obj, set) else "frozenset", "items": items}
        if hasattr(kind, "__venturi_value__"):  # one of ours that stands for a plain value
            return self.tag(obj.__venturi_value__())
        return _of_a_subclass(obj, kind)

    def _items(self, items: Iterable[Any]) -> list[Any]:
        made: list[Any] = []
        try:
            for item in items:
                made.append(item if item is None or item is True or item is False else self.tag(item))
        except Bad as bad:
            bad.steps.append("{…}" if isinstance(items, (set, frozenset)) else f"[{len(made)}]")
            raise
        return made

    def _field(self, obj: Any, name: str) -> Any:
        try:
            return self.tag(getattr(obj, name))
        except Bad as bad:
            bad.steps.append(f".{name}")
            raise

    def _own(self, obj: Any, kind: type) -> Any:
        """An object that says itself what it is made again from."""
        try:
            held = obj.serialize()
        except Exception as error:
            raise Bad(f"is a {_name(kind)} whose serialize() raised {type(error).__name__}: {error}") from None
        made = {TAG: "own", "class": _class_name(kind), "held": self.tag(held)}
        version = getattr(kind, "__version__", None)
        return {**made, "version": version} if isinstance(version, int) else made

    def _object(self, form: str, kind: type, held: dict[str, Any]) -> dict[str, Any]:
        # Pairs, not an object: a field may be called anything, "__venturi__" too.
        return {TAG: form, "class": _class_name(kind), "held": [[n, v] for n, v in held.items()]}

    def _dict(self, obj: dict[Any, Any]) -> dict[str, Any]:
        made: list[Any] = []
        natural = True
        for key, value in obj.items():
            try:
                tagged_key = self.tag(key)
                natural = natural and type(tagged_key) is str and type(key) is str and key != TAG
                made.append([tagged_key, self.tag(value)])
            except Bad as bad:
                bad.steps.append(f"[{key!r:.60}]")
                raise
        return dict(made) if natural else {TAG: "dict", "items": made}


@cache
def _is_of_library(kind: type) -> bool:
    """Also for a class of the author's that extends one of a library's."""
    return any(base.__module__.partition(".")[0] in LIBRARIES for base in kind.__mro__)


def _int(obj: int) -> Any:
    return obj if obj.bit_length() <= _INT_BITS_MAX else {TAG: "int", "hex": hex(obj)}


def _float(obj: float) -> Any:
    return obj if obj - obj == 0 else {TAG: "float", "v": repr(obj)}


def _str(obj: str) -> Any:
    try:
        obj.encode()
    except UnicodeEncodeError:
        return {TAG: "str", "hex": obj.encode("utf-8", "surrogatepass").hex()}
    return obj


def _datetime(obj: datetime) -> Any:
    bare = datetime(obj.year, obj.month, obj.day, obj.hour, obj.minute, obj.second, obj.microsecond)
    return {TAG: "datetime", "v": bare.isoformat(), **_zone(obj), **_of_pendulum(obj)}


def _time(obj: time) -> Any:
    bare = time(obj.hour, obj.minute, obj.second, obj.microsecond)
    return {TAG: "time", "v": bare.isoformat(), **_zone(obj), **_of_pendulum(obj)}


def _date(obj: date) -> Any:
    return {TAG: "date", "v": date(obj.year, obj.month, obj.day).isoformat(), **_of_pendulum(obj)}


def _of_pendulum(obj: Any) -> dict[str, str]:
    """Whether it is one of pendulum's, which is what it becomes again on the author's side."""
    return {"as": "pendulum"} if type(obj).__module__.startswith("pendulum") else {}


def _zone_itself(obj: tzinfo) -> Any:
    told = _zone(datetime(2000, 1, 1, tzinfo=obj))
    if "zone" not in told and "offset_s" not in told:
        raise Bad(f"is a {_name(type(obj))}, a time zone without a name or an offset")
    return {TAG: "zone", **told, **_of_pendulum(obj)}


def _zone(obj: datetime | time) -> dict[str, Any]:
    """The zone by name where it has one, and by offset for a reader who does not know that name."""
    made: dict[str, Any] = {"fold": 1} if obj.fold else {}
    zone = obj.tzinfo
    if zone is None:
        return made
    # zoneinfo and pendulum say `key`, pytz says `zone`
    name = getattr(zone, "key", None) or getattr(zone, "zone", None)
    if isinstance(name, str) and name:
        made["zone"] = name
    offset = obj.utcoffset()
    if offset is not None:
        seconds = offset.total_seconds()
        made["offset_s"] = int(seconds) if seconds == int(seconds) else seconds
    return made


def _timedelta(obj: timedelta) -> Any:
    return {TAG: "timedelta", "v": [obj.days, obj.seconds, obj.microseconds], **_of_pendulum(obj)}


def _path(obj: PurePath) -> Any:
    form = "path" if isinstance(obj, Path) else "windows" if isinstance(obj, PureWindowsPath) else "posix"
    return {TAG: "path", "v": _str(str(obj)), **({} if form == "path" else {"form": form})}


_SIMPLE: dict[type, Callable[[Any], Any]] = {
    int: _int,
    float: _float,
    str: _str,
    complex: lambda obj: {TAG: "complex", "v": [_float(obj.real), _float(obj.imag)]},
    datetime: _datetime,
    date: _date,
    time: _time,
    timedelta: _timedelta,
}
# The first that matches says what a subclass is kept as; datetime is a date, so it comes before it.
_BASES = (int, float, str, complex, datetime, date, time, timedelta)
_EXACT: dict[type, Callable[[Any], Any]] = {int: int.__int__, float: float.__float__, str: str.__str__}


# Known by name: whoever holds one has imported its module, and no attempt should carry both for nothing.
_RARE = (("decimal", "Decimal"), ("uuid", "UUID"))


def _of_a_subclass(obj: Any, kind: type) -> Any:
    if isinstance(obj, PurePath):
        return _path(obj)
    for module, name in _RARE:
        known = sys.modules.get(module)
        if known is not None and isinstance(obj, getattr(known, name)):
            return {TAG: module, "v": str(obj)}
    for base in _BASES:
        if isinstance(obj, base):
            return _SIMPLE[base](_EXACT[base](obj) if base in _EXACT else obj)
    if isinstance(obj, tzinfo):
        return _zone_itself(obj)
    dtype = getattr(obj, "dtype", None)
    if getattr(dtype, "kind", "") in ("b", "i", "u", "f") and getattr(obj, "shape", None) == ():
        item = obj.item()  # a numpy or similar scalar
        if type(item) in (bool, int, float):
            return item if type(item) is bool else _SIMPLE[type(item)](item)
    raise Bad(f"is a {_name(kind)}, which has no encoding")


def _name(kind: type) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _class_name(kind: type) -> str:
    """`module:qualname`, once it is certain that the class is found there again."""
    if found_in(sys.modules.get(kind.__module__), kind.__qualname__) is not kind:
        raise Bad(f"is a {_name(kind)}, a class that cannot be imported again from where it says it is defined")
    return f"{kind.__module__}:{kind.__qualname__}"


def found_in(module: Any, qualname: str) -> Any:
    for part in qualname.split("."):
        module = getattr(module, part, None)
    return module


# ── decode ───────────────────────────────────────────────────────────────────────────────────────────────


def is_plain(data: bytes) -> bool:
    """Whether an encoding is ordinary JSON that anyone can read as it is."""
    return _MARK not in data


def decode(data: bytes, classes: bool = False, key: str = RETURN_KEY) -> Any:
    """The value again. With `classes` an author's objects are made anew, importing their classes, and libraries'
    objects by their library; without, they are `Unmade`, and a named tuple is a tuple. BadValue when that cannot be
    done."""
    try:
        if _MARK not in data:
            return json.loads(data)
        text, aside = blobs.unpacked(data)
        return json.loads(text, object_hook=_Reading(aside, classes).take)
    except Bad as bad:
        raise BadValue(key=key, reason=bad.reason, advice=bad.advice or "") from bad.__cause__
    except (ValueError, RecursionError) as error:
        raise BadValue(key=key, reason=f"its encoding is damaged ({error})", advice="") from None


class _Reading:
    """Makes objects of what json.loads finds, innermost first."""

    def __init__(self, aside: Sequence[memoryview], classes: bool) -> None:
        self._aside = aside
        self._classes = classes

    def take(self, found: dict[str, Any]) -> Any:
        form = found.get(TAG)
        if form is None or form == "blob":  # a part aside: taken by what it is a part of
            return found
        if form in ("bytes", "bytearray"):
            return self._made(form, lambda: (bytes if form == "bytes" else bytearray)(self._bytes(found["v"])))
        if form in LIBRARIES:
            return self._of_library(form, found)
        if self._classes:
            if form in AUTHORS:
                return _remade(form, found)
            if found.get("as") == "pendulum":
                return _pendulum(form, _untag(form, found))
        return _untag(form, found)

    def _bytes(self, held: Any) -> Any:
        return blobs.bytes_of(held, self._aside)

    def _made(self, form: str, make: Callable[[], Any]) -> Any:
        try:
            return make()
        except Bad:
            raise
        except Exception as error:
            raise Bad(f"a '{form}' in it is damaged: {type(error).__name__}: {error}") from error

    def _of_library(self, form: str, found: dict[str, Any]) -> Any:
        told = {name: value for name, value in found.items() if name not in (TAG, "data", "kind")}
        if not self._classes:
            return Unmade(form, str(found.get("kind", "")), told)
        from . import library_values

        return self._made(form, lambda: library_values.made(form, found, self._bytes))


def _remade(form: str, found: dict[str, Any]) -> Any:
    from . import author_values

    return author_values.made(form, found)


def _pendulum(form: str, made: Any) -> Any:
    """As pendulum has it, where it is installed; else as the plain object, which says the same."""
    try:
        import pendulum
    except ImportError:
        return made
    if form == "datetime":
        naive = made.tzinfo is None
        return pendulum.DateTime.combine(made.date(), made.time()) if naive else pendulum.instance(made)
    if form == "timedelta":
        return pendulum.duration(days=made.days, seconds=made.seconds, microseconds=made.microseconds)
    if form == "date":
        return pendulum.date(made.year, made.month, made.day)
    if form == "time":
        return pendulum.instance(made)
    name = getattr(made, "key", None)
    return pendulum.timezone(name or int(made.utcoffset(None).total_seconds()))


def _untag(form: str, found: dict[str, Any]) -> Any:
    reader = _READERS.get(form)
    if reader is None:
        raise Bad(f"it holds a '{form}', which this Venturi does not know")
    try:
        return reader(found)
    except Exception as error:
        raise Bad(f"a '{form}' in it is damaged: {type(error).__name__}: {error}") from error


def _unmade(form: str) -> Callable[[dict[str, Any]], Unmade]:
    def read(found: dict[str, Any]) -> Unmade:
        held = found["held"]
        return Unmade(form, found["class"], held if form in ("pydantic", "own") else dict(held))

    return read


def _zone_of(found: dict[str, Any]) -> tzinfo | None:
    offset_s = found.get("offset_s")
    if "zone" in found:
        from zoneinfo import ZoneInfo

        try:
            return ZoneInfo(found["zone"])
        except Exception:
            if offset_s is None:
                return None
    return None if offset_s is None else timezone(timedelta(seconds=offset_s))


def _datetime_of(found: dict[str, Any]) -> datetime:
    made = datetime.fromisoformat(found["v"]).replace(tzinfo=_zone_of(found), fold=found.get("fold", 0))
    offset = made.utcoffset()
    if offset is not None and offset.total_seconds() != found["offset_s"]:
        # Its zone kept no fold (pytz), and this hour happened twice: the offset says which was meant.
        other = made.replace(fold=1 - made.fold)
        return other if other.utcoffset() == timedelta(seconds=found["offset_s"]) else made
    return made


def _path_of(found: dict[str, Any]) -> PurePath:
    form: Any = {"path": Path, "posix": PurePosixPath, "windows": PureWindowsPath}[found.get("form", "path")]
    made: PurePath = form(found["v"])
    return made


def _rare(module: str, text: str) -> Any:
    return getattr(importlib.import_module(module), dict(_RARE)[module])(text)


_READERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "int": lambda f: int(f["hex"], 16),
    "float": lambda f: float(f["v"]),
    "str": lambda f: bytes.fromhex(f["hex"]).decode("utf-8", "surrogatepass"),
    "complex": lambda f: complex(*f["v"]),
    "tuple": lambda f: tuple(f["items"]),
    "namedtuple": lambda f: tuple(f["items"]),
    "set": lambda f: set(f["items"]),
    "frozenset": lambda f: frozenset(f["items"]),
    "dict": lambda f: dict(f["items"]),
    "datetime": _datetime_of,
    "date": lambda f: date.fromisoformat(f["v"]),
    "time": lambda f: time.fromisoformat(f["v"]).replace(tzinfo=_zone_of(f), fold=f.get("fold", 0)),
    "timedelta": lambda f: timedelta(*f["v"]),
    "decimal": lambda f: _rare("decimal", f["v"]),
    "uuid": lambda f: _rare("uuid", f["v"]),
    "path": _path_of,
    "dataclass": _unmade("dataclass"),
    "attrs": _unmade("attrs"),
    "pydantic": _unmade("pydantic"),
    "own": _unmade("own"),
    "zone": lambda f: _zone_of(f),
    "enum": lambda f: Unmade("enum", f["class"], f["value"]),
}


# ── mapping ──────────────────────────────────────────────────────────────────────────────────────────────


def elements(data: bytes, key: str = RETURN_KEY) -> list[bytes]:
    """The encodings of what mapping over the value gives: items, or of a dict its (key, value) pairs as 2-tuples.
    Imports nothing and makes no object of the author's."""
    found = _inlined(data)
    if isinstance(found, list):
        items = found
    elif isinstance(found, dict) and TAG not in found:
        items = [{TAG: "tuple", "items": [k, v]} for k, v in found.items()]
    elif isinstance(found, dict) and found[TAG] in ("tuple", "namedtuple", "set", "frozenset"):
        items = found["items"]
    elif isinstance(found, dict) and found[TAG] == "dict":
        items = [{TAG: "tuple", "items": pair} for pair in found["items"]]
    else:
        kind = found[TAG] if isinstance(found, dict) else "None" if found is None else type(found).__name__
        raise BadValue(key=key, reason=f"it is a {kind}, and only a list or dict can be mapped over", advice="")
    return [_dumps(item).encode() for item in items]


def inlined(data: bytes) -> bytes:
    """The same value as JSON alone: what stood aside is text in it."""
    return _dumps(_inlined(data)).encode() if blobs.is_packed(data) else data


def _inlined(data: bytes) -> Any:
    text, aside = blobs.unpacked(data)
    if not aside:
        return json.loads(text)

    def take(found: dict[str, Any]) -> Any:
        return blobs.base64(aside[found["at"]]) if found.get(TAG) == "blob" else found

    return json.loads(text, object_hook=take)
