"""Withdrawn judgments count nowhere."""

import pytest

from labeling.actions.curation import make_gold, restore_comparison, retire_comparison
from labeling.actions.erasure import erase_person
from labeling.actions.verdicts import adjudicate
from labeling.models import Comparison, Event, Judgment, User, Verdict
from labeling.queries.agreement import agreement
from labeling.tally import add_to_tally, count_tally, read_tally
from tests.labeling.actions.opinions import THREE, bring_in
from tests.labeling.personal import judged_with_comments
from tests.people import NOON, Stage, person, stage


@pytest.fixture
def scene() -> Stage:
    return judged_with_comments()


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


def test_withdrawing_takes_back_gold_retests_skips_and_added_places_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labeling.judging.queue.random.random", lambda: 0.0)  # gold as soon as there is some
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


def test_withdrawing_an_outside_annotator_removes_the_place_that_the_import_had_added() -> None:
    scene = stage(overlap=1)
    bring_in(scene, *THREE)
    outside = User.objects.get(outside_name="ann")
    erase_person(person=outside, confirmation=outside.pseudonym, withdraw=True, acting_user=scene.maya, now=NOON)
    comparison = Comparison.objects.get()
    assert (comparison.overlap, comparison.taken, comparison.judged, comparison.status) == (2, 2, 2, "settled")
    assert Verdict.objects.get().votes == comparison.votes
    assert scene.next(scene.alice) is None
    for name in ("ben", "cem"):
        outside = User.objects.get(outside_name=name)
        erase_person(person=outside, confirmation=outside.pseudonym, withdraw=True, acting_user=scene.maya, now=NOON)
        assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)
    comparison.refresh_from_db()
    assert (comparison.overlap, comparison.taken, comparison.status) == (1, 0, "open")
    assert scene.next(scene.alice) is not None


def test_votes_that_suffice_settle_at_once_and_others_call_for_one_more_under_adaptive_overlap() -> None:
    scene = stage(comparisons=2, overlap=1, max_overlap=3, verdict_threshold=0.85)
    scene.join(scene.charlie)
    agreed, disputed = Comparison.objects.order_by("pk")
    leaving, *others = scene.alice, scene.bob, scene.charlie
    for comparison, votes in ((agreed, ("b", "a", "a")), (disputed, ("a", "b", "a"))):
        Comparison.objects.exclude(pk=comparison.pk).update(position=2)
        Comparison.objects.filter(pk=comparison.pk).update(position=0, overlap=3)
        scene.campaign.memberships.update(cursor=-1)
        for person_voting, vote in zip((leaving, *others), votes, strict=True):
            scene.vote(scene.given(person_voting), vote)
    assert set(Comparison.objects.values_list("status", "judged")) == {("settled", 3)}
    key = scene.campaign.pk
    add_to_tally(key, count_tally(key) - read_tally(key))
    erase_person(person=leaving, confirmation="alice", withdraw=True, acting_user=leaving, now=NOON)
    for comparison in (agreed, disputed):
        comparison.refresh_from_db()
    assert (agreed.status, agreed.overlap, agreed.taken) == ("settled", 2, 2)
    assert (disputed.status, disputed.overlap, disputed.taken) == ("open", 3, 2)
    assert scene.given(scene.ada).comparison_id == disputed.pk
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)
