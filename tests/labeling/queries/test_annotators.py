"""Summaries of the annotators of a campaign."""

from labeling.queries.annotators import annotator_summaries
from tests.people import stage


def test_annotators_are_summed_up_by_pseudonym() -> None:
    scene = stage(comparisons=6)
    for choice in ("left", "left", "right", "tie", "skip"):
        held = scene.given(scene.alice)
        scene.wait(10)
        scene.judge(held, choice, seconds=4.0)
    (summary,) = annotator_summaries(scene.campaign)
    assert summary.pseudonym == scene.alice.pseudonym
    assert (summary.judged, summary.skipped, summary.ties, summary.undone) == (4, 1, 1, 0)
    assert summary.left_share == 2 / 3
    assert summary.seconds == 4.0
    assert summary.last_judged_at == scene.now
