"""The page that makes a campaign of a file."""

from django.core.files.uploadedfile import SimpleUploadedFile

from labeling.actions.exports import open_export
from labeling.models import Campaign
from tests.clients import Visiting
from tests.people import stage


def test_a_file_becomes_a_campaign_and_a_wrong_one_a_sentence(visiting: Visiting) -> None:
    scene = stage(comparisons=2)
    scene.settle(["a"])
    maya = visiting(scene.maya)
    data = b"".join(open_export(scene.campaign, "full").pieces)
    answer = maya.post("/campaign-import/", {"file": SimpleUploadedFile("c.jsonl", data), "name": "Sums again"})
    assert answer["Location"] == "/campaigns/sums-again/"
    page = maya.post(
        "/campaign-import/", {"file": SimpleUploadedFile("c.jsonl", b"{}"), "name": "Third"}
    ).content.decode()
    assert "This is not the file of a whole campaign." in page
    assert 'value="Third"' in page
    assert Campaign.objects.count() == 2
