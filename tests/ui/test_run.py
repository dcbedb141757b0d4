"""From a form to a run to its log, and what people change in runs, without the command line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ..cli.conftest import until
from .browser import Shop, axe
from .desk import EVIL, open_desk
from .test_attempt import at


@pytest.fixture(autouse=True)
def desk(shop: Shop) -> None:
    open_desk(shop)


def test_a_run_is_started_with_params_and_followed_to_its_end_its_log_and_a_value(page: Page) -> None:
    """S4.26, S4.27."""
    page.goto("/dags?q=score")
    page.get_by_role("button", name="Run score_baskets").click()
    dialog = page.get_by_role("dialog", name="Start score_baskets")
    dialog.get_by_label("region").select_option(label="south")
    dialog.get_by_label("Epochs").fill("60")
    dialog.get_by_label("name", exact=True).fill(EVIL)
    dialog.get_by_role("button", name="Start").click()
    expect(dialog.get_by_text("It must be at most 50.")).to_be_visible()
    dialog.get_by_label("Epochs").fill("9")
    assert axe(page) == []
    dialog.get_by_role("button", name="Start").click()
    expect(page.get_by_role("status").filter(has_text="succeeded: 5 succeeded")).to_be_visible()
    expect(page.get_by_text("× 24")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("link", name="Params").click()
    expect(page.get_by_text("<img src=x onerror=")).to_be_visible()
    expect(page.get_by_text('"south"')).to_be_visible()
    page.get_by_role("link", name="Tasks").click()
    page.get_by_role("link", name="report").click()
    expect(page.get_by_role("log")).to_contain_text("scored 24 baskets <img src=x")
    page.get_by_role("link", name="Values").click()
    expect(page.get_by_text("411.5")).to_be_visible()
    assert page.title() != "owned"


def test_what_the_server_refuses_stands_beside_its_field(page: Page) -> None:
    page.goto("/dags/score_baskets/trigger")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="As JSON").click()
    dialog.get_by_label("Params").fill('{"epochs": 70}')
    dialog.get_by_role("button", name="Start").click()
    expect(dialog.get_by_role("alert")).to_contain_text("70")
    dialog.get_by_label("Params").fill("[1]")
    dialog.get_by_role("button", name="Start").click()
    expect(dialog.get_by_text("It must be an object")).to_be_visible()


def test_a_paused_dag_is_unpaused_and_run(page: Page, shop: Shop) -> None:
    """S2.28."""
    shop.api.send("PATCH", "dags/score_baskets", {"is_paused": True})
    page.goto("/dags/score_baskets/trigger")
    page.get_by_role("button", name="Unpause and run").click()
    expect(page.get_by_role("status").filter(has_text="succeeded: 5 succeeded")).to_be_visible()
    assert shop.api.get("dags/score_baskets")["is_paused"] is False


def test_a_failed_task_is_cleared_after_what_it_touches_was_seen(page: Page, shop: Shop) -> None:
    """S3.31."""
    run = shop.api.run("breaks")
    page.goto(at("breaks", run))
    expect(page.get_by_text(re.compile("row 41 has no price in desk.py")).first).to_be_visible()
    mended = shop.place.dags / "mended"
    mended.touch()
    try:
        page.get_by_role("link", name="price").click()
        expect(page.get_by_role("heading", name="price")).to_be_visible()
        page.keyboard.press("c")
        dialog = page.get_by_role("dialog", name="Clear price")
        expect(dialog.get_by_text("2 tasks run again")).to_be_visible()
        dialog.get_by_label("what follows it").uncheck()
        expect(dialog.get_by_text("1 task runs again")).to_be_visible()
        dialog.get_by_label("what follows it").check()
        expect(dialog.get_by_text("2 tasks run again")).to_be_visible()
        assert axe(page) == []
        dialog.get_by_role("button", name="Clear", exact=True).click()
        expect(page.get_by_text("succeeded", exact=True).first).to_be_visible()
        page.go_back()
        expect(page.get_by_role("status").filter(has_text="succeeded: 3 succeeded")).to_be_visible()
    finally:
        mended.unlink()


def test_a_run_is_cancelled_marked_and_noted_with_a_way_back(page: Page, shop: Shop, tmp_path: Path) -> None:
    made = shop.api.send("POST", "dags/talks/dagRuns", {"logical_date": None, "conf": {"go": str(tmp_path / "go")}})
    page.goto(at("talks", made["dag_run_id"]))
    expect(page.get_by_role("status").filter(has_text="running: 1 running")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog").get_by_text("1 task is not finished")).to_be_visible()
    page.get_by_role("button", name="Cancel the run").click()
    expect(page.get_by_text(re.compile("cancelled by")).first).to_be_visible()
    page.get_by_role("button", name="More for this run").click()
    page.get_by_role("menuitem", name="Write a note").click()
    page.get_by_role("textbox", name="Note").fill(EVIL)
    page.get_by_role("button", name="Write").click()
    expect(page.get_by_role("main").get_by_text("<img src=x onerror=")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("main").get_by_text("<img src=x onerror=")).to_have_count(0)
    page.get_by_role("link", name="Events").click()
    expect(page.get_by_text("talk: running")).to_be_visible()
    assert page.title() != "owned"


def test_the_graph_of_a_run_moves_by_itself_and_leads_to_a_task(page: Page, shop: Shop, tmp_path: Path) -> None:
    """S4.27."""
    go = tmp_path / "go"
    made = shop.api.send("POST", "dags/talks/dagRuns", {"logical_date": None, "conf": {"go": str(go)}})
    page.goto(at("talks", made["dag_run_id"]))
    page.get_by_role("navigation", name="Of this run").get_by_role("link", name="Graph").click()
    expect(page.get_by_role("button", name="talk: running")).to_be_visible()
    assert axe(page) == []
    go.touch()
    page.get_by_role("button", name="talk: succeeded").click()
    panel = page.get_by_role("complementary", name="What is chosen")
    expect(panel.get_by_role("log")).to_contain_text("the end")
    page.go_back()
    expect(page.get_by_role("status").filter(has_text="succeeded: 1 succeeded")).to_be_visible()


def test_a_backfill_shows_its_dates_before_it_begins(page: Page, shop: Shop) -> None:
    shop.api.send("PATCH", "dags/daily_sums", {"is_paused": False})
    page.goto("/dags/daily_sums/backfill")
    dialog = page.get_by_role("dialog", name="Backfill daily_sums")
    dialog.get_by_label("From").fill("2026-11-03")
    dialog.get_by_label("To").fill("2026-11-01")
    expect(dialog.get_by_text("It is before the first day.")).to_be_visible()
    dialog.get_by_label("To").fill("2026-11-05")
    expect(dialog.get_by_text("3 runs would be made")).to_be_visible()
    expect(dialog.get_by_role("list", name="The dates")).to_contain_text("2026-11-04")
    assert axe(page) == []
    dialog.get_by_role("button", name="Begin 3 runs").click()
    until(
        lambda: len(shop.api.get("dags/daily_sums/dagRuns", run_type="backfill", state="success")["dag_runs"]) == 3,
        "the backfill is done",
    )


def test_questions_are_answered_where_they_wait(page: Page, shop: Shop) -> None:
    open_desk(shop, questions=True)
    made = shop.api.send("POST", "dags/release/dagRuns", {"logical_date": None})
    until(lambda: shop.api.get("dags/~/dagRuns/~/hitlDetails")["total_entries"] == 3, "the questions wait")
    page.goto("/")
    expect(page.get_by_label("3 waiting")).to_be_visible()
    page.get_by_role("link", name="Approvals").click()
    expect(page.get_by_role("heading", name="3 questions wait")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("article", name="Release the winter model?").get_by_role("button", name="Approve").click()
    several = page.get_by_role("article", name="Which regions first?")
    several.get_by_label("east").check()
    several.get_by_role("button", name="Answer: north, east").click()
    fill = page.get_by_role("article", name="How should it be called?")
    fill.get_by_label("share").fill("200")
    fill.get_by_role("button", name="OK").click()
    expect(fill.get_by_text("It must be at most 100.")).to_be_visible()
    fill.get_by_label("share").fill("20")
    fill.get_by_role("button", name="OK").click()
    expect(page.get_by_role("heading", name="Nobody is asked anything.")).to_be_visible()
    expect(page.get_by_text("north, east", exact=True)).to_be_visible()
    shop.api.over("release", made["dag_run_id"])
    page.goto(at("release", made["dag_run_id"]))
    expect(page.get_by_role("status").filter(has_text="succeeded: 4 succeeded")).to_be_visible()


def tab_to(page: Page, wanted: str) -> None:
    """By Tab alone, to what a selector names."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
            return
    raise AssertionError(f"Tab never came to {wanted!r}")


def test_from_the_list_to_the_log_by_the_keyboard_alone(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="Failed").first).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("d")
    page.wait_for_url(re.compile("/dags$"))
    expect(page.get_by_role("link", name=re.compile("score_baskets")).first).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("score")
    expect(page.get_by_role("status").filter(has_text="1 of")).to_be_visible()
    tab_to(page, "[aria-label='Run score_baskets']")
    page.keyboard.press("Enter")
    expect(page.get_by_label("region")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="succeeded: 5 succeeded")).to_be_visible()
    tab_to(page, "[href$='/tasks/baskets']")
    page.keyboard.press("Enter")
    expect(page.get_by_role("log")).to_contain_text("reading baskets of")
    page.keyboard.press("/")
    page.keyboard.type("south")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 of 1")).to_be_visible()
