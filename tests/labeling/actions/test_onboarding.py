"""Reading the guidelines, practising and qualifying, before anything is assigned."""

from collections import Counter
from typing import Any

import pytest

from common.errors import Invalid
from labeling.access import CampaignArchived, CampaignNotFound
from labeling.actions.campaigns import change_campaign, write_guidelines
from labeling.actions.onboarding import (
    AlreadyAnswered,
    AttemptUnderWay,
    GuidelinesMoved,
    NoAttemptLeft,
    NoNeedToQualify,
    NoSuchAnswer,
    NothingToPractise,
    answer_practice,
    next_pair,
    read_guidelines,
    start_round,
)
from labeling.actions.practice import unmake_practice
from labeling.judging.drafts import as_displayed
from labeling.models import (
    Assignment,
    Campaign,
    Comparison,
    Event,
    GuidelineReading,
    Judgment,
    Membership,
    PracticeRound,
)
from labeling.queries.standing import standing_of
from labeling.tally import read_tally
from tests.labeling.practising import PRACTICE, QUALIFICATION, go_through, mark, read
from tests.people import Stage, stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Stage:
    return stage(comparisons=12)


def qualifying(scene: Stage, pairs: int = 4, right: int = 3, attempts: int = 2) -> None:
    """Demands a qualification on that many of six marked pairs."""
    mark(scene, 6, QUALIFICATION)
    rules: Any = {"qualification_pairs": pairs, "qualification_right": right, "qualification_attempts": attempts}
    scene.campaign = change_campaign(campaign=scene.campaign, acting_user=scene.maya, now=scene.now, **rules)


def test_reading_is_recorded_once_per_person_and_version(scene: Stage) -> None:
    write_guidelines(campaign=scene.campaign, text="Be kind.", acting_user=scene.maya, now=scene.now)
    read(scene, scene.alice)
    read(scene, scene.alice)
    read(scene, scene.bob)
    assert GuidelineReading.objects.count() == 2
    assert Event.objects.filter(verb="guidelines.read", actor=scene.alice).count() == 1
    assert Membership.objects.get(campaign=scene.campaign, user=scene.alice).read_version == 1


def test_nobody_reads_practises_or_answers_in_an_archived_campaign(scene: Stage) -> None:
    write_guidelines(campaign=scene.campaign, text="Be kind.", acting_user=scene.maya, now=scene.now)
    mark(scene, 2, PRACTICE)
    by: Any = {"acting_user": scene.alice, "now": scene.now}
    round_ = start_round(campaign=scene.campaign, use=PRACTICE, **by)
    answer = round_.answers.first()
    assert answer is not None
    Campaign.objects.filter(pk=scene.campaign.pk).update(status="archived")
    with pytest.raises(CampaignArchived):
        read_guidelines(campaign=scene.campaign, number=1, **by)
    with pytest.raises(CampaignArchived):
        start_round(campaign=scene.campaign, use=PRACTICE, **by)
    with pytest.raises(CampaignArchived):
        answer_practice(answer=answer.pk, choice="left", **by)


def test_only_the_newest_version_can_be_read(scene: Stage) -> None:
    by: Any = {"campaign": scene.campaign, "acting_user": scene.alice, "now": scene.now}
    with pytest.raises(Invalid):
        read_guidelines(number=1, **by)
    for text in ("Be kind.", "Be kind and true."):
        write_guidelines(campaign=scene.campaign, text=text, acting_user=scene.maya, now=scene.now)
    with pytest.raises(GuidelinesMoved, match="newer version, 2"):
        read_guidelines(number=1, **by)
    with pytest.raises(CampaignNotFound):
        read_guidelines(campaign=scene.campaign, number=2, acting_user=scene.charlie, now=scene.now)


def test_practice_counts_for_nothing(scene: Stage) -> None:
    mark(scene, 3)
    before = read_tally(scene.campaign.pk)
    practised = go_through(scene, scene.alice, PRACTICE, right=2)
    assert (practised.right, practised.total, practised.is_passed) == (2, 3, True)
    assert not Judgment.objects.exists()
    assert not Assignment.objects.exists()
    assert read_tally(scene.campaign.pk) == before
    assert before.comparisons == 9
    assert Membership.objects.get(campaign=scene.campaign, user=scene.alice).judged == 0
    assert Event.objects.get(verb="practice.finished").after["right"] == 2


def test_practice_shows_all_pairs_in_the_leads_order_on_sides_that_are_drawn(scene: Stage) -> None:
    marked = mark(scene, 6)
    lefts: Counter[str] = Counter()
    for annotator in (scene.alice, scene.bob, *scene.crowd(10)):
        round_ = start_round(campaign=scene.campaign, use=PRACTICE, acting_user=annotator, now=scene.now)
        answers = list(round_.answers.order_by("position"))
        assert [answer.comparison_id for answer in answers] == [one.pk for one in marked]
        balance = sum(1 if answer.left == "a" else -1 for answer in answers)
        assert abs(balance) <= 3
        lefts.update(answer.left for answer in answers)
    assert min(lefts["a"], lefts["b"]) > 12  # of 72


def test_a_round_that_is_under_way_goes_on(scene: Stage) -> None:
    mark(scene, 2)
    by: Any = {"campaign": scene.campaign, "use": PRACTICE, "acting_user": scene.alice, "now": scene.now}
    assert start_round(**by) == start_round(**by)
    assert PracticeRound.objects.count() == 1


def test_an_answer_is_given_once(scene: Stage) -> None:
    mark(scene, 2)
    by: Any = {"acting_user": scene.alice, "now": scene.now}
    round_ = start_round(campaign=scene.campaign, use=PRACTICE, **by)
    pair = next_pair(round_=round_, **by)
    assert pair is not None
    first = answer_practice(answer=pair.pk, choice="left", **by)
    assert answer_practice(answer=pair.pk, choice="left", **by) == first
    with pytest.raises(AlreadyAnswered):
        answer_practice(answer=pair.pk, choice="right", **by)
    with pytest.raises(NoSuchAnswer):
        answer_practice(answer=pair.pk, choice="left", acting_user=scene.bob, now=scene.now)


def test_practice_asks_for_what_judging_asks_for_and_scores_the_choice(scene: Stage) -> None:
    rules: Any = {"scale": "strength", "criteria": [{"name": "Correct", "required": True}]}
    change_campaign(campaign=scene.campaign, acting_user=scene.maya, now=scene.now, **rules)
    mark(scene, 1)
    by: Any = {"acting_user": scene.alice, "now": scene.now}
    pair = next_pair(round_=start_round(campaign=scene.campaign, use=PRACTICE, **by), **by)
    assert pair is not None
    given: Any = {"answer": pair.pk, "choice": as_displayed("a", pair.left), "strength": 2}
    wrongs: list[Any] = [{}, {"criteria": {"Polite": "left"}}, {"criteria": {"Correct": "a"}}]
    for wrong in wrongs:
        with pytest.raises(Invalid):
            answer_practice(**given, **wrong, **by)
    answered = answer_practice(**given, criteria={"Correct": "left"}, **by)
    assert (answered.is_right, answered.strength, answered.criteria) == (True, 2, {"Correct": pair.left})
    assert answer_practice(**given, criteria={"Correct": "left"}, **by) == answered
    with pytest.raises(AlreadyAnswered):
        answer_practice(**given, criteria={"Correct": "tie"}, **by)


@pytest.mark.parametrize("choice", ["skip", "a", "", "both_bad"])
def test_an_answer_that_is_not_offered_is_refused(scene: Stage, choice: str) -> None:
    change_campaign(campaign=scene.campaign, allow_both_bad=False, acting_user=scene.maya, now=scene.now)
    mark(scene, 1)
    by: Any = {"acting_user": scene.alice, "now": scene.now}
    pair = next_pair(round_=start_round(campaign=scene.campaign, use=PRACTICE, **by), **by)
    assert pair is not None
    with pytest.raises(Invalid):
        answer_practice(answer=pair.pk, choice=choice, **by)


def test_practice_needs_pairs(scene: Stage) -> None:
    with pytest.raises(NothingToPractise):
        start_round(campaign=scene.campaign, use=PRACTICE, acting_user=scene.alice, now=scene.now)


def test_enough_right_answers_qualify(scene: Stage) -> None:
    qualifying(scene)
    failed = go_through(scene, scene.alice, QUALIFICATION, right=2)
    assert (failed.right, failed.total, failed.is_passed) == (2, 4, False)
    assert scene_standing(scene) == ("qualify", 1)
    passed = go_through(scene, scene.alice, QUALIFICATION, right=3)
    assert passed.is_passed
    assert scene_standing(scene) == (None, 0)
    verbs = list(Event.objects.filter(verb__startswith="qualification").order_by("pk").values_list("verb", flat=True))
    assert verbs == ["qualification.failed", "qualification.passed"]
    with pytest.raises(NoNeedToQualify):
        go_through(scene, scene.alice, QUALIFICATION, right=3)


def scene_standing(scene: Stage) -> tuple[str | None, int | None]:
    """Alice's next step and attempts left."""
    standing = standing_of(scene.reload(), scene.alice)
    assert standing is not None
    return standing.step, standing.attempts_left


def test_attempts_are_limited_and_draw_pairs_that_were_met_least(scene: Stage) -> None:
    qualifying(scene, pairs=3)
    attempts = [go_through(scene, scene.alice, QUALIFICATION, right=0) for _ in range(2)]
    drawn = [set(one.answers.values_list("comparison", flat=True)) for one in attempts]
    assert not drawn[0] & drawn[1]
    with pytest.raises(NoAttemptLeft):
        go_through(scene, scene.alice, QUALIFICATION, right=3)
    assert standing_of(scene.campaign, scene.alice).is_stuck  # type: ignore[union-attr]
    change_campaign(campaign=scene.campaign, qualification_attempts=0, acting_user=scene.maya, now=scene.now)
    scene.reload()
    assert go_through(scene, scene.alice, QUALIFICATION, right=3).is_passed


def test_an_attempt_under_way_cannot_be_given_up_for_practice(scene: Stage) -> None:
    mark(scene, 2)
    qualifying(scene)
    go_through(scene, scene.alice, PRACTICE, right=2)
    start_round(campaign=scene.campaign, use=QUALIFICATION, acting_user=scene.alice, now=scene.now)
    with pytest.raises(AttemptUnderWay):
        start_round(campaign=scene.campaign, use=PRACTICE, acting_user=scene.alice, now=scene.now)


def test_a_round_goes_on_without_pairs_that_were_taken_out(scene: Stage) -> None:
    marked = mark(scene, 3)
    by: Any = {"acting_user": scene.alice, "now": scene.now}
    round_ = start_round(campaign=scene.campaign, use=PRACTICE, **by)
    pair = next_pair(round_=round_, **by)
    assert pair is not None
    answer_practice(answer=pair.pk, choice="left", **by)
    for one in marked[1:]:
        unmake_practice(comparison=one, acting_user=scene.maya, now=scene.now)
    assert next_pair(round_=round_, **by) is None
    round_.refresh_from_db()
    assert (round_.total, round_.finished_at) == (1, scene.now)


def test_an_attempt_of_which_no_pair_is_left_never_took_place(scene: Stage) -> None:
    qualifying(scene, pairs=1, right=1)
    by: Any = {"acting_user": scene.alice, "now": scene.now}
    round_ = start_round(campaign=scene.campaign, use=QUALIFICATION, **by)
    drawn = Comparison.objects.get(practice_answers__round=round_)
    unmake_practice(comparison=drawn, acting_user=scene.maya, now=scene.now)
    assert next_pair(round_=round_, **by) is None
    assert scene_standing(scene) == ("qualify", 2)


def test_a_round_from_before_a_demand_does_not_meet_it(scene: Stage) -> None:
    mark(scene, 1)
    by: Any = {"acting_user": scene.alice, "now": scene.now}
    begun = start_round(campaign=scene.campaign, use=PRACTICE, **by)
    scene.wait(1)
    write_guidelines(campaign=scene.campaign, text="New.", demand="practise", acting_user=scene.maya, now=scene.now)
    read(scene, scene.alice)
    scene.wait(1)
    again = start_round(campaign=scene.campaign, use=PRACTICE, acting_user=scene.alice, now=scene.now)
    assert again.pk != begun.pk
