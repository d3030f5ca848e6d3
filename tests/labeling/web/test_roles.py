"""Nobody sees or changes what their role does not allow, on any page.

One rule for each method of each page of labeling, compared with the URL table itself: a page without a rule fails the
first test.
"""

from typing import Any

import pytest
from django.urls import URLPattern, reverse

from labeling.models import Membership, Role, User
from labeling.web.urls import urlpatterns
from tests.labeling.web.conftest import Visiting
from tests.people import Stage, person, stage

PEOPLE = ("nobody", "charlie", "alice", "other_lead", "maya", "root")

# 1 sign in first, 2 yes, 3 they may not, 4 it does not exist for them. In the order of PEOPLE.
EVERYBODY = "122222"
MEMBERS = "142422"
LEADS = "143422"
LEADS_ANYWHERE = "133222"
JUDGES = "142423"  # an admin is no member by being an admin

RULES: dict[tuple[str, str], str] = {
    ("home", "GET"): EVERYBODY,
    ("new_campaign", "GET"): LEADS_ANYWHERE,
    ("new_campaign", "POST"): LEADS_ANYWHERE,
    ("annotate", "GET"): JUDGES,
    ("annotate", "POST"): "144444",  # the form names no assignment of theirs
    ("annotate_undo", "POST"): "144444",
    ("guidelines", "GET"): MEMBERS,
    ("guidelines", "POST"): LEADS,
    ("people", "GET"): LEADS,
    ("people", "POST"): LEADS,
    ("people_remove", "POST"): LEADS,
    ("data", "GET"): LEADS,
    ("data", "POST"): LEADS,
    ("settings", "GET"): LEADS,
    ("settings", "POST"): LEADS,
    ("campaign_status", "POST"): LEADS,
}
FORMS: dict[str, dict[str, str]] = {
    "guidelines": {"text": "Be kind."},
    "people_remove": {"username": "bob"},
    "campaign_status": {"status": "paused"},
    "annotate": {"assignment": "1", "choice": "left", "key": "k"},
    "annotate_undo": {"assignment": "1"},
}


def let_in(answer: Any) -> str:
    """What an answer means, in the digits of the rules."""
    if answer.status_code == 302 and "/login/" in answer.headers["Location"]:
        return "1"
    return {200: "2", 302: "2", 403: "3", 404: "4"}[answer.status_code]


def everybody(on_stage: Stage) -> dict[str, User | None]:
    on_stage.join(person("helper"), role=Membership.Role.ANNOTATOR)
    return {
        "nobody": None,
        "charlie": on_stage.charlie,
        "alice": on_stage.alice,
        "other_lead": person("other_lead", Role.LEAD),
        "maya": on_stage.maya,
        "root": on_stage.root,
    }


def test_every_page_has_its_rules() -> None:
    names = {pattern.name for pattern in urlpatterns if isinstance(pattern, URLPattern)}
    assert names == {name for name, _ in RULES}


@pytest.mark.parametrize(("name", "method"), RULES)
@pytest.mark.parametrize("who", PEOPLE)
def test_a_page_lets_in_whom_it_should(name: str, method: str, who: str, visiting: Visiting) -> None:
    on_stage = stage(comparisons=2)
    user = everybody(on_stage)[who]
    pattern = next(pattern for pattern in urlpatterns if pattern.name == name)
    has_slug = "slug" in str(pattern.pattern)
    path = reverse(name, args=[on_stage.campaign.slug] if has_slug else [])
    client = visiting(user)
    answer = client.get(path) if method == "GET" else client.post(path, FORMS.get(name, {}))
    assert let_in(answer) == RULES[name, method][PEOPLE.index(who)]


def test_a_form_from_elsewhere_is_refused(visiting: Visiting) -> None:
    from django.test import Client

    on_stage = stage(comparisons=2)
    client = Client(enforce_csrf_checks=True)
    client.force_login(on_stage.maya)
    answer = client.post(f"/campaigns/{on_stage.campaign.slug}/status/", {"status": "paused"})
    assert answer.status_code == 403
    assert "This form was out of date" in answer.content.decode()
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
