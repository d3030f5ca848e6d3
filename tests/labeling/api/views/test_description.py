"""The page that displays the API's description."""

from django.test import Client

from config.security import POLICY
from tests.people import PASSWORD, stage


def test_the_page_loads_nothing_from_elsewhere_and_has_no_inline_script_or_style() -> None:
    stage()
    browser = Client()
    assert browser.login(username="alice", password=PASSWORD)
    page = browser.get("/api/v1/docs/")
    assert page.status_code == 200
    assert page["Content-Security-Policy"] == POLICY
    html = page.content.decode()
    assert "http" not in html
    assert "<style" not in html
    assert html.count("<script") == html.count("<script src=")
    script = browser.get("/api/v1/docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert "/api/v1/schema/" in script.content.decode()
