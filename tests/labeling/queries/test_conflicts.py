"""Comparisons that wait for a decision, and the judgments on them in words."""

from labeling.models import Comparison
from labeling.queries.conflicts import next_waiting, statements_on
from tests.people import Stage, stage


def in_conflict(scene: Stage) -> list[Comparison]:
    for user, winner in ((scene.alice, "a"), (scene.bob, "b")):
        while given := scene.next(user):
            scene.vote(given, winner, comment=f"{winner} it is")
    return list(Comparison.objects.filter(status="conflict").order_by("pk"))


def test_the_next_one_comes_after_the_last_and_starts_over_at_the_end() -> None:
    scene = stage(comparisons=3, overlap=2)
    first, second, third = in_conflict(scene)
    assert next_waiting(scene.campaign, "conflict", person=scene.ada) == first
    assert next_waiting(scene.campaign, "conflict", person=scene.ada, after=first.pk) == second
    assert next_waiting(scene.campaign, "conflict", person=scene.ada, after=third.pk) == first
    assert next_waiting(scene.campaign, "flagged", person=scene.ada) is None


def test_judgments_are_in_words_and_by_pseudonym_with_criteria_in_the_campaigns_order() -> None:
    scene = stage(comparisons=1, scale="strength", criteria=[{"name": "honest"}, {"name": "helpful"}])
    given = scene.given(scene.alice)
    scene.judge(given, "left", strength=2, criteria={"helpful": "tie", "honest": "left"}, comment="Shorter.")
    (statement,) = statements_on(Comparison.objects.get())
    side = given.left.upper()
    assert (statement.pseudonym, statement.said, statement.strength) == (
        scene.alice.pseudonym,
        f"{side} is better",
        "clearly",
    )
    assert statement.criteria == [("honest", side), ("helpful", "tie")]
    assert statement.comment == "Shorter."
