"""A reader's display settings: text size, line length and scrolling. Stored in a cookie of the browser."""

import re
from typing import NamedTuple

from django.http import HttpRequest

COOKIE = "display"
VALUE = re.compile(r"([0-4])\.(measure|full)\.(page|together|apart)")


class Display(NamedTuple):
    """size: 0 (very small) to 4 (very large). width: a readable measure, or full. panes: the part that scrolls."""

    size: str = "2"
    width: str = "measure"
    panes: str = "page"


def display_of(request: HttpRequest) -> Display:
    """The settings in the request's cookie; the defaults if it is missing or invalid."""
    match = VALUE.fullmatch(request.COOKIES.get(COOKIE, ""))
    return Display(*match.groups()) if match else Display()
