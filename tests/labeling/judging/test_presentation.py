"""Assignments as pages and the API show them."""

import pytest

from labeling.judging.assignments import next_assignments
from labeling.judging.presentation import present_assignment, present_held
from labeling.models import Assignment, Completion
from tests.people import stage


@pytest.mark.parametrize("blind", [True, False])
def test_annotators_are_told_the_model_only_where_the_campaign_is_not_blind(blind: bool) -> None:
    scene = stage(comparisons=1, blind=blind)
    body = present_assignment(scene.given(scene.alice))
    assert (body["left"]["model"], body["right"]["model"]) == ((None, None) if blind else ("base", "base"))
    assert ("base" in str(body)) is not blind


def test_a_client_is_sent_only_what_it_lacks_and_told_of_all_it_holds() -> None:
    scene = stage(comparisons=6, prefetch=2)
    held = next_assignments(campaign=scene.campaign, acting_user=scene.alice, now=scene.now, ahead=2).held
    body = present_held(held, [held[0].pk])
    assert body["next"]["id"] == held[1].pk
    assert [one["id"] for one in body["following"]] == [held[2].pk]
    assert [one["id"] for one in body["held"]] == [one.pk for one in held]
    assert present_held([], []) == {"next": None, "following": [], "held": []}


def test_a_text_that_the_token_limit_cut_says_so_and_an_imported_one_does_not() -> None:
    scene = stage(comparisons=3)
    for reason, is_cut in (("length", True), ("stop", False), ("", False)):
        Completion.objects.update(finish_reason=reason)
        body = present_assignment(scene.given(scene.alice))
        assert (body["left"]["is_cut"], body["right"]["is_cut"]) == (is_cut, is_cut)


def test_gold_and_retests_look_like_any_other() -> None:
    scene = stage(comparisons=1)
    assignment = scene.given(scene.alice)
    normal = present_assignment(assignment)
    assignment.kind = Assignment.Kind.GOLD
    assert present_assignment(assignment) == normal
