"""`venturi token`: what a client of the API says who it is by."""

from __future__ import annotations

import click

from ..config import find_home
from ..web.token_file import token_of
from . import options, printing
from .printing import show


@click.command()
@options.everywhere
def token(home_given: str | None, as_json: bool) -> int:
    """The bearer token of this home's API, made at the first time. Whoever has it may everything."""
    made = token_of(find_home(home_given))
    show({"token": made}, as_json, made)
    return printing.SUCCESS
