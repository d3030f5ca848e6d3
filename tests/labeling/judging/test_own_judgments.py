"""Own judgments as they were displayed, and the reasons why they stay: the same as the acts refuse with."""

from collections.abc import Callable

import pytest

from common.errors import Conflict
from labeling.actions.campaigns import change_campaign, change_campaign_status
from labeling.actions.curation import make_gold, retire_comparison, review_flag
from labeling.actions.verdicts import adjudicate
from labeling.judging.acts import undo_judgment
from labeling.judging.own_judgments import own_judgment
from labeling.models import Judgment
from labeling.queries.own_judgments import own_judgments
from tests.people import Stage, stage

CRITERIA = [{"name": "helpful", "description": "", "required": False}, {"name": "harmless"}]


def test_a_judgment_is_shown_by_its_sides() -> None:
    scene = stage(comparisons=1, scale="strength", criteria=CRITERIA)
    given = scene.given(scene.alice)
    scene.judge(given, "right", strength=2, criteria={"harmless": "tie", "helpful": "left"})
    own = own_judgment(own_judgments(scene.campaign, scene.alice).get(), scene.campaign, scene.now)
    assert (own.choice, own.strength) == ("right", "clearly")
    assert own.criteria == [("helpful", "left"), ("harmless", "tie")]
    chosen = given.comparison.completion_b if given.left == "a" else given.comparison.completion_a
    assert own.chosen_text == chosen.text


def closed(scene: Stage, judgment: Judgment) -> None:
    change_campaign_status(campaign=scene.campaign, status="closed", acting_user=scene.maya, now=scene.now)


def never(scene: Stage, judgment: Judgment) -> None:
    change_campaign(campaign=scene.campaign, undo_seconds=0, acting_user=scene.maya, now=scene.now)


def late(scene: Stage, judgment: Judgment) -> None:
    scene.wait(601)


def retired(scene: Stage, judgment: Judgment) -> None:
    retire_comparison(comparison=judgment.comparison, reason="No.", acting_user=scene.maya, now=scene.now)


def gold(scene: Stage, judgment: Judgment) -> None:
    make_gold(comparison=judgment.comparison, winner="a", acting_user=scene.maya, now=scene.now)


def adjudicated(scene: Stage, judgment: Judgment) -> None:
    other = scene.given(scene.bob)
    scene.vote(other, "a" if judgment.choice == "b" else "b")
    adjudicate(comparison=judgment.comparison, winner="a", reason="Yes.", acting_user=scene.maya, now=scene.now)


def settled(scene: Stage, judgment: Judgment) -> None:
    scene.vote(scene.given(scene.bob), judgment.choice)


def nothing(scene: Stage, judgment: Judgment) -> None:
    pass


def dismissed(scene: Stage, judgment: Judgment) -> None:
    review_flag(comparison=judgment.comparison, keep=True, reason="It is not.", acting_user=scene.maya, now=scene.now)


def others(scene: Stage, judgment: Judgment) -> None:
    for user in (scene.bob, scene.ada):
        scene.vote(scene.given(user), "a")


Change = Callable[[Stage, Judgment], None]


@pytest.mark.parametrize(
    ("choice", "fields", "change", "is_final"),
    [
        ("left", {}, nothing, False),
        ("left", {}, settled, False),
        ("left", {}, closed, True),
        ("left", {}, never, True),
        ("left", {}, late, True),
        ("left", {}, retired, True),
        ("left", {}, gold, True),
        ("left", {}, adjudicated, True),
        ("skip", {}, nothing, False),
        ("skip", {}, others, True),
        ("skip", {}, retired, True),
        ("skip", {"flag": "harm"}, nothing, False),
        ("skip", {"flag": "harm"}, dismissed, True),
        ("skip", {"flag": "harm"}, retired, True),
    ],
)
def test_a_judgment_stays_for_the_reason_for_which_the_act_refuses(
    choice: str, fields: dict[str, str], change: Change, is_final: bool
) -> None:
    scene = stage(comparisons=1, overlap=2)
    judgment = scene.judge(scene.given(scene.alice), choice, **fields)
    change(scene, judgment)
    own = own_judgment(own_judgments(scene.campaign, scene.alice).get(), scene.reload(), scene.now)
    assert bool(own.why_final) is is_final
    assert (own.until is None) is is_final
    if not is_final:
        undo_judgment(assignment=judgment.assignment_id, acting_user=scene.alice, now=scene.now)
        return
    with pytest.raises(Conflict):
        undo_judgment(assignment=judgment.assignment_id, acting_user=scene.alice, now=scene.now)


@pytest.mark.parametrize(("kind", "choice"), [("gold", "left"), ("gold", "skip"), ("retest", "left")])
def test_gold_and_retests_can_be_changed_as_long_as_any_other(
    kind: str, choice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = stage(comparisons=4, overlap=2, retest_after=1, retest_rate=0.5 if kind == "retest" else 0)
    if kind == "gold":
        for comparison in scene.campaign.comparisons.all()[:3]:
            make_gold(comparison=comparison, winner="a", acting_user=scene.maya, now=scene.now)
        change_campaign(campaign=scene.campaign, gold_rate=0.5, acting_user=scene.maya, now=scene.now)
    monkeypatch.setattr("labeling.judging.queue.random.random", lambda: 0.0)
    given = scene.given(scene.alice)
    while given.kind != kind:
        scene.judge(given)
        given = scene.given(scene.alice)
    scene.judge(given, choice)
    row = own_judgments(scene.campaign, scene.alice).get(assignment=given)
    assert own_judgment(row, scene.reload(), scene.now).why_final == ""
    undo_judgment(assignment=given, acting_user=scene.alice, now=scene.now)


@pytest.mark.parametrize(("seconds", "words"), [(600, "10 minutes"), (60, "1 minute."), (90, "90 seconds")])
def test_the_time_is_named_in_minutes_where_it_is_whole(seconds: int, words: str) -> None:
    scene = stage(comparisons=1, undo_seconds=seconds)
    scene.judge(scene.given(scene.alice))
    scene.wait(seconds + 1)
    own = own_judgment(own_judgments(scene.campaign, scene.alice).get(), scene.campaign, scene.now)
    assert words in own.why_final
