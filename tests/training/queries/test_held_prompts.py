"""Held prompts that a gate may use: none whose question a version learned from, wherever it did."""

from typing import Any

import pytest

from labeling.actions.campaigns import create_campaign
from labeling.actions.prompts import PromptDraft, add_prompts
from labeling.exchange import Message
from labeling.models import Campaign
from tests.browser.furnished import Furnished, furnish
from tests.people import NOON, Stage, stage
from tests.training.gates_by_people import hold
from training.models import HeldPrompts, SnapshotPart
from training.queries import held_prompts
from training.queries.held_prompts import usable_prompts

pytestmark = pytest.mark.django_db

SYSTEM = Message(role="system", content="You are a tutor.")


@pytest.fixture
def scene() -> Stage:
    return stage(comparisons=12)


@pytest.fixture
def furnished(scene: Stage) -> Furnished:
    """sums-v2 was trained on the pairs of the campaign "Sums"."""
    made = furnish(scene)
    numbers = {key // SnapshotPart.SPAN for key in scene.campaign.comparisons.values_list("pk", flat=True)}
    for number in numbers:
        everything = b"\xff" * (SnapshotPart.SPAN // 8)
        SnapshotPart.objects.create(snapshot=made.finished.snapshot, number=number, bits=everything)
    return made


@pytest.fixture
def another(scene: Stage, monkeypatch: pytest.MonkeyPatch) -> Campaign:
    """A campaign of its own, all of whose prompts are held."""
    monkeypatch.setattr(held_prompts, "is_held_out", lambda messages, **split: split["seed"] == HeldPrompts.SEED)
    made = create_campaign(name="Other", acting_user=scene.maya, now=NOON)
    hold(made)
    return made


def usable(campaign: Campaign, furnished: Furnished, messages: list[Message]) -> bool:
    add_prompts(campaign=campaign, prompts=[PromptDraft(messages)], acting_user=None, now=NOON)
    return bool(usable_prompts(campaign, [furnished.two]))


def learned_question(scene: Stage, furnished: Furnished) -> str:
    assert furnished.two.run is not None
    first = scene.campaign.comparisons.select_related("prompt").order_by("pk")[0]
    return str(first.prompt.messages[-1]["content"])


def test_one_that_no_version_learned_from_can_test(scene: Stage, furnished: Furnished, another: Campaign) -> None:
    assert usable(another, furnished, [Message(role="user", content="Why is the sky blue?")])


@pytest.mark.parametrize("change", [str, str.upper, lambda text: f"  {text.replace('?', ' ?!')}"])
def test_a_question_learned_in_another_campaign_cannot_test(
    scene: Stage, furnished: Furnished, another: Campaign, change: Any
) -> None:
    question = change(learned_question(scene, furnished))
    assert not usable(another, furnished, [SYSTEM, Message(role="user", content=question)])


def test_a_conversation_that_ends_with_a_learned_question_cannot_test(
    scene: Stage, furnished: Furnished, another: Campaign
) -> None:
    turns = [Message(role="user", content="Hello."), Message(role="assistant", content="Hi.")]
    question = Message(role="user", content=learned_question(scene, furnished))
    assert not usable(another, furnished, [*turns, question])


def test_punctuation_alone_is_not_the_same_as_other_punctuation(
    scene: Stage, furnished: Furnished, another: Campaign
) -> None:
    assert usable(another, furnished, [Message(role="user", content="???")])
