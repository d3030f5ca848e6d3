"""Nobody sees or changes what their role does not allow, on any page of training.

One rule for each method of each page, compared with the URL table itself: a page without a rule fails the first test.
"""

from typing import Any

import pytest
from django.urls import URLPattern, reverse

from labeling.models import Role, User
from tests.browser.furnished import Furnished, furnish
from tests.people import Stage, person, stage
from tests.training.web.conftest import Visiting
from training import storage
from training.web.urls import urlpatterns

PEOPLE = ("nobody", "alice", "other_lead", "maya", "root")

# 1 sign in first, 2 yes, 3 they may not, 4 it does not exist for them. In the order of PEOPLE.
LEADS = "13422"
LEADS_ONLY = "14422"  # jobs: an annotator of the campaign is not told that there is one

RULES: dict[tuple[str, str], str] = {
    ("campaign", "GET"): "12422",  # annotators are sent on to what they come for
    ("generation_start", "POST"): LEADS,
    ("run_start", "POST"): LEADS,
    ("policy_save", "POST"): LEADS,
    ("generation_cancel", "POST"): LEADS_ONLY,
    ("generation_resume", "POST"): LEADS_ONLY,
    ("run", "GET"): LEADS_ONLY,
    ("run_cancel", "POST"): LEADS_ONLY,
    ("run_resume", "POST"): LEADS_ONLY,
    ("versions", "GET"): "13222",
    ("version", "GET"): LEADS,
    ("version_promote", "POST"): LEADS_ONLY,
    ("serving_rollback", "POST"): "13222",
}


@pytest.fixture(autouse=True)
def _no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """The versions here are rows without files."""
    monkeypatch.setattr(storage, "check_version", lambda version: None)


def let_in(answer: Any) -> str:
    """What an answer means, in the digits of the rules."""
    if answer.status_code == 302 and "/login/" in answer.headers["Location"]:
        return "1"
    return {200: "2", 302: "2", 403: "3", 404: "4"}[answer.status_code]


def address(name: str, on_stage: Stage, furnished: Furnished) -> str:
    """The page's address, in Maya's campaign."""
    if name in ("versions", "serving_rollback"):
        return reverse(name)
    if name.startswith("version"):
        return reverse(name, args=[furnished.two.name])
    if name in ("generation_cancel", "generation_resume"):
        return reverse(name, args=[furnished.writing.pk])
    if name.startswith("run") and name != "run_start":
        return reverse(name, args=[furnished.running.pk])
    return reverse(name, args=[on_stage.campaign.slug])


def test_every_page_has_its_rules() -> None:
    names = {pattern.name for pattern in urlpatterns if isinstance(pattern, URLPattern)}
    assert names == {name for name, _ in RULES}


@pytest.mark.parametrize(("name", "method"), RULES)
@pytest.mark.parametrize("who", PEOPLE)
def test_a_page_lets_in_whom_it_should(name: str, method: str, who: str, visiting: Visiting) -> None:
    on_stage = stage(comparisons=2)
    people: dict[str, User | None] = {
        "nobody": None,
        "alice": on_stage.alice,
        "other_lead": person("other_lead", Role.LEAD),
        "maya": on_stage.maya,
        "root": on_stage.root,
    }
    path = address(name, on_stage, furnish(on_stage))
    client = visiting(people[who])
    answer = client.get(path) if method == "GET" else client.post(path)
    assert let_in(answer) == RULES[name, method][PEOPLE.index(who)]
