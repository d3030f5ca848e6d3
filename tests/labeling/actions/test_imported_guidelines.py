"""Guidelines of an imported project become those of a campaign that has none."""

import io
import json

import pytest

from common.errors import NotAllowed
from labeling.actions.campaigns import write_guidelines
from labeling.actions.import_reports import ImportSettings
from labeling.actions.imported_guidelines import GuidelinesThere, NoImportedGuidelines, use_guidelines
from labeling.actions.imports import import_comparisons
from labeling.models import Comparison, ImportBatch
from tests.people import Stage, stage

RECORD = {"prompt": "Why?", "chosen": "So.", "rejected": "No."}


def bring_in(scene: Stage, *, guidelines: str, use: bool = False) -> ImportBatch:
    content = json.dumps({"guidelines": guidelines, "records": [RECORD]} if guidelines else RECORD).encode()
    report = import_comparisons(
        campaign=scene.campaign,
        stream=io.BytesIO(content),
        settings=ImportSettings(use_guidelines=use),
        acting_user=scene.maya,
        now=scene.now,
    )
    assert report.batch is not None
    return report.batch


def texts(scene: Stage) -> list[str]:
    return list(scene.campaign.guideline_versions.order_by("number").values_list("text", flat=True))


def test_they_are_kept_with_the_import_until_a_lead_uses_them() -> None:
    scene = stage()
    batch = bring_in(scene, guidelines="Choose the true one.")
    assert (batch.notes["guidelines"], texts(scene)) == ("Choose the true one.", [])
    assert Comparison.objects.get().metadata is None
    with pytest.raises(NotAllowed):
        use_guidelines(batch=batch, acting_user=scene.alice, now=scene.now)
    for _ in range(2):
        use_guidelines(batch=batch, acting_user=scene.maya, now=scene.now)
    assert texts(scene) == ["Choose the true one."]


def test_a_campaign_keeps_its_own() -> None:
    scene = stage()
    write_guidelines(campaign=scene.campaign, text="Ours.", acting_user=scene.maya, now=scene.now)
    batch = bring_in(scene, guidelines="Theirs.", use=True)
    assert texts(scene) == ["Ours."]
    with pytest.raises(GuidelinesThere):
        use_guidelines(batch=batch, acting_user=scene.maya, now=scene.now)


def test_an_import_can_use_them_at_once_and_says_if_there_are_none() -> None:
    scene = stage()
    batch = bring_in(scene, guidelines="")
    with pytest.raises(NoImportedGuidelines):
        use_guidelines(batch=batch, acting_user=scene.maya, now=scene.now)
    bring_in(scene, guidelines="Theirs.", use=True)
    assert texts(scene) == ["Theirs."]
