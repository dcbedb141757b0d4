"""One version, said once."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import version

import venturi


def test_the_installed_version_is_the_one_in_the_source():
    assert version("venturi") == venturi.__version__
    assert re.fullmatch(r"\d+\.\d+\.\d+([a-z0-9.+]+)?", venturi.__version__)


def test_the_command_says_it():
    out = subprocess.run([sys.executable, "-m", "venturi.cli", "--version"], capture_output=True, text=True, check=True)
    assert venturi.__version__ in out.stdout
