"""Forms with a file: nobody chooses it again because another field was wrong."""

import re
from collections.abc import Mapping

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from labeling.actions.exports import open_export
from labeling.models import Campaign, ImportBatch, KeptUpload
from tests.clients import Visiting
from tests.people import Stage, stage

PAIRS = b'{"prompt": "2 + 2", "chosen": "4", "rejected": "5"}\n{"prompt": "3 + 3", "chosen": "6", "rejected": "7"}'
PREVIEWED = {"kind": "comparisons", "mapping": "", "dialect": "auto"}
FORMS: dict[str, tuple[str, bytes | None, Mapping[str, str], Mapping[str, str]]] = {
    "labeling/data/import.html": ("data/", PAIRS, PREVIEWED, {"mapping": "kaputt==x"}),
    "labeling/practice/import.html": ("practice/", PAIRS, {"use": "practice"}, {"use": "kaputt"}),
    "labeling/campaign_import.html": ("/campaign-import/", None, {"name": "Again"}, {"name": "x" * 201}),
}
"""The template of each form with a file: its address, the file (None: a campaign), right values and a wrong one."""

OTHERWISE = {
    "labeling/export/evaluation.html": "has no other field that can be wrong",
    "training/suites.html": "shows the file as a text: tests/training/web/test_suites.py",
    "training/new_campaign.html": "keeps its files in the draft: tests/training/web/test_new_campaign.py",
}


def test_every_form_with_a_file_is_covered_here() -> None:
    folder = settings.BASE_DIR / "templates"
    with_files = {
        str(path.relative_to(folder))
        for path in folder.rglob("*.html")
        if re.search(r'enctype="multipart|type="file"', path.read_text("utf-8"))
    }
    assert with_files == FORMS.keys() | OTHERWISE.keys()


@pytest.mark.parametrize("template", FORMS)
def test_the_file_outlives_a_wrong_value_of_another_field(visiting: Visiting, template: str) -> None:
    address, data, right, wrong = FORMS[template]
    scene = stage(comparisons=2)
    scene.settle(["a"])
    maya, address = (
        visiting(scene.maya),
        address if address[0] == "/" else f"/campaigns/{scene.campaign.slug}/{address}",
    )
    content = data or b"".join(open_export(scene.campaign, "full").pieces)
    page = maya.post(address, {**right, **wrong, "file": SimpleUploadedFile("mine.jsonl", content)}).content.decode()
    assert "“mine.jsonl” is kept" in page
    kept = _kept(page)
    page = maya.post(address, {**right, **wrong, "kept_file": kept}).content.decode()
    assert _kept(page) == kept  # a second mistake does not lose it either
    before = _rows(scene)
    assert maya.post(address, {**right, "kept_file": kept}).status_code == 302
    assert _rows(scene) > before
    assert not KeptUpload.objects.filter(pk=int(kept)).exists()


def test_a_kept_file_is_its_owners_alone_and_expires_in_words(visiting: Visiting) -> None:
    scene = stage(comparisons=1)
    address = f"/campaigns/{scene.campaign.slug}/data/"
    wrong = {**PREVIEWED, "mapping": "kaputt==x"}
    file = SimpleUploadedFile("mine.jsonl", PAIRS)
    kept = _kept(visiting(scene.maya).post(address, {**wrong, "file": file}).content.decode())
    page = visiting(scene.ada).post(address, {**PREVIEWED, "kept_file": kept}).content.decode()
    assert "no longer kept. Choose it again." in page
    assert not ImportBatch.objects.exists()


def test_another_file_takes_the_place_of_the_kept_one(visiting: Visiting) -> None:
    scene = stage(comparisons=1)
    address, wrong = f"/campaigns/{scene.campaign.slug}/data/", {**PREVIEWED, "mapping": "kaputt==x"}
    maya = visiting(scene.maya)
    first = _kept(maya.post(address, {**wrong, "file": SimpleUploadedFile("a.jsonl", b"{}")}).content.decode())
    page = maya.post(address, {**wrong, "kept_file": first, "file": SimpleUploadedFile("b.jsonl", PAIRS)})
    second = _kept(page.content.decode())
    assert KeptUpload.objects.get().name == "b.jsonl"
    maya.post(address, {**PREVIEWED, "kept_file": second})
    assert ImportBatch.objects.get().file_name == "b.jsonl"


def _kept(page: str) -> str:
    name = re.search(r'name="kept_file" value="(\d+)"', page)
    assert name is not None
    return name[1]


def _rows(scene: Stage) -> int:
    return Campaign.objects.count() + ImportBatch.objects.count() + scene.campaign.comparisons.count()
