"""The rules of a campaign: what it asks, allows and limits."""

from datetime import timedelta
from typing import Any

import pytest

from common.errors import Invalid
from labeling.actions.campaigns import TRANSITIONS, WrongStatus, change_campaign, change_campaign_status
from labeling.actions.curation import retire_comparison
from labeling.judging.acts import change_judgment, judge_and_continue, undo_judgment
from labeling.judging.assignments import NotOpen, next_assignments, renew_assignment
from labeling.judging.drafts import InvalidJudgment, JudgmentDraft
from labeling.judging.presentation import present_assignment
from labeling.judging.refusals import LeaseLost, NothingToUndo, TooLateToUndo, Withdrawn
from labeling.models import Assignment, Campaign, Comparison, Event, Judgment, Membership
from labeling.queries.progress import QUOTA_OF_TODAY_REACHED, QUOTA_REACHED
from labeling.tally import count_tally, read_tally
from tests.people import Stage, pair, person, stage

ASKED = [{"name": "helpful", "description": "Which helps more?", "required": True}, {"name": "honest"}]


def test_criteria_are_kept_in_order_with_what_was_left_out_filled_in() -> None:
    assert stage(criteria=ASKED).campaign.criteria == [
        {"name": "helpful", "description": "Which helps more?", "required": True},
        {"name": "honest", "description": "", "required": False},
    ]


@pytest.mark.parametrize(
    "criteria",
    [
        "helpful",
        [{"name": ""}],
        [{"name": "x" * 81}],
        [{"name": "a"}, {"name": "a "}],
        [{"name": "a", "required": "yes"}],
        [{"name": "a", "weight": 2}],
        [{"name": str(number)} for number in range(21)],
    ],
)
def test_criteria_that_make_no_sense_are_refused(criteria: Any) -> None:
    scene = stage()
    with pytest.raises(Invalid) as refusal:
        change_campaign(campaign=scene.campaign, criteria=criteria, acting_user=scene.maya, now=scene.now)
    assert list(refusal.value.fields) == ["criteria"]


@pytest.mark.parametrize("said", [{}, {"honest": "left"}, {"helpful": "left", "kind": "left"}])
def test_a_required_criterion_must_be_answered_and_an_unknown_one_is_refused(said: dict[str, str]) -> None:
    scene = stage(comparisons=1, criteria=ASKED)
    given = scene.given(scene.alice)
    with pytest.raises(InvalidJudgment) as refusal:
        scene.judge(given, criteria=said)
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
    ("rules", "field"),
    [
        ({"max_overlap": 1, "overlap": 3}, "max_overlap"),
        ({"quota": 5, "quota_per_day": 6}, "quota_per_day"),
        ({"quota": 0}, "quota"),
        ({"prefetch": 31}, "prefetch"),
        ({"order": "sideways"}, "order"),
        ({"gold_rate": 0.9}, "gold_rate"),
        ({"retest_after": 0}, "retest_after"),
        ({"verdict_threshold": 0.4}, "verdict_threshold"),
        ({"skip_reasons": ["a", "a"]}, "skip_reasons"),
        ({"skip_reasons": [str(number) for number in range(10)]}, "skip_reasons"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_by_name(rules: dict[str, Any], field: str) -> None:
    scene = stage()
    with pytest.raises(Invalid) as refusal:
        change_campaign(campaign=scene.campaign, **rules, acting_user=scene.maya, now=scene.now)
    assert field in refusal.value.fields


@pytest.mark.parametrize("blind", [True, False])
def test_annotators_are_told_the_model_only_where_the_campaign_is_not_blind(blind: bool) -> None:
    scene = stage(comparisons=1, blind=blind)
    shown = present_assignment(scene.given(scene.alice))
    assert (shown["left"]["model"], shown["right"]["model"]) == ((None, None) if blind else ("base", "base"))
    assert ("base" in str(shown)) is not blind


def order_of(scene: Stage) -> list[str]:
    found = []
    while given := scene.next(scene.alice):
        found.append(given.comparison.external_id)
        scene.judge(given)
    return found


@pytest.mark.parametrize(("order", "expected"), [("imported", list("abcdef")), ("newest", list("fedcba"))])
def test_comparisons_are_given_in_the_order_of_the_campaign(order: str, expected: list[str]) -> None:
    from dataclasses import replace

    scene = stage(order=order)
    drafts = [replace(pair(number), external_id=name) for number, name in enumerate("abcdef")]
    scene.add(drafts[:3])
    scene.add(drafts[3:])
    assert order_of(scene) == expected


def test_newest_first_holds_for_those_who_are_far_along_too() -> None:
    from dataclasses import replace

    scene = stage(order="newest")
    scene.add([replace(pair(number), external_id=str(number)) for number in range(4)])
    scene.judge(scene.given(scene.alice))
    scene.add([replace(pair(9), external_id="new")])
    assert order_of(scene) == ["new", "2", "1", "0"]


def test_who_brought_a_comparison_in_is_not_given_it_where_the_campaign_says_so() -> None:
    scene = stage(comparisons=2, may_judge_own=False)
    assert scene.next(scene.maya) is None
    assert scene.next(scene.ada) is not None


def test_a_quota_ends_what_one_annotator_is_given_and_says_so() -> None:
    scene = stage(comparisons=9, quota=3, quota_per_day=2)
    for _ in range(2):
        scene.judge(scene.given(scene.alice))
    result = next_assignments(campaign=scene.campaign, acting_user=scene.alice, now=scene.now)
    assert (result.held, result.progress.notice) == ([], QUOTA_OF_TODAY_REACHED)
    scene.now += timedelta(days=1)
    scene.judge(scene.given(scene.alice))
    result = next_assignments(campaign=scene.campaign, acting_user=scene.alice, now=scene.now)
    assert (result.held, result.progress.notice) == ([], QUOTA_REACHED)
    assert scene.next(scene.bob) is not None


def test_prefetching_holds_the_next_ones_too_and_fills_up_one_for_one() -> None:
    scene = stage(comparisons=10, overlap=2, prefetch=2)
    given = next_assignments(campaign=scene.campaign, acting_user=scene.alice, now=scene.now, ahead=9).held
    assert len(given) == len({one.comparison_id for one in given}) == 3
    first, second, third = given
    scene.wait(60)
    answered = judge_and_continue(
        assignment=first.pk, draft=JudgmentDraft("left", "k"), acting_user=scene.alice, now=scene.now, ahead=9
    )
    assert answered.next is not None
    assert [one.pk for one in answered.held[:2]] == [second.pk, third.pk]
    assert len(answered.held) == 3
    assert {one.expires_at for one in answered.held} == {scene.now + timedelta(seconds=scene.campaign.lease_seconds)}
    assert Assignment.objects.filter(annotator=scene.alice, status="leased").count() == 3
    undone = undo_judgment(assignment=first, acting_user=scene.alice, now=scene.now)
    assert undone.assignment.pk == first.pk
    assert Assignment.objects.filter(annotator=scene.alice, status="leased").count() == 3
    again = next_assignments(campaign=scene.campaign, acting_user=scene.alice, now=scene.now).held
    assert [one.pk for one in again] == [first.pk, second.pk, third.pk]


def test_prefetching_never_goes_beyond_the_quota() -> None:
    scene = stage(comparisons=10, prefetch=5, quota=2)
    given = next_assignments(campaign=scene.campaign, acting_user=scene.alice, now=scene.now, ahead=5).held
    assert len(given) == 2


def test_towards_the_end_nobody_holds_ahead_what_others_could_be_judging() -> None:
    scene = stage(comparisons=5, prefetch=5)
    first = next_assignments(campaign=scene.campaign, acting_user=scene.alice, now=scene.now, ahead=5).held
    others = next_assignments(campaign=scene.campaign, acting_user=scene.bob, now=scene.now, ahead=5).held
    assert (len(first), len(others)) == (3, 2)
    for given in first:
        answered = judge_and_continue(
            assignment=given.pk,
            draft=JudgmentDraft("left", f"{given.pk}"),
            acting_user=scene.alice,
            now=scene.now,
            ahead=5,
        )
    assert (answered.next, answered.held) == (None, [])


def test_who_wants_none_ahead_holds_one_whatever_the_campaign_allows() -> None:
    scene = stage(comparisons=10, prefetch=5)
    given = next_assignments(campaign=scene.campaign, acting_user=scene.alice, now=scene.now).held
    answered = judge_and_continue(
        assignment=given[0].pk, draft=JudgmentDraft("left", "k"), acting_user=scene.alice, now=scene.now
    )
    assert (len(given), len(answered.held)) == (1, 1)
    assert Assignment.objects.filter(annotator=scene.alice, status="leased").count() == 1


def test_a_lease_is_renewed_by_who_is_at_work_and_lost_once_it_was_taken_away() -> None:
    scene = stage(comparisons=1)
    given = scene.given(scene.alice)
    scene.wait(1000)
    until = renew_assignment(assignment=given, acting_user=scene.alice, now=scene.now)
    given.refresh_from_db()
    assert given.expires_at == until == scene.now + timedelta(seconds=scene.campaign.lease_seconds)
    scene.wait(scene.campaign.lease_seconds + 1)
    scene.given(scene.bob)
    with pytest.raises(LeaseLost):
        renew_assignment(assignment=given, acting_user=scene.alice, now=scene.now)


def test_what_is_judged_is_not_renewed() -> None:
    scene = stage(comparisons=1)
    given = scene.given(scene.alice)
    scene.judge(given)
    with pytest.raises(NotOpen):
        renew_assignment(assignment=given, acting_user=scene.alice, now=scene.now)


def test_a_lease_on_a_comparison_that_was_taken_out_is_not_renewed_and_its_answer_refused_with_a_sentence() -> None:
    scene = stage(comparisons=2)
    given = scene.given(scene.alice)
    retire_comparison(comparison=given.comparison, reason="Broken.", acting_user=scene.maya, now=scene.now)
    with pytest.raises(Withdrawn):
        renew_assignment(assignment=given, acting_user=scene.alice, now=scene.now)
    with pytest.raises(Withdrawn, match="taken out"):
        scene.judge(given)
    assert scene.given(scene.alice).pk != given.pk
    given.refresh_from_db()
    assert (given.status, given.slot) == ("released", None)
    assert Comparison.objects.get(pk=given.comparison_id).taken == 0


def test_a_judgment_is_changed_in_one_act_and_the_earlier_one_superseded() -> None:
    scene = stage(comparisons=2)
    given = scene.given(scene.alice)
    scene.vote(given, "a")
    side = "left" if given.left == "b" else "right"
    answered = change_judgment(
        assignment=given, draft=JudgmentDraft(side, "new"), acting_user=scene.alice, now=scene.now
    )
    again = change_judgment(assignment=given, draft=JudgmentDraft(side, "new"), acting_user=scene.alice, now=scene.now)
    assert (answered.is_new, again.is_new, again.judgment.pk) == (True, False, answered.judgment.pk)
    comparison = Comparison.objects.get(pk=given.comparison_id)
    assert (comparison.votes, comparison.verdict.winner) == ({"b": 1}, "b")
    assert Judgment.objects.filter(assignment=given, superseded_at=None).count() == 1
    assert Membership.objects.get(user=scene.alice).judged == 1
    event = Event.objects.get(verb="judgment.changed")
    assert (event.before["choice"], event.after["choice"]) == ("a", "b")
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)


def test_a_judgment_becomes_a_skip_and_the_place_is_free() -> None:
    scene = stage(comparisons=1)
    given = scene.given(scene.alice)
    scene.vote(given, "a")
    change_judgment(assignment=given, draft=JudgmentDraft("skip", "new"), acting_user=scene.alice, now=scene.now)
    comparison = Comparison.objects.get()
    assert (comparison.status, comparison.taken, comparison.judged) == ("open", 0, 0)
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)


def test_changing_has_an_end_and_needs_something_to_change() -> None:
    scene = stage(comparisons=2, undo_seconds=60)
    given = scene.given(scene.alice)
    with pytest.raises(NothingToUndo):
        change_judgment(assignment=given, draft=JudgmentDraft("left", "k"), acting_user=scene.alice, now=scene.now)
    scene.judge(given)
    scene.wait(61)
    with pytest.raises(TooLateToUndo, match="60 seconds"):
        change_judgment(assignment=given, draft=JudgmentDraft("right", "k"), acting_user=scene.alice, now=scene.now)


@pytest.mark.parametrize("before", Campaign.Status.values)
@pytest.mark.parametrize("after", Campaign.Status.values)
def test_every_way_from_a_status_to_another_is_open_or_refused_with_the_ways_there_are(before: str, after: str) -> None:
    scene = stage()
    Campaign.objects.update(status=before)

    def change() -> Campaign:
        return change_campaign_status(campaign=scene.campaign, status=after, acting_user=scene.maya, now=scene.now)

    if after == before or after in TRANSITIONS[before]:
        assert change().status == after
    else:
        with pytest.raises(WrongStatus, match=f"cannot become {after}"):
            change()


def test_an_expert_adjudicates_and_runs_nothing() -> None:
    from labeling.access import adjudicates, leads

    scene = stage()
    expert = person("erin")
    scene.join(expert, role="expert")
    assert adjudicates(expert, scene.campaign)
    assert not leads(expert, scene.campaign)
    assert not adjudicates(scene.alice, scene.campaign)
