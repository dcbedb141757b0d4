"""A step as a command: its arguments, and one sentence in place of a traceback where something is wrong."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from .config import FoodError


def command(says: str, does: Callable[[argparse.Namespace], Path], *sets: str) -> int:
    """`does` returns the file it reported to; its name is the last line that is printed."""
    parser = argparse.ArgumentParser(description=says)
    for name in sets:
        parser.add_argument(name, nargs="?", help="imgs_str_0 and so on; all of them without")
    parser.add_argument("--run", default="by_hand/now", help="the run's folder below data/")
    try:
        print(does(parser.parse_args()), flush=True)
    except FoodError as error:
        print(error, file=sys.stderr)
        return 1
    return 0
