"""A real tree and a real browser: a home with DAG files, `venturi up`, and Chromium, signed in by a link.

Owns how the browser is found and started. Where there is none, or no interface is built, tests skip and say why.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from venturi.web import ui

from ..cli.conftest import Place, until
from ..web.conftest import Api
from . import dagfile

AXE = Path(__file__).parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--mute-audio",
)
PATIENCE_MS = 15_000


def missing() -> str | None:
    if shutil.which("chromium") is None:
        return "There is no Chromium here: scripts/system_packages.sh installs it (as root, with apt-get)."
    return None if ui.is_built() else "The interface is not built: make ui"


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(QUIET))
        try:
            yield browser
        finally:
            browser.close()


class Shop:
    """A home with the DAG files of `dagfile`, up and running."""

    def __init__(self, folder: Path, many: int = 0) -> None:
        self.place = Place(folder)
        # Of its tasks some wait until they are let go: they are not to keep the others from running, on any machine.
        (self.place.home.root / "venturi.toml").write_text("slots = 24\n")
        (self.place.dags / "shop.py").write_text(dagfile.SHOP)
        if many:
            (self.place.dags / "sensors.py").write_text(dagfile.MANY.format(many=many))
        said = self.place.up()
        found = re.search(r"http://[^:/]+:(\d+)", said.out + said.err)
        assert found is not None, said
        self.port = int(found.group(1))
        self.address = f"http://127.0.0.1:{self.port}"
        self.api = Api(self.place, self.port)
        until(lambda: self.api.get("dags")["total_entries"] >= 5, "the DAGs are read")

    def link(self) -> str:
        return self.place("login").out.strip()

    def signed_in(self, browser: Browser, **more: Any) -> BrowserContext:
        """A context of its own, signed in by a link as a person would."""
        context = browser.new_context(base_url=self.address, reduced_motion="reduce", **more)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.goto(self.link())
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(re.compile(r"/(home)?$"))
        page.close()
        return context

    def populate(self) -> None:
        """Runs that succeeded, failed and wait, and a file that cannot be read."""
        for dag_id in ("orders_daily", "stock_check", "hello_shop", "train_model"):
            self.api.send("PATCH", f"dags/{dag_id}", {"is_paused": False})
        for _ in range(3):
            self.api.run("hello_shop")
            self.api.run("orders_daily")
        self.api.run("stock_check")
        self.api.send("POST", "dags/train_model/dagRuns", {"logical_date": None, "conf": {"go": str(self.go)}})
        (self.place.dags / "invoices.py").write_text(dagfile.BROKEN)
        until(lambda: self.api.get("importErrors")["total_entries"] == 1, "the broken file is told of")

    @property
    def go(self) -> Path:
        return self.place.folder / "go"


def axe(page: Page) -> list[str]:
    """What axe finds that is serious or critical, each in a line."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
