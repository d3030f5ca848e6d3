"""Nobody sees or changes what their role does not allow, on any address of training's API.

One rule for each method of each address, compared with the URL table itself: an address without a rule fails
the first test.
"""

from typing import Any

import pytest
from django.urls import URLPattern, reverse

from labeling.models import Membership, Role, User
from tests.people import NOON, Stage, person
from tests.training.api.conftest import Calling, child_of
from training.actions import cancel_generation, start_generation, start_run
from training.api.urls import urlpatterns
from training.models import ModelVersion

PEOPLE = ("nobody", "charlie", "alice", "other_lead", "maya", "root")

# Who is let in: 2 yes, 4 it does not exist for them, 3 they may not, 1 sign in first. In the order of PEOPLE.
EVERYBODY = "122222"  # and everybody is shown their own part only
LEADS = "143422"
LEADS_ONLY = "144422"  # of jobs not even their existence is told
LEADS_ANYWHERE = "133222"
OF_A_CAMPAIGN = "133422"

RULES: dict[tuple[str, str], str] = {
    ("api-start-generation", "POST"): LEADS,
    ("api-retraining-policy", "GET"): LEADS,
    ("api-retraining-policy", "PUT"): LEADS,
    ("api-generation", "GET"): LEADS_ONLY,
    ("api-cancel-generation", "POST"): LEADS_ONLY,
    ("api-resume-generation", "POST"): LEADS_ONLY,
    ("api-runs", "GET"): EVERYBODY,
    ("api-runs", "POST"): LEADS,
    ("api-run", "GET"): LEADS_ONLY,
    ("api-run-metrics", "GET"): LEADS_ONLY,
    ("api-cancel-run", "POST"): LEADS_ONLY,
    ("api-resume-run", "POST"): LEADS_ONLY,
    ("api-versions", "GET"): LEADS_ANYWHERE,
    ("api-version", "GET"): OF_A_CAMPAIGN,
    ("api-promote", "POST"): OF_A_CAMPAIGN,
    ("api-roll-back", "POST"): LEADS_ANYWHERE,
}
BODIES: dict[tuple[str, str], Any] = {
    ("api-runs", "POST"): {"campaign": "sums"},
    ("api-retraining-policy", "PUT"): {"enabled": True, "min_fresh_verdicts": 10},
}


def table() -> list[tuple[str, str]]:
    """Every name and method that the URL table has."""
    found = []
    for pattern in urlpatterns:
        assert isinstance(pattern, URLPattern)
        view: Any = pattern.callback.cls  # type: ignore[attr-defined]
        methods = [method for method in view.http_method_names if method != "options" and hasattr(view, method)]
        found += [(str(pattern.name), method.upper()) for method in methods]
    return found


def test_every_method_of_every_address_has_a_rule() -> None:
    assert sorted(table()) == sorted(RULES)


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "method"), list(RULES), ids=lambda part: str(part))
def test_each_address_lets_in_whom_it_should(scene: Stage, calling: Calling, name: str, method: str) -> None:
    base = ModelVersion.objects.get()
    child_of(base, scene)
    other = person("other_lead", Role.LEAD)
    users = {"charlie": scene.charlie, "alice": scene.alice, "other_lead": other}
    users |= {"maya": scene.maya, "root": scene.root}
    address = address_of(name, scene)

    answers = ""
    for one in PEOPLE:
        client = calling(users.get(one))
        body = BODIES.get((name, method))
        answer = getattr(client, method.lower())(address, *([] if method == "GET" else [body]), format="json")
        # What was refused for another reason than who asks was let in: somebody before them did it already.
        answers += {401: "1", 403: "3", 404: "4"}.get(answer.status_code, "2" if answer.status_code < 500 else "5")
    assert answers == RULES[name, method]


def address_of(name: str, scene: Stage) -> str:
    """The address, with whatever it names made first."""
    if name in ("api-start-generation", "api-retraining-policy"):
        return reverse(name, args=["sums"])
    if name in ("api-version", "api-promote"):
        return reverse(name, args=["sums-v1"])
    if "generation" in name:
        job = start_generation(campaign=scene.campaign, acting_user=scene.maya, now=NOON)
        if "resume" in name:
            cancel_generation(job=job, acting_user=scene.maya, now=NOON)
        return reverse(name, args=[job.pk])
    if name in ("api-run", "api-run-metrics", "api-cancel-run", "api-resume-run"):
        return reverse(name, args=[start_run(campaign=scene.campaign, acting_user=scene.maya, now=NOON).pk])
    return reverse(name)


@pytest.mark.django_db
def test_lists_show_nobody_what_belongs_to_others(scene: Stage, calling: Calling) -> None:
    child_of(ModelVersion.objects.get(), scene)
    other = calling(person("other_lead", Role.LEAD))

    assert other.get("/api/v1/runs/").json() == []
    assert calling(scene.alice).get("/api/v1/runs/").json() == []
    assert [version["name"] for version in other.get("/api/v1/versions/").json()] == ["tiny-base"]
    maya = calling(scene.maya)
    assert [version["name"] for version in maya.get("/api/v1/versions/").json()] == ["sums-v1", "tiny-base"]
    assert len(maya.get("/api/v1/runs/").json()) == 1


@pytest.mark.django_db
def test_a_lead_who_only_annotates_a_campaign_does_not_train_it(scene: Stage, calling: Calling) -> None:
    other = person("other_lead", Role.LEAD)
    scene.join(other, role=Membership.Role.ANNOTATOR)
    client = calling(User.objects.get(username="other_lead"))

    assert client.post("/api/v1/campaigns/sums/generation/", {}, format="json").status_code == 403
    assert client.post("/api/v1/runs/", {"campaign": "sums"}, format="json").status_code == 403
