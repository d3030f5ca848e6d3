"""Prompts brought into a campaign."""

import pytest

from common.errors import NotAllowed
from labeling.actions.prompts import PromptDraft, add_prompts
from labeling.exchange import Message
from labeling.models import Event, Prompt
from tests.people import asks, stage


def test_a_prompt_is_there_once_with_its_id_and_tags() -> None:
    scene = stage()
    drafts = [PromptDraft(asks("Why?"), "q1", ("short",)), PromptDraft(asks("How?")), PromptDraft(asks("Why?"))]
    added = add_prompts(campaign=scene.campaign, prompts=drafts, acting_user=scene.maya, now=scene.now)
    assert (added.created, added.existing) == (2, 1)
    assert added.prompts[0] == added.prompts[2]
    again = add_prompts(campaign=scene.campaign, prompts=drafts, acting_user=scene.maya, now=scene.now)
    assert (again.created, again.existing, Prompt.objects.count()) == (0, 3, 2)
    kept = Prompt.objects.get(external_id="q1")
    assert (kept.tags, kept.messages) == (["short"], asks("Why?"))
    assert Event.objects.filter(verb="prompts.added").count() == 1


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [Message(role="user", content="Hi"), Message(role="assistant", content="Hello")],
        [Message(role="tool", content="Hi"), Message(role="user", content="Hi")],
        asks("  "),
        asks("\x00"),
    ],
)
def test_what_is_no_prompt_is_named_by_its_number_and_the_rest_is_kept(messages: list[Message]) -> None:
    scene = stage()
    drafts = [PromptDraft(asks("Why?")), PromptDraft(messages), PromptDraft(asks("How?"))]
    added = add_prompts(campaign=scene.campaign, prompts=drafts, acting_user=scene.maya, now=scene.now)
    assert (added.created, [number for number, _ in added.rejected]) == (2, [1])
    assert added.rejected[0][1].endswith(".")
    assert added.prompts[1] is None


def test_annotators_bring_no_prompts_in() -> None:
    scene = stage()
    with pytest.raises(NotAllowed):
        add_prompts(campaign=scene.campaign, prompts=[], acting_user=scene.alice, now=scene.now)
