"""HTML as tests compare it: how a template is broken into lines says nothing."""

import re
from html import unescape


def tight(html: str) -> str:
    """The page with no white space beside its tags, and one space for any other."""
    return re.sub(r"\s*(<[^>]*>)\s*", r"\1", re.sub(r"\s+", " ", html))


def shown_in(page: str) -> str:
    """The number or stamp in the hidden field of a form: it tells what the form was filled in from."""
    found = re.search(r'name="shown" value="([^"]+)"', page)
    assert found is not None
    return unescape(found[1])
