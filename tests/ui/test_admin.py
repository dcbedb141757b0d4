"""Settings and assets in the browser: added, changed, kept secret, told of."""

from __future__ import annotations

import json
import re

from playwright.sync_api import Browser, Locator, Page, expect

from venturi.cli.reading import open_reader
from venturi.config import read_config

from ..cli.conftest import until
from .browser import Shop, axe

SECRET, HIDDEN_KEY = "open-sesame-4711", "k3y-0f-the-cellar"


def make_connection(shop: Shop) -> None:
    given = {"connection_id": "shop_db", "conn_type": "postgres", "host": "db.example", "port": 5432, "login": "ann"}
    more = {"password": SECRET, "extra": json.dumps({"api_key": HIDDEN_KEY})}
    shop.api.ask("POST", "connections", {**given, **more})


def test_a_connection_is_changed_and_what_is_secret_in_it_is_never_in_the_page(page: Page, shop: Shop) -> None:
    make_connection(shop)
    answers: list[str] = []
    page.on("response", lambda answer: answers.append(answer.text()) if "/api/v2/connections" in answer.url else None)
    page.goto("/admin/connections")
    row = page.get_by_role("row").filter(has_text="shop_db")
    expect(row).to_contain_text("password set")
    row.get_by_role("button", name="shop_db", exact=True).click()
    expect(page.get_by_label("Password", exact=True)).to_have_value("")
    expect(page.get_by_label("Extra", exact=True)).to_have_value("")
    page.get_by_label("Port").fill("70000")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Port")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Port").fill("6543")
    page.get_by_label("Host").fill("other.example")
    page.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("other.example:6543")
    home = shop.place.home
    with open_reader(home, read_config(home)) as reader:
        kept = reader.connection("shop_db")
    assert kept is not None
    assert (kept["host"], kept["password"]) == ("other.example", SECRET)
    assert json.loads(kept["extra"]) == {"api_key": HIDDEN_KEY}
    for secret in (SECRET, HIDDEN_KEY):
        assert secret not in page.content()
        assert not any(secret in answer for answer in answers)


def test_a_variable_is_added_changed_removed_and_brought_back(page: Page, shop: Shop) -> None:
    page.goto("/admin/variables")
    page.get_by_role("button", name="Add a variable").first.click()
    page.get_by_label("Key").fill("region")
    page.get_by_label("Value").fill("north")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Add", exact=True).click()
    row = page.get_by_role("row").filter(has_text="region")
    expect(row).to_contain_text("north")
    page.get_by_role("button", name="Add a variable").first.click()
    page.get_by_label("Key").fill("region")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("There is already a variable")
    page.keyboard.press("Escape")
    row.get_by_role("button", name="Actions for region").click()
    page.get_by_role("menuitem", name="Remove").click()
    expect(row).to_have_count(0)
    until(lambda: shop.api.ask("GET", "variables/region").status == 404, "it is gone")
    page.get_by_role("button", name="Undo").last.click()
    expect(row).to_contain_text("north")


def test_variables_are_imported_and_a_secret_one_is_only_said_to_be_set(page: Page) -> None:
    page.goto("/admin/variables")
    page.get_by_role("button", name="Import…").click()
    page.get_by_label("Or paste it").fill(json.dumps({"cellar_password": SECRET, "shelves": {"value": 41}}))
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_role("row").filter(has_text="shelves")).to_contain_text("41")
    expect(page.get_by_role("row").filter(has_text="cellar_password").get_by_text("set", exact=True)).to_be_visible()
    assert SECRET not in page.locator("[role=table]").inner_text()


def test_telling_of_an_asset_starts_what_waits_for_it(page: Page, shop: Shop) -> None:
    shop.api.send("PATCH", "dags/recommend", {"is_paused": False})
    page.goto("/assets")
    page.get_by_role("link", name="s3://shop/orders").first.click()
    page.get_by_role("button", name="Tell of an event").click()
    page.get_by_label("Extra").fill("[1]")
    page.get_by_role("button", name="Tell", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("a JSON object")
    page.get_by_label("Extra").fill('{"rows": 120}')
    page.get_by_role("button", name="Tell", exact=True).click()
    expect(page.get_by_text("rows:")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="rows").get_by_role("link", name="recommend")).to_be_visible()
    assert axe(page) == []


def test_the_rail_leads_to_admin_those_alone_who_may(browser: Browser, shop: Shop) -> None:
    body = {"name": "vera", "role": "viewer", "password": "seven herons by the lake"}
    assert shop.api.ask("POST", "/api/venturi/v1/accounts", body).status == 201
    context = browser.new_context(base_url=shop.address)
    page = context.new_page()
    page.goto("/login")
    page.get_by_label("Name").fill(body["name"])
    page.get_by_label("Password").fill(body["password"])
    page.get_by_role("button", name="Sign in").click()
    rail = page.get_by_role("navigation", name="Places")
    expect(rail.get_by_role("link", name="Assets")).to_be_visible()
    expect(rail.get_by_role("link", name="Admin")).to_have_count(0)
    page.goto("/admin/connections")
    expect(page.get_by_text(re.compile("You may not see this"))).to_be_visible()
    context.close()


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("button", name=f"Actions for {name}"))


def choose(page: Page, name: str, what: str) -> None:
    page.get_by_role("button", name=f"Actions for {name}").click()
    page.get_by_role("menuitem", name=what).click()


def test_a_user_is_added_granted_disabled_and_removed(browser: Browser, page: Page, shop: Shop) -> None:
    password = "nine geese over the hill"
    page.goto("/admin/users")
    page.get_by_role("button", name="Add a user").first.click()
    page.get_by_label("Name").fill("carla")
    page.get_by_label("Password").fill("short")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("12")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(row(page, "carla")).to_contain_text("viewer")
    choose(page, "carla", "Grants in single DAGs…")
    page.get_by_label("DAG", exact=True).fill("hello_shop")
    page.get_by_role("button", name="Grant", exact=True).click()
    expect(row(page, "carla")).to_contain_text("hello_shop: user")
    context = browser.new_context(base_url=shop.address)
    theirs = context.new_page()
    theirs.goto("/login?next=/dags")
    theirs.get_by_label("Name").fill("carla")
    theirs.get_by_label("Password").fill(password)
    theirs.get_by_role("button", name="Sign in").click()
    theirs.wait_for_url(re.compile("/dags$"))
    expect(theirs.get_by_text("hello_shop").first).to_be_visible()
    choose(page, "carla", "Disable")
    expect(row(page, "carla")).to_contain_text("disabled")
    theirs.goto("/runs")
    theirs.wait_for_url(re.compile("/login"))
    context.close()
    choose(page, "carla", "Remove…")
    assert axe(page) == []
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(row(page, "carla")).to_have_count(0)
    page.goto("/admin/audit")
    expect(page.get_by_role("cell").filter(has_text=re.compile("^carla$")).first).to_be_visible()


def test_a_token_is_shown_once_works_and_is_revoked(browser: Browser, page: Page, shop: Shop) -> None:
    page.goto("/admin/tokens")
    page.get_by_role("button", name="Make a token").first.click()
    page.get_by_label("For which program").fill("nightly")
    page.get_by_label("Days it holds").fill("no")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("alert")).to_contain_text("How many days")
    page.get_by_label("Days it holds").fill("7")
    page.get_by_role("button", name="Make it").click()
    shown = page.get_by_role("dialog", name="The token, this once")
    expect(shown).to_be_visible()
    token = shown.locator("p").last.inner_text()
    assert axe(page) == []
    program = browser.new_context(base_url=shop.address, extra_http_headers={"Authorization": f"Bearer {token}"})
    assert program.request.get("/api/v2/dags").status == 200
    shown.get_by_role("button", name="I have it").click()
    expect(row(page, "nightly")).to_contain_text("in 6 d")
    page.reload()
    expect(row(page, "nightly")).to_be_visible()
    assert token not in page.content()
    choose(page, "nightly", "Revoke…")
    page.get_by_role("button", name="Revoke", exact=True).click()
    expect(row(page, "nightly")).to_have_count(0)
    assert program.request.get("/api/v2/dags").status == 401
    program.close()


def test_a_pool_is_added_changed_removed_and_brought_back(page: Page, shop: Shop) -> None:
    page.goto("/admin/pools")
    page.get_by_role("button", name="Add a pool").first.click()
    page.get_by_label("Name").fill("cards")
    page.get_by_role("textbox", name="Slots").fill("many")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("A whole number")
    page.get_by_role("textbox", name="Slots").fill("2")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(row(page, "cards")).to_contain_text("0 of 2")
    row(page, "cards").get_by_role("button", name="cards", exact=True).click()
    page.get_by_role("textbox", name="Slots").fill("3")
    page.get_by_label("Description").fill("One model on each")
    assert axe(page) == []
    page.get_by_role("button", name="Save").click()
    expect(row(page, "cards")).to_contain_text("0 of 3")
    assert shop.api.get("pools/cards")["description"] == "One model on each"
    choose(page, "cards", "Remove")
    expect(page.get_by_text("Pool cards is removed.")).to_be_visible()
    expect(row(page, "cards")).to_have_count(0)
    page.get_by_role("button", name="Undo").last.click()
    expect(row(page, "cards")).to_contain_text("0 of 3")
    page.get_by_role("button", name="Actions for default_pool").click()
    expect(page.get_by_role("menuitem", name="Remove")).to_have_count(0)
