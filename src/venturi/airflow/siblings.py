"""An author's own folder called `airflow`: a file in it may import its siblings as `airflow.dags.shared`.

Owns the search upwards from the importing file. Where the folder is a copy of Airflow itself, only the file's own part
of it is looked at, so that Airflow's modules never come in beside ours.
"""

from __future__ import annotations

import os
from importlib.machinery import ModuleSpec, PathFinder


def find(fullname: str, file: str) -> ModuleSpec | None:
    """The spec of `fullname` as a file below the folder `airflow` that `file` lies in."""
    above = _folder_called_airflow(file)
    if above is None:
        return None
    inner = fullname.split(".")[1:]
    if not inner:
        return None
    if os.path.exists(os.path.join(above, "configuration.py")):
        own_part = os.path.relpath(file, above).split(os.sep)[0]
        if inner[0] != own_part:
            return None
    return PathFinder.find_spec(fullname, [os.path.join(above, *inner[:-1])])


def _folder_called_airflow(file: str) -> str | None:
    folder = os.path.dirname(os.path.abspath(file))
    while folder != os.path.dirname(folder):
        if os.path.basename(folder) == "airflow":
            return folder
        folder = os.path.dirname(folder)
    return None
