"""Forms and pages keep strangers' sites out: forgery, redirects, inline code."""

import pytest
from django.test import Client

from tests.clients import Visiting
from tests.people import stage


def test_a_form_from_elsewhere_is_refused(visiting: Visiting) -> None:
    on_stage = stage(comparisons=2)
    client = Client(enforce_csrf_checks=True)
    client.force_login(on_stage.maya)
    answer = client.post(f"/campaigns/{on_stage.campaign.slug}/status/", {"status": "paused"})
    assert answer.status_code == 403
    assert "This form has expired" in answer.content.decode()
    assert on_stage.reload().status == "active"


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "\\\\evil.example"]
)
def test_a_form_returns_to_our_own_pages_only(back: str, visiting: Visiting) -> None:
    on_stage = stage()
    answer = visiting(on_stage.maya).post(
        f"/campaigns/{on_stage.campaign.slug}/status/", {"status": "paused", "back": back}
    )
    assert answer.headers["Location"] == f"/campaigns/{on_stage.campaign.slug}/"


def test_every_page_forbids_inline_code_and_other_servers(visiting: Visiting) -> None:
    on_stage = stage(comparisons=2)
    for path in ("/login/", "/", f"/campaigns/{on_stage.campaign.slug}/annotate/"):
        answer = visiting(on_stage.alice).get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert b" style=" not in answer.content
        assert b" onclick=" not in answer.content
