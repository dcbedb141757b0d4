"""docs/airflow-compatibility.md and docs/airflow-commands.md are what their tables say."""

import runpy
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parent.parent.parent / "scripts"


@pytest.mark.parametrize("script", ["compatibility_page.py", "commands_page.py"])
def test_the_page_is_current(script: str):
    names = runpy.run_path(str(SCRIPTS / script))
    assert names["PAGE"].read_text("utf-8") == names["page"](), "Write it anew with: make docs"
