"""What lies behind in a DAG: older runs that are read as one comes to them, versions beside one another, backfills."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from ..cli.conftest import until
from .browser import Shop, axe

RUNS = 75  # more than the first answer tells

DAILY = """
import os, time
from datetime import datetime, timedelta
from airflow.decorators import dag, task

@dag(schedule=timedelta(days=1), start_date=datetime(2026, 11, 1), catchup=False)
def counts_slowly():
    @task
    def count():
        while not os.path.exists({go!r}):
            time.sleep(0.02)
        return {answer}

    count()

counts_slowly()
"""


def put(shop: Shop, go: Path, answer: str) -> None:
    (shop.place.dags / "slowly.py").write_text(DAILY.format(go=str(go), answer=answer))


def test_older_runs_are_read_when_one_comes_to_the_end_of_the_list(page: Page, shop: Shop) -> None:
    shop.api.send("PATCH", "dags/hello_shop", {"is_paused": False})
    for n in range(RUNS):
        shop.api.send("POST", "dags/hello_shop/dagRuns", {"logical_date": None, "dag_run_id": f"number {n:03d}"})
    shop.api.over("hello_shop", f"number {RUNS - 1:03d}")
    page.goto("/dags/hello_shop/runs")
    table = page.get_by_role("table", name="Runs of hello_shop")
    expect(page.get_by_role("status").filter(has_text=re.compile(r"60 of 60\+"))).to_be_visible()
    table.hover()
    page.mouse.wheel(0, 60 * 60)
    expect(page.get_by_role("status").filter(has_text=re.compile(rf"^{RUNS} of {RUNS}$"))).to_be_visible()
    page.mouse.wheel(0, 60 * 60)
    expect(table.get_by_text("number 000")).to_be_visible()
    page.goto("/dags/hello_shop/grid")
    grid = page.get_by_role("grid")
    expect(grid).to_have_attribute("aria-colcount", "60")
    expect(grid).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Home")
    expect(grid).to_have_attribute("aria-colcount", str(RUNS))


def test_two_versions_of_a_file_are_seen_side_by_side(page: Page, shop: Shop, tmp_path: Path) -> None:
    put(shop, tmp_path, "41")
    until(lambda: shop.api.ask("GET", "dags/counts_slowly").status == 200, "it is read")
    shop.api.send("PATCH", "dags/counts_slowly", {"is_paused": False})
    shop.api.run("counts_slowly")  # a version that no run has is not kept
    put(shop, tmp_path, "42  # corrected")
    until(lambda: shop.api.get("dags/counts_slowly/dagVersions")["total_entries"] == 2, "the new version is known")
    page.goto("/dags/counts_slowly/code")
    expect(page.get_by_text("# corrected").first).to_be_visible()
    page.get_by_label("Beside").select_option("1")
    page.wait_for_url(re.compile("beside=1"))
    diff = page.get_by_role("region", name="Differences")
    expect(diff).to_contain_text("return 41")
    expect(diff).to_contain_text("return 42  # corrected")
    assert axe(page) == []
    page.get_by_label("Beside").select_option("")
    page.get_by_role("combobox", name="Version").select_option("1")
    expect(page.get_by_text("# corrected")).to_have_count(0)


def test_a_backfill_is_paused_let_go_on_and_cancelled_where_it_is_listed(
    page: Page, shop: Shop, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    put(shop, go, "43")
    until(lambda: shop.api.ask("GET", "dags/counts_slowly").status == 200, "it is read")
    shop.api.send("PATCH", "dags/counts_slowly", {"is_paused": False})
    page.goto("/dags/counts_slowly/backfills")
    expect(page.get_by_text("Nothing has been backfilled.")).to_be_visible()
    asked = {"dag_id": "counts_slowly", "from_date": "2026-11-02T00:00:00Z", "to_date": "2026-11-09T00:00:00Z"}
    made = shop.api.send("POST", "backfills", {**asked, "max_active_runs": 1})
    listed = page.get_by_role("main").get_by_role("listitem")
    expect(listed).to_contain_text("1 at once")
    expect(listed).to_contain_text("under way")
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(listed).to_contain_text("paused")
    until(lambda: shop.api.get(f"backfills/{made['id']}")["is_paused"] is True, "it is paused")
    page.get_by_role("button", name="Go on").click()
    expect(listed).to_contain_text("under way")
    page.get_by_role("button", name="Cancel").click()
    go.touch()
    expect(listed).to_contain_text("over")
    until(lambda: shop.api.get(f"backfills/{made['id']}")["completed_at"] is not None, "it is over")
    runs = shop.api.get("dags/counts_slowly/dagRuns", run_type="backfill")["total_entries"]
    assert runs < 8
