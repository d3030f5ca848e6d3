"""Two thousand hostile completions in a real Chromium under the real Content-Security-Policy, as the page's script puts
them into a card, and as the browser's parser reads them in a page. Nothing runs, nothing leaves, nothing escapes.

Script errors, dialogs, what the policy blocked and requests to elsewhere fail a test by themselves: see conftest.
"""

from functools import cache

import pytest
from django.templatetags.static import static
from playwright.sync_api import Page, Route

from common.text.rendering import render_markdown
from config.security import POLICY
from tests.browser.annotating import PATH, ready
from tests.browser.conftest import PHONE, WIDE, SignIn
from tests.browser.hostile import COUNT, hostile_texts
from tests.people import Stage

BATCH = 250
LOOK_AT = """(card) => {
    const bad = card.querySelectorAll(`script, style, link, meta, base, iframe, frame, object, embed, form, input,
        button, textarea, select, img, picture, video, audio, source, svg, canvas, template, annotation-xml, maction,
        [style], [id]`);
    const faults = [...bad].filter((e) => !e.closest("h2")).map((e) => `<${e.localName}>`);
    for (const element of card.querySelectorAll("*")) {
        const handlers = [...element.attributes].filter(({ name }) => name.startsWith("on"));
        faults.push(...handlers.map(({ name }) => `${element.localName} ${name}`));
    }
    for (const link of card.querySelectorAll("a[href]")) {
        if (!["http:", "https:", "mailto:"].includes(link.protocol)) faults.push(link.protocol);
        if (link.target !== "_blank" || !link.rel.includes("noopener")) faults.push("a link that knows where it was");
    }
    const clipped = getComputedStyle(card).overflow === "hidden" && getComputedStyle(card).contain.includes("paint");
    if (!clipped) faults.push("the card clips nothing");
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth) faults.push("wider than the window");
    return faults;
}"""


@cache
def rendered() -> list[str]:
    """All of them as the server shows them."""
    texts = hostile_texts()
    assert len(set(texts)) == COUNT
    return [render_markdown(text) for text in texts]


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_in_a_card_of_the_page_nothing_runs_leaves_or_escapes(
    viewport: dict[str, int], on_stage: Stage, sign_in: SignIn
) -> None:
    page = sign_in(on_stage.alice, path=PATH, viewport=viewport)
    ready(page)
    page.evaluate(f"() => {{ window.lookAt = {LOOK_AT}; }}")
    # As a page they are all looked at (below); a script puts the same HTML into the same card.
    texts = rendered()[::2] if viewport == WIDE else rendered()[::8]
    for start in range(0, len(texts), BATCH):
        faults = page.evaluate(
            """(htmls) => htmls.flatMap((html, index) => {
                if (index % 2) return [];  // each is looked at once, beside another one
                const [left, right] = ["left", "right"].map((side) => document.getElementById(side));
                left.querySelector(".prose").innerHTML = html;
                right.querySelector(".prose").innerHTML = htmls[(index + 1) % htmls.length];
                const faults = [...lookAt(left), ...lookAt(right)];
                const wide = matchMedia("(width >= 60rem)").matches;
                const apart = Math.abs(left.offsetWidth - right.offsetWidth);
                if (wide && apart > 1) faults.push("one card pushes the other");
                for (const name of ["choose-left", "choose-right", "undo"]) {
                    const button = document.querySelector(`[data-testid=${name}]`);
                    const box = button.getBoundingClientRect();
                    const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
                    if (!button.contains(top)) faults.push(`${name} is covered`);
                }
                return faults.map((what) => `${index}: ${what}`);
            })""",
            texts[start : start + BATCH],
        )
        assert faults == [], f"from {start} on"
    assert_untouched(page)


def test_in_a_page_as_the_server_writes_it_nothing_runs_leaves_or_escapes(on_stage: Stage, sign_in: SignIn) -> None:
    page = sign_in(on_stage.alice)
    page.route("**/hostile/*", answer_with_cards)
    for start in range(0, COUNT, BATCH):
        page.goto(f"/hostile/{start}")
        cards = page.locator(".completion")
        assert cards.count() == BATCH, f"a card was torn open or closed, from {start} on"
        faults = page.evaluate(
            f"""() => [...document.querySelectorAll(".completion")].flatMap((card, index) =>
                ({LOOK_AT})(card).map((what) => `${{index}}: ${{what}}`))"""
        )
        assert faults == [], f"from {start} on"
        assert page.evaluate("document.body.children.length") == 1
    assert_untouched(page)


def answer_with_cards(route: Route) -> None:
    """Some completions in cards, with the policy and the styles of every page."""
    start = int(route.request.url.rpartition("/")[2])
    styles = "".join(
        f'<link rel="stylesheet" href="{static(f"css/{name}.css")}">'
        for name in ("tokens", "base", "components", "tables", "forms", "prose", "pair", "annotate")
    )
    cards = "".join(
        f'<section class="completion"><div class="prose" dir="auto">{html}</div></section>'
        for html in rendered()[start : start + BATCH]
    )
    body = f'<!DOCTYPE html><html lang="en"><title>x</title>{styles}<body><main>{cards}</main></body></html>'
    headers = {"Content-Security-Policy": POLICY, "Content-Type": "text/html; charset=utf-8"}
    route.fulfill(status=200, headers=headers, body=body)


def assert_untouched(page: Page) -> None:
    """The page is still itself, and still the only one."""
    assert len(page.context.pages) == 1
    assert page.evaluate("self === top && document.title.length < 60")
