"""Which versions were trained on somebody's judgments."""

from pathlib import Path
from typing import Any

from labeling.exchange import PreferencePair, Split, pair_id, write_snapshot
from labeling.models import Comparison
from labeling.queries.trained_on import versions_trained_on
from tests.browser.furnished import furnish
from tests.people import stage
from training.models import ModelVersion, Snapshot


def test_versions_are_found_by_the_pairs_in_their_snapshots_and_so_are_their_descendants(
    db: None, tmp_path: Path
) -> None:
    scene = stage(comparisons=2)
    (judged,) = scene.settle("a")
    made = furnish(scene)
    other = Comparison.objects.exclude(pk=judged.pk).get()
    snapshot_of(made.one, tmp_path / "one", judged)
    snapshot_of(made.two, tmp_path / "two", other)
    assert versions_trained_on(scene.alice) == [made.one.name, made.two.name]  # two was trained from one
    snapshot_of(made.one, tmp_path / "elsewhere", other)
    assert versions_trained_on(scene.alice) == []
    assert versions_trained_on(scene.bob) == []


def snapshot_of(version: ModelVersion, folder: Path, comparison: Comparison) -> None:
    """Makes it the version's snapshot that this comparison, won by a, is in."""
    a, b, messages = comparison.completion_a.text, comparison.completion_b.text, comparison.prompt.messages
    pair: Any = PreferencePair(pair_id(messages, a, b), messages, a, b)
    write_snapshot(folder, [pair], split=Split(test_share=0.0))
    assert version.run is not None
    Snapshot.objects.filter(pk=version.run.snapshot_id).update(directory=str(folder))
