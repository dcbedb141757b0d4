"""Events of assets in a running task: what it says of those it makes, and what was said of those it uses.

Owns `outlet_events`, `inlet_events` and the events that a successful attempt leaves. Which runs follow from an event
is decided elsewhere.

An event as plain data: {"name", "uri", "extra", "aliases": [name …], "partition": key or None}; one that was recorded
also says "id", "at" (seconds) and which task made it: "dag_id", "run_id", "task_id", "map_index".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from . import times
from .assets import Asset, AssetAlias, AssetNameRef, AssetRef, AssetUniqueKey, AssetUriRef, BaseAsset, Metadata
from .exceptions import AirflowNotFoundException
from .plain import plain
from .port import port

Named = Asset | AssetAlias | AssetRef


class OutletEventAccessor:
    """What the task says of one outlet: `.extra`, and for an alias the assets that it `add`s."""

    def __init__(self, key: Any, extra: dict[str, Any] | None = None) -> None:
        self.key = key
        self.extra: dict[str, Any] = extra if extra is not None else {}
        self.added: list[tuple[Asset, dict[str, Any]]] = []
        self.partition_keys: list[str] = []

    def add(self, asset: Any, extra: Mapping[str, Any] | None = None) -> None:
        """An event of this asset, by the alias."""
        if not isinstance(self.key, AssetAlias):
            raise TypeError(f"add() is for aliases, and {self.key!r} is none.")
        found = declared(asset) if isinstance(asset, (AssetRef, Asset)) else Asset(asset)
        self.added.append((found, dict(extra) if extra is not None else {}))

    def add_partitions(self, keys: str | Sequence[str]) -> None:
        """An event for each of these partition keys, in place of one for the whole asset."""
        given = [keys] if isinstance(keys, str) else list(keys)
        for key in given:
            if not isinstance(key, str) or not key:
                raise ValueError(f"A partition key is a text that is not empty, not {key!r}.")
        self.partition_keys += [key for key in dict.fromkeys(given) if key not in self.partition_keys]


class _ByAsset:
    """Looked up with the asset, an alias, a reference, or (as in 2.x) its URI or name."""

    def for_asset(self, *, name: str | None = None, uri: str | None = None) -> Any:
        if name and uri:
            return self[Asset(name=name, uri=uri)]
        if not name and not uri:
            raise ValueError("name and uri cannot both be empty")
        return self[Asset.ref(name=name) if name else Asset.ref(uri=uri or "")]

    def for_asset_alias(self, *, name: str) -> Any:
        return self[AssetAlias(name)]

    def __getitem__(self, key: Any) -> Any:
        raise NotImplementedError


class OutletEvents(_ByAsset, Mapping[Any, OutletEventAccessor]):
    """`outlet_events[asset].extra = {…}`."""

    def __init__(self, outlets: Sequence[Any]) -> None:
        self._outlets = list(outlets)
        self._made: dict[Any, OutletEventAccessor] = {}

    def __getitem__(self, key: Any) -> OutletEventAccessor:
        known = _key(key, self._outlets)
        if known not in self._made:
            self._made[known] = OutletEventAccessor(key if isinstance(key, BaseAsset) else _of_key(known))
        return self._made[known]

    def __iter__(self) -> Iterator[Any]:
        return iter([_of_key(key) for key in self._made])

    def __len__(self) -> int:
        return len(self._made)

    def take(self, metadata: Metadata) -> None:
        """What a task has yielded."""
        self[metadata.asset].extra.update(metadata.extra)
        if metadata.alias is not None:
            self[metadata.alias].add(metadata.asset, metadata.extra)

    def events(self) -> list[dict[str, Any]]:
        """What is recorded when the task has succeeded: every outlet, and what was added to its aliases."""
        found: list[dict[str, Any]] = []
        for outlet in self._outlets:
            if isinstance(outlet, (Asset, AssetRef)):
                key = _key(outlet, self._outlets)
                said = self._made.get(key) or OutletEventAccessor(outlet)
                asset = declared(outlet)
                found += [_event(asset, said.extra, [], one) for one in said.partition_keys or _WHOLE]
            elif isinstance(outlet, AssetAlias):
                said = self._made.get(_key(outlet, self._outlets)) or OutletEventAccessor(outlet)
                for asset, extra in said.added:
                    same = next((e for e in found if e["uri"] == asset.uri and e["name"] == asset.name), None)
                    if same is not None and same["aliases"] and same["extra"] == extra:
                        same["aliases"].append(outlet.name)  # added through two aliases: one event
                    else:
                        found.append(_event(asset, extra, [outlet.name], None))
        return found


_WHOLE: list[Any] = [None]  # the asset as such, and none of its partitions


def _event(asset: Asset, extra: Mapping[str, Any], aliases: list[str], partition: str | None) -> dict[str, Any]:
    return {"name": asset.name, "uri": asset.uri, "extra": plain(extra), "aliases": aliases, "partition": partition}


def _key(key: Any, known: Sequence[Any]) -> Any:
    """One hashable form for all the ways to name an asset."""
    if isinstance(key, int):
        return _key(known[key], known)
    if isinstance(key, Asset):
        return AssetUniqueKey(key.name, key.uri)
    if isinstance(key, AssetAlias):
        return key
    if isinstance(key, AssetRef):
        for one in known:
            if isinstance(one, Asset) and _is_named(one, key):
                return AssetUniqueKey(one.name, one.uri)
        found = declared(key)
        return AssetUniqueKey(found.name, found.uri)
    if isinstance(key, str):
        for one in known:
            if isinstance(one, Asset) and key in (one.uri, one.name):
                return AssetUniqueKey(one.name, one.uri)
            if isinstance(one, AssetAlias) and key == one.name:
                return one
        return AssetUniqueKey(key, Asset(key).uri)
    raise TypeError(f"Key should be either an asset or an asset alias, not {type(key)}")


def _is_named(asset: Asset, ref: AssetRef) -> bool:
    return asset.name == ref.name if isinstance(ref, AssetNameRef) else asset.uri == getattr(ref, "uri", None)


def _of_key(key: Any) -> Any:
    return key.to_asset() if isinstance(key, AssetUniqueKey) else key


def declared(asset: Any) -> Asset:
    """The asset itself; a reference is looked up among those that DAG files declare."""
    if isinstance(asset, Asset):
        return asset
    name = asset.name if isinstance(asset, AssetNameRef) else None
    uri = asset.uri if isinstance(asset, AssetUriRef) else None
    found = port().asset(name, uri)
    if found is None:
        raise AirflowNotFoundException(
            f"No DAG file declares an asset {'named' if name else 'with the URI'} {name or uri!r}. "
            "Declare it with Asset(…), or correct the reference."
        )
    return Asset(found["name"], found["uri"], group=found.get("group"), extra=found.get("extra"))


# ── what was recorded ────────────────────────────────────────────────────────────────────────────────────


class AssetEvent:
    """One recorded event, as author code looks at it."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self.id: int = told["id"]
        self.extra: dict[str, Any] = dict(told.get("extra") or {})
        self.timestamp: datetime = times.with_pendulum(datetime.fromtimestamp(told["at"], times.utc))
        self.asset = Asset(told["name"], told["uri"])
        self.source_dag_id: str | None = told.get("dag_id")
        self.source_run_id: str | None = told.get("run_id")
        self.source_task_id: str | None = told.get("task_id")
        self.source_map_index: int = told.get("map_index", -1)
        self.source_aliases = [AssetAlias(name) for name in told.get("aliases") or ()]
        self.partition_key: str | None = told.get("partition")

    @property
    def uri(self) -> str:
        return self.asset.uri

    dataset = property(lambda self: self.asset)

    @property
    def source_dag_run(self) -> Any:
        """The run that made it; None where a person or a watcher told of it."""
        if not self.source_dag_id or not self.source_run_id:
            return None
        from .runs import find

        return next(iter(find(self.source_dag_id, self.source_run_id)), None)

    @property
    def source_task_instance(self) -> Any:
        from .runs import instance

        run = self.source_dag_run
        return None if run is None else instance(run, str(self.source_task_id), self.source_map_index)

    def __repr__(self) -> str:
        return f"<AssetEvent {self.id} of {self.asset.uri} at {self.timestamp.isoformat()}>"


class InletEvents(Sequence[AssetEvent]):
    """The events of one inlet, oldest first; asked for when first looked at."""

    def __init__(self, of: Mapping[str, str], **wanted: Any) -> None:
        self._of = dict(of)
        self._wanted = wanted
        self._held: list[AssetEvent] | None = None

    def _events(self) -> list[AssetEvent]:
        if self._held is None:
            self._held = [AssetEvent(told) for told in port().asset_events(**self._of, **self._wanted)]
        return self._held

    def _but(self, **wanted: Any) -> InletEvents:
        return InletEvents(self._of, **{**self._wanted, **wanted})

    def after(self, after: Any) -> InletEvents:
        return self._but(after=times.read(after).timestamp())

    def before(self, before: Any) -> InletEvents:
        return self._but(before=times.read(before).timestamp())

    def ascending(self, ascending: bool = True) -> InletEvents:
        return self._but(newest_first=not ascending)

    def limit(self, limit: int) -> InletEvents:
        return self._but(limit=int(limit))

    def __len__(self) -> int:
        return len(self._events())

    def __getitem__(self, at: Any) -> Any:
        return self._events()[at]

    def __iter__(self) -> Iterator[AssetEvent]:
        return iter(self._events())

    def __repr__(self) -> str:
        return repr(self._events())


class InletsEvents(_ByAsset, Mapping[Any, InletEvents]):
    """`inlet_events[asset]`, of the task's inlets."""

    def __init__(self, inlets: Sequence[Any]) -> None:
        self._inlets = [one for one in inlets if isinstance(one, (Asset, AssetAlias, AssetRef))]

    def __getitem__(self, key: Any) -> InletEvents:
        known = _key(key, self._inlets)
        if isinstance(known, AssetAlias):
            if known not in self._inlets:
                raise KeyError(key)
            return InletEvents({"alias": known.name})
        if not any(_key(one, self._inlets) == known for one in self._inlets if not isinstance(one, AssetAlias)):
            raise KeyError(key)
        return InletEvents({"name": known.name, "uri": known.uri})

    def __iter__(self) -> Iterator[Any]:
        return iter(self._inlets)

    def __len__(self) -> int:
        return len(self._inlets)


class _OfRun(Mapping[Any, Any]):
    """The events that have started this run; asked for when first looked at."""

    def __init__(self, dag_id: str, run_id: str) -> None:
        self._run = {"dag_id": dag_id, "run_id": run_id}
        self._held: dict[Any, list[AssetEvent]] | None = None

    def _keys(self, event: AssetEvent) -> list[Any]:
        raise NotImplementedError

    def _by_key(self) -> dict[Any, list[AssetEvent]]:
        if self._held is None:
            self._held = {}
            for told in port().asset_events(**self._run):
                event = AssetEvent(told)
                for key in self._keys(event):
                    self._held.setdefault(key, []).append(event)
        return self._held

    def __iter__(self) -> Iterator[Any]:
        return iter(self._by_key())

    def __len__(self) -> int:
        return len(self._by_key())

    def __repr__(self) -> str:
        return repr(self._by_key())


class TriggeringAssetEvents(_ByAsset, _OfRun):
    """As 3.x gives them: by asset, and by each alias through which they came."""

    def _keys(self, event: AssetEvent) -> list[Any]:
        return [AssetUniqueKey(event.asset.name, event.asset.uri), *event.source_aliases]

    def __iter__(self) -> Iterator[Any]:
        return iter([_of_key(key) for key in self._by_key()])

    def __getitem__(self, key: Any) -> list[AssetEvent]:
        return self._by_key()[_key(key, [])]


class TriggeringDatasetEvents(_OfRun):
    """As 2.x gives them: by URI."""

    def _keys(self, event: AssetEvent) -> list[Any]:
        return [event.asset.uri]

    def __getitem__(self, key: Any) -> list[AssetEvent]:
        return self._by_key()[key.uri if isinstance(key, Asset) else key]


def exhausted(generator: Any, outlet_events: OutletEvents) -> Any:
    """A task function that yields: what it says of its assets is taken, its return value is the task's."""
    try:
        while True:
            said = next(generator)
            if isinstance(said, Metadata):
                outlet_events.take(said)
            else:
                import logging

                logging.getLogger("airflow.task").warning(
                    "The task yielded a %s, which is ignored; only Metadata of an asset is taken.", type(said).__name__
                )
    except StopIteration as end:
        return end.value
