"""Forms are accepted from our own pages only, and domain errors become messages beside their fields."""

import pytest
from django.test import Client

from common.errors import Invalid
from labeling.web.edge import refuse
from labeling.web.forms import MemberForm
from tests.clients import Visiting
from tests.people import stage


def test_a_form_from_elsewhere_is_refused(visiting: Visiting) -> None:
    on_stage = stage(comparisons=2)
    client = Client(enforce_csrf_checks=True)
    client.force_login(on_stage.maya)
    answer = client.post(f"/campaigns/{on_stage.campaign.slug}/status/", {"status": "paused"})
    assert answer.status_code == 403
    assert "This form was not accepted" in answer.content.decode()
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


def test_a_form_returns_to_the_page_of_ours_that_it_names(visiting: Visiting) -> None:
    scene = stage()
    answer = visiting(scene.maya).post("/campaigns/sums/status/", {"status": "paused", "back": "/campaigns/sums/data/"})
    assert answer.headers["Location"] == "/campaigns/sums/data/"


def test_a_page_needs_a_user_and_hides_what_this_user_must_not_see(visiting: Visiting) -> None:
    scene = stage()
    assert visiting(None).get("/campaigns/sums/people/").headers["Location"].startswith("/login/?next=")
    assert visiting(scene.charlie).get("/campaigns/sums/people/").status_code == 404
    assert visiting(scene.alice).get("/campaigns/sums/people/").status_code == 403


def test_an_error_stands_beside_the_fields_of_the_form_that_it_names() -> None:
    form = MemberForm({"username": "alice", "role": "annotator"})
    refuse(form, Invalid("Both are wrong.", fields={"username": "Unknown.", "elsewhere": "Also wrong."}))
    assert form.errors == {"username": ["Unknown."], "__all__": ["Also wrong."]}


def test_an_error_that_names_no_field_stands_above_the_form() -> None:
    form = MemberForm({"username": "alice", "role": "annotator"})
    refuse(form, Invalid("It is too late."))
    assert form.non_field_errors() == ["It is too late."]


@pytest.mark.parametrize(
    ("referer", "next_page"),
    [
        ("http://testserver/campaigns/sums/?tab=2", "/campaigns/sums/%3Ftab%3D2"),
        ("http://evil.example/campaigns/sums/", "/"),
        ("http://testserver//evil.example/", "/evil.example/"),
        ("", "/"),
    ],
)
def test_a_form_sent_after_the_session_ended_leads_back_to_its_page(
    referer: str, next_page: str, visiting: Visiting
) -> None:
    stage()
    answer = visiting(None).post("/campaigns/sums/retraining/", {}, headers={"referer": referer})
    assert answer.headers["Location"] == f"/login/?next={next_page}"


def test_a_refused_form_is_shown_with_its_entries_and_an_accepted_one_redirects(visiting: Visiting) -> None:
    scene = stage()
    maya = visiting(scene.maya)
    refused = maya.post("/campaigns/sums/people/", {"username": "nobody", "role": "expert"})
    assert refused.status_code == 200
    assert refused.context["form"].errors == {
        "username": ["There is no user with this name. An admin can create the account."]
    }
    page = refused.content.decode()
    assert 'value="nobody"' in page
    assert '<option value="expert" selected>' in page
    added = maya.post("/campaigns/sums/people/", {"username": "charlie", "role": "expert"}, follow=True)
    assert "charlie is now a member with the role expert." in added.content.decode()
