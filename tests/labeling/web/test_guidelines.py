"""Guidelines: read by members, written by leads, kept in versions."""

from tests.clients import Visiting, text_of
from tests.people import stage


def test_guidelines_are_shown_as_they_are_meant_and_versioned(visiting: Visiting) -> None:
    on_stage = stage()
    path = f"/campaigns/{on_stage.campaign.slug}/guidelines/"
    maya = visiting(on_stage.maya)
    assert "No guidelines yet" in text_of(visiting(on_stage.alice), path)
    maya.post(path, {"text": "Prefer **kind** ones. <script>alert(1)</script>"})
    page = text_of(visiting(on_stage.alice), path)
    assert "<strong>kind</strong>" in page
    assert "<script>alert" not in page
    assert "Version 1" in page
    maya.post(path, {"text": "Prefer the shorter."})
    assert "Version 2" in text_of(visiting(on_stage.alice), path)


def test_an_annotator_gets_no_editor(visiting: Visiting) -> None:
    on_stage = stage()
    page = text_of(visiting(on_stage.alice), f"/campaigns/{on_stage.campaign.slug}/guidelines/?edit")
    assert "<textarea" not in page


def test_a_lead_is_told_that_another_wrote_a_version_meanwhile_and_may_replace_it(visiting: Visiting) -> None:
    scene = stage()
    path, maya, ada = "/campaigns/sums/guidelines/", visiting(scene.maya), visiting(scene.ada)
    shown = ada.get(f"{path}?edit").context["number"]
    maya.post(path, {"text": "Prefer the shorter.", "shown": shown})
    refused = ada.post(path, {"text": "Prefer the kind.", "shown": shown})
    assert "Number 1 was saved meanwhile." in refused.content.decode()
    assert "Prefer the kind." in refused.content.decode()
    assert scene.campaign.guideline_versions.count() == 1
    ada.post(path, {"text": "Prefer the kind.", "shown": refused.context["number"]})
    assert scene.campaign.guideline_versions.get(number=2).text == "Prefer the kind."
