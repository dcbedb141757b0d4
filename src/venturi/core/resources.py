"""What tasks ask of this machine beside a place: cores, memory, GPUs. Which devices an attempt gets, and the sums.

Owns the sums and the choice of devices. Cores and devices are counted in thousandths, so that ten tenths are one.
What attempts really take is not looked at: what they ask for is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

WHOLE_ONE = 1000
KINDS = ("cpus", "ram_mb", "gpus")


@dataclass(frozen=True, slots=True)
class Needs:
    """Of one instance. A part of a device, or whole ones."""

    cpus: int = 0  # thousandths
    ram_mb: int = 0
    gpus: int = 0  # thousandths
    at_most: bool = False  # where the machine has less, that will do

    @property
    def devices(self) -> int:
        """How many it is given."""
        return -(-self.gpus // WHOLE_ONE)


_NOTHING = Needs()


class KeptFor(Protocol):
    """What is kept free for somebody: as if he had the cores and the memory already, and these devices."""

    needs: Needs
    devices: tuple[str, ...]


def needs_of(asked: Mapping[str, Any] | None) -> Needs | None:
    """Of what a task's spec says; None where it asks for nothing."""
    if not asked:
        return None
    made = Needs(
        cpus=round(asked.get("cpus", 0) * WHOLE_ONE),
        ram_mb=math.ceil(asked.get("ram_mb", 0)),
        gpus=round(asked.get("gpus", 0) * WHOLE_ONE),
        at_most=bool(asked.get("at_most")),
    )
    return made if made.cpus or made.ram_mb or made.gpus else None


class Machine:
    """What there is, and who has how much of it. None: without a limit."""

    def __init__(self, cpus: float | None = None, ram_mb: float | None = None, devices: Sequence[str] = ()) -> None:
        self.cpus = None if cpus is None else round(cpus * WHOLE_ONE)
        self.ram_mb = None if ram_mb is None else math.floor(ram_mb)
        self.devices = tuple(devices)
        self.cpus_used = self.ram_mb_used = 0
        self.on: dict[str, int] = dict.fromkeys(self.devices, 0)  # thousandths of each that are given out

    def bounded(self, needs: Needs) -> Needs:
        """What it is given of what it asks for."""
        if not needs.at_most:
            return needs
        return replace(
            needs,
            cpus=needs.cpus if self.cpus is None else min(needs.cpus, self.cpus),
            ram_mb=needs.ram_mb if self.ram_mb is None else min(needs.ram_mb, self.ram_mb),
            gpus=min(needs.gpus, len(self.devices) * WHOLE_ONE),
        )

    def beyond(self, needs: Needs) -> str | None:
        """The kind of which it asks for more than there is in all."""
        needs = self.bounded(needs)
        if self.cpus is not None and needs.cpus > self.cpus:
            return "cpus"
        if self.ram_mb is not None and needs.ram_mb > self.ram_mb:
            return "ram_mb"
        return "gpus" if needs.devices > len(self.devices) else None

    def lacks(self, needs: Needs, kept: KeptFor | None = None) -> str | None:
        """The kind of which too little is free, where something may be kept for somebody else."""
        needs = self.bounded(needs)
        theirs = self.bounded(kept.needs) if kept is not None else _NOTHING
        if self.cpus is not None and needs.cpus and self.cpus_used + theirs.cpus + needs.cpus > self.cpus:
            return "cpus"
        if self.ram_mb is not None and needs.ram_mb and self.ram_mb_used + theirs.ram_mb + needs.ram_mb > self.ram_mb:
            return "ram_mb"
        return "gpus" if needs.gpus and not self.pick(needs, kept) else None

    def pick(self, needs: Needs, kept: KeptFor | None = None) -> tuple[str, ...]:
        """The devices it gets: of those with room for a part the fullest, so that whole ones stay free; empty: none."""
        needs = self.bounded(needs)
        theirs = kept.devices if kept is not None else ()
        open_to_it = [device for device in self.devices if device not in theirs]
        if needs.gpus >= WHOLE_ONE:
            free = [device for device in open_to_it if not self.on[device]]
            return tuple(free[: needs.devices]) if len(free) >= needs.devices else ()
        fitting = [device for device in open_to_it if self.on[device] + needs.gpus <= WHOLE_ONE]
        return (max(fitting, key=lambda device: self.on[device]),) if fitting and needs.gpus else ()

    def soonest(self, needs: Needs) -> tuple[str, ...]:
        """The devices to keep for somebody who has waited long: those with the least on them."""
        needs = self.bounded(needs)
        return tuple(sorted(self.devices, key=lambda device: self.on[device])[: needs.devices])

    def count(self, needs: Needs, devices: Sequence[str], by: int) -> None:
        """An attempt has got its part (by=1), or has given it back (−1). Devices that are no longer there count too."""
        needs = self.bounded(needs)
        self.cpus_used += by * needs.cpus
        self.ram_mb_used += by * needs.ram_mb
        for device in devices:
            self.on[device] = self.on.get(device, 0) + by * min(needs.gpus, WHOLE_ONE)

    def free(self, kind: str) -> float | None:
        """In whole ones, for people; of devices, those with nothing on them. None: there is no limit."""
        if kind == "gpus":
            return sum(not self.on[device] for device in self.devices)
        total, used = (self.cpus, self.cpus_used) if kind == "cpus" else (self.ram_mb, self.ram_mb_used)
        if total is None:
            return None
        return max(0, total - used) / (WHOLE_ONE if kind == "cpus" else 1)

    def total(self, kind: str) -> float | None:
        if kind == "gpus":
            return len(self.devices)
        if kind == "cpus":
            return None if self.cpus is None else self.cpus / WHOLE_ONE
        return self.ram_mb

    def refusal(self, needs: Needs) -> str:
        """Why an attempt with these needs will never start here, and what to do, for people."""
        kind = self.beyond(needs)
        assert kind is not None
        there = said(kind, self.total(kind) or 0)
        return (
            f"it asks for {said(kind, amount(needs, kind))}, and this machine has {there} in all: ask for less in "
            "executor_config, or say what there is under [resources] in venturi.toml"
        )


def amount(needs: Needs, kind: str) -> float:
    found: int = getattr(needs, kind)
    return found if kind == "ram_mb" else found / WHOLE_ONE


def said(kind: str, n: float) -> str:
    """For people: "2 cores", "half a GPU" as "0.5 of a GPU", "4,096 MB of memory"."""
    if kind == "ram_mb":
        return f"{n:,.0f} MB of memory"
    one, many = ("core", "cores") if kind == "cpus" else ("GPU", "GPUs")
    if 0 < n < 1:
        return f"{n:g} of a {one}"
    return f"{n:g} {one if n == 1 else many}" if n else f"no {one}"
