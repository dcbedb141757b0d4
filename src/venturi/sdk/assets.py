"""Assets: what tasks make and use, named so that other DAGs can wait for it. Datasets of 2.x are the same thing.

Owns the author-side classes, the expressions made of them with `&` and `|`, and their plain form, which the spec
holds:

    {"asset": {"name", "uri", "group"?, "extra"?, "watchers"?, "teams"?}}   {"alias": name}   {"ref": {"name" or "uri"}}
    {"all": [expression …]}   {"any": [expression …]}
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from typing import Any, ClassVar, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from .plain import plain

NAME_CHARS_MAX = 1500


class BaseAsset:
    """What a schedule can wait for: an asset, an alias of assets, a reference, or an expression of these."""

    def __or__(self, other: Any) -> AssetAny:
        return AssetAny(self, other) if isinstance(other, BaseAsset) else NotImplemented

    def __and__(self, other: Any) -> AssetAll:
        return AssetAll(self, other) if isinstance(other, BaseAsset) else NotImplemented

    def as_plain(self) -> dict[str, Any]:
        raise NotImplementedError

    def as_expression(self) -> Any:
        """As Airflow's own API shows it."""
        return self.as_plain()

    def serialize(self) -> dict[str, Any]:
        """As a value between tasks, too."""
        return self.as_plain()

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> BaseAsset:
        return from_plain(data)

    def parts(self) -> Iterator[BaseAsset]:
        """The assets, aliases and references in it."""
        yield self

    def iter_assets(self) -> Iterator[tuple[AssetUniqueKey, Asset]]:
        for part in self.parts():
            if isinstance(part, Asset):
                yield AssetUniqueKey(part.name, part.uri), part

    def iter_asset_aliases(self) -> Iterator[tuple[str, AssetAlias]]:
        for part in self.parts():
            if isinstance(part, AssetAlias):
                yield part.name, part


class AssetUniqueKey(NamedTuple):
    """What tells one asset from another."""

    name: str
    uri: str

    @classmethod
    def from_asset(cls, asset: Asset) -> AssetUniqueKey:
        return cls(asset.name, asset.uri)

    def to_asset(self) -> Asset:
        return Asset(self.name, self.uri)


class AssetAliasUniqueKey(NamedTuple):
    """What tells one alias from another."""

    name: str

    @classmethod
    def from_asset_alias(cls, alias: AssetAlias) -> AssetAliasUniqueKey:
        return cls(alias.name)

    def to_asset_alias(self) -> AssetAlias:
        return AssetAlias(self.name)


class AssetWatcher:
    """A trigger that makes an event of the asset each time it fires."""

    def __init__(self, name: str, trigger: Any) -> None:
        if not callable(getattr(trigger, "serialize", None)):
            raise ValueError("Asset watcher trigger must inherit BaseEventTrigger")
        self.name = name
        self.trigger = trigger

    def as_plain(self) -> dict[str, Any]:
        path, arguments = self.trigger.serialize()
        return {"name": self.name, "trigger": path, "kwargs": plain(arguments)}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AssetWatcher) and self.as_plain() == other.as_plain()

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"AssetWatcher(name={self.name!r}, trigger={self.trigger!r})"


class AssetAccessControl:
    """Whose producers and consumers an asset admits, where an installation has teams. Kept; there are no teams here."""

    def __init__(
        self,
        producer_teams: Collection[str] = (),
        consumer_teams: Collection[str] | None = None,
        allow_global: bool = True,
    ) -> None:
        for name, teams in (("producer_teams", producer_teams), ("consumer_teams", consumer_teams or ())):
            if not all(isinstance(team, str) and team.strip() for team in teams):
                raise ValueError(f"Each entry in {name} must be a non-empty string")
        self.producer_teams = list(producer_teams)
        self.consumer_teams = None if consumer_teams is None else list(consumer_teams)
        self.allow_global = allow_global

    def as_plain(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if value not in ([], None, True)}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AssetAccessControl) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(tuple(self.producer_teams))


class Asset(os.PathLike[str], BaseAsset):
    """`Asset("s3://bucket/table")`, or a name and a URI. Two with the same name and URI are the same asset."""

    asset_type: ClassVar[str] = "asset"

    def __init__(
        self,
        name: Any = None,
        uri: Any = None,
        *,
        group: str | None = None,
        extra: Mapping[str, Any] | None = None,
        watchers: Collection[AssetWatcher] | None = None,
        access_control: AssetAccessControl | None = None,
    ) -> None:
        if name is None and uri is None:
            raise TypeError(f"{type(self).__name__}() requires either 'name' or 'uri'")
        kind = type(self).__name__
        self.name = _checked(kind, "name", str(uri) if name is None else name)
        if self.name in ("self", "context"):
            raise ValueError(f"prohibited name for asset: {self.name}")
        self.uri = _checked(kind, "uri", tidy_uri(str(name if uri is None else uri)))
        self.group = self.asset_type if group is None else group
        self.extra: dict[str, Any] = dict(extra or {})
        self.watchers = list(watchers or ())
        self.access_control = access_control or AssetAccessControl()

    @staticmethod
    def ref(*, name: str = "", uri: str = "") -> AssetRef:
        """An asset that another file declares, by its name or its URI."""
        if bool(name) == bool(uri):
            raise TypeError(
                "Asset reference must be made to either name or URI, not both"
                if name
                else "Asset reference expects keyword argument 'name' or 'uri'"
            )
        return AssetNameRef(name) if name else AssetUriRef(uri)

    @property
    def normalized_uri(self) -> str | None:
        return self.uri if urlsplit(self.uri).scheme else None

    def as_plain(self) -> dict[str, Any]:
        told: dict[str, Any] = {"name": self.name, "uri": self.uri}
        if self.group != "asset":
            told["group"] = self.group
        if self.extra:
            told["extra"] = plain(self.extra)
        if self.watchers:
            told["watchers"] = [watcher.as_plain() for watcher in self.watchers]
        teams = self.access_control.as_plain()
        if teams:
            told["teams"] = teams
        return {"asset": told}

    def __fspath__(self) -> str:
        return self.uri

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Asset):
            return NotImplemented
        return self.as_plain() == other.as_plain()

    def __hash__(self) -> int:
        return hash((self.name, self.uri))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r}, uri={self.uri!r})"


class Dataset(Asset):
    """An asset as 2.x names it: `Dataset(uri, extra=…)`."""

    asset_type = "dataset"

    def __init__(self, uri: Any = None, extra: Mapping[str, Any] | None = None, **more: Any) -> None:
        name = more.pop("name", None)
        if isinstance(extra, (str, os.PathLike)):  # Dataset(name, uri), as the one of airflow.sdk takes it
            name, uri, extra = uri, extra, more.pop("extra", None)
        super().__init__(name, uri, extra=extra, **more)


class Model(Asset):
    """An asset that is a trained model."""

    asset_type = "model"


class AssetAlias(BaseAsset):
    """A name for assets that are known only when a task has run: it adds them to its `outlet_events`."""

    def __init__(self, name: str, *, group: str = "asset") -> None:
        self.name = _checked("AssetAlias", "name", name)
        self.group = group

    def as_plain(self) -> dict[str, Any]:
        return {"alias": self.name}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AssetAlias) and (self.name, self.group) == (other.name, other.group)

    def __hash__(self) -> int:
        return hash(("alias", self.name))

    def __repr__(self) -> str:
        return f"AssetAlias(name={self.name!r})"


class AssetRef(BaseAsset):
    """Made by `Asset.ref`."""

    by: ClassVar[str] = ""

    def __init__(self, value: str) -> None:
        setattr(self, self.by, value)

    def as_plain(self) -> dict[str, Any]:
        return {"ref": {self.by: getattr(self, self.by)}}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AssetRef) and self.as_plain() == other.as_plain()

    def __hash__(self) -> int:
        return hash((self.by, getattr(self, self.by)))

    def __repr__(self) -> str:
        return f"Asset.ref({self.by}={getattr(self, self.by)!r})"


class AssetNameRef(AssetRef):
    """An asset by its name."""

    by = "name"
    name: str


class AssetUriRef(AssetRef):
    """An asset by its URI."""

    by = "uri"
    uri: str


class AssetBooleanCondition(BaseAsset):
    """Several assets joined by one word."""

    word: ClassVar[str] = ""

    def __init__(self, *objects: BaseAsset) -> None:
        if not all(isinstance(part, BaseAsset) for part in objects):
            raise TypeError("expect asset expressions in condition")
        self.objects: Collection[BaseAsset] = list(objects)

    def as_plain(self) -> dict[str, Any]:
        return {self.word: [part.as_plain() for part in self.objects]}

    def parts(self) -> Iterator[BaseAsset]:
        for part in self.objects:
            yield from part.parts()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AssetBooleanCondition) and self.as_plain() == other.as_plain()

    def __hash__(self) -> int:
        return hash((self.word, tuple(self.objects)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.objects))})"


class AssetAny(AssetBooleanCondition):
    """One of them is enough."""

    word = "any"

    def __or__(self, other: Any) -> AssetAny:
        return AssetAny(*self.objects, other) if isinstance(other, BaseAsset) else NotImplemented


class AssetAll(AssetBooleanCondition):
    """All of them are needed."""

    word = "all"

    def __and__(self, other: Any) -> AssetAll:
        return AssetAll(*self.objects, other) if isinstance(other, BaseAsset) else NotImplemented


class Metadata:
    """What a task yields to say more about the asset it has made: `yield Metadata(asset, {"rows": 3})`."""

    def __init__(
        self, asset: Any, extra: Mapping[str, Any] | None = None, alias: AssetAlias | str | None = None
    ) -> None:
        self.asset = asset
        self.extra: dict[str, Any] = dict(extra or {})
        self.alias = AssetAlias(alias) if isinstance(alias, str) else alias


def _checked(kind: str, attribute: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{kind} {attribute} must be a string")
    if len(value) > NAME_CHARS_MAX:
        raise ValueError(f"{kind} {attribute} cannot exceed {NAME_CHARS_MAX} characters")
    if not value.strip():
        raise ValueError(f"{kind} {attribute} cannot be {'just whitespace' if value else 'empty'}")
    return value


def tidy_uri(uri: str) -> str:
    """One spelling for one place: scheme in small letters, no password, no fragment, no slash at the end, sorted
    query. What does not look like a URI, and schemes that begin with `x-`, stay as they are."""
    parts = urlsplit(uri)
    if not parts.scheme or parts.scheme.startswith("x-"):
        return uri
    if parts.scheme == "airflow":
        raise ValueError("Asset scheme 'airflow' is reserved")
    host = parts.netloc
    if parts.password:
        import warnings

        warnings.warn(
            "An Asset URI should not contain a password. User info has been automatically dropped.",
            UserWarning,
            stacklevel=4,
        )
        host = host.rpartition("@")[2]
    query = urlencode(sorted(parse_qsl(parts.query))) if parts.query else ""
    return urlunsplit((parts.scheme.lower(), host, parts.path.rstrip("/") or "/", query, ""))


def condition_of(assets: Any) -> BaseAsset:
    """What `schedule=[a, b]` waits for: all of them."""
    if isinstance(assets, BaseAsset):
        return assets
    return AssetAll(*assets)


def from_plain(told: Mapping[str, Any]) -> BaseAsset:
    """An expression again from its plain form; watchers and teams stay behind."""
    if "alias" in told:
        return AssetAlias(told["alias"])
    if "ref" in told:
        return Asset.ref(**told["ref"])
    for word, kind in (("all", AssetAll), ("any", AssetAny)):
        if word in told:
            return kind(*map(from_plain, told[word]))
    one = told["asset"]
    kinds = {"dataset": Dataset, "model": Model}
    made: Asset = kinds.get(one.get("group", ""), Asset)(name=one["name"], uri=one["uri"], extra=one.get("extra"))
    made.group = one.get("group", "asset")
    return made
