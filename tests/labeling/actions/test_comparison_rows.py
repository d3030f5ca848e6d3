"""The rows of new comparisons: canonical order, shared completions, verdicts and gold."""

from dataclasses import replace

import pytest

from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.actions.comparison_rows import ComparisonOrigin, in_canonical_order, write_comparisons
from labeling.models import Comparison, Completion, Gold, Verdict
from tests.people import NOON, Stage, asks, pair, stage

ORIGIN = ComparisonOrigin("test", None, NOON)


def write(scene: Stage, *drafts: ComparisonDraft) -> list[Comparison]:
    ordered, _ = in_canonical_order(scene.campaign, drafts, ORIGIN)
    return write_comparisons(scene.campaign, ordered, ComparisonOrigin("test", scene.maya, scene.now))


def turned(draft: ComparisonDraft) -> ComparisonDraft:
    return replace(draft, first=draft.second, second=draft.first)


@pytest.mark.parametrize(("preference", "other"), [("first", "second"), ("second", "first"), ("tie", "tie")])
def test_the_same_two_texts_have_the_same_order_and_winner_whichever_comes_first(preference: str, other: str) -> None:
    scene = stage()
    (one,), _ = in_canonical_order(scene.campaign, [pair(preference=preference)], ORIGIN)
    (two,), new_prompts = in_canonical_order(scene.campaign, [turned(pair(preference=other))], ORIGIN)
    assert (one.a, one.b, one.winner, one.pair_hash) == (two.a, two.b, two.winner, two.pair_hash)
    assert new_prompts == 0


def test_gold_has_its_winner_and_no_verdict() -> None:
    scene = stage()
    gold, settled, judged = write(
        scene, replace(pair(1), gold="first", preference="first"), pair(2, preference="tie"), pair(3)
    )
    assert (gold.status, settled.status, judged.status) == ("gold", "settled", "open")
    assert Gold.objects.get().comparison == gold
    assert (Verdict.objects.get().comparison, Verdict.objects.get().winner) == (settled, "tie")


def test_a_completion_is_stored_once_for_its_prompt_text_version_and_seed() -> None:
    scene = stage()
    shared = CompletionDraft("Two.", "v1", 1)
    drafts = [
        ComparisonDraft(asks("One plus one?"), shared, CompletionDraft(text, "v1", 2)) for text in ("Three.", "Four.")
    ]
    first, second = write(scene, *drafts)
    assert {first.completion_a_id, first.completion_b_id} & {second.completion_a_id, second.completion_b_id}
    assert Completion.objects.count() == 3
    write(scene, ComparisonDraft(asks("One plus one?"), replace(shared, seed=3), CompletionDraft("Five.", "v1", 2)))
    assert Completion.objects.filter(text="Two.").count() == 2
