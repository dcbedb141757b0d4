"""`docker.types` while a DAG file is read where the package `docker` is not installed.

`Mount`, `DeviceRequest`, `Ulimit` and `LogConfig` are plain descriptions, and files build them at import. The finder
stands last, so that an installed package wins, and answers to `docker.types` alone: a bare `import docker` fails.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_SERVED = "docker.types"


class Mount(dict[str, Any]):
    """As the engine takes it."""

    def __init__(
        self,
        target: str,
        source: str | None,
        type: str = "volume",
        read_only: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(Target=target, Source=source, Type=type, ReadOnly=read_only)
        if more.get("consistency"):
            self["Consistency"] = more["consistency"]
        if type == "bind" and more.get("propagation"):
            self["BindOptions"] = {"Propagation": more["propagation"]}
        if type == "tmpfs":
            sizes = {"SizeBytes": more.get("tmpfs_size"), "Mode": more.get("tmpfs_mode")}
            self["TmpfsOptions"] = {name: value for name, value in sizes.items() if value is not None}


class DeviceRequest(dict[str, Any]):
    def __init__(self, **given: Any) -> None:
        known = {"Driver": "", "Count": 0, "DeviceIDs": [], "Capabilities": [], "Options": {}}
        told = {_upper(name): value for name, value in given.items() if value is not None}
        super().__init__({**known, **told})


class Ulimit(dict[str, Any]):
    def __init__(self, **given: Any) -> None:
        super().__init__({_upper(name): value for name, value in given.items()})


class LogConfig(dict[str, Any]):
    def __init__(self, **given: Any) -> None:
        super().__init__(Type=given.get("type"), Config=given.get("config") or {})


def _upper(name: str) -> str:
    return "".join(part.capitalize() if part != "ids" else "IDs" for part in name.split("_"))


class Finder:
    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname == _SERVED or (fullname == "docker" and _is_wanted(_SERVED)):
            return ModuleSpec(fullname, self, is_package=fullname == "docker")  # type: ignore[arg-type]
        return None

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        module.__doc__ = __doc__
        module.__dict__["__stands_in__"] = True
        if module.__name__ == _SERVED:
            for kind in (Mount, DeviceRequest, Ulimit, LogConfig):
                setattr(module, kind.__name__, kind)
        else:
            module.__dict__["__getattr__"] = _missing


def _missing(name: str) -> Any:
    raise AttributeError(
        f"docker.{name} is not here: the package 'docker' is not installed, and docker.types alone is stood in for. "
        "Add the line 'docker' to requirements.txt."
    )


def _is_wanted(module: str) -> bool:
    """Whether it is this module's import that brought us here: the parent package is then asked for first."""
    frame = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.startswith("<frozen importlib"):
        if frame.f_locals.get("name") == module:
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False


_finder = Finder()


def install() -> None:
    if _finder not in sys.meta_path:
        sys.meta_path.append(_finder)
