"""A judgment is checked against the rules of its campaign."""

from typing import Any

import pytest

from labeling.actions.campaigns import change_campaign
from labeling.judging.drafts import InvalidJudgment
from labeling.models import Judgment
from tests.people import stage

ASKED = [{"name": "helpful", "description": "Which helps more?", "required": True}, {"name": "honest"}]


@pytest.mark.parametrize("criteria", [{}, {"honest": "left"}, {"helpful": "left", "kind": "left"}])
def test_a_required_criterion_must_be_answered_and_an_unknown_one_is_refused(criteria: dict[str, str]) -> None:
    scene = stage(comparisons=1, criteria=ASKED)
    given = scene.given(scene.alice)
    with pytest.raises(InvalidJudgment) as refusal:
        scene.judge(given, criteria=criteria)
    assert list(refusal.value.fields) == ["criteria"]
    scene.judge(given, criteria={"helpful": "right", "honest": "tie"})
    assert Judgment.objects.get().criteria == {"helpful": given.right, "honest": "tie"}


def test_who_skips_is_not_asked_for_criteria() -> None:
    scene = stage(comparisons=1, criteria=ASKED)
    assert scene.judge(scene.given(scene.alice), "skip").criteria == {}


def test_a_skip_needs_to_be_allowed_and_its_reason_to_be_among_those_offered() -> None:
    scene = stage(comparisons=1, skip_reasons=["Too hard"])
    given = scene.given(scene.alice)
    with pytest.raises(InvalidJudgment, match="Too hard"):
        scene.judge(given, "skip", skip_reason="Boring")
    change_campaign(campaign=scene.campaign, allow_skip=False, acting_user=scene.maya, now=scene.now)
    with pytest.raises(InvalidJudgment, match="allows no skips"):
        scene.judge(given, "skip", skip_reason="Too hard")


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        ({"choice": "middle"}, "choice"),
        ({"choice": "a"}, "choice"),
        ({"choice": "tie"}, "choice"),
        ({"choice": "both_bad"}, "choice"),
        ({"strength": 2}, "strength"),
        ({"strength": 4}, "strength"),
        ({"key": ""}, "key"),
        ({"key": "k" * 65}, "key"),
        ({"key": "k\x00"}, "key"),
        ({"seconds": -1.0}, "seconds"),
        ({"seconds": float("nan")}, "seconds"),
        ({"seconds": float("inf")}, "seconds"),
        ({"seconds": 1e9}, "seconds"),
        ({"comment": "c" * 10_001}, "comment"),
        ({"comment": "\x00"}, "comment"),
        ({"comment": "\ud800"}, "comment"),
        ({"skip_reason": "I do not know"}, "skip_reason"),
        ({"criteria": {"helpful": "both_bad"}}, "criteria"),
        ({"criteria": {str(number): "left" for number in range(21)}}, "criteria"),
    ],
)
def test_an_answer_that_makes_no_sense_is_refused_and_changes_nothing(draft: dict[str, Any], field: str) -> None:
    scene = stage(comparisons=1, allow_tie=False, allow_both_bad=False)
    assignment = scene.given(scene.alice)
    with pytest.raises(InvalidJudgment) as refusal:
        scene.judge(assignment, draft.pop("choice", "left"), **draft)
    assert list(refusal.value.fields) == [field]
    assert not Judgment.objects.exists()
