"""Summaries of the annotators of a campaign."""

from labeling.actions.curation import retire_comparison
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


def test_judgments_of_comparisons_that_are_out_count_only_as_skips_and_flags() -> None:
    scene = stage(comparisons=4)
    for choice, seconds in (("left", 4.0), ("tie", 6.0), ("right", 20.0)):
        held = scene.given(scene.alice)
        scene.wait(60)
        last = scene.judge(held, choice, seconds=seconds)
    scene.judge(scene.given(scene.alice), "skip", flag="harm")
    retire_comparison(comparison=last.comparison, reason="Twice.", acting_user=scene.maya, now=scene.now)
    (summary,) = annotator_summaries(scene.campaign)
    assert (summary.judged, summary.ties, summary.flagged, summary.skipped) == (2, 1, 1, 0)
    assert (summary.left_share, summary.seconds) == (1.0, 5.0)


def test_an_annotator_without_a_judgment_that_counts_has_no_share_and_no_time() -> None:
    scene = stage(comparisons=1)
    only = scene.judge(scene.given(scene.alice), "left", seconds=3.0)
    retire_comparison(comparison=only.comparison, reason="Twice.", acting_user=scene.maya, now=scene.now)
    (summary,) = annotator_summaries(scene.campaign)
    assert (summary.judged, summary.left_share, summary.seconds) == (0, None, None)
