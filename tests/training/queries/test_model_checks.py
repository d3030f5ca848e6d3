"""Prompts that the serving model cannot read are named when they come, and on their campaign's page."""

import io
import json
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from labeling.actions.import_reports import ImportReport, ImportSettings
from labeling.actions.imports import import_comparisons, import_prompts
from labeling.actions.previews import preview_import
from labeling.models import Campaign, PracticePair, User
from labeling.queries.model_checks import FAULTS
from tests.training.conftest import NOW
from tests.training.language_models.test_chat_templates import ALTERNATING, FORGETFUL, folder_with
from training.actions.versions import promote, register_base_version
from training.queries.model_checks import check_of_serving_model, prompt_faults
from training.web.training_advice import PROMPT_FAULTS

RULES = {"role": "system", "content": "Be brief."}
HELLO = {"role": "user", "content": "Hello?"}


def lines(*records: object) -> io.BytesIO:
    return io.BytesIO("".join(json.dumps(one) + "\n" for one in records).encode())


@pytest.fixture
def serving(tiny_model: Path, tmp_path: Path, var_dir: Path, db: None, request: pytest.FixtureRequest) -> None:
    """A model with the given chat template serves."""
    folder = folder_with(tiny_model, tmp_path / "other", request.param)
    for path in tiny_model.iterdir():
        if not (folder / path.name).exists():
            (folder / path.name).write_bytes(path.read_bytes())
    version = register_base_version(name="other", directory=folder, acting_user=None, now=NOW)
    promote(version=version, acting_user=None, now=NOW)


def imported(campaign: Campaign, *prompts: object) -> ImportReport:
    stream = lines(*({"messages": prompt} for prompt in prompts))
    return import_prompts(campaign=campaign, stream=stream, acting_user=None, now=NOW)


@pytest.mark.parametrize("serving", [ALTERNATING], indirect=True, ids=["alternating"])
def test_an_import_counts_prompts_that_the_template_refuses(campaign: Campaign, serving: None) -> None:
    report = imported(campaign, [HELLO], [RULES, HELLO], [RULES, {"role": "user", "content": "And now?"}])
    assert report.created == 3
    assert report.notes.counts["template_refuses"] == 2
    assert report.notes.examples["template_refuses"] == {"line": 2, "record": 2, "detail": "Roles must alternate"}
    assert report.batch is not None
    assert report.batch.notes["examples"] == report.notes.examples


@pytest.mark.parametrize("serving", [FORGETFUL], indirect=True, ids=["forgetful"])
def test_a_message_left_out_and_a_token_in_a_completion_are_counted(
    campaign: Campaign, serving: None, maya: User
) -> None:
    record = {"prompt": [RULES, HELLO], "chosen": "Hi <unk> there.", "rejected": "No."}
    preview = preview_import(
        campaign=campaign, kind="comparisons", stream=lines(record), settings=ImportSettings(), acting_user=maya
    )
    report = import_comparisons(campaign=campaign, stream=lines(record), acting_user=maya, now=NOW)
    for notes in (preview.report.notes, report.notes):
        assert (notes.counts["template_swallows"], notes.counts["model_tokens"]) == (1, 1)
        assert notes.examples["model_tokens"]["detail"] == "<unk>"
        assert notes.examples["template_swallows"]["detail"] == "system"


@pytest.mark.parametrize("serving", [ALTERNATING], indirect=True, ids=["alternating"])
def test_the_campaigns_page_says_it_before_anybody_labels(campaign: Campaign, serving: None, maya: User) -> None:
    imported(campaign, [RULES, HELLO])
    faults = prompt_faults(campaign)
    assert (faults.looked_at, faults.counts) == (19, {"template_refuses": 1})
    client = Client()
    client.force_login(maya)
    page = client.get("/campaigns/tiny/").content.decode()
    assert "chat template refuses 1 of the 19 newest prompts" in page
    assert "Roles must alternate" in page


@pytest.mark.parametrize("serving", [ALTERNATING], indirect=True, ids=["alternating"])
def test_practice_pairs_are_checked_too(campaign: Campaign, serving: None, maya: User) -> None:
    record = {"prompt": [RULES, HELLO], "chosen": "Hi.", "rejected": "No."}
    client = Client()
    client.force_login(maya)
    file = SimpleUploadedFile("practice.jsonl", lines(record, record | {"prompt": [HELLO]}).read())
    page = client.post("/campaigns/tiny/practice/", {"file": file, "use": "practice"}).content.decode()
    assert "chat template refuses: 1." in page
    assert PracticePair.objects.count() == 2


def test_nothing_is_asked_where_nothing_serves(campaign: Campaign) -> None:
    assert check_of_serving_model(campaign) is None
    assert imported(campaign, [RULES, HELLO]).notes.counts == {}
    assert prompt_faults(campaign).looked_at == 0


@pytest.mark.parametrize("serving", [ALTERNATING], indirect=True, ids=["alternating"])
def test_a_folder_that_is_missing_for_a_while_is_read_later(campaign: Campaign, serving: None, tmp_path: Path) -> None:
    folder, away = tmp_path / "other", tmp_path / "away"
    folder.rename(away)
    assert check_of_serving_model(campaign) is None
    away.rename(folder)
    assert check_of_serving_model(campaign) is not None


@pytest.mark.parametrize("serving", [FORGETFUL], indirect=True, ids=["forgetful"])
def test_tools_that_the_template_leaves_out_are_counted(campaign: Campaign, serving: None) -> None:
    stream = lines({"messages": [HELLO], "tools": [{"type": "function", "function": {"name": "look"}}]})
    report = import_prompts(campaign=campaign, stream=stream, acting_user=None, now=NOW)
    assert report.created == 1
    assert report.notes.counts["template_without_tools"] == 1
    assert prompt_faults(campaign).counts["template_without_tools"] == 1


def test_every_fault_has_a_sentence_on_the_campaigns_page() -> None:
    assert set(PROMPT_FAULTS) == set(FAULTS)
