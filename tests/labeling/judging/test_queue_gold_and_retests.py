"""Gold measures annotators without their knowing; retests show how steady they are. Neither is ever a vote."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from labeling.actions.curation import WrongComparisonStatus, make_gold, unmake_gold
from labeling.actions.members import resume_member
from labeling.judging.acts import change_judgment, judge_and_continue, undo_judgment
from labeling.judging.assignments import next_assignments, release_assignment
from labeling.judging.drafts import JudgmentDraft
from labeling.judging.presentation import present_assignment
from labeling.models import Assignment, Comparison, Event, Gold, Judgment, Membership, User, Verdict
from labeling.queries.agreement import vote_patterns
from labeling.queries.progress import PAUSED, WARNED
from labeling.queries.verdicts import verdict_records
from labeling.tally import count_tally, read_tally
from tests.people import Stage, pair, stage


@pytest.fixture
def always_gold(monkeypatch: pytest.MonkeyPatch) -> None:
    """The draw always says gold (or retest) where the campaign has a rate at all."""
    monkeypatch.setattr("labeling.judging.queue.random.random", lambda: 0.0)


def with_gold(count: int = 1, comparisons: int = 0, **rules: Any) -> Stage:
    """A campaign with so many gold comparisons (the second one is right) and others."""
    scene = stage(comparisons=comparisons, **({"gold_rate": 0.5} | rules))
    scene.add([replace(pair(1000 + number), gold="second") for number in range(count)])
    return scene


def member(scene: Stage, user: User) -> Membership:
    return Membership.objects.get(campaign=scene.campaign, user=user)


def right_side(assignment: Assignment) -> str:
    return "left" if Gold.objects.get(comparison=assignment.comparison_id).winner == assignment.left else "right"


def wrong_side(assignment: Assignment) -> str:
    return "right" if right_side(assignment) == "left" else "left"


@pytest.mark.usefixtures("always_gold")
def test_gold_is_given_to_every_annotator_once_and_counts_for_them_alone() -> None:
    scene = with_gold(2, overlap=1)
    for user in (scene.alice, scene.bob):
        for _ in range(2):
            given = scene.given(user)
            assert (given.kind, given.slot) == ("gold", None)
            scene.judge(given, right_side(given))
        assert scene.next(user) is None
        seat = member(scene, user)
        assert (seat.gold_right, seat.gold_total, seat.judged) == (2, 2, 2)
    assert not Verdict.objects.exists()
    assert scene.pairs() == []
    assert list(verdict_records(scene.campaign)) == []
    assert vote_patterns(scene.campaign) == {}
    assert set(Comparison.objects.values_list("judged", "taken")) == {(0, 0)}
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)
    assert read_tally(scene.campaign.pk).comparisons == 0


@pytest.mark.usefixtures("always_gold")
def test_a_wrong_answer_to_gold_counts_as_wrong_and_undoing_it_takes_that_back() -> None:
    scene = with_gold()
    given = scene.given(scene.alice)
    scene.judge(given, wrong_side(given))
    assert (member(scene, scene.alice).gold_right, member(scene, scene.alice).gold_total) == (0, 1)
    undo_judgment(assignment=given, acting_user=scene.alice, now=scene.now)
    assert (member(scene, scene.alice).gold_total, member(scene, scene.alice).judged) == (0, 0)
    scene.judge(given, right_side(given))
    assert (member(scene, scene.alice).gold_right, member(scene, scene.alice).gold_total) == (1, 1)


@pytest.mark.usefixtures("always_gold")
def test_nothing_that_an_annotator_is_shown_tells_gold_from_the_others() -> None:
    scene = with_gold(1, comparisons=30, overlap=1)
    gold = scene.given(scene.alice)
    assert gold.kind == "gold"
    first = judge_and_continue(
        assignment=gold.pk, draft=JudgmentDraft("left", "1"), acting_user=scene.alice, now=scene.now
    )
    normal = first.next
    assert normal is not None
    assert normal.kind == "normal"
    second = judge_and_continue(
        assignment=normal.pk, draft=JudgmentDraft("left", "2"), acting_user=scene.alice, now=scene.now
    )
    assert set(present_assignment(gold)) == set(present_assignment(normal))
    assert "gold" not in str(present_assignment(gold))
    assert first.progress.settled == second.progress.settled == 0  # in steps: settling something cannot be seen
    assert second.progress.judged == first.progress.judged + 1


@pytest.mark.usefixtures("always_gold")
def test_after_an_undo_the_gold_that_was_given_comes_again_like_any_other_would() -> None:
    scene = with_gold(1, comparisons=5)
    scene.campaign.gold_rate = 0
    scene.campaign.save()
    first = scene.given(scene.alice)
    scene.campaign.gold_rate = 0.5
    scene.campaign.save()
    scene.judge(first)
    gold = scene.given(scene.alice)
    assert gold.kind == "gold"
    undone = undo_judgment(assignment=first, acting_user=scene.alice, now=scene.now)
    assert undone.assignment.pk == first.pk
    result = judge_and_continue(
        assignment=first.pk, draft=JudgmentDraft("right", "again"), acting_user=scene.alice, now=scene.now
    )
    assert result.next is not None
    assert result.next.pk == gold.pk


@pytest.mark.usefixtures("always_gold")
def test_nobody_is_given_gold_that_they_brought_in_or_wrote_the_answer_of() -> None:
    scene = with_gold()
    assert scene.next(scene.maya) is None  # she brought it in
    assert scene.given(scene.ada).kind == "gold"


@pytest.mark.usefixtures("always_gold")
@pytest.mark.parametrize(("action", "notice"), [("warn", WARNED), ("pause", PAUSED)])
def test_an_annotator_whose_gold_is_surely_too_often_wrong_is_warned_or_paused(action: str, notice: str) -> None:
    scene = with_gold(8, gold_action=action, gold_minimum=3, gold_threshold=0.7)
    judged = 0
    while given := scene.next(scene.alice):
        scene.judge(given, wrong_side(given))
        judged += 1
    assert judged == (3 if action == "pause" else 8)  # of 0 in 3 the interval ends at 0.56, of 0 in 2 nobody asks yet
    event = Event.objects.get(verb="member.paused" if action == "pause" else "member.warned")
    assert (event.actor, event.after["gold_total"]) == (None, 3)
    progress = next_assignments(campaign=scene.campaign, acting_user=scene.alice, now=scene.now).progress
    assert progress.notice == notice
    assert scene.given(scene.bob).kind == "gold"
    resume_member(campaign=scene.campaign, user=scene.alice, acting_user=scene.maya, now=scene.now)
    seat = member(scene, scene.alice)
    assert (seat.paused_at, seat.warned_at, seat.gold_total) == (None, None, 0)
    assert (scene.next(scene.alice) is not None) == (action == "pause")


@pytest.mark.usefixtures("always_gold")
def test_good_answers_to_gold_lead_to_nothing() -> None:
    scene = with_gold(6, gold_action="pause", gold_minimum=2, gold_threshold=0.9)
    for _ in range(6):
        given = scene.given(scene.alice)
        scene.judge(given, right_side(given))
    assert member(scene, scene.alice).paused_at is None


def test_a_comparison_made_gold_leaves_totals_verdicts_and_exports_and_comes_back_with_its_votes() -> None:
    scene = stage(comparisons=2)
    (settled, _) = scene.settle(["a", "b"])
    make_gold(comparison=settled, winner="b", reason="Both were wrong.", acting_user=scene.maya, now=scene.now)
    assert len(scene.pairs()) == 1
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)
    assert read_tally(scene.campaign.pk).comparisons == 1
    event = Event.objects.get(verb="comparison.made_gold")
    assert event.before["verdict"]["winner"] == "a"
    unmade = unmake_gold(comparison=settled, acting_user=scene.maya, now=scene.now)
    assert unmade.status == "settled"
    assert Verdict.objects.get(comparison=settled).winner == "a"
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)
    with pytest.raises(WrongComparisonStatus):
        unmake_gold(comparison=settled, acting_user=scene.maya, now=scene.now)


def retesting(**rules: Any) -> Stage:
    return stage(comparisons=12, overlap=2, retest_rate=0.5, retest_after=3, **rules)


@pytest.mark.usefixtures("always_gold")
def test_a_retest_comes_after_enough_judgments_with_the_sides_exchanged_and_counts_in_nothing() -> None:
    scene = retesting()
    kinds: list[str] = []
    for _ in range(10):
        given = scene.given(scene.alice)
        kinds.append(given.kind)
        if given.kind == "retest":
            first = Assignment.objects.get(comparison=given.comparison, annotator=scene.alice, kind="normal")
            assert given.left != first.left
            later = Judgment.objects.filter(kind="normal", pk__gt=first.judgments.get().pk)
            assert later.count() >= 3
        scene.vote(given, "a")
    assert kinds[:4] == ["normal"] * 4
    counted = Counter(kinds)
    assert counted["retest"] > 0
    assert read_tally(scene.campaign.pk).judgments == counted["normal"]
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)
    assert sum(vote_patterns(scene.campaign).values()) == counted["normal"]
    assert set(Comparison.objects.filter(judged__gt=0).values_list("judged", flat=True)) == {1}
    assert member(scene, scene.alice).judged == 10
    twice = Counter(Assignment.objects.filter(kind="retest").values_list("comparison", flat=True))
    assert set(twice.values()) == {1}


@pytest.mark.usefixtures("always_gold")
def test_a_retest_can_be_changed_and_the_verdict_does_not_care() -> None:
    scene = retesting()
    given = scene.given(scene.alice)
    while given.kind != "retest":
        scene.vote(given, "a")
        given = scene.given(scene.alice)
    scene.vote(given, "b")
    side = "left" if given.left == "a" else "right"
    change = change_judgment(
        assignment=given, draft=JudgmentDraft(side, "changed"), acting_user=scene.alice, now=scene.now
    )
    assert (change.kind, change.choice) == ("retest", "a")
    assert Judgment.objects.filter(assignment=given).count() == 2
    assert Comparison.objects.get(pk=given.comparison_id).votes == {"a": 1}


def test_the_database_refuses_a_second_retest_and_a_retest_that_holds_a_place() -> None:
    scene = stage(comparisons=1)
    given = scene.given(scene.alice)

    def beside(**values: Any) -> None:
        with transaction.atomic():
            Assignment.objects.create(
                comparison=given.comparison,
                campaign=scene.campaign,
                annotator=scene.alice,
                left="a",
                status="leased",
                leased_at=scene.now,
                expires_at=scene.now,
                **values,
            )

    beside(kind="retest")
    for wrong in ({"kind": "retest"}, {"kind": "gold"}, {"kind": "normal", "slot": 2}):
        with pytest.raises(IntegrityError):
            beside(**wrong)
    with pytest.raises(IntegrityError), transaction.atomic():
        Assignment.objects.filter(kind="retest").update(slot=5)


@pytest.mark.usefixtures("always_gold")
def test_gold_that_was_released_comes_back_after_the_rest_as_every_other_pair_does() -> None:
    scene = with_gold(2, overlap=1)
    first = scene.given(scene.alice)
    release_assignment(assignment=first, acting_user=scene.alice, now=scene.now)
    second = scene.given(scene.alice)
    assert second.comparison_id != first.comparison_id
    scene.judge(second, wrong_side(second))
    again = scene.given(scene.alice)
    assert (again.comparison_id, again.kind, again.left) == (first.comparison_id, "gold", first.left)
    scene.judge(again, wrong_side(again))
    assert scene.next(scene.alice) is None
    assert member(scene, scene.alice).gold_total == 2
