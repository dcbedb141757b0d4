"""`python -m tests.ui.shots [NAME …]`: every screen in light and dark, on a phone and on a desk, into .prove/shots/.

For people to look at. Each screen is also asked whether axe finds something serious.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Page

from . import desk_shots
from .browser import Shop, axe, chromium, missing

OUT = Path(".prove/shots")
SIZES = {"390": (390, 844), "1440": (1440, 900)}


def _home(page: Page, shop: Shop) -> None:
    page.goto("/")
    page.get_by_text("Running now").wait_for()


def _dags(page: Page, shop: Shop) -> None:
    page.goto("/dags")
    page.get_by_role("link", name="hello_shop").first.wait_for()


def _broken(page: Page, shop: Shop) -> None:
    _dags(page, shop)
    page.get_by_role("button", name="invoices.py").click()
    page.locator("[class*=hljs]").first.wait_for()


def _palette(page: Page, shop: Shop) -> None:
    _dags(page, shop)
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("or")


def _shortcuts(page: Page, shop: Shop) -> None:
    _home(page, shop)
    page.keyboard.press("?")
    page.get_by_role("heading", name="Shortcuts").wait_for()


def _runs(page: Page, shop: Shop) -> None:
    page.goto("/runs")
    page.get_by_role("link", name=re.compile("orders_daily")).first.wait_for()


def _runs_clear(page: Page, shop: Shop) -> None:
    page.goto("/runs?state=failed")
    page.get_by_role("checkbox", name="Choose all").check()
    page.get_by_role("button", name="Clear…").click()
    page.get_by_text("again").nth(1).wait_for()


def _assets(page: Page, shop: Shop) -> None:
    page.goto("/assets")
    page.get_by_role("link", name="s3://shop/orders").first.wait_for()


def _asset(page: Page, shop: Shop) -> None:
    _tell(shop)
    _assets(page, shop)
    page.get_by_role("link", name="s3://shop/orders").first.click()
    page.get_by_text("rows:").first.wait_for()


def _tell(shop: Shop) -> None:
    (asset,) = shop.api.get("assets")["assets"]
    if asset["last_asset_event"] is None:
        shop.api.send("PATCH", "dags/recommend", {"is_paused": False})
        shop.api.ask("POST", "assets/events", {"asset_id": asset["id"], "extra": {"rows": 120, "regions": ["north"]}})


def _admin(section: str) -> Callable[[Page, Shop], None]:
    def arrive(page: Page, shop: Shop) -> None:
        _settle(shop)
        page.goto(f"/admin/{section}")
        page.get_by_role("heading", level=1).wait_for()
        page.wait_for_load_state("networkidle") if section != "audit" else page.get_by_role("row").nth(3).wait_for()

    return arrive


def _settle(shop: Shop) -> None:
    """Something for every section, once."""
    if shop.api.ask("GET", "variables/region").status == 200:
        return
    db = {"conn_type": "postgres", "host": "db.example", "port": 5432, "login": "ann", "schema": "shop"}
    secret = {"password": "not shown", "description": "Orders and stock", "extra": '{"sslmode": "require"}'}
    shop.api.ask("POST", "connections", {"connection_id": "shop_db", **db, **secret})
    web = {"connection_id": "prices_api", "conn_type": "http", "host": "prices.example"}
    shop.api.ask("POST", "connections", web)
    for key, value, words in (
        ("region", "north", "Where the shop is"),
        ("api_token", "not shown", None),
        ("thresholds", '{"low": 3, "high": 41}', None),
    ):
        shop.api.ask("POST", "variables", {"key": key, "value": value, "description": words})
    shop.api.ask("POST", "pools", {"name": "gpu", "slots": 2, "description": "One model at a time on each card"})
    own = "/api/venturi/v1"
    for name, role in (("ann", "operator"), ("bob", "viewer")):
        shop.api.ask("POST", f"{own}/accounts", {"name": name, "role": role, "password": "seven herons by the lake"})
    shop.api.ask("PUT", f"{own}/accounts/bob/grants", {"dag": "orders_daily", "role": "user"})
    shop.api.ask("POST", f"{own}/tokens", {"name": "nightly report", "role": "user", "days": 30})


def _connection(page: Page, shop: Shop) -> None:
    _admin("connections")(page, shop)
    page.get_by_role("button", name="shop_db", exact=True).click()
    page.get_by_label("Host").wait_for()


def _login(page: Page, shop: Shop) -> None:
    page.goto("/login")


def _dag(tab: str, wait_for: str, query: str = "", dag_id: str = "orders_daily") -> Callable[[Page, Shop], None]:
    def arrive(page: Page, shop: Shop) -> None:
        page.goto(f"/dags/{dag_id}{tab}{query}")
        page.locator(wait_for).first.wait_for()

    return arrive


def _dag_cell(page: Page, shop: Shop) -> None:
    runs = shop.api.get("dags/train_model/dagRuns")["dag_runs"]
    page.goto("/dags/train_model/grid?" + urlencode({"run": runs[-1]["dag_run_id"], "task": "fit"}))
    page.get_by_role("complementary", name="What is chosen").get_by_role("heading").first.wait_for()


# A new screen is one line here.
SCREENS: dict[str, Callable[[Page, Shop], None]] = {
    "home": _home,
    "dags": _dags,
    "dags-broken": _broken,
    "runs": _runs,
    "runs-clear": _runs_clear,
    "palette": _palette,
    "shortcuts": _shortcuts,
    **desk_shots.SCREENS,
    "assets": _assets,
    "asset": _asset,
    **{f"admin-{name}": _admin(name) for name in ("connections", "variables", "pools", "users", "tokens", "audit")},
    **{f"admin-{name}": _admin(name) for name in ("configuration", "retention", "providers", "import-errors")},
    "admin-connection": _connection,
    "login": _login,
    "dag": _dag("", "text=What its author says"),
    "dag-grid": _dag("/grid", "text=per_region"),
    "dag-cell": _dag_cell,
    "dag-graph": _dag("/graph", "[data-node]"),
    "dag-timeline": _dag("/timeline", "a[data-state]"),
    "dag-calendar": _dag("/calendar", "rect[data-tone=good]"),
    "dag-durations": _dag("/durations", "text=Median"),
    "dag-runs": _dag("/runs", "role=rowgroup >> text=succeeded"),
    "dag-backfills": _dag("/backfills", "text=Nothing has been backfilled"),
    "dag-code": _dag("/code", "[class*=hljs]"),
    "dag-details": _dag("/details", "text=When it runs"),
}


def main(names: list[str]) -> int:
    reason = missing()
    if reason is not None:
        print(reason)
        return 1
    OUT.mkdir(parents=True, exist_ok=True)
    serious = 0
    with tempfile.TemporaryDirectory(prefix="venturi-shots-") as folder, chromium() as browser:
        shop = Shop(Path(folder))
        try:
            shop.populate()
            for theme in ("light", "dark"):
                for size, (width, height) in SIZES.items():
                    phone = {"has_touch": True, "is_mobile": True} if width < 600 else {}
                    viewport = {"width": width, "height": height}
                    context = shop.signed_in(browser, viewport=viewport, color_scheme=theme, **phone)
                    page = context.new_page()
                    for name, arrive in SCREENS.items():
                        if names and name not in names:
                            continue
                        arrive(page, shop)
                        page.wait_for_timeout(250)
                        page.screenshot(path=OUT / f"{name}-{size}-{theme}.png")
                        for line in axe(page) if name != "login" else []:
                            serious += 1
                            print(f"{name} {size} {theme}: {line}")
                    context.close()
        finally:
            shop.go.touch()
            shop.place.end()
    print(f"{OUT}: {len(list(OUT.glob('*.png')))} pictures; axe found {serious} serious things.")
    return 1 if serious else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
