"""The index of a snapshot: bits of comparison ids, in parts."""

from pathlib import Path

import pytest

from labeling.models import Comparison
from labeling.queries.uses import uses_of
from tests.people import Stage, stage
from training.actions.snapshot_index import index_earlier_snapshots, index_snapshot
from training.actions.snapshots import take_snapshot
from training.models import Snapshot, SnapshotPart

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene(var_dir: Path) -> Stage:
    scene = stage(comparisons=20)
    scene.settle("ab" * 8)
    return scene


def taken(scene: Stage) -> Snapshot:
    return take_snapshot(campaign=scene.campaign, acting_user=scene.maya, now=scene.now)


def test_ids_far_apart_are_in_parts_of_their_own(scene: Stage) -> None:
    snapshot = taken(scene)
    known = list(Comparison.objects.filter(status="settled").values_list("pk", flat=True))
    border = (max(known) // SnapshotPart.SPAN + 3) * SnapshotPart.SPAN
    far = [border - 1, border, 10**12]
    index_snapshot(snapshot, [*far, *known, *known], read_until=scene.now)
    assert snapshot.parts.count() == len({pk // SnapshotPart.SPAN for pk in known}) + 3
    assert snapshot.basis is not None
    assert snapshot.basis["comparisons"] == len(known) + 3
    assert all(uses_of(one) for one in Comparison.objects.filter(pk__in=known))
    index_snapshot(snapshot, [], read_until=scene.now)
    assert not any(uses_of(one) for one in Comparison.objects.filter(pk__in=known))


def test_a_snapshot_of_an_earlier_version_is_indexed_from_its_files(scene: Stage) -> None:
    snapshot = taken(scene)
    parts = set(snapshot.parts.values_list("number", "bits"))
    SnapshotPart.objects.all().delete()
    Snapshot.objects.update(basis=None, read_until=None)
    assert index_earlier_snapshots() == 1
    assert set(snapshot.parts.values_list("number", "bits")) == parts
    assert index_earlier_snapshots() == 0
