"""Display settings come from the reader's cookie, and a cookie of another form means the defaults."""

import pytest
from django.test import RequestFactory

from labeling.web.display import COOKIE, Display, display_of


def display_with(cookie: str) -> Display:
    request = RequestFactory().get("/")
    request.COOKIES[COOKIE] = cookie
    return display_of(request)


def test_a_cookie_is_read() -> None:
    assert display_with("4.full.apart") == Display("4", "full", "apart")


@pytest.mark.parametrize("cookie", ["", "5.full.apart", "4.full", "4.full.apart;", "4.wide.page", "<script>"])
def test_another_cookie_means_the_defaults(cookie: str) -> None:
    assert display_with(cookie) == Display() == Display("2", "measure", "page")
