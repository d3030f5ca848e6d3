"""Every page in German on a phone: no word is broken, and nothing is cut off without a way to see the rest.

The same pages at 1440 px, with a word of 90 letters wherever people's texts are: no page and no table is too wide.
"""

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import ViewportSize, expect

from labeling.actions.campaigns import create_campaign
from labeling.models import User
from tests.browser.conftest import PHONE, Picture, SignIn, no_sideways_scrolling
from tests.browser.test_pages import NOT_OURS, PAGES, everything
from tests.people import Stage

FAULTS = """
() => {
  const faults = [];
  const others = "code, pre, bdi, kbd, .prose, [dir=auto], svg, math, option, textarea, .visually-hidden";
  const isOurs = (element) => !element.closest(others);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!element?.checkVisibility({ visibilityProperty: true }) || !isOurs(element)) continue;
    for (const { 0: word, index } of node.data.matchAll(/\\p{L}{4,}/gu)) {
      const range = document.createRange();
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      const boxes = [...range.getClientRects()].filter((box) => box.width > 0);
      const lines = new Set(boxes.map((box) => Math.round(box.top)));
      if (lines.size > 1) faults.push(`breaks “${word}” in ${element.localName}.${element.className}`);
    }
  }
  for (const element of document.querySelectorAll("main *")) {
    const { overflowX, textOverflow } = getComputedStyle(element);
    if (element.scrollWidth <= element.clientWidth + 1 || !element.checkVisibility() || !element.clientWidth) continue;
    const canScroll = (overflowX === "auto" || overflowX === "scroll") && element.tabIndex >= 0;
    if (overflowX === "visible" || canScroll || textOverflow === "ellipsis") continue;
    if (element.matches("input, select, textarea, .visually-hidden, .visually-hidden *")) continue;
    if (element.matches(".completions")) continue; // a swipe, or its tabs, shows the other one
    const widths = `${element.clientWidth} of ${element.scrollWidth} px`;
    faults.push(`cuts ${element.localName}.${element.className} at ${widths}`);
  }
  return [...new Set(faults)];
}
"""

LONG_WORD = "Donaudampfschifffahrtsgesellschaft" * 2 + "skapitänsmützenabzeichen"
WIDE_FAULTS = """
(word) => {
  for (const element of document.querySelectorAll("main bdi, main [dir=auto]:not(:has(*), input, textarea, select)")) {
    if (element.textContent.trim()) element.textContent = word;
  }
  const frames = [...document.querySelectorAll(".table-frame")].filter((frame) => frame.checkVisibility());
  const cut = frames.filter((frame) => frame.scrollWidth > frame.clientWidth + 1);
  return cut.map((frame) => `${frame.ariaLabel}: ${frame.scrollWidth} px in ${frame.clientWidth} px`);
}
"""

FRAMES = "() => new Promise((done) => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(done)), 100))"


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_german_on_a_phone_breaks_no_word_and_cuts_nothing_off(
    on_stage: Stage, sign_in: SignIn, picture: Picture
) -> None:
    _, names = everything(on_stage)
    create_campaign(name="Young", acting_user=on_stage.maya, now=timezone.now())
    faults: list[str] = []
    for who, paths in [*PAGES.items(), ("maya", ("/campaigns/young/", "/campaigns/young/people/"))]:
        user = None if who == "nobody" else User.objects.get(username=who)
        page = sign_in(user, viewport=PHONE, locale="de-DE")
        page.context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": "de", "url": page.url}])
        for path in paths:
            if path in NOT_OURS:
                continue
            page.goto(path.format(**names))
            expect(page.locator("html")).to_have_attribute("lang", "de")
            page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
            page_faults = page.evaluate(FAULTS)
            faults += [] if no_sideways_scrolling(page) else [f"{who} {path}: scrolls sideways"]
            faults += [f"{who} {path}: {fault}" for fault in page_faults]
            if page_faults:
                picture(page, f"narrow-{who}-{path.strip('/').replace('/', '-').split('?')[0]}")
            page.set_viewport_size(ViewportSize(width=1440, height=900))
            faults += [f"{who} {path}: at 1440 px {fault}" for fault in page.evaluate(WIDE_FAULTS, LONG_WORD)]
            faults += [] if no_sideways_scrolling(page) else [f"{who} {path}: scrolls sideways at 1440 px"]
            page.set_viewport_size(ViewportSize(width=PHONE["width"], height=PHONE["height"]))
            page.evaluate(FRAMES)  # charts are drawn again after their frame has changed
            faults += [] if no_sideways_scrolling(page) else [f"{who} {path}: scrolls sideways with long words"]
    assert not faults, "\n".join(faults)
