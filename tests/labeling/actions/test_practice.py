"""Marking comparisons for practice and for the qualification."""

from typing import Any

import pytest

from common.errors import Invalid, NotAllowed
from labeling.actions.campaigns import change_campaign
from labeling.actions.curation import WrongComparisonStatus, make_gold, restore_comparison, retire_comparison
from labeling.actions.practice import (
    PracticeDraft,
    QualificationNeedsPairs,
    add_practice,
    make_practice,
    unmake_practice,
)
from labeling.models import Comparison, Event, Gold, PracticePair, Verdict
from labeling.tally import read_tally
from tests.labeling.practising import PRACTICE, QUALIFICATION, mark
from tests.people import Stage, pair, stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Stage:
    return stage(comparisons=4)


def test_a_settled_comparison_leaves_the_totals_and_comes_back(scene: Stage) -> None:
    settled = scene.settle(["a"])[0]
    before = read_tally(scene.campaign.pk)
    by: Any = {"acting_user": scene.maya, "now": scene.now}
    make_practice(comparison=settled, winner="b", explanation=" It is true. ", **by)
    marked = PracticePair.objects.get()
    assert (marked.winner, marked.explanation, marked.use) == ("b", "It is true.", PRACTICE)
    assert read_tally(scene.campaign.pk).comparisons == before.comparisons - 1
    assert not scene.pairs()
    assert scene.reload().practice_pairs == 1
    unmake_practice(comparison=settled, **by)
    assert read_tally(scene.campaign.pk) == before
    assert Verdict.objects.get().winner == "a"
    assert scene.reload().practice_pairs == 0
    verbs = Event.objects.filter(subject_id=str(settled.pk), subject_type="comparison").values_list("verb", flat=True)
    assert {"comparison.made_practice", "comparison.unmade_practice"} <= set(verbs)


def test_nobody_is_given_a_practice_pair_to_judge(scene: Stage) -> None:
    mark(scene, 4)
    scene.settle([])
    change_campaign(campaign=scene.campaign, gold_rate=0.5, acting_user=scene.maya, now=scene.now)
    scene.add([pair(100)])
    member = scene.campaign.memberships.get(user=scene.alice)
    member.practised_at = scene.now
    member.save()
    given = scene.given(scene.alice)
    assert given.comparison.status == Comparison.Status.OPEN
    scene.judge(given)
    assert scene.next(scene.alice) is None


def test_gold_stops_being_gold(scene: Stage) -> None:
    one = scene.campaign.comparisons.first()
    assert one is not None
    by: Any = {"acting_user": scene.maya, "now": scene.now}
    make_gold(comparison=one, winner="a", **by)
    make_practice(comparison=one, winner="a", **by)
    assert not Gold.objects.exists()
    assert Event.objects.get(verb="comparison.made_practice").before["gold"] == "a"


def test_a_mark_can_be_changed_and_keeps_its_place(scene: Stage) -> None:
    first, second = mark(scene, 2)
    scene.wait(60)
    by: Any = {"acting_user": scene.maya, "now": scene.now}
    make_practice(comparison=first, winner="tie", explanation="Equal.", use=QUALIFICATION, **by)
    changed = PracticePair.objects.get(comparison=first)
    assert (changed.winner, changed.use) == ("tie", QUALIFICATION)
    assert changed.set_at == PracticePair.objects.get(comparison=second).set_at
    campaign = scene.reload()
    assert (campaign.practice_pairs, campaign.qualification_pool) == (1, 1)


def test_practice_pairs_are_neither_retired_nor_made_gold(scene: Stage) -> None:
    one = mark(scene, 1)[0]
    by: Any = {"acting_user": scene.maya, "now": scene.now}
    with pytest.raises(WrongComparisonStatus, match="out of practice first"):
        retire_comparison(comparison=one, reason="Bad.", **by)
    with pytest.raises(WrongComparisonStatus, match="out of practice first"):
        make_gold(comparison=one, winner="a", **by)


def test_what_cannot_be_marked(scene: Stage) -> None:
    one, other = scene.campaign.comparisons.order_by("pk")[:2]
    by: Any = {"acting_user": scene.maya, "now": scene.now}
    change_campaign(campaign=scene.campaign, allow_tie=False, **by)
    wrongs: list[Any] = [
        {"winner": "tie"},
        {"winner": "c"},
        {"winner": "a", "use": "exam"},
        {"winner": "a", "explanation": "\0"},
        {"winner": "a", "strength": 1},
        {"winner": "a", "criteria": {"Correct": "a"}},
    ]
    for wrong in wrongs:
        with pytest.raises(Invalid):
            make_practice(comparison=one, **wrong, **by)
    with pytest.raises(NotAllowed):
        make_practice(comparison=one, winner="a", acting_user=scene.alice, now=scene.now)
    retire_comparison(comparison=other, reason="Bad.", **by)
    with pytest.raises(WrongComparisonStatus):
        make_practice(comparison=other, winner="a", **by)
    restore_comparison(comparison=other, **by)
    with pytest.raises(WrongComparisonStatus):
        unmake_practice(comparison=other, **by)


def test_a_known_answer_may_name_strength_and_criteria(scene: Stage) -> None:
    one = scene.campaign.comparisons.earliest("pk")
    by: Any = {"comparison": one, "acting_user": scene.maya, "now": scene.now}
    rules: Any = {"scale": "strength", "criteria": [{"name": "Correct"}]}
    change_campaign(campaign=scene.campaign, acting_user=scene.maya, now=scene.now, **rules)
    pair = make_practice(winner="a", strength=2, criteria={"Correct": "tie"}, **by)
    assert (pair.strength, pair.criteria) == (2, {"Correct": "tie"})
    wrongs: list[Any] = [{"winner": "tie", "strength": 1}, {"winner": "a", "strength": 4}]
    for wrong in (*wrongs, {"winner": "a", "criteria": {"Correct": "left"}}):
        with pytest.raises(Invalid):
            make_practice(**wrong, **by)


def test_an_answer_that_pairs_need_stays_on_offer(scene: Stage) -> None:
    mark(scene, 1, winner="tie")
    with pytest.raises(Invalid, match="known answer"):
        change_campaign(campaign=scene.campaign, allow_tie=False, acting_user=scene.maya, now=scene.now)


def test_a_qualification_never_lacks_pairs(scene: Stage) -> None:
    by: Any = {"acting_user": scene.maya, "now": scene.now}
    rules: Any = {"qualification_pairs": 2, "qualification_right": 2}
    with pytest.raises(Invalid, match="Only 0 pairs are marked"):
        change_campaign(campaign=scene.campaign, **rules, **by)
    marked = mark(scene, 2, QUALIFICATION)
    with pytest.raises(Invalid):
        change_campaign(campaign=scene.campaign, qualification_pairs=2, qualification_right=3, **by)
    change_campaign(campaign=scene.campaign, **rules, **by)
    with pytest.raises(QualificationNeedsPairs, match="asks for 2 pairs"):
        unmake_practice(comparison=marked[0], **by)
    with pytest.raises(QualificationNeedsPairs):
        make_practice(comparison=marked[0], winner="a", use=PRACTICE, **by)


def test_pairs_with_answers_are_added_and_existing_ones_marked(scene: Stage) -> None:
    drafts = [pair(number) for number in (0, 50)]  # the campaign has the first one already
    known = [
        PracticeDraft(type(draft)(draft.prompt, draft.first, draft.second, gold="first"), f"Because of {number}.")
        for number, draft in enumerate(drafts)
    ]
    by: Any = {"campaign": scene.campaign, "source": "test", "acting_user": scene.maya, "now": scene.now}
    pairs = add_practice(drafts=known, **by).pairs
    for draft, marked in zip(drafts, pairs, strict=True):
        winner = marked.comparison.completion_a if marked.winner == "a" else marked.comparison.completion_b
        assert winner.text == draft.first.text
    assert scene.campaign.comparisons.count() == 5
    with pytest.raises(Invalid, match="Pair 1"):
        add_practice(drafts=[PracticeDraft(drafts[0])], **by)
