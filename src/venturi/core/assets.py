"""Assets in a spec: which ones it declares, and whether the events there are start its DAG.

Owns the meaning of the expressions that `sdk.assets` writes. What happened when is kept by the engine; nothing is
read here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, TypeVar

_T = TypeVar("_T")
Key = tuple[str, str]  # name, URI
OfAlias = Callable[[str], Collection[Key]]  # the assets that have been added to an alias


def declared_in(spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every asset that a DAG's spec (as JSON) makes, uses or starts by, once, in the order of meeting."""
    found: dict[Key, dict[str, Any]] = {}
    expressions: list[Any] = [spec.get("schedule")]
    for task in spec.get("tasks", ()):
        expressions += [*task.get("outlets", ()), *task.get("inlets", ())]
    for one in _in(expressions):
        found.setdefault((one["name"], one["uri"]), one)
    return list(found.values())


def _in(parts: Iterable[Any]) -> Iterator[dict[str, Any]]:
    for part in parts:
        if isinstance(part, Mapping):
            one = part.get("asset")
            if isinstance(one, Mapping) and "uri" in one:
                yield dict(one)
            yield from _in(part.get(word) for word in ("assets", "all", "any") if word in part)
        elif isinstance(part, (list, tuple)):
            yield from _in(part)


# ── what starts a DAG ────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Pile:
    """The events of one asset that a DAG has not been started by yet."""

    name: str
    uri: str
    n: int = 0  # those that count for its condition; what came while it was paused does not
    first_at: float = 0.0  # of these
    start: float = float("inf")  # data intervals of the runs that made them, of all
    end: float = float("-inf")

    @property
    def key(self) -> Key:
        return self.name, self.uri

    def add(self, at: float, counts: bool, interval: tuple[float | None, float | None] = (None, None)) -> None:
        if counts:
            self.first_at = min(self.first_at, at) if self.n else at
            self.n += 1
        start, end = (at if moment is None else moment for moment in interval)
        self.start, self.end = min(self.start, start), max(self.end, end)


def condition_in(schedule: Any) -> Any | None:
    """The expression by which a DAG starts; None if no asset starts it."""
    if isinstance(schedule, Mapping) and isinstance(schedule.get("assets"), Mapping):
        return schedule["assets"]
    return None


def watchers_in(schedule: Any) -> Iterator[tuple[Key, dict[str, Any]]]:
    """Each asset that a DAG starts by, with each of its watchers."""
    for one in _in([schedule]):
        for told in one.get("watchers", ()):
            yield _key(one), told


def names_in(expression: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What events concern it: ("asset", (name, uri)), ("name", …) and ("uri", …) of references, ("alias", …)."""
    for word in ("all", "any"):
        for part in expression.get(word, ()):
            yield from names_in(part)
    if "alias" in expression:
        yield "alias", expression["alias"]
    elif "ref" in expression:
        yield from expression["ref"].items()
    elif "asset" in expression:
        yield "asset", _key(expression["asset"])


def by_name_or_uri(pairs: Iterable[tuple[Any, _T]], asset: Key) -> _T | None:
    """Of what is paired with expressions, the last that goes with an asset by its name, or else by its URI."""
    by_name: dict[str, _T] = {}
    by_uri: dict[str, _T] = {}
    for expression, it in pairs:
        for kind, named in names_in(expression):
            if kind in ("asset", "name"):
                by_name[named[0] if kind == "asset" else named] = it
            if kind in ("asset", "uri"):
                by_uri[named[1] if kind == "asset" else named] = it
    return by_name.get(asset[0]) or by_uri.get(asset[1])


def holds(expression: Mapping[str, Any], there: Collection[Key], of_alias: OfAlias) -> bool:
    """Whether events of these assets are enough."""
    if "all" in expression:
        return all(holds(part, there, of_alias) for part in expression["all"])
    if "any" in expression:
        return any(holds(part, there, of_alias) for part in expression["any"])
    return any(_fits(expression, key, of_alias) for key in there)


def concerns(expression: Mapping[str, Any], key: Key, of_alias: OfAlias) -> bool:
    """Whether an event of this asset still means something to it."""
    parts = [*expression.get("all", ()), *expression.get("any", ())]
    return any(concerns(part, key, of_alias) for part in parts) or _fits(expression, key, of_alias)


def _fits(leaf: Mapping[str, Any], key: Key, of_alias: OfAlias) -> bool:
    if "alias" in leaf:
        return key in of_alias(leaf["alias"])
    if "ref" in leaf:
        return all(key[0 if by == "name" else 1] == value for by, value in leaf["ref"].items())
    return "asset" in leaf and _key(leaf["asset"]) == key


def _key(asset: Mapping[str, Any]) -> Key:
    return asset["name"], asset["uri"]


# ── in words ─────────────────────────────────────────────────────────────────────────────────────────────


def lacking(expression: Mapping[str, Any], there: Collection[Key], of_alias: OfAlias) -> str:
    """What must still come, as in "asset b, and asset c or an asset of alias d"; empty if nothing must."""
    if holds(expression, there, of_alias):
        return ""
    for word, join in (("all", " and "), ("any", " or ")):
        if word in expression:
            parts = [lacking(part, there, of_alias) for part in expression[word]]
            several = [f"({part})" if " and " in part or " or " in part else part for part in parts if part]
            return join.join(several) if len(several) > 1 else next((part for part in parts if part), "")
    return named(expression)


def named(leaf: Mapping[str, Any]) -> str:
    if "alias" in leaf:
        return f"an asset of alias {leaf['alias']}"
    if "ref" in leaf:
        return f"asset {next(iter(leaf['ref'].values()))}"
    return f"asset {leaf['asset']['name']}"


def waits_for(expression: Mapping[str, Any], piles: Collection[Pile], of_alias: OfAlias) -> str:
    """As in "waits for asset b (has a since 2026-01-31 12:03 UTC)"."""
    counted = [pile for pile in piles if pile.n]
    lacks = lacking(expression, [pile.key for pile in counted], of_alias)
    has = ", ".join(f"{pile.name} since {_moment(pile.first_at)}" for pile in counted)
    if not lacks:
        return f"has what it waits for ({has})"
    return f"waits for {lacks}" + (f" (has {has})" if has else "")


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def started_by(piles: Collection[Pile]) -> str:
    names = sorted({pile.name for pile in piles if pile.n})
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{'asset' if len(names) == 1 else 'assets'} {', '.join(names[:3])}{more}"
