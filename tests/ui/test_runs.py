"""All runs: found by their state, and what is done to several at once."""

from __future__ import annotations

import re
from urllib.parse import quote

from playwright.sync_api import Page, expect

from ..cli.conftest import until
from .browser import Shop, axe


def unpaused(shop: Shop, *dag_ids: str) -> None:
    for dag_id in dag_ids:
        shop.api.send("PATCH", f"dags/{dag_id}", {"is_paused": False})


def tries(shop: Shop, run_id: str) -> int:
    path = f"dags/stock_check/dagRuns/{quote(run_id, safe='')}/taskInstances/compare"
    return int(shop.api.get(path)["try_number"])


def test_what_failed_is_cleared_in_bulk_after_a_look_at_what_would_run_again(page: Page, shop: Shop) -> None:
    unpaused(shop, "hello_shop", "stock_check")
    shop.api.run("hello_shop")
    failed = [shop.api.run("stock_check") for _ in range(2)]
    page.goto("/runs?dag=stock_check&state=failed&type=manual")
    expect(page.get_by_role("row").filter(has_text="stock_check")).to_have_count(2)
    expect(page.get_by_role("row").filter(has_text="hello_shop")).to_have_count(0)
    page.get_by_role("checkbox", name="Choose all").check()
    page.get_by_role("button", name="Clear…").click()
    expect(page.get_by_role("heading", name="4 tasks run again")).to_be_visible()
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(page.get_by_text("2 runs cleared.")).to_be_visible()
    until(lambda: all(tries(shop, run) == 2 for run in failed), "both ran again")


def test_what_runs_is_cancelled_in_bulk_and_the_list_shows_it_by_itself(page: Page, shop: Shop) -> None:
    unpaused(shop, "train_model")
    body = {"logical_date": None, "conf": {"go": str(shop.go)}}
    page.goto("/runs?dag=train_model")
    expect(page.get_by_text("No run fits.")).to_be_visible()
    made = shop.api.send("POST", "dags/train_model/dagRuns", body)["dag_run_id"]
    row = page.get_by_role("row").filter(has_text=made)
    expect(row.get_by_text("running")).to_be_attached()
    row.get_by_role("checkbox").check()
    page.get_by_role("button", name="Cancel…").click()
    page.get_by_role("button", name="Cancel the runs").click()
    expect(row.get_by_text("failed")).to_be_attached()
    assert shop.api.over("train_model", made)["state"] == "failed"


def test_the_filters_stand_in_the_address_and_axe_finds_nothing_serious(page: Page) -> None:
    page.goto("/runs")
    page.get_by_role("button", name="failed").click()
    page.wait_for_url(re.compile("state=failed"))
    page.get_by_role("button", name="Ever").click()
    page.get_by_role("menuitemradio", name="Last hour").click()
    page.wait_for_url(re.compile("since=1h"))
    page.reload()
    expect(page.get_by_role("button", name="failed")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("table", name="Runs")).to_be_visible()
    assert axe(page) == []
