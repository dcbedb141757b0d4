"""`python -m tests.ui.large`: the page of a DAG with 10,000 tasks and 200 runs. Prints how long the first paint took
and the longest task of the main thread while somebody scrolls. The answers are made up, the page is the real one.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route

from .browser import Shop, chromium, missing

TASKS, RUNS, GROUPS = 10_000, 200, 100
OWN = "/api/venturi/v1/dags/hello_shop"
WATCH = """
window.longest = 0; window.many = 0;
new PerformanceObserver(all => { for (const one of all.getEntries()) { window.many++;
  window.longest = Math.max(window.longest, one.duration); } }).observe({ type: 'longtask', buffered: false });
"""


def _grid() -> dict[str, Any]:
    now = time.time()
    cells = "".join(f"{n}{letter}" for n, letter in zip([4000, 1, 5000, 9, 990], "sfsfs", strict=True))
    runs = [
        {
            "number": RUNS - n,
            "dag_run_id": f"scheduled__{n}",
            "state": "failed" if n % 7 == 0 else "success",
            "run_type": "scheduled",
            "version_number": 1,
            "times": [now - n * 3600, now - n * 3600, now - n * 3600 + 60 + n % 40, now - n * 3600],
            "cells": cells,
            "mapped": [],
        }
        for n in range(RUNS)
    ]
    letters = {"s": "success", "f": "failed", "n": "none", "-": None}
    tasks = [f"group_{n // 100:03d}.task_{n:05d}" for n in range(TASKS)]
    return {"dag_id": "hello_shop", "version_number": 1, "letters": letters, "tasks": tasks, "now": now,
            "event": 1 << 50, "runs": runs}  # fmt: skip


def _graph(tasks: list[str]) -> dict[str, Any]:
    edges = [at for n in range(TASKS - 100) for at in (n, n + 100)]
    nothing: dict[str, list[Any]] = {name: [] for name in ("mapped", "setups", "teardowns", "edge_labels", "assets")}
    return {"dag_id": "hello_shop", "version_number": 1, "tasks": tasks, "labels": {}, "operators": ["@task"],
            "operator_of": [0] * TASKS, "groups": [[f"group_{n:03d}", -1, None] for n in range(GROUPS)],
            "group_of": [n // 100 for n in range(TASKS)], "edges": edges, **nothing, "starts": [], "uses": [],
            "makes": []}  # fmt: skip


def _look(page: Page, tab: str, there: str) -> float:
    page.goto("/dags/recommend")
    page.get_by_role("heading", name="Recommendations").wait_for()
    page.evaluate(WATCH)
    begun = page.evaluate("performance.now()")
    page.evaluate(
        f"history.pushState(null, '', '/dags/hello_shop/{tab}'); dispatchEvent(new PopStateEvent('popstate'))"
    )
    page.locator(there).first.wait_for()
    return float(page.evaluate("new Promise(done => requestAnimationFrame(() => done(performance.now())))")) - begun


def _scrolled(page: Page, x: int, y: int) -> str:
    """One step each frame, as the wheel does."""
    page.evaluate("window.longest = 0; window.many = 0")
    page.evaluate(
        f"""async () => {{ const box = document.querySelector('[role=grid]');
        for (let n = 0; n < 120; n++) {{ box.scrollBy({x}, {y}); await new Promise(requestAnimationFrame); }} }}"""
    )
    return f"{page.evaluate('window.many')} tasks over 50 ms, the longest {page.evaluate('window.longest'):.0f} ms"


def main() -> int:
    reason = missing()
    if reason is not None:
        print(reason)
        return 1
    grid = _grid()
    answers = {"grid": json.dumps(grid), "graph": json.dumps(_graph(grid["tasks"]))}

    def told(route: Route) -> None:
        name = route.request.url.split("?")[0].rsplit("/", 1)[1]
        route.fulfill(body=answers[name], content_type="application/json")

    with tempfile.TemporaryDirectory(prefix="venturi-large-") as folder, chromium() as browser:
        shop = Shop(Path(folder))
        try:
            context = shop.signed_in(browser, viewport={"width": 1440, "height": 900})
            page = context.new_page()
            for name in answers:
                page.route(f"**{OWN}/{name}*", told)
            print(f"The grid, {TASKS} tasks × {RUNS} runs: there after {_look(page, 'grid', 'text=group_000'):.0f} ms")
            page.keyboard.press("e")
            page.get_by_text("task_00000").wait_for()
            print(f"  downwards: {_scrolled(page, 0, 500)}")
            print(f"  sideways: {_scrolled(page, -40, 0)}")
            heap = page.evaluate("performance.memory.usedJSHeapSize / 1e6")
            print(f"  heap: {heap:.0f} MB")
            print(f"The graph, folded: there after {_look(page, 'graph', 'text=group_000'):.0f} ms")
            page.keyboard.press("e")
            page.wait_for_timeout(3000)
            page.get_by_role("button", name="Fit").click()
            page.wait_for_timeout(1500)
            print(f"  unfolded: the longest task {page.evaluate('window.longest'):.0f} ms")
        finally:
            shop.go.touch()
            shop.place.end()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
