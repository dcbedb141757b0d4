"""A task in a run: its log of any length, its values, its tries, its instances; nothing of an author's is markup."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from venturi.wire.log_names import log_name

from .browser import Shop, axe
from .desk import open_desk


@pytest.fixture(scope="module")
def scored(shop: Shop) -> str:
    open_desk(shop)
    return shop.api.run("score_baskets")


@pytest.fixture(scope="module")
def broken(shop: Shop) -> str:
    open_desk(shop)
    return shop.api.run("breaks")


def at(dag: str, run: str, task: str = "", query: str = "") -> str:
    return f"/dags/{dag}/runs/{quote(run, safe='')}{f'/tasks/{task}' if task else ''}{query}"


def test_a_failed_task_says_why_and_shows_its_log_from_the_error(page: Page, broken: str) -> None:
    page.goto(at("breaks", broken, "price"))
    expect(page.get_by_text(re.compile(r"Failed at .*try 2 of 2.*row 41 has no price in desk.py:\d+"))).to_be_visible()
    log = page.get_by_role("log")
    expect(log).to_contain_text("Traceback (most recent call last)")
    expect(log).to_contain_text("ValueError: row 41 has no price")
    page.get_by_role("link", name="Tries").click()
    expect(page.get_by_role("columnheader", name="Try 2")).to_be_visible()
    page.get_by_role("link", name=re.compile("Try 1")).click()
    expect(page.get_by_role("log", name="Log of try 1")).to_contain_text("ValueError")
    assert axe(page) == []


def test_a_log_is_searched_and_leads_to_its_first_error_by_keys(page: Page, broken: str) -> None:
    page.goto(at("breaks", broken, "fetch"))
    log = page.get_by_role("log")
    expect(log).to_contain_text("more 299")
    page.keyboard.press("e")
    expect(log).to_contain_text("row 41 has no price")
    expect(page.get_by_text("error 1 of 1")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("ROW 7")
    page.keyboard.press("Enter")
    expect(page.get_by_text("11 of 11")).to_be_visible()
    page.get_by_role("button", name="Next found").click()
    expect(page.get_by_text("1 of 11")).to_be_visible()
    expect(log.get_by_text("row 7", exact=True).first).to_be_visible()
    # What looks like markup is text.
    expect(log).to_contain_text("<img src=x onerror=")
    assert page.title() != "owned"
    page.get_by_label("Least level").select_option("error")
    expect(log).not_to_contain_text("more 299")


def test_a_log_of_100_megabytes_opens_at_its_end_by_one_small_piece(page: Page, shop: Shop, broken: str) -> None:
    """S4.26: of any size."""
    file = Path(shop.place.home.logs / log_name("breaks", broken, "fetch", -1, 1, 0))
    before = file.read_bytes()
    line = b"2026-01-01T00:00:00.000Z INFO  " + b"x" * 200 + b" %09d\n"
    with file.open("wb") as opened:
        for block in range(0, 420_000, 10_000):
            opened.write(b"".join(line % n for n in range(block, block + 10_000)))
    read: list[int] = []
    page.on("response", lambda got: read.append(len(got.body())) if re.search(r"/log\?", got.url) else None)
    try:
        assert file.stat().st_size > 100_000_000
        page.goto(at("breaks", broken, "fetch"))
        expect(page.get_by_role("log")).to_contain_text("000419999")
        assert len(read) == 1
        assert read[0] < 500_000
        page.get_by_role("log").hover()
        page.mouse.wheel(0, -200_000)
        expect(page.get_by_role("button", name="To the end")).to_be_visible()
        page.get_by_role("button", name="To the end").click()
        expect(page.get_by_role("log")).to_contain_text("000419999")
    finally:
        file.write_bytes(before)


def test_a_log_is_followed_while_it_is_written(page: Page, shop: Shop, tmp_path: Path) -> None:
    """S4.27."""
    open_desk(shop)
    go = tmp_path / "go"
    made = shop.api.send("POST", "dags/talks/dagRuns", {"logical_date": None, "conf": {"go": str(go)}})
    page.goto(at("talks", made["dag_run_id"], "talk"))
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    expect(page.get_by_role("log")).to_contain_text("said 30")
    go.touch()
    expect(page.get_by_role("log")).to_contain_text("the end")
    expect(page.get_by_text("succeeded").first).to_be_visible()
    expect(page.get_by_text("live", exact=True)).to_have_count(0)


def test_values_are_tables_plots_and_trees_and_never_markup(page: Page, scored: str) -> None:
    page.goto(at("score_baskets", scored, "baskets", "?tab=values"))
    expect(page.get_by_role("table", name="The value return_value")).to_contain_text("basket 00")
    page.get_by_role("button", name="Plot").click()
    expect(page.get_by_role("img", name=re.compile("total: 24 points"))).to_be_visible()
    page.goto(at("score_baskets", scored, "curve", "?tab=values"))
    expect(page.get_by_role("img", name=re.compile("60 points"))).to_be_visible()
    page.goto(at("score_baskets", scored, "report", "?tab=values"))
    expect(page.get_by_text("411.5")).to_be_visible()
    expect(page.get_by_text("<img src=x onerror=")).to_be_visible()
    assert page.title() != "owned"
    assert axe(page) == []


def test_a_value_that_is_a_picture_is_shown_as_one(page: Page, scored: str) -> None:
    page.goto(at("score_baskets", scored, "picture", "?tab=values"))
    shown = page.get_by_role("img", name="The value return_value")
    expect(shown).to_be_visible()
    assert shown.evaluate("one => one.decode().then(() => [one.naturalWidth, one.naturalHeight])") == [48, 48]
    page.get_by_role("button", name="Tree").click()
    expect(page.get_by_text("data:image/png;base64,").first).to_be_visible()


def test_instances_are_called_by_what_they_were_given(page: Page, scored: str) -> None:
    page.goto(at("score_baskets", scored, "score"))
    expect(page.get_by_role("img", name="24 succeeded")).to_be_visible()
    page.get_by_role("link", name="basket 03").click()
    expect(page.get_by_role("heading", name="score · basket 03")).to_be_visible()
    page.get_by_role("link", name="The next instance").click()
    expect(page.get_by_role("heading", name="score · basket 04")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="score · basket 03")).to_be_visible()


def test_what_templates_came_to_and_what_it_took_are_told(page: Page, scored: str) -> None:
    page.goto(at("score_baskets", scored, "score", "?map=3&tab=rendered"))
    expect(page.get_by_role("region", name="op_kwargs")).to_contain_text("'name': 'basket 03'")
    page.get_by_role("link", name="Resources").click()
    expect(page.get_by_role("heading", name="Processor time")).to_be_visible()
    expect(page.get_by_role("heading", name="Memory at its highest")).to_be_visible()
