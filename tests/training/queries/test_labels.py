"""The votes behind pairs: their criteria and their sides, told in terms of the chosen text."""

from pathlib import Path

import pytest

from tests.people import stage
from training.queries.labels import labels_of

pytestmark = pytest.mark.django_db


def test_criteria_and_sides_are_told_in_terms_of_the_chosen_text(var_dir: Path) -> None:
    from training.actions.snapshots import take_snapshot
    from training.queries.snapshots import read_side

    scene = stage(overlap=2, criteria=[{"name": "kind"}, {"name": "true"}])
    scene.add(8)
    for _ in range(8):
        for annotator in (scene.alice, scene.bob):
            assignment = scene.given(annotator)
            other = {"left": "right", "right": "left"}
            winner = "left" if assignment.left == "a" else "right"  # a always wins
            criteria = {"kind": other[winner], "true": winner if annotator == scene.alice else "tie"}
            scene.judge(assignment, winner, criteria=criteria)
    snapshot = take_snapshot(campaign=scene.campaign, acting_user=scene.maya, now=scene.now)
    pairs = [pair for side in ("train", "test") for pair in read_side(snapshot, side)]
    assert len(pairs) == 8

    labels = labels_of(snapshot, pairs)

    assert {(label.criteria["kind"], label.criteria["true"]) for label in labels.values()} == {(-2, 1)}
    by_text = {pair.chosen: labels[pair.id].chosen_on_left for pair in pairs}
    for comparison in scene.campaign.comparisons.select_related("completion_a"):
        lefts = set(comparison.judgments.values_list("left", flat=True))
        expected = lefts == {"a"} if len(lefts) == 1 else None
        assert by_text[comparison.completion_a.text] is expected


def test_a_pair_of_no_comparison_has_no_label(var_dir: Path) -> None:
    from training.actions.snapshots import take_snapshot
    from training.queries.snapshots import read_side

    scene = stage()
    scene.add(6)
    scene.settle("aaabbb")
    snapshot = take_snapshot(campaign=scene.campaign, acting_user=scene.maya, now=scene.now)
    pairs = list(read_side(snapshot, "train"))
    assert set(labels_of(snapshot, pairs)) == {pair.id for pair in pairs}
    snapshot.campaign_id = 0  # as if all its comparisons were gone
    assert labels_of(snapshot, pairs) == {}
