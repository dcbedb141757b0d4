"""`python -m tests.ui.live`: how long until a change of state is on the screen, and a log of 100 MB is open.

Figures for people, of this machine as it is now: nothing is asserted. The tree, the browser and the pages are real; an
event's own moment is that at which the engine decides, so its commit is within the figure. One page is open at a time.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Page

from venturi.wire.log_names import log_name

from .browser import Shop, chromium, missing
from .desk import open_desk

ROUNDS = 10
QUIET_MS = 600  # until what a page asks for at first is over
LOG_LINES = 420_000
# Screens on which a run of `talks` is seen to end, and by what.
ENDED = {
    "its run": "[...document.querySelectorAll('main p[role=status]')].some(one => one.textContent.startsWith('succ'))",
    "the graph of its run": "document.querySelector('[data-node=talk]')?.dataset.state === 'success'",
    "the grid": "document.querySelector('[role=gridcell]')?.textContent.endsWith('succeeded')",
    "the list of DAGs": "!document.querySelector('[role=row] a[aria-label^=running]')",
    "home": "![...document.querySelectorAll('main a')].some(one => one.href.includes(encodeURIComponent(run)))",
}
# The moment at which the picture with the change is handed to the screen.
WATCH = """([ended, run]) => { window.seen = new Promise((done, never) => {
  setTimeout(() => never(new Error(`never seen: ${ended}`)), 20000);
  const isThere = new Function('run', `return ${ended}`);
  const seen = () => { watcher.disconnect(); requestAnimationFrame(() => done(Date.now() / 1000)); };
  const look = () => { if (isThere(run)) seen(); };
  const watcher = new MutationObserver(look);
  watcher.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  look();
}); }"""


def _addresses(run_id: str) -> dict[str, str]:
    run = f"/dags/talks/runs/{quote(run_id, safe='')}"
    grid = f"/dags/talks/grid?run={quote(run_id, safe='')}&task=talk"
    addresses = (run, f"{run}/graph", grid, "/dags?q=talks", "/")
    return dict(zip(ENDED, addresses, strict=True))


def _round(page: Page, name: str, shop: Shop, go: Path) -> float:
    """How long after the engine's decision a screen has shown the end of a run."""
    go.unlink(missing_ok=True)
    made = shop.api.send("POST", "dags/talks/dagRuns", {"logical_date": None, "conf": {"go": str(go)}})
    run_id = made["dag_run_id"]
    page.goto(_addresses(run_id)[name])
    page.get_by_text("running").first.wait_for(state="attached")
    page.wait_for_timeout(QUIET_MS)
    page.evaluate(WATCH, [ENDED[name], run_id])
    go.touch()
    seen = page.evaluate("window.seen")
    events = shop.api.get(f"/api/venturi/v1/dags/talks/runs/{quote(run_id, safe='')}/events")["events"]
    return float(seen) - next(one["at"] for one in events if one["kind"] == "run" and one["data"][1] == "success")


def _said(name: str, ms: list[float]) -> str:
    return f"  {name}: {statistics.median(ms):.0f} ms, the longest {max(ms):.0f} ms"


def _changes(page: Page, shop: Shop, folder: Path) -> None:
    print(f"A change of state is on the screen, {ROUNDS} times each:")
    for name in ENDED:
        print(_said(name, [_round(page, name, shop, folder / "go") * 1000 for _ in range(ROUNDS)]))


def _log(page: Page, shop: Shop) -> None:
    run_id = shop.api.run("breaks")
    file = Path(shop.place.home.logs / log_name("breaks", run_id, "fetch", -1, 1, 0))
    line = b"2026-01-01T00:00:00.000Z INFO  " + b"x" * 200 + b" %09d\n"
    with file.open("wb") as opened:
        for begin in range(0, LOG_LINES, 10_000):
            opened.write(b"".join(line % n for n in range(begin, begin + 10_000)))
    last = f"{LOG_LINES - 1:09d}"
    address = f"/dags/breaks/runs/{quote(run_id, safe='')}"
    cold, warm = [], []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        page.goto(f"{address}/tasks/fetch")
        page.get_by_text(last).wait_for()
        cold.append((time.perf_counter() - begun) * 1000)
        page.goto(address)
        link = page.get_by_role("link", name="fetch")
        link.wait_for()
        page.wait_for_timeout(QUIET_MS)
        begun = page.evaluate("Date.now() / 1000")
        page.evaluate(WATCH, [f"document.querySelector('[role=log]')?.textContent.includes('{last}')", run_id])
        link.evaluate("one => one.click()")
        warm.append((page.evaluate("window.seen") - begun) * 1000)
    print(f"A log of {file.stat().st_size / 1e6:.0f} MB is open at its end:")
    print(_said("by its address, the page and all", cold))
    print(_said("by a click in its run", warm))


def main() -> int:
    reason = missing()
    if reason is not None:
        print(reason)
        return 1
    with tempfile.TemporaryDirectory(prefix="venturi-live-") as folder, chromium() as browser:
        shop = Shop(Path(folder))
        try:
            print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
            open_desk(shop)
            page = shop.signed_in(browser, viewport={"width": 1440, "height": 900}).new_page()
            _changes(page, shop, Path(folder))
            _log(page, shop)
        finally:
            (Path(folder) / "go").touch()
            shop.place.end()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
