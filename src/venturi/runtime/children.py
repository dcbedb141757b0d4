"""Processes that author code starts: a failed one is told in the task's log, whether or not the author looked.

`subprocess.call` hands an exit code back that is easily dropped, and a failed training then looks like a good one. Owns
the noticing, from the moment `subprocess` is there. Changes no outcome: that stays the author's.
"""

from __future__ import annotations

import sys
from typing import Any

from . import logs

WATCHED = "venturi_looks_after"  # set on a process whose owner tells of its failure itself
SHOWN_CHARACTERS_MAX = 300


class _Awaiting:
    """A finder that finds nothing, and goes when `subprocess` comes."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != "subprocess":
            return None
        sys.meta_path.remove(self)
        import importlib.machinery

        spec = importlib.machinery.PathFinder.find_spec(name)
        loader: Any = spec.loader if spec is not None else None
        if loader is None:
            return None
        execute = loader.exec_module

        def executed(module: Any) -> None:
            execute(module)
            _watch(module)

        loader.exec_module = executed
        return spec


def notice() -> None:
    if "subprocess" in sys.modules:
        _watch(sys.modules["subprocess"])
    else:
        sys.meta_path.insert(0, _Awaiting())


def _watch(subprocess: Any) -> None:
    original = getattr(subprocess.Popen, "_handle_exitstatus", None)
    if original is None:
        return  # a Python that does it otherwise

    def told(self: Any, *arguments: Any, **named: Any) -> None:
        original(self, *arguments, **named)
        if self.returncode and not getattr(self, WATCHED, False):
            logs.say("W", f"A process that this task started {_ended(self.returncode)}: {_shown(self.args)}")

    subprocess.Popen._handle_exitstatus = told


def _ended(code: int) -> str:
    return f"ended with exit code {code}" if code > 0 else f"was ended by signal {-code}"


def _shown(arguments: Any) -> str:
    text = arguments if isinstance(arguments, str) else " ".join(map(str, arguments))
    return text if len(text) <= SHOWN_CHARACTERS_MAX else text[:SHOWN_CHARACTERS_MAX] + "…"
