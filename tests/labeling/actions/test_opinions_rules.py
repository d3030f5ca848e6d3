"""Imported opinions under Dawid-Skene and adaptive overlap: settled as the campaign's rule says, like all votes."""

from datetime import datetime
from typing import Any

import pytest

from labeling.actions.batches import take_back
from labeling.actions.recounts import look_after_recounts, run_recount
from labeling.models import Campaign, Comparison, ImportBatch, Judgment, Verdict, VerdictRecount
from labeling.tally import count_tally, read_tally
from tests.labeling.actions.opinions import bring_in, said
from tests.people import Stage, stage

DAWID_SKENE: dict[str, Any] = {"verdict_rule": "dawid_skene", "verdict_threshold": 0.9}
ADAPTIVE: dict[str, Any] = {"overlap": 2, "max_overlap": 4}


def opinions(pair: int, **votes: str) -> list[dict[str, Any]]:
    """Records about one pair: each annotator with the text they chose."""
    texts = {"Paris": "Lyon", "Lyon": "Paris"}
    return [said(name, won, texts[won], prompt=f"Question {pair}?") for name, won in votes.items()]


def recounted(scene: Stage) -> VerdictRecount:
    """Runs the recount that the sweep requests."""
    assert look_after_recounts(now=scene.now) == 1
    recount = run_recount(VerdictRecount.objects.latest("pk").pk, clock=lambda: scene.now)
    assert recount is not None
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)
    return recount


def statuses() -> dict[str, int]:
    rows = Comparison.objects.values_list("status", flat=True)
    return {status: list(rows).count(status) for status in set(rows)}


@pytest.mark.parametrize("rules", [DAWID_SKENE, ADAPTIVE, DAWID_SKENE | ADAPTIVE, {"verdict_rule": "unanimity"}])
def test_a_stated_preference_settles_an_untouched_pair_under_every_rule(rules: dict[str, Any]) -> None:
    scene = stage(comparisons=0, **rules)
    record = said(None, "Paris", "Lyon", confidence=0.9)
    bring_in(scene, record, keep=False)
    bring_in(scene, record)
    verdict, comparison = Verdict.objects.get(), Comparison.objects.get()
    assert (comparison.status, verdict.settled_by, verdict.confidence) == ("settled", "import", 0.9)
    assert bring_in(scene, record).judgments == 0
    bring_in(scene, said("ann", "Lyon", "Paris"))
    assert Comparison.objects.get().status in ("conflict", "open"), "One vote against one: the rule finds no winner."
    assert Judgment.objects.count() == 2
    for batch in ImportBatch.objects.order_by("-pk")[:3]:
        if batch.status in ImportBatch.BROUGHT and batch.judgments:
            take_back(batch=batch, acting_user=scene.maya, now=scene.now)
    comparison.refresh_from_db()
    assert (comparison.status, comparison.judged, comparison.overlap) == ("open", 0, scene.campaign.overlap)
    assert not Verdict.objects.exists()
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)


def test_taking_back_a_second_opinion_gives_the_stated_verdict_back() -> None:
    scene = stage(comparisons=0, **DAWID_SKENE)
    record = said(None, "Paris", "Lyon", confidence=0.9)
    bring_in(scene, record, keep=False)
    bring_in(scene, record)
    bring_in(scene, said("ann", "Lyon", "Paris"))
    take_back(batch=ImportBatch.objects.latest("pk"), acting_user=scene.maya, now=scene.now)
    verdict = Verdict.objects.get()
    assert (verdict.comparison.status, verdict.settled_by, verdict.confidence) == ("settled", "import", 0.9)
    assert verdict.comparison.judged == 1


def test_a_persons_own_judgment_is_no_statement_whatever_its_key() -> None:
    scene = stage(comparisons=0, overlap=2)
    bring_in(scene, said(None, "Paris", "Lyon"), keep=False)
    scene.judge(scene.given(scene.alice), key="stated-1-1")
    bring_in(scene, said("ann", "Lyon", "Paris"))
    take_back(batch=ImportBatch.objects.latest("pk"), acting_user=scene.maya, now=scene.now)
    comparison = Comparison.objects.get()
    assert (comparison.status, comparison.judged) == ("open", 1)
    assert not Verdict.objects.exists()


@pytest.mark.parametrize("status", [Campaign.Status.DRAFT, Campaign.Status.CLOSED])
def test_annotators_of_a_file_are_estimated_before_the_campaign_starts_and_after_it_closed(status: str) -> None:
    scene = stage(comparisons=0, overlap=3, **DAWID_SKENE)
    Campaign.objects.filter(pk=scene.campaign.pk).update(status=status)
    for pair in range(20):  # Dora is always alone
        bring_in(scene, *opinions(pair, ann="Paris", ben="Paris", dora="Lyon"))
    assert statuses() == {"conflict": 20}, "Two of three unknown annotators are no 90 %."
    assert recounted(scene).changed == 20
    assert statuses() == {"settled": 20}


def test_places_that_adaptive_overlap_added_close_once_the_annotators_of_a_file_are_known() -> None:
    scene = stage(comparisons=0, **DAWID_SKENE | ADAPTIVE)
    for pair in range(20):
        bring_in(scene, *opinions(pair, ann="Paris", ben="Paris", dora="Lyon"))
    assert statuses() == {"open": 20}
    given = scene.given(scene.alice)
    held = given.comparison
    prioritised = Comparison.objects.exclude(pk=held.pk).first()
    assert prioritised is not None
    Comparison.objects.filter(pk=prioritised.pk).update(priority=1)
    recounted(scene)
    waiting = Comparison.objects.filter(status="open").values_list("pk", flat=True)
    assert set(waiting) == {held.pk, prioritised.pk}, "One is being judged, one was asked for."
    settled = Comparison.objects.filter(status="settled").first()
    assert settled is not None
    assert (settled.judged, settled.taken, settled.overlap) == (3, 3, 3)


def test_a_verdict_that_new_opinions_confirm_is_not_fresh() -> None:
    scene = stage(comparisons=0, overlap=1)
    bring_in(scene, said("ann", "Paris", "Lyon"))
    settled_at: datetime = Verdict.objects.get().settled_at
    scene.wait(60)
    bring_in(scene, said("ben", "Paris", "Lyon"))
    verdict = Verdict.objects.get()
    assert (sum(verdict.votes.values()), verdict.settled_at) == (2, settled_at)
    scene.wait(60)
    bring_in(scene, *(said(name, "Lyon", "Paris") for name in ("cem", "dora", "eli")))
    assert Verdict.objects.get().settled_at > settled_at


@pytest.mark.parametrize("is_one_file", [True, False])
def test_a_stated_pair_wants_as_many_votes_as_others_once_somebody_else_has_an_opinion(is_one_file: bool) -> None:
    scene = stage(comparisons=0, overlap=3)
    stated, other = said(None, "Paris", "Lyon"), said("ann", "Paris", "Lyon")
    bring_in(scene, stated, keep=False)
    for records in [(stated, other)] if is_one_file else [(stated,), (other,)]:
        bring_in(scene, *records)
    comparison = Comparison.objects.get()
    assert (comparison.status, comparison.judged, comparison.overlap) == ("open", 2, 3)
    assert not Verdict.objects.exists()
    scene.vote(scene.given(scene.alice), "tie")
    assert Comparison.objects.get().status == "settled"
