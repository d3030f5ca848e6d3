"""How somebody wants to read: size of texts, length of lines, what scrolls. Kept in a cookie of their browser."""

import re
from typing import NamedTuple

from django.http import HttpRequest

COOKIE = "display"
KNOWN = re.compile(r"([0-4])\.(measure|full)\.(page|together|apart)")


class Display(NamedTuple):
    """size: 0 very small to 4 very large. width: a good measure, or full. panes: what scrolls."""

    size: str = "2"
    width: str = "measure"
    panes: str = "page"


def display_of(request: HttpRequest) -> Display:
    """What the browser of this request remembers; the defaults where it remembers nothing that is known."""
    found = KNOWN.fullmatch(request.COOKIES.get(COOKIE, ""))
    return Display(*found.groups()) if found else Display()
