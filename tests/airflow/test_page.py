"""docs/airflow-compatibility.md is what the table says."""

import runpy
from pathlib import Path

SCRIPT = Path(__file__).parent.parent.parent / "scripts" / "compatibility_page.py"


def test_the_page_is_current():
    names = runpy.run_path(str(SCRIPT))
    assert names["PAGE"].read_text("utf-8") == names["page"](), "Write it anew with: make docs"
