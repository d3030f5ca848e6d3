"""An improved winner: edited is better than chosen, and than rejected, once the verdict agrees."""

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.judging.acts import change_judgment, undo_judgment
from labeling.judging.drafts import InvalidJudgment, JudgmentDraft
from labeling.models import Comparison, Judgment, Verdict
from labeling.queries.verdicts import verdict_records
from tests.people import Stage, asks, stage

TWO = CompletionDraft("Two.", "v1", 1, {}, [1, 2], [3, 0], "stop")
THREE = CompletionDraft("Three", "v1", 2, {}, [1, 2], [4], "length")


def sums(**rules: Any) -> Stage:
    """One comparison whose a is "Two." or "Three"."""
    scene = stage(allow_edit=True, **rules)
    scene.add([ComparisonDraft(asks("One plus one?"), TWO, THREE)])
    return scene


def side_of(text: str) -> str:
    comparison = Comparison.objects.select_related("completion_a").get()
    return "a" if comparison.completion_a.text == text else "b"


def learned(scene: Stage) -> list[tuple[str, str]]:
    return [(pair.chosen, pair.rejected) for pair in scene.pairs()]


def test_an_improved_winner_yields_edited_over_chosen_over_rejected() -> None:
    scene = sums()
    scene.vote(scene.given(scene.alice), side_of("Two."), edit="It is two.")
    assert learned(scene) == [("Two.", "Three"), ("It is two.", "Two."), ("It is two.", "Three")]
    _, over_chosen, over_rejected = scene.pairs()
    assert (over_chosen.prompt_ids, over_chosen.chosen_ids, over_chosen.rejected_ids) == ((1, 2), None, (3, 0))
    assert (over_rejected.rejected_ids, over_rejected.chosen_finish) == ((4,), "stop")
    assert over_chosen.confidence == over_rejected.confidence == Verdict.objects.get().confidence


def test_of_several_judgments_only_those_that_agree_with_the_verdict_give_their_texts() -> None:
    scene = sums(overlap=3)
    scene.join(scene.charlie)
    two, three = side_of("Two."), side_of("Three")
    for user, side, text in ((scene.alice, two, "2"), (scene.bob, three, "3"), (scene.charlie, two, "Two!")):
        scene.vote(scene.given(user), side, edit=text)
    assert learned(scene) == [("Two.", "Three"), ("2", "Two."), ("2", "Three"), ("Two!", "Two."), ("Two!", "Three")]
    assert [record.settled_by for record in verdict_records(scene.campaign)] == ["majority", *["edit"] * 4]


def test_without_a_verdict_or_with_a_tie_there_is_nothing_to_learn() -> None:
    scene = sums(overlap=2)
    scene.vote(scene.given(scene.alice), side_of("Two."), edit="2")
    assert learned(scene) == []


def test_an_improved_text_goes_with_its_judgment() -> None:
    scene = sums()
    given = scene.given(scene.alice)
    scene.vote(given, side_of("Two."), edit="2")
    undo_judgment(assignment=given, acting_user=scene.alice, now=scene.now)
    assert learned(scene) == []
    scene.vote(scene.given(scene.alice), side_of("Two."), edit="2, surely")
    assert len(learned(scene)) == 3
    side = "left" if given.left == side_of("Two.") else "right"
    change_judgment(assignment=given, draft=JudgmentDraft(side, "k"), acting_user=scene.alice, now=scene.now)
    assert learned(scene) == [("Two.", "Three")]
    assert list(Judgment.objects.order_by("pk").values_list("edit", flat=True)) == ["2", "2, surely", ""]


def test_the_database_keeps_an_improved_text_as_it_is() -> None:
    scene = sums()
    judgment = scene.vote(scene.given(scene.alice), side_of("Two."), edit="2")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Judgment.objects.filter(pk=judgment.pk).update(edit="5")


@pytest.mark.parametrize(
    ("choice", "edit", "allowed"),
    [("tie", "2", True), ("skip", "2", True), ("left", " \n", True), ("left", "2\x00", True), ("left", "2", False)],
)
def test_what_is_no_improved_text_is_refused_and_nothing_is_kept(choice: str, edit: str, allowed: bool) -> None:
    scene = sums()
    scene.campaign.allow_edit = allowed
    scene.campaign.save(update_fields=["allow_edit"])
    given = scene.given(scene.alice)
    with pytest.raises(InvalidJudgment) as refused:
        scene.judge(given, choice, edit=edit)
    assert "edit" in refused.value.fields
    assert not Judgment.objects.exists()


@pytest.mark.parametrize("text", ["Two.", " Three\n"])
def test_one_of_the_two_as_it_is_is_no_improvement(text: str) -> None:
    scene = sums()
    with pytest.raises(InvalidJudgment, match="unchanged"):
        scene.vote(scene.given(scene.alice), side_of("Two."), edit=text)
