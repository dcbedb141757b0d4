"""`python -m venturi.engine`: the engine as `venturi up` starts it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..config import find_home, read_config
from ..core.errors import VenturiError


def main() -> int:
    parser = argparse.ArgumentParser("venturi.engine")
    parser.add_argument("--home")
    parser.add_argument("--dags", action="append", default=[], help="folders of DAG files, beside the home's dags/")
    parser.add_argument("--lifeline", type=int, help="a descriptor at whose end of file the engine ends")
    options = parser.parse_args()
    home = find_home(options.home)
    home.make()
    from .main import serve

    try:
        roots = [home.root / "dags", *(Path(folder).absolute() for folder in options.dags)]
        return serve(home, read_config(home), [r for r in roots if r.is_dir()], lifeline=options.lifeline)
    except VenturiError as error:
        print(f"venturi engine: {error}", file=sys.stderr, flush=True)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
