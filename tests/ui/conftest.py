"""One tree and one browser for all tests of the interface."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

pytest.importorskip("playwright", reason="playwright is not installed: it is in the dev group of pyproject.toml")

from playwright.sync_api import Browser, Page

from .browser import Shop, chromium, missing


@pytest.fixture(scope="module")  # while it is there an event loop runs in this thread, which other tests may not like
def browser() -> Iterator[Browser]:
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def shop(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("ui")
    made = Shop(folder)
    try:
        yield made
    finally:
        made.go.touch()
        made.place.end()


@pytest.fixture
def page(browser: Browser, shop: Shop) -> Iterator[Page]:
    """A page of somebody who is signed in. What it says in its console of errors fails the test."""
    context = shop.signed_in(browser)
    made = context.new_page()
    errors: list[str] = []
    made.on("pageerror", lambda error: errors.append(str(error)))
    refused = re.compile("status of (400|401|404|409|422)")  # what the server says no to is told in the page
    made.on(
        "console",
        lambda said: errors.append(said.text) if said.type == "error" and not refused.search(said.text) else None,
    )
    yield made
    context.close()
    assert errors == []
