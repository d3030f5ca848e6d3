"""Being forgotten: the account goes, what was judged stays under the pseudonym and counts."""

import json
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db.models import Model
from django.test import Client

from common.errors import Invalid, NotAllowed
from labeling.actions.curation import make_gold, restore_comparison, retire_comparison
from labeling.actions.erasure import AlreadyErased, erase_person, erasure_consequences
from labeling.actions.members import LastLead
from labeling.actions.people import create_token
from labeling.actions.verdicts import adjudicate
from labeling.models import ApiToken, Comparison, Erasure, Event, Judgment, User, Verdict
from labeling.queries import trained_on
from labeling.queries.agreement import agreement
from labeling.queries.personal_data import LEFT_OUT, SECRET, personal_data, tables
from labeling.tally import count_tally, read_tally
from tests.people import NOON, PASSWORD, Stage, person, stage


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
    monkeypatch.setattr(trained_on, "_LOOKUPS", [lambda person: ["sums-v1"] if person == scene.alice else []])
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
    assert [token["name"] for token in data["api_tokens"]] == ["laptop"]
    assert {"password", "key_hash"} & (set(data["account"]) | set(data["api_tokens"][0])) == set()
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
    call_command("erase_person", "alice", "--yes", "--withdraw", stdout=StringIO())
    assert (Erasure.objects.get().person, Erasure.objects.get().withdrawn) == (scene.alice, 2)


def test_every_table_that_names_people_is_told_or_left_out_for_a_reason() -> None:
    found = {model._meta.label: columns for model, columns in tables().items()}
    # A few that must be there: that the list is read off the models at all.
    assert {"labeling.Judgment", "labeling.Invitation", "labeling.Gold", "training.Run", "admin.LogEntry"} <= set(found)
    assert set(LEFT_OUT) <= set(found)
    models: list[type[Model]] = list(apps.get_models(include_auto_created=True))
    named = {
        model._meta.label
        for model in models
        for field in model._meta.concrete_fields
        if field.is_relation and field.related_model is User
    }
    assert named == set(found)


def test_no_key_and_no_secret_is_told() -> None:
    told: list[type[Model]] = [User, *tables()]
    suspicious = {
        field.name
        for model in told
        if model._meta.label not in LEFT_OUT
        for field in model._meta.concrete_fields
        if any(word in field.name for word in ("secret", "password", "token", "key"))
    }
    # judgment.key only tells one try from another; snapshots and counts of tokens open nothing.
    assert suspicious - SECRET <= {"key", "tokens", "tokens_read", "tokens_written"}


def test_withdrawn_judgments_count_nowhere_and_what_they_settled_is_open_again(scene: Stage) -> None:
    first, second = Comparison.objects.order_by("pk")
    assert {first.status, second.status} == {"settled", "conflict"}
    erasure = erase_person(person=scene.bob, confirmation="bob", withdraw=True, acting_user=scene.bob, now=NOON)
    assert (erasure.judgments, erasure.withdrawn) == (2, 2)
    assert not Judgment.objects.filter(annotator=scene.bob, superseded_at=None).exists()
    assert not Verdict.objects.exists()
    for comparison in Comparison.objects.all():
        assert (comparison.status, comparison.judged, comparison.taken) == ("open", 1, 1)
        assert sum(comparison.votes.values()) == 1
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)
    assert agreement(scene.campaign).percent_with_ties.value is None  # nobody is left to agree with
    event = Event.objects.get(verb="judgments.withdrawn")
    assert event.after == {"person": scene.bob.pseudonym, "judgments": 2, "verdicts_undone": 1}
    # Somebody else settles both.
    eve = person("eve")
    scene.join(eve)
    for _ in range(2):
        scene.vote(scene.given(eve), "a")
    assert set(Comparison.objects.values_list("judged", flat=True)) == {2}
    assert scene.next(eve) is None


def test_what_an_expert_decided_and_what_is_out_stays_though_votes_are_withdrawn(scene: Stage) -> None:
    settled, conflict = Comparison.objects.filter(status="settled").get(), Comparison.objects.get(status="conflict")
    adjudicate(comparison=conflict, winner="b", reason="It is true.", acting_user=scene.ada, now=NOON)
    retire_comparison(comparison=settled, reason="Twice.", acting_user=scene.maya, now=NOON)
    erase_person(person=scene.bob, confirmation="bob", withdraw=True, acting_user=scene.root, now=NOON)
    conflict.refresh_from_db()
    settled.refresh_from_db()
    assert (conflict.status, conflict.verdict.winner, conflict.judged) == ("settled", "b", 1)
    assert (settled.status, settled.judged) == ("retired", 1)
    restore_comparison(comparison=settled, acting_user=scene.maya, now=NOON)
    settled.refresh_from_db()
    assert settled.status == "open"
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)


def test_withdrawing_takes_back_gold_retests_skips_and_added_places_too() -> None:
    scene = stage(comparisons=3, overlap=1, max_overlap=3, verdict_threshold=0.99)
    make_gold(comparison=Comparison.objects.order_by("pk")[0], winner="a", acting_user=scene.maya, now=NOON)
    scene.campaign.gold_rate = 0.5
    scene.campaign.save(update_fields=["gold_rate"])
    while (held := scene.next(scene.alice)) is not None:
        scene.judge(held, "left")
    assert Comparison.objects.filter(overlap__gt=1).exists()
    erase_person(person=scene.alice, confirmation="alice", withdraw=True, acting_user=scene.alice, now=NOON)
    assert not Judgment.objects.filter(superseded_at=None).exists()
    assert set(Comparison.objects.exclude(status="gold").values_list("overlap", "taken", "status")) == {(1, 0, "open")}
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)


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
