"""`venturi python FILE…`: Python in which `import airflow` is served by Venturi: for `dag.cli()`, `dag.test()` under a
debugger, pytest over DAG files. Owns the setting up of such an interpreter; what is then run is the author's.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from ..bundles import Bundle, import_roots, single_file_bundle
from ..config import Home, find_home
from . import options, printing
from .environments import must_be_fit, placed
from .printing import fail


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="FILE [ARGUMENTS]...")
@options.everywhere
def python(arguments: tuple[str, ...], home_given: str | None, as_json: bool) -> int:  # noqa: ARG001  (all verbs take it)
    """Run Python with `import airflow` served.

    As python itself: FILE, `-m MODULE`, `-c TEXT`, or nothing for a prompt. It is the interpreter of the file's bundle;
    without a file, of the bundle of the working folder.
    """
    given = list(arguments)
    home = find_home(home_given)
    if given and not given[0].startswith("-"):
        file = Path(given[0]).expanduser().absolute()
        if not file.is_file():
            fail(f"There is no file {file}.", printing.COULD_NOT_START, "no_such_file")
        bundle = placed(home, single_file_bundle(file))
        environment = environment_for(home, home_given, bundle, file)
    elif given and given[0] not in ("-m", "-c"):
        fail(f"{given[0]} is not known here. Use FILE, -m MODULE or -c TEXT.", printing.COULD_NOT_START, "usage")
    elif len(given) == 1:
        fail(f"What is to follow {given[0]}?", printing.COULD_NOT_START, "usage")
    else:
        bundle = placed(home, single_file_bundle(Path.cwd() / "any"))
        environment = environment_for(home, home_given)
    must_be_fit(bundle)
    sys.stdout.flush()
    os.execve(bundle.python, [bundle.python, "-m", "venturi.cli.finder", *given], environment)


def environment_for(
    home: Home, home_given: str | None, bundle: Bundle | None = None, file: Path | None = None
) -> dict[str, str]:
    """Of such an interpreter: where the file's modules are (without a file: the working folder), and the home."""
    roots = [os.getcwd()]
    if bundle is not None and file is not None:
        roots = [str(file.parent), *import_roots(bundle, file, home.root)]
    made = {**os.environ, "VENTURI_PYTHON_ROOTS": os.pathsep.join(dict.fromkeys(roots))}
    if home_given:
        made["VENTURI_HOME"] = home_given
    return made
