"""`venturi completions SHELL`: the script by which a shell completes verbs and options."""

from __future__ import annotations

import sys

import click
from click.shell_completion import get_completion_class

from .printing import SUCCESS

_WHERE = {
    "bash": 'eval "$(venturi completions bash)"      in ~/.bashrc',
    "zsh": 'eval "$(venturi completions zsh)"       in ~/.zshrc',
    "fish": "venturi completions fish | source       in ~/.config/fish/config.fish",
}


@click.command(epilog="\b\n" + "\n".join(_WHERE.values()))
@click.argument("shell", type=click.Choice(list(_WHERE)))
def completions(shell: str) -> int:
    """Print what lets a shell complete `venturi …`."""
    from .commands import venturi

    found = get_completion_class(shell)
    assert found is not None
    made = found(venturi, {}, "venturi", "_VENTURI_COMPLETE")
    sys.stdout.write(made.source_template % made.source_vars() + "\n")
    return SUCCESS
