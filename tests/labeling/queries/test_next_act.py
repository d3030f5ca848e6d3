"""The one button that leads an annotator on, or why there is none."""

from typing import Any

import pytest

from labeling.actions.campaigns import change_campaign, write_guidelines
from labeling.actions.members import pause_member
from labeling.queries.next_act import NextAct, next_act, with_pairs
from tests.labeling.practising import QUALIFICATION, go_through, mark
from tests.people import Stage, stage


def act(scene: Stage) -> NextAct:
    scene.campaign.refresh_from_db()
    return next_act(scene.campaign, scene.alice)


def test_judging_is_begun_and_continued() -> None:
    scene = stage(comparisons=2)
    assert act(scene) == NextAct("Start judging", "annotate")
    scene.judge(scene.given(scene.alice), "left")
    assert act(scene) == NextAct("Continue judging", "annotate")
    scene.judge(scene.given(scene.alice), "left")
    assert act(scene) == NextAct(sentence="No comparison needs your judgment now.")


def test_nothing_is_to_start_where_others_have_judged_everything() -> None:
    scene = stage(comparisons=2, gold_rate=0.2)
    for _ in range(2):
        scene.judge(scene.given(scene.bob), "left")
    assert act(scene) == NextAct(sentence="No comparison needs your judgment now.")


def test_a_pair_that_one_holds_waits_and_one_behind_the_cursor_does() -> None:
    scene = stage(comparisons=1)
    member = scene.campaign.memberships.get(user=scene.alice)
    member.cursor = 5.0
    member.save()
    assert with_pairs([member]) == {member.pk}
    scene.given(scene.alice)
    assert act(scene).label == "Start judging"


def test_the_step_ahead_has_its_name() -> None:
    scene = stage(comparisons=5, guidelines_first=True)
    write_guidelines(campaign=scene.campaign, text="Be kind.", acting_user=scene.maya, now=scene.now)
    assert act(scene) == NextAct("Read guidelines", "start")


def test_after_the_last_attempt_only_a_lead_helps() -> None:
    scene = stage(comparisons=5)
    mark(scene, 2, QUALIFICATION)
    rules: dict[str, Any] = {"qualification_pairs": 2, "qualification_right": 2, "qualification_attempts": 1}
    change_campaign(campaign=scene.campaign, acting_user=scene.maya, now=scene.now, **rules)
    assert act(scene) == NextAct("Qualify", "start")
    go_through(scene, scene.alice, QUALIFICATION, right=0)
    assert act(scene) == NextAct(sentence="You have no attempt left to qualify. Ask a lead of the campaign.")


@pytest.mark.parametrize("status", ["draft", "paused", "closed"])
def test_a_campaign_that_is_not_active_offers_nothing(status: str) -> None:
    scene = stage(comparisons=2, status=status)
    assert act(scene) == NextAct()


def test_somebody_paused_or_at_their_quota_reads_why() -> None:
    scene = stage(comparisons=2, quota=1)
    assert next_act(scene.campaign, scene.charlie) == NextAct()
    scene.judge(scene.given(scene.alice), "left")
    assert "reached your quota" in act(scene).sentence
    pause_member(campaign=scene.campaign, user=scene.alice, acting_user=scene.maya, now=scene.now)
    assert "paused" in act(scene).sentence
