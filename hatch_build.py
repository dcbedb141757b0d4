"""Has the interface built into a wheel and into a source archive, unless it is there already or is not wanted.

Owns what `pip install .` does beside copying files. VENTURI_UI=skip in the environment leaves the interface out; an
editable install never builds it (`make ui` does). A source archive carries what was built, so that who installs from
it needs no Node.
"""

from __future__ import annotations

import os
import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class InterfaceHook(BuildHookInterface):
    PLUGIN_NAME = "custom"

    def _has_to_be_built(self) -> bool:
        script = Path(self.root) / "ui" / "build.py"
        if os.environ.get("VENTURI_UI") == "skip" or not script.is_file():
            return False
        self._script: dict[str, Any] = runpy.run_path(str(script))
        return not self._script["is_built"]()

    def dependencies(self) -> list[str]:
        return [runpy.run_path(str(Path(self.root) / "ui" / "build.py"))["NODE"]] if self._has_to_be_built() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version != "editable" and self._has_to_be_built():
            self._script["build"](self.app.display_info)
