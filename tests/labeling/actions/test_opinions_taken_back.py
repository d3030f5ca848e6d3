"""Comparisons of other imports after the judgments that an import brought to them were taken back."""

from collections.abc import Callable

import pytest

from labeling.actions.batches import take_back
from labeling.actions.curation import make_gold, restore_comparison, retire_comparison
from labeling.actions.verdicts import adjudicate
from labeling.models import Comparison, ImportBatch, Judgment, User, Verdict
from labeling.tally import count_tally, read_tally
from tests.labeling.actions.opinions import THREE, bring_in, said
from tests.people import Stage, stage
from training.actions.leaving_out import leave_out
from training.actions.snapshots import left_out_of

BARE = said(None, "Paris", "Lyon")


def retire(scene: Stage) -> None:
    retire_comparison(comparison=Comparison.objects.get(), reason="Wrong.", acting_user=scene.maya, now=scene.now)


def flag(scene: Stage) -> None:
    Comparison.objects.update(status="flagged")


def gild(scene: Stage) -> None:
    make_gold(comparison=Comparison.objects.get(), winner="a", acting_user=scene.maya, now=scene.now)


def brought(scene: Stage, *records: object) -> ImportBatch:
    batch = bring_in(scene, *records).batch
    assert batch is not None
    return batch


@pytest.mark.parametrize("earlier", [BARE, THREE[0]], ids=["verdict", "judgment"])
@pytest.mark.parametrize(("take_out", "status"), [(retire, "retired"), (flag, "flagged"), (gild, "gold")])
def test_a_comparison_that_is_out_stays_out(earlier: object, take_out: Callable[[Stage], None], status: str) -> None:
    scene = stage(overlap=1)
    brought(scene, earlier)
    batch = brought(scene, *THREE[1:])
    take_out(scene)
    take_back(batch=batch, acting_user=scene.maya, now=scene.now)
    comparison = Comparison.objects.get()
    assert comparison.status == status
    assert comparison.judged == (earlier is THREE[0])
    assert comparison.overlap == 1
    assert Verdict.objects.filter(settled_by__in=Verdict.BY_RULE).count() == 0
    assert Verdict.objects.count() == (earlier is BARE and status != "gold")
    if status == "retired":
        restore_comparison(comparison=comparison, acting_user=scene.maya, now=scene.now)
        assert Verdict.objects.get().settled_by == ("import" if earlier is BARE else "majority")
        assert Comparison.objects.get().status == "settled"
        assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)


def test_the_verdict_of_an_expert_stays_and_no_imported_one_comes_back_beside_it() -> None:
    scene = stage(overlap=1)
    first = brought(scene, BARE)
    second = brought(scene, said("ann", "Lyon", "Paris"))
    comparison = Comparison.objects.get()
    adjudicate(comparison=comparison, winner="tie", reason="Alike.", acting_user=scene.ada, now=scene.now)
    take_back(batch=second, acting_user=scene.maya, now=scene.now)
    assert Verdict.objects.get().settled_by == "adjudication"
    assert (Comparison.objects.get().status, Judgment.objects.count()) == ("settled", 0)
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)
    take_back(batch=first, acting_user=scene.maya, now=scene.now)
    assert not Comparison.objects.exists()


def test_an_annotator_who_is_left_out_of_training_stays_left_out() -> None:
    scene = stage(overlap=1)
    brought(scene, BARE)
    batch = brought(scene, said("ann", "Lyon", "Paris"), said("ben", "Lyon", "Paris"))
    ann = User.objects.get(outside_name="ann")
    leave_out(campaign=scene.campaign, person=ann, acting_user=scene.maya, now=scene.now)
    take_back(batch=batch, acting_user=scene.maya, now=scene.now)
    assert list(User.objects.filter(outside_campaign=scene.campaign)) == [ann]
    brought(scene, said("ann", "Lyon", "Paris"))
    assert left_out_of(scene.campaign) == [ann]
    assert Judgment.objects.filter(annotator=ann).exists()
