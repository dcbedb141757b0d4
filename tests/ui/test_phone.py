"""On a screen 360 px wide no page is wider than that, and what one is on call for is within reach."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from .browser import Shop
from .shots import SCREENS

WIDTH = 360
# Whatever sticks out of the page: its own scroll, and things that nothing cuts off or scrolls by itself.
WIDER = """() => {
  const page = document.documentElement;
  const found = page.scrollWidth > innerWidth ? [`the page: ${page.scrollWidth}`] : [];
  const isHeld = (one) => {
    for (let at = one.parentElement; at && at !== document.body; at = at.parentElement)
      if (/auto|scroll|hidden|clip/.test(getComputedStyle(at).overflowX)) return true;
    return false;
  };
  for (const one of document.querySelectorAll('#root *')) {
    const { right, width, height } = one.getBoundingClientRect();
    if (right > innerWidth + 1 && width > 0 && height > 0 && !isHeld(one))
      found.push(`${one.tagName} ${one.className} ends at ${Math.round(right)}`);
  }
  const main = document.getElementById('page');
  if (main && main.scrollWidth > main.clientWidth + 1) found.push(`main: ${main.scrollWidth} in ${main.clientWidth}`);
  return found;
}"""


@pytest.fixture(scope="module")
def phone(browser: Browser, shop: Shop) -> Iterator[Page]:
    shop.populate()
    context = shop.signed_in(browser, viewport={"width": WIDTH, "height": 740}, has_touch=True, is_mobile=True)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("screen", SCREENS)
def test_no_screen_is_wider_than_a_phone(phone: Page, shop: Shop, screen: str) -> None:
    SCREENS[screen](phone, shop)
    assert phone.evaluate(WIDER) == []
