"""Imports and exports on their page, as forms without JavaScript."""

from datetime import timedelta
from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile

from labeling.actions.imports import import_prompts
from tests.clients import Visiting, text_of
from tests.people import NOON, stage

DATA = "/campaigns/sums/data/"


def test_a_form_without_a_file_keeps_the_other_choices(visiting: Visiting) -> None:
    maya = visiting(stage().maya)
    page = maya.post(DATA, {"kind": "prompts", "dialect": "hh", "as_gold": "on"}).content.decode()
    assert "This field is required" in page
    assert '<option value="prompts" selected>' in page
    assert '<option value="hh" selected>' in page
    assert "checked" in page.split('name="as_gold"')[1][:90]


def test_a_file_leads_to_its_preview_and_nothing_is_imported_yet(visiting: Visiting) -> None:
    on_stage = stage()
    sent = {"kind": "prompts", "file": SimpleUploadedFile("prompts.txt", b"Why?\nHow?\n")}
    answer = visiting(on_stage.maya).post(DATA, sent)
    batch = on_stage.campaign.batches.get()
    assert answer["Location"] == f"{DATA}imports/{batch.pk}/"
    assert (batch.status, batch.created, on_stage.campaign.prompts.count()) == ("preview", 2, 0)


def test_the_imports_are_listed_newest_first_in_pages(visiting: Visiting) -> None:
    on_stage = stage()
    for number in range(12):
        import_prompts(
            campaign=on_stage.campaign,
            stream=BytesIO(f"Why {number}?".encode()),
            file_name=f"file-{number}.txt",
            acting_user=on_stage.maya,
            now=NOON + timedelta(hours=number),
        )
    maya = visiting(on_stage.maya)
    page = text_of(maya, DATA)
    assert page.index("file-11.txt") < page.index("file-2.txt")
    assert "file-1.txt" not in page
    (older,) = [part.split('"')[0] for part in page.split('href="?before=')[1:]]
    rest = text_of(maya, f"{DATA}?before={older}")
    assert "file-1.txt" in rest
    assert "file-2.txt" not in rest


def test_exports_lead_to_their_page(visiting: Visiting) -> None:
    on_stage = stage(comparisons=2)
    assert 'href="/campaigns/sums/data/export/?dialect=trl"' in text_of(visiting(on_stage.maya), DATA)
