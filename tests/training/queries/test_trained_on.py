"""Which versions were trained on somebody's judgments."""

from pathlib import Path
from typing import Any

import pytest

from labeling.exchange import PreferencePair, Split, pair_id, write_snapshot
from labeling.models import Comparison
from labeling.queries.trained_on import versions_trained_on
from tests.browser.furnished import furnish
from tests.people import Stage, stage
from training.actions.snapshot_index import index_earlier_snapshots
from training.models import ModelVersion, Snapshot

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Stage:
    scene = stage(comparisons=2)
    scene.settle("a")
    return scene


def test_versions_are_found_by_the_pairs_in_their_snapshots_and_so_are_their_descendants(
    scene: Stage, tmp_path: Path
) -> None:
    judged, other = Comparison.objects.order_by("-judged")
    made = furnish(scene)
    snapshot_of(made.one, tmp_path / "one", judged)
    snapshot_of(made.two, tmp_path / "two", other)
    Snapshot.objects.exclude(runs__version__in=[made.one, made.two]).update(basis={})
    assert index_earlier_snapshots() == 2
    assert versions_trained_on(scene.alice) == [made.one.name, made.two.name]  # two was trained from one
    assert versions_trained_on(scene.bob) == []
    snapshot_of(made.one, tmp_path / "elsewhere", other)
    assert index_earlier_snapshots() == 1
    assert versions_trained_on(scene.alice) == []


def test_a_snapshot_without_an_index_counts_if_it_is_later_than_the_first_judgment(scene: Stage) -> None:
    made = furnish(scene)
    Snapshot.objects.update(directory="/nowhere", created_at=scene.now)
    assert index_earlier_snapshots() == 0
    assert versions_trained_on(scene.alice) == [made.one.name, made.two.name]


def snapshot_of(version: ModelVersion, folder: Path, comparison: Comparison) -> None:
    """Makes it the version's snapshot that this comparison, won by a, is in."""
    a, b, messages = comparison.completion_a.text, comparison.completion_b.text, comparison.prompt.messages
    pair: Any = PreferencePair(pair_id(messages, a, b), messages, a, b)
    write_snapshot(folder, [pair], split=Split(test_share=0.0))
    assert version.run is not None
    later = comparison.created_at.replace(year=2030)
    Snapshot.objects.filter(pk=version.run.snapshot_id).update(directory=str(folder), basis=None, created_at=later)
