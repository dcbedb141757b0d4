"""Signing in, the list of DAGs, what changes under an open page, and the frame around it."""

from __future__ import annotations

import os
import re
import signal

from playwright.sync_api import Browser, Page, Route, expect

from ..cli.conftest import until
from . import dagfile
from .browser import Shop, axe


def test_a_link_signs_in_and_leads_home(browser: Browser, shop: Shop) -> None:
    """S2.24, S2.26."""
    context = shop.signed_in(browser)
    page = context.new_page()
    page.goto("/home")
    expect(page.get_by_role("heading", name="Running now")).to_be_visible()
    expect(page.get_by_role("navigation", name="Places").get_by_role("link", name="DAGs")).to_be_visible()
    context.close()


def test_who_is_not_signed_in_comes_back_to_where_they_were_going(browser: Browser, shop: Shop) -> None:
    """S5.27: the address alone is enough to come to the interface; who one is is asked there."""
    context = browser.new_context(base_url=shop.address)
    page = context.new_page()
    page.goto("/dags?q=hello")
    page.wait_for_url(re.compile(r"/login\?next="))
    expect(page.locator("input[name=next]")).to_have_value("/dags?q=hello")
    page.goto("/login?next=//elsewhere.example/")
    expect(page.locator("input[name=next]")).to_have_count(0)
    context.close()


def test_a_dag_is_found_by_what_is_typed_and_the_address_says_so(page: Page) -> None:
    """S4.25."""
    page.goto("/dags")
    expect(page.get_by_role("link", name=re.compile("hello_shop"))).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("orders")
    expect(page.get_by_role("link", name=re.compile("orders_daily")).first).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("hello_shop"))).to_have_count(0)
    assert "q=orders" in page.url
    page.reload()
    expect(page.get_by_role("status").filter(has_text="1 of")).to_be_visible()


def test_a_switch_unpauses_at_once_and_can_be_undone(page: Page, shop: Shop) -> None:
    """S2.27."""
    page.goto("/dags")
    switch = page.get_by_role("switch", name=re.compile("orders_daily"))
    expect(switch).to_have_attribute("aria-checked", "false")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "true")
    until(lambda: shop.api.get("dags/orders_daily")["is_paused"] is False, "it is unpaused")
    page.get_by_role("button", name="Undo").click()
    expect(switch).to_have_attribute("aria-checked", "false")
    until(lambda: shop.api.get("dags/orders_daily")["is_paused"] is True, "it is paused again")


def test_a_paused_dag_offers_to_be_unpaused_and_run(page: Page, shop: Shop) -> None:
    """S2.28."""
    page.goto("/dags")
    page.get_by_role("button", name="Run hello_shop").click()
    page.get_by_role("button", name="Unpause and run").click()
    row = page.get_by_role("row").filter(has_text="hello_shop")
    expect(row.get_by_role("link", name=re.compile("succeeded"))).to_have_count(1)
    expect(row.get_by_role("switch")).to_have_attribute("aria-checked", "true")


def test_what_others_do_appears_by_itself_in_every_tab(page: Page, shop: Shop) -> None:
    second = page.context.new_page()
    for one in (page, second):
        one.goto("/dags")
        expect(one.get_by_role("status", name="")).not_to_have_count(0)
        expect(one.get_by_text("All is well")).to_be_attached()
    shop.api.send("PATCH", "dags/stock_check", {"is_paused": False})
    for one in (page, second):
        row = one.get_by_role("row").filter(has_text="stock_check")
        expect(row.get_by_role("switch")).to_have_attribute("aria-checked", "true")
    shop.api.run("stock_check")
    page.goto("/")
    failed = page.get_by_text("ValueError: shelf 17 holds -2 boxes").first
    expect(failed).to_be_visible()
    row = second.get_by_role("row").filter(has_text="stock_check")
    expect(row.get_by_role("link", name=re.compile("^failed")).first).to_be_attached()


def test_one_stream_serves_all_tabs(page: Page) -> None:
    streams: list[str] = []
    page.context.on("request", lambda asked: streams.append(asked.url) if "/events" in asked.url else None)
    second = page.context.new_page()
    for one in (page, second):
        one.goto("/")
        expect(one.get_by_text("All is well")).to_be_attached()
    assert len(streams) == 1


def test_a_broken_file_tells_line_and_code(page: Page, shop: Shop) -> None:
    (shop.place.dags / "invoices.py").write_text(dagfile.BROKEN)
    until(lambda: shop.api.get("importErrors")["total_entries"] == 1, "the file is told of")
    page.goto("/dags")
    page.get_by_role("button", name=re.compile("invoices.py:15")).click()
    expect(page.get_by_role("region", name="Around line 15")).to_contain_text("print(nothing_is_called_so)")


def test_the_palette_leads_everywhere_by_the_keyboard(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="Running now")).to_be_visible()
    page.keyboard.press("Control+k")
    page.keyboard.type("paused dags")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("d")
    page.wait_for_url(re.compile("/dags$"))
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Shortcuts")).to_be_visible()


def test_the_palette_finds_runs_by_dag_and_by_id(page: Page, shop: Shop) -> None:
    shop.api.send("PATCH", "dags/hello_shop", {"is_paused": False})
    run = shop.api.run("hello_shop", dag_run_id="asked for by ann/7")
    page.goto("/")
    expect(page.get_by_role("heading", name="Running now")).to_be_visible()
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Search and commands")
    field.fill("hello")
    expect(page.get_by_role("option").filter(has_text="DAGs")).to_contain_text("hello_shop")
    expect(page.get_by_role("option").filter(has_text=run)).to_be_visible()
    field.fill("by ann/7")
    expect(page.get_by_role("option")).to_contain_text([run])
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/dags/hello_shop/runs/asked%20for%20by%20ann%2F7$"))


def test_times_are_told_in_any_zone_and_the_choice_stays(page: Page, shop: Shop) -> None:
    shop.api.send("PATCH", "dags/hello_shop", {"is_paused": False})
    shop.api.run("hello_shop", logical_date="2026-02-03T20:05:06Z")
    page.goto("/runs?dag=hello_shop")
    expect(page.get_by_text("2026-02-03 20:05:06")).to_be_visible()
    page.get_by_role("button", name=re.compile("^UTC|UTC$")).click()
    page.get_by_role("menuitem", name="Another zone…").click()
    page.get_by_role("combobox", name="Time zone").fill("kathmandu")
    page.get_by_role("option", name=re.compile("Kathmandu, Asia")).click()
    expect(page.get_by_text("2026-02-04 01:50:06")).to_be_visible()
    page.reload()
    expect(page.get_by_text("2026-02-04 01:50:06")).to_be_visible()


def test_a_page_from_before_an_upgrade_loads_itself_anew(page: Page) -> None:
    refused: list[str] = []

    def gone_once(route: Route) -> None:
        if refused:
            route.continue_()
        else:
            refused.append(route.request.url)
            route.fulfill(status=404)

    page.goto("/")
    expect(page.get_by_role("heading", name="Running now")).to_be_visible()
    page.route(re.compile(r"/assets/Dags-[^/]*\.js"), gone_once)
    page.get_by_role("navigation", name="Places").get_by_role("link", name="DAGs").click()
    expect(page.get_by_role("link", name=re.compile("hello_shop"))).to_be_visible()
    assert len(refused) == 1


def test_axe_finds_nothing_serious(page: Page) -> None:
    for address, there in (("/", "Running now"), ("/dags", "Schedule")):
        page.goto(address)
        expect(page.get_by_text(there, exact=True).first).to_be_visible()
        assert axe(page) == []


def test_an_engine_that_is_killed_is_a_calm_line_until_it_is_back(page: Page, shop: Shop) -> None:
    page.goto("/dags")
    expect(page.get_by_text("All is well")).to_be_attached()
    held = shop.place.pids()["engine"]
    os.kill(held, signal.SIGSTOP)  # as if away: it answers nobody
    try:
        expect(page.get_by_text("The engine is away.")).to_be_visible()
    finally:
        os.kill(held, signal.SIGKILL)
    expect(page.get_by_text("All is well")).to_be_attached()
    expect(page.get_by_text("The engine is away.")).to_have_count(0)
    shop.api.send("PATCH", "dags/recommend", {"is_paused": False})
    row = page.get_by_role("row").filter(has_text="recommend")
    expect(row.get_by_role("switch")).to_have_attribute("aria-checked", "true")
