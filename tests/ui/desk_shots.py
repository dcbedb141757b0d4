"""The screens of runs, attempts, forms and questions, for `shots`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from urllib.parse import quote

from playwright.sync_api import Page

from .browser import Shop
from .desk import open_desk


@cache
def _ran(shop: Shop) -> dict[str, str]:
    open_desk(shop, questions=True)
    ran = {dag_id: shop.api.run(dag_id) for dag_id in ("score_baskets", "breaks")}
    for dag_id, conf in (("release", {}), ("talks", {"go": str(shop.go)})):
        made = shop.api.send("POST", f"dags/{dag_id}/dagRuns", {"logical_date": None, "conf": conf})
        ran[dag_id] = made["dag_run_id"]
    return ran


def _at(dag_id: str, rest: str, there: str) -> Callable[[Page, Shop], None]:
    def arrive(page: Page, shop: Shop) -> None:
        page.goto(f"/dags/{dag_id}/runs/{quote(_ran(shop)[dag_id], safe='')}{rest}")
        page.get_by_text(there).first.wait_for()

    return arrive


def _form(address: str, there: str) -> Callable[[Page, Shop], None]:
    def arrive(page: Page, shop: Shop) -> None:
        _ran(shop)
        page.goto(address)
        page.get_by_text(there).first.wait_for()

    return arrive


def _clear(page: Page, shop: Shop) -> None:
    _at("breaks", "/tasks/price", "Traceback")(page, shop)
    page.keyboard.press("c")
    page.get_by_text("2 tasks run again").wait_for()


SCREENS: dict[str, Callable[[Page, Shop], None]] = {
    "run": _at("score_baskets", "", "× 24"),
    "run-failed": _at("breaks", "", "has no price"),
    "run-live": _at("talks", "", "running"),
    "run-graph": _at("score_baskets", "/graph", "×24"),
    "run-events": _at("breaks", "/events", "fetch: running"),
    "attempt-log": _at("breaks", "/tasks/price", "Traceback"),
    "attempt-live": _at("talks", "/tasks/talk", "said"),
    "attempt-table": _at("score_baskets", "/tasks/baskets?tab=values", "basket 00"),
    "attempt-plot": _at("score_baskets", "/tasks/curve?tab=values", "60 points"),
    "attempt-image": _at("score_baskets", "/tasks/picture?tab=values", "Image"),
    "attempt-tries": _at("breaks", "/tasks/price?tab=tries", "Try 2"),
    "attempt-resources": _at("breaks", "/tasks/price?tab=resources", "Memory"),
    "attempt-rendered": _at("score_baskets", "/tasks/score?map=3&tab=rendered", "basket 03"),
    "attempt-mapped": _at("score_baskets", "/tasks/score", "basket 00"),
    "clear": _clear,
    "trigger": _form("/dags/score_baskets/trigger", "Whose baskets"),
    "backfill": _form("/dags/daily_sums/backfill", "would be made"),
    "approvals": _form("/approvals", "questions wait"),
}
