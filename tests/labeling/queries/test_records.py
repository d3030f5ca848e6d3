"""Filtered verdicts, disagreements with their comments, and the pace of a campaign."""

from datetime import timedelta

import pytest

from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.models import Comparison
from labeling.queries.forecast import completion_forecast, judged_by_day
from labeling.queries.progress import campaign_progress
from labeling.queries.records import disagreements, filtered_verdicts
from labeling.queries.written_by import first_written, head_to_head, shared_prompts, written_for
from tests.people import NOON, Stage, asks, stage


@pytest.fixture
def scene() -> Stage:
    """Both judge five comparisons: they agree on three, differ on the fourth, and the fifth is a tie to one of them."""
    made = stage(comparisons=5, overlap=2)
    for letters in (("a", "a"), ("b", "b"), ("tie", "both_bad"), ("a", "b"), ("a", "tie")):
        first = made.given(made.alice)
        made.vote(first, letters[0], comment="It is true." if letters == ("a", "b") else "")
        again = made.given(made.bob)
        assert again.comparison_id == first.comparison_id  # both walk along the same queue
        made.vote(again, letters[1])
    return made


def test_people_disagree_where_one_prefers_what_another_does_not(scene: Stage) -> None:
    found = disagreements(scene.campaign)
    assert sorted(sorted(one.votes.items()) for one in found) == [
        [("a", 1), ("b", 1)],
        [("a", 1), ("tie", 1)],
    ]
    assert {one.status for one in found} == {"conflict"}
    assert disagreements(scene.campaign, status="settled").count() == 0
    assert disagreements(scene.campaign, commented=True).count() == 1


def test_what_is_out_is_no_disagreement(scene: Stage) -> None:
    Comparison.objects.filter(status="conflict").update(status="retired")
    assert disagreements(scene.campaign).count() == 0


def test_verdicts_are_narrowed_by_what_they_are(scene: Stage) -> None:
    assert filtered_verdicts(scene.campaign).count() == 3
    assert filtered_verdicts(scene.campaign, winner="b").get().winner == "b"
    assert filtered_verdicts(scene.campaign, settled_by="adjudication").count() == 0
    assert filtered_verdicts(scene.campaign, model_version="base").count() == 3
    assert filtered_verdicts(scene.campaign, model_version="nobody").count() == 0
    surest = max(one.confidence for one in filtered_verdicts(scene.campaign))
    assert filtered_verdicts(scene.campaign, confidence_at_most=surest - 0.01).count() < 3
    assert filtered_verdicts(scene.campaign, since=scene.now + timedelta(days=1)).count() == 0


def test_votes_are_counted_by_day_back_to_the_first_one(scene: Stage) -> None:
    evening = NOON + timedelta(days=2, hours=6)
    assert judged_by_day(scene.campaign, now=evening) == ([0, 0, 10], 0.25)
    told = completion_forecast(scene.campaign, campaign_progress(scene.campaign), now=evening)
    assert told.remaining == 0
    long_after = NOON + timedelta(days=30)
    assert judged_by_day(scene.campaign, now=long_after) == ([], 1.0)


def test_what_is_left_takes_as_long_as_the_pace_says() -> None:
    scene = stage(comparisons=8)
    for _ in range(4):
        scene.vote(scene.given(scene.alice), "a")
        scene.wait(86_400)
    told = completion_forecast(scene.campaign, campaign_progress(scene.campaign), now=scene.now)
    assert (told.remaining, told.per_day, told.days) == (4, 1.0, 4.0)


def test_two_versions_are_compared_on_the_prompts_they_share() -> None:
    scene = stage()
    drafts = [
        ComparisonDraft(
            asks(f"Question {number}?"),
            CompletionDraft("Short.", "v1", seed=1, finish_reason="stop"),
            CompletionDraft("Rather long.", "v2", seed=1, finish_reason="length"),
        )
        for number in range(3)
    ]
    scene.add([*drafts, ComparisonDraft(asks("Only one?"), CompletionDraft("x", "v1"), CompletionDraft("y", "v1"))])
    campaigns = type(scene.campaign).objects.all()
    prompts = shared_prompts(campaigns, "v1", "v2")
    assert prompts.count() == 3
    written = written_for(prompts, "v2")
    assert (written.completions, written.length, written.ended) == (3, 12.0, 0.0)
    texts = first_written(list(prompts), "v1")
    assert {one.text for one in texts.values()} == {"Short."}
    for _ in range(4):
        held = scene.given(scene.alice)
        sides = {"a": held.comparison.completion_a, "b": held.comparison.completion_b}
        better = next((side for side, text in sides.items() if text.model_version == "v2"), "tie")
        scene.vote(held, better)
    told = head_to_head(campaigns, "v1", "v2")
    assert (told.wins, told.losses, told.ties) == (3, 0, 0)
    assert told.win_rate.value == 1.0
    assert head_to_head(campaigns, "v2", "v1").losses == 3
