"""Judged comparisons and changed rules, for the tests of recounts and of estimates."""

from typing import Any

from labeling.actions.campaigns import change_campaign
from labeling.actions.recounts import run_recount
from labeling.models import Comparison, VerdictRecount
from tests.people import Stage


def judged(scene: Stage, *votes: str) -> list[Comparison]:
    """One comparison for each word of votes, a letter for each annotator: a, b or t(ie)."""
    people = [scene.alice, scene.bob, *scene.crowd(max(map(len, votes)) - 2)]
    scene.add(len(votes))
    comparisons = list(Comparison.objects.order_by("pk"))
    letters = {one.pk: word for one, word in zip(comparisons, votes, strict=True)}
    for number, user in enumerate(people):
        while given := scene.next(user):
            letter = letters[given.comparison_id][number]
            scene.vote(given, {"t": "tie"}.get(letter, letter))
    return list(Comparison.objects.order_by("pk"))


def change(scene: Stage, **rules: Any) -> VerdictRecount:
    scene.campaign = change_campaign(campaign=scene.campaign, **rules, acting_user=scene.maya, now=scene.now)
    recount = run_recount(VerdictRecount.objects.latest("pk").pk, clock=lambda: scene.now)
    assert recount is not None
    return recount


def statuses() -> list[str]:
    return list(Comparison.objects.order_by("pk").values_list("status", flat=True))
