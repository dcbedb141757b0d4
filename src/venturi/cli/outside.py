"""`venturi finder on|off|status`: whether every Python of this environment finds `airflow` with Venturi.

Owns the one line that is written into the environment. A real Airflow wins over it.
"""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

import click

from . import options, printing
from .finder import LINE, LINE_FILE
from .printing import fail, show


@click.command()
@click.argument("wanted", type=click.Choice(["on", "off", "status"]), default="status")
@options.everywhere
def finder(wanted: str, home_given: str | None, as_json: bool) -> int:  # noqa: ARG001  (all verbs take it)
    """Let every Python of this environment find `airflow` with Venturi: on, off, or status.

    It is off unless asked for. Where a real Airflow is installed, that one is found.
    """
    file = Path(sysconfig.get_path("purelib")) / LINE_FILE
    try:
        if wanted == "on":
            file.write_text(LINE)
        elif wanted == "off":
            file.unlink(missing_ok=True)
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}.", printing.COULD_NOT_START, "not_writable")
    is_on = file.exists()
    text = f"{'On' if is_on else 'Off'} for {sys.executable}."
    show({"finder": "on" if is_on else "off", "python": sys.executable, "file": str(file)}, as_json, text)
    return printing.SUCCESS
