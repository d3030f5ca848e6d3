"""Comparisons taken out and brought back, and flags that a lead looks at."""

import pytest

from common.errors import Invalid, NotAllowed
from labeling.actions.curation import WrongComparisonStatus, restore_comparison, retire_comparison, review_flag
from labeling.judging.acts import undo_judgment
from labeling.judging.drafts import InvalidJudgment
from labeling.judging.refusals import TooLateToUndo
from labeling.models import Comparison, Event
from labeling.queries.progress import campaign_progress
from labeling.tally import count_tally, read_tally
from tests.people import Stage, stage


def totals_are_right(scene: Stage) -> bool:
    return read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)


def test_what_is_retired_counts_nowhere_and_comes_back_with_its_verdict() -> None:
    scene = stage(comparisons=3)
    (settled,) = scene.settle(["a"])
    retired = retire_comparison(comparison=settled, reason="Cut off.", acting_user=scene.maya, now=scene.now)
    assert retired.status == "retired"
    assert scene.pairs() == []
    assert (read_tally(scene.campaign.pk).comparisons, totals_are_right(scene)) == (2, True)
    retire_comparison(comparison=settled, reason="Again.", acting_user=scene.maya, now=scene.now)
    assert Event.objects.filter(verb="comparison.retired").count() == 1
    assert restore_comparison(comparison=settled, acting_user=scene.maya, now=scene.now).status == "settled"
    assert len(scene.pairs()) == 1
    assert totals_are_right(scene)
    with pytest.raises(WrongComparisonStatus):
        restore_comparison(comparison=settled, acting_user=scene.maya, now=scene.now)


def test_an_open_one_comes_back_open_and_can_be_judged_to_its_end() -> None:
    scene = stage(comparisons=1, overlap=2)
    scene.vote(scene.given(scene.alice), "a")
    comparison = Comparison.objects.get()
    retire_comparison(comparison=comparison, reason="Why not.", acting_user=scene.maya, now=scene.now)
    assert scene.next(scene.bob) is None
    assert restore_comparison(comparison=comparison, acting_user=scene.maya, now=scene.now).status == "open"
    scene.vote(scene.given(scene.bob), "a")
    assert Comparison.objects.get().status == "settled"
    assert totals_are_right(scene)


def test_only_leads_retire_and_they_say_why() -> None:
    scene = stage(comparisons=1)
    comparison = Comparison.objects.get()
    with pytest.raises(NotAllowed):
        retire_comparison(comparison=comparison, reason="No.", acting_user=scene.alice, now=scene.now)
    with pytest.raises(Invalid, match="Give a reason"):
        retire_comparison(comparison=comparison, reason=" ", acting_user=scene.maya, now=scene.now)


@pytest.mark.parametrize("keep", [True, False])
def test_a_flag_stops_a_comparison_until_a_lead_has_looked_at_it(keep: bool) -> None:
    scene = stage(comparisons=1, overlap=2)
    given = scene.given(scene.alice)
    scene.judge(given, "skip", flag="personal_data")
    assert Comparison.objects.get().status == "flagged"
    assert scene.next(scene.bob) is None
    assert campaign_progress(scene.campaign).flagged == 1
    assert totals_are_right(scene)
    reviewed = review_flag(
        comparison=Comparison.objects.get(), keep=keep, reason="A made-up name.", acting_user=scene.maya, now=scene.now
    )
    assert reviewed.status == ("open" if keep else "retired")
    assert (scene.next(scene.bob) is not None) is keep
    assert totals_are_right(scene)
    with pytest.raises(TooLateToUndo, match="lead"):
        undo_judgment(assignment=given, acting_user=scene.alice, now=scene.now)
    with pytest.raises(WrongComparisonStatus):
        review_flag(comparison=reviewed, keep=keep, reason="Again.", acting_user=scene.maya, now=scene.now)


@pytest.mark.parametrize("keep", [True, False])
def test_a_restored_comparison_is_flagged_until_a_lead_has_reviewed_its_flag(keep: bool) -> None:
    scene = stage(comparisons=1, overlap=2)
    scene.judge(scene.given(scene.alice), "skip", flag="harm")
    row = Comparison.objects.get()
    retire_comparison(comparison=row, reason="A wrong file.", acting_user=scene.maya, now=scene.now)
    row = restore_comparison(comparison=row, acting_user=scene.maya, now=scene.now)
    assert (row.status, scene.next(scene.bob)) == ("flagged", None)
    assert campaign_progress(scene.campaign).flagged == 1
    assert totals_are_right(scene)
    row = review_flag(comparison=row, keep=keep, reason="Looked at.", acting_user=scene.maya, now=scene.now)
    if keep:
        retire_comparison(comparison=row, reason="Too short.", acting_user=scene.maya, now=scene.now)
    assert restore_comparison(comparison=row, acting_user=scene.maya, now=scene.now).status == "open"
    assert totals_are_right(scene)


def test_a_flag_comes_only_with_a_skip_and_only_where_it_is_allowed() -> None:
    scene = stage(comparisons=1, allow_flag=False)
    given = scene.given(scene.alice)
    for choice, flag in (("left", "harm"), ("skip", "harm"), ("skip", "ugly")):
        with pytest.raises(InvalidJudgment) as refusal:
            scene.judge(given, choice, flag=flag)
        assert list(refusal.value.fields) == ["flag"]
