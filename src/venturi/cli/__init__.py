"""The command line: parse, send or read, print. It decides nothing about runs and tasks.

One file per group of verbs. Composition happens here: which processes there are, and which store and executor they use.
Nothing is imported at module level, so that the processes started by `-m venturi.cli.…` stay as light as they are.
"""

from __future__ import annotations


def main() -> None:
    """The `venturi` command."""
    from .commands import run_command

    raise SystemExit(run_command())
