"""`import airflow` outside of Venturi's own processes: for `venturi python`, and, where it is asked for, for every
Python of an environment. There a real Airflow wins: ours stands back wherever one is installed.

Nothing of ours is imported before `airflow` is. Owns the installing of the importer in such a process, and the line in
the environment that has Python do it (`venturi finder on`).
"""

from __future__ import annotations

import os
import sys
from typing import Any

LINE_FILE = "venturi_airflow.pth"
# Python executes lines of a .pth file that begin with `import`; where Venturi is gone it must not complain.
LINE = 'import sys; exec("try:\\n import venturi.cli.finder as f; f.stand_last()\\nexcept ImportError: pass")\n'


class StandsLast:
    """A finder in effect behind all others: it gives way to any `airflow` that is a real package.

    In form it stands first, because provider wheels without Airflow leave a folder called `airflow`, which Python would
    take for a package.
    """

    def __init__(self) -> None:
        self._gives_way = False

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        if fullname != "airflow" or self._gives_way:
            return None
        self._gives_way = True  # the others are asked, and perhaps ask us
        for finder in [finder for finder in sys.meta_path if finder is not self]:
            spec = finder.find_spec(fullname, None) if hasattr(finder, "find_spec") else None
            if spec is not None and spec.loader is not None and spec.origin is not None:
                return spec
        serve()
        import importlib.util

        return importlib.util.find_spec(fullname)


def stand_last() -> None:
    if not any(isinstance(finder, StandsLast) for finder in sys.meta_path):
        sys.meta_path.insert(0, StandsLast())


def serve() -> None:
    """From now on `airflow` is ours here; what author code asks for is answered from the environment and the home."""
    from ..airflow import importer
    from ..sdk import port
    from .answering import HomePort

    importer.install()
    port.always(HomePort())


def main(argv: list[str]) -> None:
    """Stand in for the interpreter: FILE, -m MODULE, -c TEXT, or a prompt."""
    import runpy

    roots = [root for root in os.environ.pop("VENTURI_PYTHON_ROOTS", "").split(os.pathsep) if root]
    sys.path[:] = [*roots, *(entry for entry in sys.path if entry not in ("", os.getcwd(), *roots))]
    serve()
    if not argv:
        import code

        sys.argv = [""]
        code.interact(banner="", exitmsg="", local={"__name__": "__main__"})
    elif argv[0] == "-m":
        sys.argv = argv[1:]
        runpy.run_module(argv[1], run_name="__main__", alter_sys=True)
    elif argv[0] == "-c":
        sys.argv = ["-c", *argv[2:]]
        exec(compile(argv[1], "<string>", "exec"), {"__name__": "__main__"})
    else:
        sys.argv = argv
        runpy.run_path(argv[0], run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
