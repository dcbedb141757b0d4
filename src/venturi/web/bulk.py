"""Changes of many things at once: each action in order, with what succeeded and what did not.

Owns that order and the answer's form. An action of which a part cannot be is not done at all; the others are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..core.errors import VenturiError
from .errors import Fault, status_of
from .models.bulks import BulkResult, BulkResults


class Kind:
    """How one kind of thing is found, made, changed and removed."""

    def __init__(
        self,
        noun: str,
        named_by: str,  # the field that holds its name
        names: Callable[[], set[str]],  # of those there are
        make: Callable[[Any], None],
        change: Callable[[Any, list[str] | None], None],
        remove: Callable[[str], None],
    ) -> None:
        self.noun, self.named_by, self.names = noun, named_by, names
        self.make, self.change, self.remove = make, change, remove

    def key(self, one: Any) -> str:
        """What is to be removed may be given by its name alone."""
        return one if isinstance(one, str) else str(getattr(one, self.named_by))


def apply(kind: Kind, actions: Iterable[Any]) -> BulkResults:
    results = BulkResults()
    for action in actions:
        word = action.action
        told = getattr(results, word) or BulkResult()
        setattr(results, word, told)
        try:
            for one in _chosen(kind, action):
                _act(kind, action, one)
                told.success.append(kind.key(one))
        except Fault as fault:
            told.errors.append({"error": fault.detail, "status_code": fault.status})
        except VenturiError as error:
            told.errors.append({"error": str(error), "status_code": status_of(error)})
    return results


def _chosen(kind: Kind, action: Any) -> list[Any]:
    """What it is to be done with; raises where something must not be so."""
    names = kind.names()
    known = {kind.key(one): kind.key(one) in names for one in action.entities}
    if action.action == "create":
        there = sorted(key for key, is_there in known.items() if is_there)
        if there and action.action_on_existence == "fail":
            raise Fault(409, f"There is already a {kind.noun} of the name: {', '.join(there)}.")
        skipped = set(there) if action.action_on_existence == "skip" else set()
    else:
        missing = sorted(key for key, is_there in known.items() if not is_there)
        if missing and action.action_on_non_existence == "fail":
            raise Fault(404, f"There is no {kind.noun} of the name: {', '.join(missing)}.")
        skipped = set(missing)
    return [one for one in action.entities if kind.key(one) not in skipped]


def _act(kind: Kind, action: Any, one: Any) -> None:
    if action.action == "create":
        kind.make(one)
    elif action.action == "update":
        kind.change(one, action.update_mask)
    else:
        kind.remove(kind.key(one))
