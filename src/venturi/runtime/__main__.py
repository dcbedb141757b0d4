"""`python -m venturi.runtime`: starts a base zygote, with Python's own fork hooks held back from the first import."""

from __future__ import annotations

import sys

from . import hooks

if __name__ == "__main__":
    hooks.hold_back()
    from .base import main

    main(sys.argv[1])
