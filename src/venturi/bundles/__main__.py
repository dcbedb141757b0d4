"""`python -m venturi.bundles ENVIRONMENTS BUNDLE`: builds one bundle's environment, as `building` starts it."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from ..core.errors import VenturiError
from .environments import Environments


def main(environments: str, root: str) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that pip below it is ended, too
    try:
        Environments(Path(environments)).build(Path(root))
    except VenturiError as error:
        print(f"venturi environment of {root}: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
