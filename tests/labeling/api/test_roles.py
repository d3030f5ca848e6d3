"""Nobody sees or changes what their role does not allow, on any address.

One rule for each method of each address of labeling's API, compared with the URL table itself: an address or a method
without a rule fails the first test.
"""

from typing import Any

import pytest
from django.urls import URLPattern

from labeling.actions import create_token
from labeling.api.urls import urlpatterns
from labeling.models import Comparison, Membership, Role, User
from tests.labeling.api.conftest import Calling
from tests.people import NOON, Stage, person, stage

PEOPLE = ("nobody", "charlie", "alice", "other_lead", "maya", "root")

# Who is let in: 2 yes, 4 it does not exist for them, 3 they may not, 1 sign in first. In the order of PEOPLE.
EVERYBODY = "122222"
MEMBERS = "142422"
LEADS = "143422"
LEADS_ANYWHERE = "133222"
ADMINS = "133332"
OWN = "142444"
JUDGES = "142423"  # an admin is no member by being an admin

RULES: dict[tuple[str, str], str] = {
    ("api-docs", "GET"): EVERYBODY,
    ("api-me", "GET"): EVERYBODY,
    ("api-users", "POST"): ADMINS,
    ("api-tokens", "GET"): EVERYBODY,
    ("api-tokens", "POST"): EVERYBODY,
    ("api-token", "DELETE"): OWN,
    ("api-campaigns", "GET"): EVERYBODY,
    ("api-campaigns", "POST"): LEADS_ANYWHERE,
    ("api-campaign", "GET"): MEMBERS,
    ("api-campaign", "PATCH"): LEADS,
    ("api-campaign-status", "POST"): LEADS,
    ("api-guidelines", "GET"): MEMBERS,
    ("api-guidelines", "POST"): LEADS,
    ("api-members", "GET"): LEADS,
    ("api-members", "POST"): LEADS,
    ("api-member", "DELETE"): LEADS,
    ("api-import-prompts", "POST"): LEADS,
    ("api-comparisons", "GET"): LEADS,
    ("api-import-comparisons", "POST"): LEADS,
    ("api-next", "POST"): JUDGES,
    ("api-progress", "GET"): MEMBERS,
    ("api-agreement", "GET"): LEADS,
    ("api-annotators", "GET"): LEADS,
    ("api-events", "GET"): LEADS,
    ("api-export", "GET"): LEADS,
    ("api-export-report", "GET"): LEADS,
    ("api-judgment", "POST"): OWN,
    ("api-judgment", "DELETE"): OWN,
    ("api-release", "POST"): OWN,
    ("api-adjudicate", "POST"): LEADS,
}

BODIES: dict[tuple[str, str], Any] = {
    ("api-users", "POST"): {"username": "new", "role": "annotator"},
    ("api-tokens", "POST"): {"name": "mine"},
    ("api-campaigns", "POST"): {"name": "Another", "slug": "another"},
    ("api-campaign", "PATCH"): {"description": "Sums and more"},
    ("api-campaign-status", "POST"): {"status": "active"},
    ("api-guidelines", "POST"): {"text": "Prefer the true one."},
    ("api-members", "POST"): {"username": "bob", "role": "annotator"},
    ("api-judgment", "POST"): {"choice": "left", "key": "k"},
    ("api-adjudicate", "POST"): {"winner": "a", "reason": "It is true."},
}


def table() -> list[tuple[str, str]]:
    """Every name and method that the URL table has."""
    found = []
    for pattern in urlpatterns:
        assert isinstance(pattern, URLPattern)
        view: Any = getattr(pattern.callback, "cls", None) or getattr(pattern.callback, "view_class", None)
        methods = [method for method in view.http_method_names if method != "options" and hasattr(view, method)]
        found += [(str(pattern.name), method.upper()) for method in methods]
    return found


def test_every_method_of_every_address_has_a_rule() -> None:
    assert sorted(table()) == sorted(RULES)


@pytest.mark.parametrize(("name", "method"), sorted(RULES))
def test_who_is_let_in(name: str, method: str, calling: Calling) -> None:
    scene = stage(comparisons=3, overlap=2)
    address = _set_up(scene, name, method)
    people: dict[str, User | None] = {
        "nobody": None,
        "charlie": scene.charlie,
        "alice": scene.alice,
        "other_lead": person("other", Role.LEAD),
        "maya": scene.maya,
        "root": scene.root,
    }
    # Alice last, so that what she alone may do is still there to be refused to the others.
    asked = sorted(people, key=lambda who: who == "alice")
    told = {who: _ask(calling, people[who], method, address, BODIES.get((name, method))) for who in asked}
    assert told == dict(zip(PEOPLE, RULES[name, method], strict=True))


def _set_up(scene: Stage, name: str, method: str) -> str:
    """Puts on stage what the address is about; returns the address."""
    if name == "api-adjudicate":
        held = scene.given(scene.alice)
        scene.vote(held, "a")
        scene.vote(scene.given(scene.bob), "b")
        return f"/api/v1/comparisons/{held.comparison_id}/adjudication/"
    if name in ("api-judgment", "api-release"):
        held = scene.given(scene.alice)
        if method == "DELETE":
            scene.judge(held)
        return f"/api/v1/assignments/{held.pk}/{'release' if name == 'api-release' else 'judgment'}/"
    if name == "api-token":
        token, _ = create_token(user=scene.alice, name="hers", acting_user=scene.alice, now=NOON)
        return f"/api/v1/tokens/{token.pk}/"
    paths = {
        "api-docs": "docs/",
        "api-me": "me/",
        "api-users": "users/",
        "api-tokens": "tokens/",
        "api-campaigns": "campaigns/",
        "api-campaign": "campaigns/sums/",
        "api-campaign-status": "campaigns/sums/status/",
        "api-member": "campaigns/sums/members/bob/",
        "api-import-prompts": "campaigns/sums/prompts/import/",
        "api-import-comparisons": "campaigns/sums/comparisons/import/",
        "api-next": "campaigns/sums/assignments/next/",
        "api-export-report": "campaigns/sums/export/report/",
    }
    usual = f"campaigns/sums/{name.removeprefix('api-')}/"
    return f"/api/v1/{paths.get(name, usual)}"


def _ask(calling: Calling, user: User | None, method: str, address: str, body: Any) -> str:
    client: Any = calling(user)
    if method == "GET":
        answer = client.get(address)
    elif body is None and "import" in address:
        answer = client.post(address, data=b'{"prompt": "Hello?"}\n', content_type="application/jsonl")
    else:
        answer = getattr(client, method.lower())(address, body, format="json")
    if answer.streaming:
        b"".join(answer)
    # What was refused for another reason than who asks was let in: somebody before them did it already.
    return {401: "1", 403: "3", 404: "4"}.get(answer.status_code, "2" if answer.status_code < 500 else "5")


def test_charlie_cannot_tell_a_campaign_of_others_from_none(calling: Calling) -> None:
    stage()
    charlie = calling(User.objects.get(username="charlie"))
    there, not_there = (charlie.get(f"/api/v1/campaigns/{slug}/") for slug in ("sums", "nothing"))
    assert there.status_code == not_there.status_code == 404
    assert there.json() == not_there.json()
    assert charlie.get("/api/v1/campaigns/").json() == []


def test_a_comparison_of_others_cannot_be_told_from_none(calling: Calling) -> None:
    scene = stage(comparisons=1)
    charlie = calling(scene.charlie)
    body = {"winner": "a", "reason": "Because."}
    there = charlie.post(f"/api/v1/comparisons/{Comparison.objects.get().pk}/adjudication/", body, format="json")
    not_there = charlie.post("/api/v1/comparisons/999999/adjudication/", body, format="json")
    assert there.json() == not_there.json()


def test_who_leads_one_campaign_does_not_lead_another_by_annotating_it(calling: Calling) -> None:
    scene = stage()
    other = person("other", Role.LEAD)
    scene.join(other, role=Membership.Role.ANNOTATOR)
    client = calling(other)
    assert client.get("/api/v1/campaigns/sums/").status_code == 200
    assert client.get("/api/v1/campaigns/sums/export/").status_code == 403
    assert client.patch("/api/v1/campaigns/sums/", {"overlap": 9}, format="json").status_code == 403


def test_a_revoked_token_and_a_switched_off_account_open_nothing(calling: Calling) -> None:
    scene = stage()
    alice, bob = calling(scene.alice), calling(scene.bob)
    (token,) = alice.get("/api/v1/tokens/").json()
    assert alice.delete(f"/api/v1/tokens/{token['id']}/").status_code == 204
    assert alice.get("/api/v1/me/").status_code == 401
    User.objects.filter(username="bob").update(is_active=False)
    assert bob.get("/api/v1/me/").status_code == 401
