"""Imports and exports on their page, as forms without JavaScript."""

import gzip
import json

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.clients import Visiting, text_of
from tests.people import Stage, stage

PAIR = {
    "prompt": [{"role": "user", "content": "Why?"}],
    "chosen": [{"role": "assistant", "content": "Because."}],
    "rejected": [{"role": "assistant", "content": "No."}],
}


def upload(client: Client, on_stage: Stage, content: bytes, **form: str) -> str:
    file = SimpleUploadedFile("pairs.jsonl", content)
    sent = {"kind": "comparisons", "dialect": "auto", **form, "file": file}
    return client.post(f"/campaigns/{on_stage.campaign.slug}/data/", sent).content.decode()


def lines(*records: object) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def test_an_import_keeps_the_good_lines_and_names_the_others(visiting: Visiting) -> None:
    on_stage = stage()
    page = upload(
        visiting(on_stage.maya), on_stage, lines(PAIR) + b"{broken\n" + lines({**PAIR, "chosen": PAIR["rejected"]})
    )
    assert 'data-testid="import-created">1<' in page
    assert 'data-testid="import-rejected">2<' in page
    assert '<td class="number">2</td>' in page
    assert on_stage.campaign.comparisons.count() == 1


def test_the_same_file_again_adds_nothing(visiting: Visiting) -> None:
    on_stage = stage()
    maya = visiting(on_stage.maya)
    upload(maya, on_stage, lines(PAIR))
    page = upload(maya, on_stage, lines(PAIR))
    assert 'data-testid="import-created">0<' in page
    assert 'data-testid="import-duplicates">1<' in page


def test_a_file_is_refused_whole_where_that_was_asked(visiting: Visiting) -> None:
    on_stage = stage()
    page = upload(visiting(on_stage.maya), on_stage, lines(PAIR) + b"{broken\n", refuse_all="on")
    assert 'data-testid="import-rejected">1<' in page
    assert "Nothing was imported" in page
    assert on_stage.campaign.comparisons.count() == 0


def test_prompts_are_imported_gzipped_too(visiting: Visiting) -> None:
    on_stage = stage()
    content = gzip.compress(lines({"prompt": "Why is the sky blue?"}, {"prompt": "Why not?"}))
    page = upload(visiting(on_stage.maya), on_stage, content, kind="prompts")
    assert 'data-testid="import-created">2<' in page
    assert on_stage.campaign.prompts.count() == 2


def test_a_file_nobody_can_read_is_explained(visiting: Visiting) -> None:
    on_stage = stage()
    page = upload(visiting(on_stage.maya), on_stage, lines({"what": "is this"}))
    assert 'data-testid="import-error"' in page or 'data-testid="import-rejected">1<' in page
    assert on_stage.campaign.comparisons.count() == 0


def test_hostile_lines_are_shown_as_text(visiting: Visiting) -> None:
    on_stage = stage()
    page = upload(visiting(on_stage.maya), on_stage, lines(PAIR) + b"<script>alert(1)</script>\n")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_exports_download_what_was_judged(visiting: Visiting) -> None:
    on_stage = stage(comparisons=2)
    on_stage.settle(["a", "tie"])
    maya = visiting(on_stage.maya)
    page = text_of(maya, f"/campaigns/{on_stage.campaign.slug}/data/")
    path = f"/api/v1/campaigns/{on_stage.campaign.slug}/export/?dialect=trl"
    assert f'href="{path}"' in page
    exported = b"".join(maya.get(path)).decode()
    assert len(exported.splitlines()) == 1
