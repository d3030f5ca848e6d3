"""Simulated annotators: they judge by the rule, err as often as told, and are never counted as people."""

import pytest

from labeling.actions.campaigns import change_campaign
from labeling.actions.members import add_member
from labeling.models import Campaign, Judgment, User
from labeling.queries.agreement import agreement
from tests.people import NOON, Stage, stage
from tests.training.conftest import NOW, QUESTIONS, add_written_pairs
from training.rehearsal import PREFERENCE_RULES, Annotator
from training.rehearsal.annotators import poisoned_people, simulated_people
from training.rehearsal.figures import verdict_accuracy

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
    on_stage, person = rehearsing
    judged = Annotator(person, RULE, error_rate, seed=1).judge_all(on_stage.campaign, now=on_stage.now)
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
    crowd = poisoned_people(2, now=NOON)
    assert not set(crowd) & set(annotators)
    assert all(user.is_simulated and not user.has_usable_password() for user in (lead, *annotators, *crowd))


@pytest.fixture
def judged_by_three(campaign: Campaign) -> Campaign:
    """A campaign with written pairs and three simulated members."""
    change_campaign(campaign=campaign, acting_user=None, now=NOW, overlap=3)
    campaign.refresh_from_db()
    add_written_pairs(campaign, per_prompt=3)
    for annotator in simulated_people(3, now=NOW)[1]:
        add_member(campaign=campaign, user=annotator, role="annotator", acting_user=None, now=NOW)
    return campaign


def judge_with_three(campaign: Campaign, error_rate: float) -> None:
    for person in simulated_people(3, now=NOW)[1]:
        Annotator(person, RULE, error_rate, seed=1).judge_all(campaign, now=NOW)


def test_annotators_who_never_err_say_what_the_rule_says(judged_by_three: Campaign) -> None:
    judge_with_three(judged_by_three, 0.0)

    figures = verdict_accuracy(judged_by_three, RULE)
    assert (figures["value"], figures["verdicts"]) == (1.0, 3 * len(QUESTIONS))
    assert Judgment.objects.filter(campaign=judged_by_three).count() == 9 * len(QUESTIONS)


def test_the_error_rate_is_kept_and_the_majority_corrects_most_of_it(judged_by_three: Campaign) -> None:
    judge_with_three(judged_by_three, 0.25)

    judgments = Judgment.objects.filter(campaign=judged_by_three).exclude(choice__in=["tie"])
    by_rule = {
        comparison.pk: "a" if len(comparison.completion_a.text) < len(comparison.completion_b.text) else "b"
        for comparison in judged_by_three.comparisons.select_related("completion_a", "completion_b")
    }
    errors = sum(judgment.choice != by_rule[judgment.comparison_id] for judgment in judgments)
    assert errors / judgments.count() == pytest.approx(0.25, abs=0.1)
    accuracy = verdict_accuracy(judged_by_three, RULE)["value"]
    assert 0.25 < 1 - errors / judgments.count() < accuracy < 1.0  # 3 votes: 0.844 expected
    assert agreement(judged_by_three).alpha_nominal.value is None  # no person has judged
    assert agreement(judged_by_three, include_simulated=True).alpha_nominal.value is not None
