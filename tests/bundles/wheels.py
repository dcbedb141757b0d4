"""A registry in a folder: wheels of one module each, so that building an environment needs no network."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

from venturi.bundles.requirements import COMPANIONS, OF_WHEELS


def wheel(folder: Path, name: str, version: str, needs: tuple[str, ...] = ()) -> None:
    """The package holds one module of its name, with its version in it."""
    module = name.replace("-", "_").lower()
    info = f"{module}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n" + "".join(
        f"Requires-Dist: {need}\n" for need in needs
    )
    files = {
        f"{module}.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / f"{module}-{version}-py3-none-any.whl", "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)


def registry(folder: Path) -> dict[str, str]:
    """With the companions in it; the environment variables under which pip asks nobody else."""
    for name in (*COMPANIONS, *OF_WHEELS):
        wheel(folder, name, "1.0")
    return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_CONFIG_FILE": os.devnull}
