"""The client libraries that our operators use: imported at first use, and missed in one sentence."""

from __future__ import annotations

import importlib
from types import ModuleType

from ..exceptions import AirflowFailException


class MissingPackage(AirflowFailException):
    """What a task uses is not installed where it runs; trying again would not help."""


def needed(module: str, what: str, line: str | None = None) -> ModuleType:
    """The module, or the sentence that says which line of requirements.txt is missing."""
    top = module.partition(".")[0]
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != top:
            raise  # the library is there and lacks something itself: its own words say more
        found = None
    # A folder of the project may have the name of a library, `docker/` say: to Python it is an empty package.
    is_folder = getattr(found, "__file__", None) is None
    if found is not None and not is_folder and not getattr(found, "__stands_in__", False):
        return found
    raise MissingPackage(
        f"{what} needs the package '{top}', which is not installed here. "
        f"Add the line '{line or top}' to the requirements.txt of its bundle, or install it beside Venturi."
    )


def is_there(module: str) -> bool:
    import importlib.util

    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False
