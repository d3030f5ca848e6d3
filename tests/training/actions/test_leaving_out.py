"""Retraining without a person: what it changes is shown first, it starts from a clean version, and it can be undone."""

from pathlib import Path

import pytest

from labeling.models import Event, User
from tests.browser.furnished import furnish
from tests.people import Stage, stage
from training.actions.leaving_out import (
    Learned,
    changes_without,
    learned_from,
    newest_of_all,
    retrain_without,
    take_in,
    untouched_parent,
)
from training.actions.snapshots import take_snapshot
from training.errors import NothingToLeaveOut
from training.models import LeftOut, Run, Snapshot

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene(var_dir: Path) -> Stage:
    """Alice judged twenty pairs alone, and Bob four."""
    scene = stage(comparisons=40)
    scene.settle("ab" * 10)
    for _ in range(4):
        scene.vote(scene.given(scene.bob), "a")
    return scene


def taken(scene: Stage) -> Snapshot:
    return take_snapshot(campaign=scene.campaign, acting_user=scene.maya, now=scene.now)


def test_the_difference_is_known_before_anything_changes(scene: Stage) -> None:
    snapshot = taken(scene)
    changes = changes_without(scene.campaign, scene.bob, snapshot)
    assert (changes.same, changes.counts["removed"], changes.counts["added"]) == (20, 4, 0)
    assert not LeftOut.objects.exists()
    assert Snapshot.objects.count() == 1
    assert len(list(Path(snapshot.directory).parent.iterdir())) == 1


def test_the_run_has_none_of_their_pairs_and_starts_from_a_version_without_them(scene: Stage) -> None:
    snapshot, made = taken(scene), furnish(scene)
    Run.objects.filter(version=made.one).update(snapshot=snapshot)
    Run.objects.update(status="finished")
    (learned,) = learned_from(scene.campaign, scene.bob)
    assert (learned.comparisons, learned.versions) == (4, [made.one.name, made.two.name])
    assert untouched_parent(scene.bob) == made.base  # one serves, and learned from him
    run = retrain_without(campaign=scene.campaign, person=scene.bob, acting_user=scene.maya, now=scene.now)
    assert run.snapshot.train_pairs + run.snapshot.test_pairs == 20
    assert run.parent == made.base
    assert taken(scene).content_hash == run.snapshot.content_hash  # from now on
    verbs = Event.objects.filter(verb__startswith="training.").values_list("verb", flat=True)
    assert list(verbs) == ["training.left_out"]
    take_in(campaign=scene.campaign, person=scene.bob, acting_user=scene.maya, now=scene.now)
    assert taken(scene).content_hash == snapshot.content_hash


def test_nothing_changes_where_there_is_nothing_to_leave_out(scene: Stage) -> None:
    taken(scene)
    with pytest.raises(NothingToLeaveOut):
        retrain_without(campaign=scene.campaign, person=scene.charlie, acting_user=scene.maya, now=scene.now)
    assert not LeftOut.objects.exists()


def test_a_refused_run_leaves_nobody_out(scene: Stage) -> None:
    taken(scene)
    alice: User = scene.alice
    with pytest.raises(Exception, match="serves"):
        retrain_without(campaign=scene.campaign, person=alice, acting_user=scene.maya, now=scene.now)
    assert not LeftOut.objects.exists()


def test_the_difference_is_to_a_snapshot_of_everybodys_votes(scene: Stage) -> None:
    of_all, of_group = Snapshot(), Snapshot(group_name="Region/North")
    assert newest_of_all([Learned(of_group, 4, []), Learned(of_all, 4, [])]) is of_all
    assert newest_of_all([Learned(of_group, 4, [])]) is None
    Snapshot.objects.filter(pk=taken(scene).pk).update(group_name="Region/North")
    furnish(scene)
    Run.objects.update(status="finished")
    run = retrain_without(campaign=scene.campaign, person=scene.bob, acting_user=scene.maya, now=scene.now)
    assert run.snapshot.group_name == ""
