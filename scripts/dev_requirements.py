"""Prints the `dev` group of pyproject.toml as requirements, for a pip that does not know `--group` yet."""

from __future__ import annotations

import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text("utf-8"))
print("\n".join(project["dependency-groups"]["dev"]))
