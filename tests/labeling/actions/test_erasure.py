"""Being forgotten: the account goes, what was judged stays under the pseudonym and counts."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client

from labeling import trained_on
from labeling.actions import create_token
from labeling.actions.erasure import AlreadyErased, erase_person, erasure_consequences
from labeling.actions.members import LastLead
from labeling.errors import Invalid, NotAllowed
from labeling.models import ApiToken, Erasure, Event, Judgment, Verdict
from labeling.queries import agreement
from labeling.queries.personal_data import personal_data
from tests.people import NOON, PASSWORD, Stage, stage


@pytest.fixture
def scene() -> Stage:
    """Alice and Bob have judged two comparisons each, with comments; Alice has a token and a session."""
    scene = stage(comparisons=2, overlap=2)
    for user, winners in ((scene.alice, "ab"), (scene.bob, "aa")):
        for winner in winners:
            scene.vote(scene.given(user), winner, comment="My name is Alice.")
    scene.alice.email = "alice@example.org"
    scene.alice.save()
    create_token(user=scene.alice, name="laptop", acting_user=scene.alice, now=NOON)
    return scene


def test_the_account_goes_and_the_judgments_stay_and_count(scene: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trained_on, "_ANSWERS", [lambda person: ["sums-v1"] if person == scene.alice else []])
    browser = Client()
    assert browser.login(username="alice", password=PASSWORD)
    before = agreement(scene.campaign).as_dict()
    verdicts = list(Verdict.objects.order_by("pk").values())
    pseudonym = scene.alice.pseudonym
    told = erasure_consequences(person=scene.alice, acting_user=scene.alice)
    assert (told.judgments, told.comments, told.tokens, told.campaigns) == (2, 2, 1, 1)
    erasure = erase_person(person=scene.alice, confirmation="alice", acting_user=scene.alice, now=NOON)
    assert erasure.model_versions == told.model_versions == ["sums-v1"]
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


def test_people_take_all_that_is_held_about_them_and_nothing_of_others(scene: Stage) -> None:
    held = b"".join(personal_data(scene.alice)).decode()
    data = json.loads(held)
    assert data["account"]["username"] == "alice"
    assert len(data["judgments"]) == 2
    assert data["judgments"][0]["comment"] == "My name is Alice."
    assert [token["name"] for token in data["tokens"]] == ["laptop"]
    assert {"password", "key_hash"} & (set(data["account"]) | set(data["tokens"][0])) == set()
    assert {row["annotator_id"] for row in data["judgments"]} == {scene.alice.pk}
    assert {row["user_id"] for row in data["memberships"]} == {scene.alice.pk}


def test_the_commands_export_and_erase(scene: Stage) -> None:
    out = StringIO()
    call_command("export_person", "alice", stdout=out)
    assert json.loads(out.getvalue())["account"]["email"] == "alice@example.org"
    out = StringIO()
    call_command("erase_person", "alice", stdout=out)
    assert json.loads(out.getvalue())["erased"] is False
    assert not Erasure.objects.exists()
    call_command("erase_person", "alice", "--yes", stdout=StringIO())
    assert Erasure.objects.get().person == scene.alice


def test_the_page_says_what_will_happen_asks_and_signs_out(scene: Stage) -> None:
    browser = Client()
    browser.force_login(scene.alice)
    page = browser.get("/you/").content.decode()
    assert "2 judgments stay under the pseudonym" in page
    browser.post("/you/erase/", {"confirmation": "no"})
    assert not Erasure.objects.exists()
    assert browser.post("/you/erase/", {"confirmation": "alice"}).headers["Location"] == "/login/"
    assert browser.get("/you/").status_code == 302
