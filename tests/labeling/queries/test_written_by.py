"""Two model versions compared on their completions."""

import pytest

from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.queries.written_by import first_written, head_to_head, shared_prompts, written_for
from tests.labeling.queries.voting import five_judged
from tests.people import Stage, asks, stage


@pytest.fixture
def scene() -> Stage:
    return five_judged()


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
    result = head_to_head(campaigns, "v1", "v2")
    assert (result.wins, result.losses, result.ties) == (3, 0, 0)
    assert result.win_rate.value == 1.0
    assert head_to_head(campaigns, "v2", "v1").losses == 3
