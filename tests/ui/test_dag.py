"""The page of one DAG: its grid by keyboard, what changes under it, and what stands beside a chosen cell."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from .browser import Shop, axe


@pytest.fixture(scope="module", autouse=True)
def runs(shop: Shop) -> None:
    for dag_id in ("orders_daily", "train_model"):
        shop.api.send("PATCH", f"dags/{dag_id}", {"is_paused": False})
    shop.api.run("orders_daily")
    shop.api.run("orders_daily")


def _cell(page: Page):  # type: ignore[no-untyped-def]
    return page.get_by_role("gridcell")


def test_arrows_walk_the_grid_and_the_address_keeps_the_cell(page: Page) -> None:
    """S3.31."""
    page.goto("/dags/orders_daily/grid")
    grid = page.get_by_role("grid")
    expect(grid).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(_cell(page)).to_have_text(re.compile(r"^extract, run of .*: succeeded$"))
    page.keyboard.press("ArrowDown")
    expect(_cell(page)).to_have_text(re.compile(r"^per_region, run of .*: 3 succeeded$"))
    page.keyboard.press(" ")  # folds the group
    page.keyboard.press("ArrowDown")
    expect(_cell(page)).to_have_text(re.compile(r"^report, run of"))
    page.keyboard.press("ArrowLeft")
    assert "task=report" in page.url
    panel = page.get_by_role("complementary", name="What is chosen")
    expect(panel.get_by_role("heading", name="report").first).to_be_visible()
    page.reload()
    expect(panel.get_by_role("heading", name="report").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)


def test_enter_opens_the_task_of_the_cell(page: Page) -> None:
    page.goto("/dags/orders_daily/grid")
    expect(page.get_by_role("grid")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/dags/orders_daily/runs/[^/]+/tasks/extract"))


def test_what_happens_is_seen_under_an_open_grid(page: Page, shop: Shop) -> None:
    page.goto("/dags/train_model/grid")
    expect(page.get_by_text("There are no runs yet.")).to_be_visible()
    run = shop.api.send("POST", "dags/train_model/dagRuns", {"logical_date": None, "conf": {"go": str(shop.go)}})
    grid = page.get_by_role("grid")
    expect(grid).to_have_attribute("aria-colcount", "1")
    page.goto(f"/dags/train_model/grid?run={run['dag_run_id'].replace('+', '%2B')}&task=fit")
    expect(_cell(page)).to_have_text(re.compile("running"))
    shop.go.touch()
    expect(_cell(page)).to_have_text(re.compile(r"5 succeeded$"))
    shop.go.unlink()


def test_the_graph_is_walked_folded_and_saved_as_a_picture(page: Page) -> None:
    """S2.11."""
    page.goto("/dags/orders_daily/graph")
    node = page.get_by_role("button", name="extract: succeeded")
    expect(node).to_be_visible()
    node.click()
    panel = page.get_by_role("complementary", name="What is chosen")
    expect(panel.get_by_role("heading", name="extract").first).to_be_visible()
    page.get_by_role("application").press("ArrowRight")
    expect(panel.get_by_role("heading", name="regions").first).to_be_visible()
    page.get_by_role("button", name="per_region", exact=True).click()
    expect(page.get_by_role("button", name="per_region.regions: succeeded")).to_have_count(0)
    for kind, start in (("SVG", b"<svg"), ("PNG", b"\x89PNG")):
        page.get_by_role("button", name="Picture").click()
        with page.expect_download() as download:
            page.get_by_role("menuitem", name=f"Save as {kind}").click()
        saved = download.value
        assert saved.suggested_filename == f"orders_daily.{kind.lower()}"
        content = saved.path().read_bytes()
        assert content.startswith(start)
        if kind == "SVG":
            assert b"extract: succeeded" in content


def test_every_view_of_a_dag_has_an_address_and_nothing_serious_for_axe(page: Page) -> None:
    for tab, there in (
        ("", "What its author says"),
        ("/grid", "extract"),
        ("/graph", "extract"),
        ("/timeline", "extract"),
        ("/calendar", "all succeeded"),
        ("/durations", "Median"),
        ("/runs", "Took"),
        ("/backfills", "Nothing has been backfilled."),
        ("/code", "def orders_daily"),
        ("/details", "When it runs"),
    ):
        page.goto(f"/dags/orders_daily{tab}")
        expect(page.get_by_text(there).first).to_be_visible()
        assert axe(page) == [], tab


def test_the_switch_of_the_page_pauses(page: Page) -> None:
    page.goto("/dags/orders_daily")
    switch = page.get_by_role("switch")
    expect(switch).to_have_attribute("aria-checked", "true")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "false")
    page.get_by_role("button", name="Undo").click()
    expect(switch).to_have_attribute("aria-checked", "true")
