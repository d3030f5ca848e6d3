"""The verdict of an expert travels with our own files: in another campaign it stays over the votes."""

import io

import pytest

from labeling.actions.batches import take_back
from labeling.actions.campaigns import create_campaign
from labeling.actions.exports import open_export
from labeling.actions.import_reports import ImportSettings
from labeling.actions.imports import import_comparisons
from labeling.actions.verdicts import adjudicate
from labeling.models import Comparison, ImportBatch, Verdict
from labeling.tally import count_tally, read_tally
from tests.labeling.actions.opinions import THREE, bring_in
from tests.people import stage


@pytest.mark.parametrize("winner", ["a", "both_bad"])
@pytest.mark.parametrize("dialect", ["csv", "parquet", "labelstudio"])
def test_a_conflict_that_an_expert_settled_is_settled_elsewhere(dialect: str, winner: str) -> None:
    scene = stage(overlap=2)
    bring_in(scene, *THREE[:2])
    adjudicate(comparison=Comparison.objects.get(), winner=winner, reason="So.", acting_user=scene.ada, now=scene.now)
    data = b"".join(open_export(scene.campaign, dialect).pieces)
    other = create_campaign(name="Other", acting_user=scene.maya, now=scene.now, overlap=2)
    for keep, brought in ((True, (1, 0)), (True, (0, 1))):  # a second time it adds nothing
        report = import_comparisons(
            campaign=other,
            stream=io.BytesIO(data),
            settings=ImportSettings(keep_preferences=keep),
            acting_user=scene.maya,
            now=scene.now,
        )
        assert (report.created, report.duplicates) == brought
        assert report.notes.counts["expert_verdict"] == 1
    here, there = Verdict.objects.order_by("pk")
    values = ("winner", "confidence", "votes", "settled_by")
    assert [getattr(here, name) for name in values] == [getattr(there, name) for name in values]
    assert there.settled_by_user is None
    comparison = other.comparisons.get()
    assert (comparison.status, comparison.judged, comparison.votes) == ("settled", 2, {"a": 1, "b": 1})
    assert read_tally(other.pk) == count_tally(other.pk)
    assert b"".join(open_export(other, dialect).pieces).count(b"adjudication") == data.count(b"adjudication")
    take_back(batch=ImportBatch.objects.filter(campaign=other).earliest("pk"), acting_user=scene.maya, now=scene.now)
    assert (other.comparisons.count(), other.verdicts.count()) == (0, 0)
    assert read_tally(other.pk) == count_tally(other.pk)


def test_without_preferences_the_decision_stays_out_with_the_votes() -> None:
    scene = stage(overlap=2)
    bring_in(scene, *THREE[:2])
    adjudicate(comparison=Comparison.objects.get(), winner="a", reason="So.", acting_user=scene.ada, now=scene.now)
    data = b"".join(open_export(scene.campaign, "csv").pieces)
    other = create_campaign(name="Other", acting_user=scene.maya, now=scene.now)
    import_comparisons(
        campaign=other, stream=io.BytesIO(data), settings=ImportSettings(), acting_user=scene.maya, now=scene.now
    )
    assert (other.comparisons.get().status, other.verdicts.count()) == ("open", 0)
