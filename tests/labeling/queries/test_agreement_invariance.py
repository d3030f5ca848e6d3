"""The same votes give the same verdicts and the same figures, whoever sat where and whoever came first.

The sides, the order of the pairs and the order of the annotators are drawn again; the choice of each annotator for each
pair is not. The rest of the way, from votes that were counted to figures, is in `tests/labeling/stats`.
"""

import random
from typing import Any

import pytest
from django.db import transaction

from labeling.actions.recounts import request_recount, run_recount
from labeling.models import Comparison, Judgment
from labeling.queries.agreement import agreement
from tests.people import Stage, stage

SAID = ("a", "a", "a", "b", "b", "tie", "both_bad")


def judged(scene: Stage, choices: dict[tuple[str, str], str], rng: random.Random) -> None:
    """Everybody says what they say, in an order of chance."""
    people = [scene.alice, scene.bob, scene.ada]
    while people:
        user = rng.choice(people)
        held = scene.next(user)
        if held is None:
            people.remove(user)
            continue
        scene.wait(20)
        choice = choices[held.comparison.pair_hash, user.username]
        scene.vote(held, choice, strength=2 if choice in "ab" else None, seconds=5.0)


def outcome(scene: Stage) -> dict[str, Any]:
    recount = request_recount(campaign=scene.campaign, cause="judgments", acting_user=None, now=scene.now)
    run_recount(recount.pk, clock=lambda: scene.now)
    verdicts = {
        one.pair_hash: (one.status, one.verdict.winner, round(one.verdict.confidence, 9))
        if one.status == "settled"
        else (one.status,)
        for one in Comparison.objects.select_related("verdict")
    }
    return {"verdicts": verdicts, "agreement": agreement(scene.campaign).as_dict()}


@pytest.mark.parametrize("rule", ["majority", "unanimity", "dawid_skene"])
def test_sides_and_order_change_no_verdict_and_no_agreement(rule: str) -> None:
    rng = random.Random(f"votes {rule}")
    choices: dict[tuple[str, str], str] = {}
    outcomes, sides = [], set()
    for turn in range(2):
        random.seed(f"sides {turn}")
        with transaction.atomic():
            scene = stage(comparisons=10, overlap=3, verdict_rule=rule, scale="strength")
            for pair_hash in Comparison.objects.order_by("pair_hash").values_list("pair_hash", flat=True):
                for user in ("alice", "bob", "ada"):
                    choices.setdefault((pair_hash, user), rng.choice(SAID))
            judged(scene, choices, random.Random(turn))
            outcomes.append(outcome(scene))
            judgments = Judgment.objects.order_by("comparison__pair_hash", "annotator__username")
            sides.add(tuple(judgments.values_list("left", flat=True)))
            transaction.set_rollback(True)
    assert len(sides) == 2  # or nothing was tried
    assert outcomes[0] == outcomes[1]
