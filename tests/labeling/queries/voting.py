"""Votes as letters, versions compared, and the statistics of them."""

from typing import Any

from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.models import Comparison, User
from labeling.queries.slices import Slice
from labeling.queries.statistics import Statistics, statistics
from tests.people import Stage, asks, stage

MEANING = {"a": "a", "b": "b", "t": "tie", "x": "both_bad", "s": "skip"}


def vote(scene: Stage, votes: list[str], people: list[User], **fields: Any) -> None:
    """Each person judges the comparisons in the order of their ids, a letter for each; a dot leaves it for later."""
    order = list(Comparison.objects.filter(campaign=scene.campaign).order_by("pk").values_list("pk", flat=True))
    for user, letters in zip(people, votes, strict=True):
        words = dict(zip(order, letters, strict=True))
        while assignment := scene.next(user):
            scene.vote(assignment, MEANING[words[assignment.comparison_id]], **fields)


def figures(scene: Stage, **part: Any) -> Statistics:
    return statistics(scene.campaign, Slice(**part), now=scene.now)


def versus(number: int, one: str, other: str, *, longer: bool = False) -> ComparisonDraft:
    """A comparison of two model versions; longer: the first one's text is four times as long."""
    text, short = f"The answer to {number} is this.", f"To {number}: that, I think."
    return ComparisonDraft(
        prompt=asks(f"Question {number}?"),
        first=CompletionDraft(" ".join([text] * (4 if longer else 1)), model_version=one, seed=1),
        second=CompletionDraft(short, model_version=other, seed=2),
    )


def five_judged() -> Stage:
    """Both judge five comparisons: they agree on three, differ on the fourth, and the fifth is a tie to one of them."""
    scene = stage(comparisons=5, overlap=2)
    for letters in (("a", "a"), ("b", "b"), ("tie", "both_bad"), ("a", "b"), ("a", "tie")):
        first = scene.given(scene.alice)
        scene.vote(first, letters[0], comment="It is true." if letters == ("a", "b") else "")
        again = scene.given(scene.bob)
        assert again.comparison_id == first.comparison_id  # both walk along the same queue
        scene.vote(again, letters[1])
    return scene
