"""Forms behind a proxy that terminates TLS: browsers send Secure cookies, and Django checks Origin and Referer."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.conftest import SignIn
from tests.browser.tls_proxy import tls_proxy
from tests.people import PASSWORD, Stage

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the proxy's certificate")


@pytest.fixture(autouse=True)
def _behind_proxy(settings: Any) -> None:
    """As HTTPS=true and BEHIND_PROXY=true set it."""
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True


def enter(page: Page) -> None:
    page.get_by_label("User name").fill("maya")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_test_id("sign-in").click()


def test_forms_are_accepted_over_https_on_a_port_of_its_own(
    on_stage: Stage, sign_in: SignIn, live_server: LiveServer, tmp_path: Path
) -> None:
    with tls_proxy(live_server.url, tmp_path) as proxy:
        page = sign_in(
            None, base_url=proxy.url, path="/login/?next=/campaigns/sums/settings/", ignore_https_errors=True
        )
        enter(page)
        page.get_by_label("Description").fill("Over HTTPS.")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_test_id("messages")).to_contain_text("Saved.")
    assert on_stage.reload().description == "Over HTTPS."


def test_a_proxy_that_hides_the_port_has_its_setting_named(
    on_stage: Stage, sign_in: SignIn, live_server: LiveServer, tmp_path: Path
) -> None:
    with tls_proxy(live_server.url, tmp_path, host="localhost") as proxy:
        page = sign_in(None, base_url=proxy.url, path="/login/", ignore_https_errors=True)
        enter(page)
        refused = page.get_by_test_id("form-refused")
        expect(refused).to_contain_text(
            f"The form came from {proxy.url}, but this server knows itself as https://localhost."
        )
        expect(refused).to_contain_text("CSRF_TRUSTED_ORIGINS")
