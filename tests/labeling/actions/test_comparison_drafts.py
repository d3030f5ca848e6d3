"""Drafts of comparisons: mistakes of the caller, and texts that teach nothing."""

from dataclasses import replace

import pytest

from common.errors import Invalid
from labeling.actions.campaigns import create_campaign
from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft, check_draft, unfit
from tests.people import asks, pair, stage


@pytest.mark.parametrize(
    ("draft", "reason"),
    [
        (pair(), None),
        (replace(pair(), first=CompletionDraft(" \n")), "empty"),
        (replace(pair(), first=CompletionDraft("same "), second=CompletionDraft("same")), "identical"),
        (replace(pair(), first=CompletionDraft("\x00")), "not_storable"),
        (replace(pair(), prompt=[]), "not_a_prompt"),
        (replace(pair(), prompt=[{"role": "assistant", "content": "Hi"}]), "not_a_prompt"),
    ],
)
def test_texts_that_teach_nothing_have_a_reason(draft: ComparisonDraft, reason: str | None) -> None:
    assert unfit(draft) == reason


@pytest.mark.parametrize(
    ("draft", "text"),
    [
        (replace(pair(), preference="a"), "no preference 'a'"),
        (replace(pair(), gold="both"), "no preference 'both'"),
        (replace(pair(), first=CompletionDraft("Two.", finish_reason="eos")), "finish reason"),
    ],
)
def test_values_that_no_comparison_can_have_are_refused(draft: ComparisonDraft, text: str) -> None:
    scene = stage()
    check_draft(pair(), scene.campaign)
    with pytest.raises(Invalid, match=text):
        check_draft(draft, scene.campaign)


def test_a_prompt_of_another_campaign_is_refused() -> None:
    scene = stage(comparisons=1)
    other = create_campaign(name="Other", acting_user=scene.maya, now=scene.now)
    prompt = scene.campaign.prompts.get()
    check_draft(replace(pair(), prompt=prompt), scene.campaign)
    with pytest.raises(Invalid, match="another campaign"):
        check_draft(replace(pair(), prompt=prompt), other)
    check_draft(replace(pair(), prompt=asks("Anything?")), other)
