"""The page of one import: preview, decision, report, and taking it back."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from labeling.actions import batches as actions
from labeling.actions.people import create_user
from labeling.models import Comparison, ImportBatch, Judgment, KeptUpload, Prompt, Role
from labeling.web import batches as pages
from tests.clients import Visiting, text_of
from tests.markup import tight
from tests.people import NOON, Stage, stage

PAIR = {
    "prompt": [{"role": "user", "content": "Why?"}],
    "chosen": [{"role": "assistant", "content": "Because."}],
    "rejected": [{"role": "assistant", "content": "No."}],
}
README = Path(__file__).resolve().parents[3] / "README.md"


def preview(client: Client, content: bytes, *, name: str = "pairs.jsonl", **form: str) -> tuple[str, str]:
    """Uploads a file; returns the address of its preview, and its page."""
    sent = {"kind": "comparisons", "dialect": "auto", **form, "file": SimpleUploadedFile(name, content)}
    address = client.post("/campaigns/sums/data/", sent)["Location"]
    return address, text_of(client, address)


def press(client: Client, address: str, button: str, **form: str) -> str:
    return client.post(f"{address}change/", {"do": button, **form}, follow=True).content.decode()


def bring_in(client: Client, content: bytes, **form: str) -> str:
    address, _ = preview(client, content, **form)
    return press(client, address, "import")


def lines(*records: object) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def test_a_preview_shows_the_records_and_counts_before_anything_is_kept(visiting: Visiting) -> None:
    on_stage = stage()
    _, page = preview(visiting(on_stage.maya), lines(PAIR, PAIR) + b"{broken\n")
    assert 'data-testid="import-created">1<' in page
    assert 'data-testid="import-duplicates">1<' in page
    assert 'data-testid="import-rejected">1<' in page
    assert "TRL preference records" in page
    assert "Because." in page
    assert "Preferred in the file" in page
    assert "Import 1 comparison" in page
    assert not on_stage.campaign.comparisons.exists()
    assert not on_stage.campaign.prompts.exists()


def test_an_import_keeps_the_good_lines_and_names_the_others(visiting: Visiting) -> None:
    on_stage = stage()
    content = lines(PAIR) + b"{broken\n" + lines({**PAIR, "chosen": PAIR["rejected"]})
    page = bring_in(visiting(on_stage.maya), content)
    assert "1 record was imported." in page
    assert 'data-testid="import-rejected">2<' in page
    assert '<td class="number">2</td>' in page
    assert on_stage.campaign.comparisons.count() == 1
    assert not KeptUpload.objects.exists()


def test_cancel_leaves_nothing_behind(visiting: Visiting) -> None:
    on_stage = stage()
    maya = visiting(on_stage.maya)
    address, _ = preview(maya, lines(PAIR))
    assert "Nothing was imported." in press(maya, address, "cancel")
    assert not on_stage.campaign.comparisons.exists()
    assert not KeptUpload.objects.exists()
    assert "pairs.jsonl" not in text_of(maya, "/campaigns/sums/data/")
    assert "already imported or cancelled" in press(maya, address, "import")


def test_the_same_file_again_adds_nothing(visiting: Visiting) -> None:
    on_stage = stage()
    maya = visiting(on_stage.maya)
    bring_in(maya, lines(PAIR))
    _, page = preview(maya, lines(PAIR))
    assert 'data-testid="import-created">0<' in page
    assert "nothing new for this campaign" in page
    assert 'data-testid="import"' not in page


def test_a_file_is_refused_whole_where_that_was_asked(visiting: Visiting) -> None:
    on_stage = stage()
    _, page = preview(visiting(on_stage.maya), lines(PAIR) + b"{broken\n", refuse_all="on")
    assert 'data-testid="import-rejected">1<' in page
    assert "you chose to import all records or none" in page
    assert 'data-testid="import"' not in page


def test_prompts_are_imported_gzipped_too(visiting: Visiting) -> None:
    on_stage = stage()
    content = gzip.compress(lines({"prompt": "Why is the sky blue?"}, {"prompt": "Why not?"}))
    assert "2 records were imported." in bring_in(visiting(on_stage.maya), content, kind="prompts")
    assert on_stage.campaign.prompts.count() == 2


def test_a_file_nobody_can_read_is_explained_and_can_be_read_differently(visiting: Visiting) -> None:
    on_stage = stage()
    maya = visiting(on_stage.maya)
    address, page = preview(maya, lines({"prompt": "Why?"}))
    assert 'data-testid="import-error"' in page
    assert 'data-testid="import"' not in page
    sentence, _, formats = page.partition("Formats that can be read")
    assert "This looks like prompts" in sentence
    assert "trl-implicit" in formats
    page = press(maya, address, "read", kind="prompts")
    assert "Import 1 prompt" in page
    press(maya, address, "import")
    assert on_stage.campaign.prompts.count() == 1


def test_a_document_chosen_as_prompts_is_warned_about(visiting: Visiting) -> None:
    maya = visiting(stage().maya)
    _, page = preview(maya, README.read_bytes(), name="README.md", kind="prompts")
    count = ImportBatch.objects.get().created
    assert f"This file is not JSON: each of its {count} lines becomes a prompt" in " ".join(page.split())
    assert "looks like a document or a table" in page
    assert 'button button-primary"> Cancel' in " ".join(page.split())


def test_a_plain_list_of_prompts_is_named_without_alarm(visiting: Visiting) -> None:
    _, page = preview(visiting(stage().maya), b"Why is it?\nWhy not?\n", name="prompts.txt", kind="prompts")
    assert "each of its 2 lines becomes a prompt" in page
    assert "looks like a document" not in page


def test_hostile_lines_are_shown_as_text(visiting: Visiting) -> None:
    hostile = {**PAIR, "chosen": [{"role": "assistant", "content": "<script>alert(2)</script>"}]}
    _, page = preview(visiting(stage().maya), lines(hostile) + b"<script>alert(1)</script>\n")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_only_the_person_who_uploaded_a_file_sees_its_preview(visiting: Visiting) -> None:
    on_stage = stage()
    address, _ = preview(visiting(on_stage.maya), lines(PAIR))
    assert visiting(on_stage.ada).get(address).status_code == 404
    press(visiting(on_stage.maya), address, "import")
    assert visiting(on_stage.ada).get(address).status_code == 200


def test_an_import_belongs_to_one_campaign_only(visiting: Visiting) -> None:
    on_stage = stage()
    address, _ = preview(visiting(on_stage.maya), lines(PAIR))
    other, _ = create_user(username="omar", role=Role.LEAD, password=None, acting_user=None, now=NOON)
    assert visiting(other).get(address).status_code == 404
    assert visiting(on_stage.root).get(address.replace("sums", "elsewhere")).status_code == 404


def test_taking_back_deletes_what_an_import_brought(visiting: Visiting) -> None:
    on_stage = stage(comparisons=1)
    maya = visiting(on_stage.maya)
    bring_in(maya, lines(PAIR))
    batch = ImportBatch.objects.get()
    page = press(maya, f"/campaigns/sums/data/imports/{batch.pk}/", "take_back")
    assert "The import was taken back." in page
    assert "Taken back by" in page
    assert on_stage.campaign.comparisons.count() == 1


def test_a_judged_import_says_so_instead(visiting: Visiting) -> None:
    on_stage: Stage = stage()
    maya = visiting(on_stage.maya)
    page = bring_in(maya, lines(PAIR))
    assert 'data-testid="take-back"' in page
    on_stage.settle(["a"])
    address = f"/campaigns/sums/data/imports/{ImportBatch.objects.get().pk}/"
    assert "1 comparison of this import was judged" in text_of(maya, address)
    assert "can no longer be taken back" in press(maya, address, "take_back")
    assert on_stage.campaign.comparisons.count() == 1


def test_of_an_import_with_many_judgments_only_some_are_counted(
    visiting: Visiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (actions, pages):
        monkeypatch.setattr(module, "MOST_COUNTED", 1)
    scene: Stage = stage()
    maya = visiting(scene.maya)
    bring_in(maya, lines(*(PAIR | {"prompt": [{"role": "user", "content": f"How {one}?"}]} for one in range(3))))
    scene.settle(["a", "a"])
    address = f"/campaigns/sums/data/imports/{ImportBatch.objects.get().pk}/"
    assert "More than 1 comparisons of this import were judged" in tight(text_of(maya, address))
    assert "More than 1 comparisons" in tight(press(maya, address, "take_back"))


def test_an_import_that_was_only_skipped_or_flagged_says_so_and_lists_the_flagged(visiting: Visiting) -> None:
    scene: Stage = stage()
    maya = visiting(scene.maya)
    bring_in(maya, lines(PAIR, PAIR | {"prompt": [{"role": "user", "content": "How?"}]}))
    address = f"/campaigns/sums/data/imports/{ImportBatch.objects.get().pk}/"
    flagged = scene.judge(scene.given(scene.alice), "skip", flag="harm").comparison_id
    page = tight(text_of(maya, address))
    assert "1 comparison of this import was judged, skipped or flagged" in page
    assert "Show 1 flagged one" in page
    listed = page.split('data-testid="batch-flagged"')[0].rsplit('href="', 1)[1].split('"')[0]
    found = text_of(maya, listed.replace("&amp;", "&"))
    assert f'name="pk" value="{flagged}"' in found
    assert found.count('name="pk"') == 1
    scene.judge(scene.given(scene.alice), "skip")
    assert "2 comparisons of this import were judged, skipped or flagged" in text_of(maya, address)
    assert "can no longer be taken back" in press(maya, address, "take_back")
    assert scene.campaign.comparisons.count() == 2


ODD = [{"Frage": f"Frage {n}?", "gut": f"Ja {n}.", "schlecht, oft": "Nein.", "Notiz": "x"} for n in range(2)]
PICKED = {"column_prompt": "Frage", "column_a": "gut", "column_b": "schlecht, oft"}


def test_columns_of_an_unknown_format_are_chosen_from_a_list_and_remembered(visiting: Visiting) -> None:
    scene = stage()
    maya = visiting(scene.maya)
    address, page = preview(maya, lines(*ODD))
    assert "The format of this file is not known" in page
    assert "Frage: Frage 0?" in page
    wrong = press(maya, address, "read", kind="comparisons", column_prompt="Frage", column_a="gut")
    assert "Choose the column, or none at all." in wrong
    assert '<option value="gut" selected>' in wrong
    same = press(maya, address, "read", kind="comparisons", column_prompt="Frage", column_a="gut", column_b="gut")
    assert "Both completions have the same column." in same
    page = press(maya, address, "read", kind="comparisons", **PICKED)
    assert "Import 2 comparisons" in tight(page)
    press(maya, address, "import")
    assert [one.metadata for one in Comparison.objects.all()] == [{"Notiz": "x"}] * 2
    _address, page = preview(maya, lines(*({**one, "gut": "Doch."} for one in ODD)))
    assert "Import 2 comparisons" in tight(page)  # read as last time


def test_the_first_column_can_always_be_preferred_and_another_names_the_annotator(visiting: Visiting) -> None:
    scene = stage()
    maya = visiting(scene.maya)
    address, page = preview(maya, lines(*({**one, "Wer": "Ann"} for one in ODD)))
    assert "The first completion is always preferred" in page
    chosen = {**PICKED, "column_preference": "=a", "column_annotator": "Wer", "keep_preferences": "on"}
    page = press(maya, address, "read", kind="comparisons", **chosen)
    press(maya, address, "import")
    votes = Judgment.objects.filter(campaign=scene.campaign).select_related("annotator", "comparison")
    sides = [getattr(vote.comparison, f"completion_{vote.choice}").text[:2] for vote in votes]
    assert (sides, {vote.annotator.outside_name for vote in votes}) == (["Ja", "Ja"], {"Ann"})


def test_prompts_are_chosen_by_column_too(visiting: Visiting) -> None:
    maya = visiting(stage().maya)
    address, page = preview(maya, lines(*ODD), kind="prompts")
    assert 'data-testid="columns"' in page
    page = press(maya, address, "read", kind="prompts", column_prompt="Frage", column_a="gut")
    assert "Import 2 prompts" in tight(page)
    press(maya, address, "import")
    assert Prompt.objects.latest("pk").metadata == {"gut": "Ja 1.", "schlecht, oft": "Nein.", "Notiz": "x"}


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ({}, "Pairs without a winner wait for an expert."),
        ({"verdict_rule": "dawid_skene"}, "each is taken to be right three times in four"),
        ({"max_overlap": 5}, "up to 5 judgments in all"),
    ],
)
def test_a_preview_of_judgments_says_how_the_rule_counts_them(
    visiting: Visiting, rules: dict[str, Any], sentence: str
) -> None:
    on_stage = stage(**rules)
    maya = visiting(on_stage.maya)
    named = {**PAIR, "annotator": "ann"}
    _, page = preview(maya, lines(named), keep_preferences="on")
    assert sentence in tight(page)
    _, page = preview(maya, lines(PAIR), keep_preferences="on")
    assert "rule-of-judgments" not in page
