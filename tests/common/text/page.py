"""Rendered text as a browser parses it, held against what may be in it."""

import re
from html.parser import HTMLParser

from common.text.formulas import ELEMENTS

BARE = ["blockquote", "br", "em", "h3", "h4", "h5", "h6", "hr", "li", "p", "pre", "s", "strong", "ul"]
BARE_IN_TABLES = ["table", "tbody", "thead", "tr"]
ALLOWED: dict[str, set[str]] = {
    **{tag: set() for tag in BARE + BARE_IN_TABLES},
    "a": {"href", "title", "target", "rel"},
    "ol": {"start"},
    "code": {"class"},
    "th": {"class"},
    "td": {"class"},
    "div": {"class"},
    "span": {"class"},
    **{tag: set(attributes) for tag, attributes in ELEMENTS.items()},
}


class Page(HTMLParser):
    """The page as a browser parses it: the elements with their attributes, and the visible text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment got through: {data}")

    def links(self) -> list[str | None]:
        return [attributes["href"] for tag, attributes in self.elements if "href" in attributes]


def assert_harmless(source: str) -> Page:
    """Fails unless rendered text has only allowed elements, attributes and addresses; returns it parsed."""
    page = Page(source)
    for tag, attributes in page.elements:
        assert tag in ALLOWED, f"<{tag}> in {source[:200]!r}"
        assert set(attributes) <= ALLOWED[tag], f"{attributes} on <{tag}> in {source[:200]!r}"
    for link in page.links():
        assert re.match(r"(https?://|mailto:)", link or "", re.IGNORECASE), link
    return page
