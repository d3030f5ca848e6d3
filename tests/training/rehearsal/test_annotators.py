"""Simulated annotators: they judge by the rule, err as often as told, and are never counted as people."""

import pytest

from labeling.models import Judgment, User
from tests.people import NOON, Stage, stage
from training.rehearsal import PREFERENCE_RULES, judge_by_rule
from training.rehearsal.annotators import simulated_people

RULE = PREFERENCE_RULES["shorter"]


@pytest.fixture
def rehearsing(db: None) -> tuple[Stage, User]:
    _lead, (annotator,) = simulated_people(1, now=NOON)
    on_stage = stage(comparisons=8)
    on_stage.join(annotator)
    return on_stage, annotator


@pytest.mark.parametrize(("error_rate", "agree"), [(0.0, True), (1.0, False)])
def test_the_error_rate_decides_between_the_rule_and_its_opposite(
    rehearsing: tuple[Stage, User], error_rate: float, agree: bool
) -> None:
    on_stage, annotator = rehearsing
    campaign = on_stage.campaign
    judged = judge_by_rule(
        campaign=campaign, annotator=annotator, rule=RULE, error_rate=error_rate, seed=1, now=on_stage.now
    )
    assert judged == 8
    for judgment in Judgment.objects.select_related("comparison__completion_a", "comparison__completion_b"):
        comparison = judgment.comparison
        preferred = RULE.prefers(comparison.completion_a.text, comparison.completion_b.text)
        if preferred == "tie":
            assert judgment.choice == "tie"
        else:
            assert (judgment.choice == ("a" if preferred == "first" else "b")) is agree


def test_the_same_simulated_people_are_used_again(db: None) -> None:
    lead, annotators = simulated_people(2, now=NOON)
    assert simulated_people(2, now=NOON) == (lead, annotators)
    assert all(user.is_simulated for user in (lead, *annotators))
