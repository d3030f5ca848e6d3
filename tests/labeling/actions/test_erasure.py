"""Erasure: the account goes; judgments stay under the pseudonym and count."""

import json

import pytest
from django.test import Client

from common.errors import Invalid, NotAllowed
from labeling.actions.erasure import AlreadyErased, erase_person, erasure_consequences
from labeling.actions.members import LastLead
from labeling.models import ApiToken, Erasure, Event, Judgment, KeptReply, Verdict
from labeling.queries import trained_on
from labeling.queries.agreement import agreement
from tests.clients import Calling
from tests.labeling.personal import judged_with_comments
from tests.people import NOON, PASSWORD, Stage, stage


@pytest.fixture
def scene() -> Stage:
    return judged_with_comments()


def test_the_account_goes_and_the_judgments_stay_and_count(scene: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trained_on, "_LOOKUPS", [lambda person: ["sums-v1"] if person == scene.alice else []])
    browser = Client()
    assert browser.login(username="alice", password=PASSWORD)
    before = agreement(scene.campaign).as_dict()
    verdicts = list(Verdict.objects.order_by("pk").values())
    pseudonym = scene.alice.pseudonym
    consequences = erasure_consequences(person=scene.alice, acting_user=scene.alice)
    assert (consequences.judgments, consequences.comments, consequences.tokens, consequences.campaigns) == (2, 2, 1, 1)
    erasure = erase_person(person=scene.alice, confirmation="alice", acting_user=scene.alice, now=NOON)
    assert erasure.model_versions == consequences.model_versions == ["sums-v1"]
    scene.alice.refresh_from_db()
    assert (scene.alice.username, scene.alice.email) == (f"erased-{scene.alice.pk}", "")
    assert (scene.alice.is_active, scene.alice.has_usable_password()) == (False, False)
    assert scene.alice.pseudonym == pseudonym
    assert not ApiToken.objects.filter(user=scene.alice).exists()
    assert not scene.campaign.memberships.filter(user=scene.alice).exists()
    assert set(Judgment.objects.filter(annotator=scene.alice).values_list("comment", flat=True)) == {""}
    assert set(Judgment.objects.filter(annotator=scene.bob).values_list("comment", flat=True)) != {""}
    assert agreement(scene.campaign).as_dict() == before
    assert list(Verdict.objects.order_by("pk").values()) == verdicts
    assert Event.objects.get(verb="person.erased").after["model_versions"] == ["sums-v1"]
    assert browser.get("/").status_code == 302
    assert "alice" not in json.dumps(list(Event.objects.values("before", "after")))


def test_it_is_done_once_by_whom_it_concerns_and_only_when_confirmed(scene: Stage) -> None:
    with pytest.raises(NotAllowed):
        erase_person(person=scene.alice, confirmation="alice", acting_user=scene.maya, now=NOON)
    with pytest.raises(Invalid):
        erase_person(person=scene.alice, confirmation="yes", acting_user=scene.alice, now=NOON)
    assert not Erasure.objects.exists()
    erase_person(person=scene.alice, confirmation="alice", acting_user=scene.root, now=NOON)
    with pytest.raises(AlreadyErased):
        erase_person(person=scene.alice, confirmation="alice", acting_user=scene.root, now=NOON)


def test_who_alone_leads_a_campaign_hands_it_over_first() -> None:
    scene = stage()
    scene.campaign.memberships.filter(user=scene.ada).delete()
    with pytest.raises(LastLead):
        erase_person(person=scene.maya, confirmation="maya", acting_user=scene.maya, now=NOON)
    scene.maya.refresh_from_db()
    assert scene.maya.username == "maya"


def test_the_page_says_what_will_happen_asks_and_signs_out(scene: Stage) -> None:
    browser = Client()
    browser.force_login(scene.alice)
    page = browser.get("/you/").content.decode()
    assert "2 judgments, under the pseudonym" in page
    browser.post("/people/alice/erase/", {"confirmation": "no"})
    assert not Erasure.objects.exists()
    answer = browser.post("/people/alice/erase/", {"confirmation": "alice", "withdraw": "yes"})
    assert answer.headers["Location"] == "/login/"
    assert Erasure.objects.get().withdrawn == 2
    assert browser.get("/you/").status_code == 302


def test_an_admin_takes_away_and_erases_for_somebody_else_on_the_page_and_by_api(scene: Stage) -> None:
    browser = Client()
    browser.force_login(scene.root)
    assert "The account of <bdi>alice</bdi>" in browser.get("/people/alice/").content.decode()
    data = json.loads(b"".join(browser.get("/api/v1/users/alice/data/")))
    assert data["account"]["email"] == "alice@example.org"
    assert browser.get("/api/v1/users/alice/erasure/").json()["judgments"] == 2
    body = {"confirmation": "alice", "withdraw": True}
    erased = browser.post("/api/v1/users/alice/erasure/", body, content_type="application/json").json()
    assert (erased["person"], erased["withdrawn"]) == (scene.alice.pseudonym, 2)
    assert browser.post("/people/bob/erase/", {"confirmation": "bob"}).headers["Location"] == "/"
    assert [one.by for one in Erasure.objects.all()] == [scene.root, scene.root]
    assert browser.get("/").status_code == 200  # who erased others is still signed in


def test_no_kept_reply_has_the_texts_or_the_name(scene: Stage, calling: Calling) -> None:
    token = {"name": "laptop of Alice", "scopes": ["read"]}
    calling(scene.alice).post("/api/v1/tokens/", token, format="json", HTTP_IDEMPOTENCY_KEY="k1")
    member = {"username": "alice"}
    members = "/api/v1/campaigns/sums/members/"
    for _ in range(2):
        calling(scene.maya).post(members, member, format="json", HTTP_IDEMPOTENCY_KEY="k1")
    erase_person(person=scene.alice, confirmation="alice", acting_user=scene.alice, now=NOON)
    (reply,) = KeptReply.objects.all()
    assert not [event for event in Event.objects.all() if "laptop" in f"{event.before}{event.after}"]
    assert json.loads(reply.body)["username"] == f"erased-{scene.alice.pk}"
    again = calling(scene.maya).post(members, member, format="json", HTTP_IDEMPOTENCY_KEY="k1")
    assert (again.status_code, again["Idempotent-Replayed"]) == (201, "true")


def test_an_account_with_the_name_of_the_erased_stops_no_erasure(scene: Stage) -> None:
    scene.bob.username = f"erased-{scene.alice.pk}"  # from before such names were reserved
    scene.bob.save(update_fields=["username"])
    erase_person(person=scene.alice, confirmation="alice", acting_user=scene.alice, now=NOON)
    scene.alice.refresh_from_db()
    assert scene.alice.username.startswith(f"erased-{scene.alice.pk}-")
