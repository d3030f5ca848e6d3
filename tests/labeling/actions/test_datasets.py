"""A data set is a folder that `datasets` opens, with a card written from facts, by action, command, API and page."""

import importlib
import io
import json
import zipfile
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from common.errors import Invalid
from common.wording import percent
from labeling.actions.campaigns import write_guidelines
from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.actions.datasets import DatasetOrder, write_dataset
from labeling.actions.export_choices import write_options
from labeling.models import Completion, Event, Judgment, User
from labeling.queries.agreement import agreement
from labeling.queries.statistics import statistics
from tests.clients import Visiting, text_of
from tests.labeling.a_hub import hub
from tests.people import Stage, asks, stage

pytestmark = pytest.mark.django_db

CONSENT = "All annotators agreed to publication.\nThe texts are synthetic."


@pytest.fixture
def scene(settings: Any, tmp_path: Path) -> Stage:
    """Twenty settled comparisons, ten of them with two votes, and a tie."""
    settings.VAR_DIR = tmp_path / "var"
    scene = stage(comparisons=21, overlap=2)
    write_guidelines(
        campaign=scene.campaign, text="# Be kind\n\nPrefer what is true.", acting_user=scene.maya, now=scene.now
    )
    for number in range(20):
        for user in (scene.alice, scene.bob):
            scene.vote(scene.given(user), "a" if number % 5 or user == scene.alice else "b")
    return scene


def written(scene: Stage, folder: Path, **values: Any) -> Path:
    order = DatasetOrder(**{"licence": "cc-by-4.0", "consent": CONSENT} | values)
    write_dataset(campaign=scene.campaign, order=order, folder=folder, acting_user=scene.maya, now=scene.now)
    return folder


@pytest.mark.parametrize("dialect", ["trl", "trl-implicit", "kto"])
@pytest.mark.parametrize("extras", [False, True])
def test_the_library_opens_it_with_the_splits_of_training(
    scene: Stage, tmp_path: Path, dialect: str, extras: bool
) -> None:
    datasets = importlib.import_module("datasets")
    options = write_options({"extras": extras}, acting_user=None)
    folder = written(scene, tmp_path / "set", dialect=dialect, options=options)
    loaded = datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    assert set(loaded) == {"train", "test"}
    asked = "chosen" if dialect == "trl-implicit" else "prompt"
    prompts = {side: {json.dumps(row[asked]) for row in rows} for side, rows in loaded.items()}
    assert prompts["train"].isdisjoint(prompts["test"])
    assert ("confidence" in loaded["train"].column_names) is extras
    assert sum(len(rows) for rows in loaded.values()) == 16 * (2 if dialect == "kto" else 1)


def test_the_card_says_the_facts(scene: Stage, tmp_path: Path) -> None:
    options = write_options({"redact": ["email"], "near_duplicates": "report"}, acting_user=None)
    card = (written(scene, tmp_path / "set", options=options, title="Sums: “more”") / "README.md").read_text()
    found = statistics(scene.campaign, now=scene.now)
    for line in (
        'pretty_name: "Sums: “more”"',
        'license: "cc-by-4.0"',
        "- 16 comparisons, judged in the campaign “Sums”.",
        "- 40 judgments of 2 people on 20 comparisons of the campaign; 2 wanted for each.",
        f"alpha (nominal: a, tie, b): {agreement(scene.campaign).alpha_nominal.value:.3f}",
        f"- Preferences for the completion shown on the left: {percent(found.position.value or 0)} (95% interval ",
        f"- Preferences for the completion that is longer: {percent(found.length.longer_preferred.value or 0)}",
        "30% of the prompts are held out (seed 0)",
        "- A comparison that is in conflict: 4",
        "- A comparison that has no verdict yet: 1",
        "- Redacted: nothing was found.",
        "> Prefer what is true.",
        "All annotators agreed to publication.",
    ):
        assert line in card
    (event,) = Event.objects.filter(verb="campaign.exported")
    assert (event.after["license"], event.after["consent"]) == ("cc-by-4.0", CONSENT)


def test_outside_and_simulated_annotators_are_no_people(scene: Stage, tmp_path: Path) -> None:
    User.objects.filter(pk=scene.bob.pk).update(outside_campaign=scene.campaign)
    assert Judgment.objects.filter(annotator=scene.bob, superseded_at=None).count() == 20
    card = (written(scene, tmp_path / "set") / "README.md").read_text()
    assert "- 20 judgments of 1 people on 20 comparisons" in card
    assert "- Besides, 20 imported judgments of 1 outside annotators." in card
    assert "simulated" not in card


def test_near_duplicates_are_looked_for_on_both_sides(scene: Stage, tmp_path: Path) -> None:
    long = "Which of the many towns that lie on the river Elbe is the largest of them all today? Number"
    drafts = [
        ComparisonDraft(asks(f"{long} {number}"), CompletionDraft("a"), CompletionDraft("b"), "first")
        for number in range(20)
    ]
    scene.add(drafts)
    options = write_options({"near_duplicates": "drop"}, acting_user=None)
    folder = written(scene, tmp_path / "set", options=options)
    texts = [(folder / "data" / f"{side}.jsonl").read_text() for side in ("train", "test")]
    assert sum(text.count(long) for text in texts) == 1


def test_croissant_describes_the_files_and_reads_them(
    scene: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = written(scene, tmp_path / "set")
    metadata = json.loads((folder / "croissant.json").read_text())
    for file in metadata["distribution"]:
        content = (folder / file["contentUrl"]).read_bytes()
        assert file["contentSize"] == f"{len(content)} B"
    fields = {field["name"] for record in metadata["recordSet"] for field in record["field"]}
    assert fields == set(json.loads(content.splitlines()[0]))
    monkeypatch.setenv("CROISSANT_CACHE", str(tmp_path / "cache"))
    checker = importlib.import_module("mlcroissant")
    dataset = checker.Dataset(jsonld=str(folder / "croissant.json"))
    assert not dataset.metadata.ctx.issues.errors
    rows = (folder / "data" / "train.jsonl").read_bytes().splitlines()
    assert sum(1 for _ in dataset.records("train")) == len(rows)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"licence": "mine"}, "license"),
        ({"consent": " "}, "consent"),
        ({"language": "german!"}, "language"),
        ({"dialect": "csv"}, "dialect"),
        ({"options": write_options({"side": "test"}, acting_user=None)}, "side"),
    ],
)
def test_what_is_missing_is_named_and_nothing_is_written(
    scene: Stage, tmp_path: Path, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        written(scene, tmp_path / "set", **values)
    assert list(refused.value.fields) == [field]
    assert not (tmp_path / "set").exists()


def test_an_empty_one_and_an_existing_folder_are_refused(scene: Stage, tmp_path: Path) -> None:
    empty = stage_of_ties(scene)
    with pytest.raises(Invalid, match="empty"):
        written(empty, tmp_path / "set")
    assert list(tmp_path.glob(".set*")) == []
    (tmp_path / "set").mkdir()
    with pytest.raises(FileExistsError):
        written(scene, tmp_path / "set")


def stage_of_ties(scene: Stage) -> Stage:
    scene.campaign.verdicts.update(winner="tie")
    return scene


def test_command_api_and_page_write_the_same(scene: Stage, visiting: Visiting, tmp_path: Path) -> None:
    maya, out = visiting(scene.maya), tmp_path / "set"
    arguments = ("--license", "cc-by-4.0", "--consent", CONSENT, "--redact", "email", "--title", "Sums")
    call_command("export_dataset", "sums", "--out", str(out), *arguments, stdout=StringIO())
    files = {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert set(files) == {"README.md", "croissant.json", "data/train.jsonl", "data/test.jsonl"}
    query = {"license": "cc-by-4.0", "consent": CONSENT, "redact": "email"}
    api = unzipped(maya.get("/api/v1/campaigns/sums/export/dataset/", query))
    form = {"view": "dialect=trl&redact_email=on", "license": "cc-by-4.0", "consent": CONSENT, "language": "en"}
    page = unzipped(maya.post("/campaigns/sums/data/export/dataset/", form))
    for other in (api, page):
        assert {name: other[name] for name in files if name.startswith("data/")} == {
            name: content for name, content in files.items() if name.startswith("data/")
        }
        assert other.keys() == files.keys()
    assert "Data set" in text_of(maya, "/campaigns/sums/data/export/?dialect=trl")


def test_the_page_keeps_what_was_typed(scene: Stage, visiting: Visiting) -> None:
    form = {"view": "dialect=kto", "license": "", "consent": "They agreed.", "language": "en"}
    page = visiting(scene.maya).post("/campaigns/sums/data/export/dataset/", form).content.decode()
    assert "They agreed." in page
    assert "This field is required" in page
    assert 'value="kto" selected' in page


def test_a_push_needs_a_token_and_a_hub(scene: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ("--license", "other", "--consent", CONSENT, "--push", "me/sums")
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with pytest.raises(CommandError, match="HF_TOKEN"):
        call_command("export_dataset", "sums", "--out", str(tmp_path / "one"), *arguments)
    assert not (tmp_path / "one").exists()
    monkeypatch.setenv("HF_TOKEN", "hf_test")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(CommandError, match="not uploaded"):
        call_command("export_dataset", "sums", "--out", str(tmp_path / "two"), *arguments, stdout=StringIO())
    assert (tmp_path / "two" / "README.md").exists()


@pytest.mark.parametrize("public", [False, True])
def test_a_push_sends_the_whole_folder_to_a_repository_that_others_see_only_if_asked(
    scene: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, public: bool
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_test")
    arguments = ["--license", "other", "--consent", CONSENT, "--push", "me/sums", *(["--public"] if public else [])]
    said, folder = StringIO(), tmp_path / "set"
    with hub() as kept:
        monkeypatch.setenv("HF_ENDPOINT", kept.address)
        call_command("export_dataset", "sums", "--out", str(folder), *arguments, stdout=said)
        assert f"{kept.address}/datasets/me/sums" in said.getvalue()
        (created,) = kept.repositories
        seen = "public" if public else "private"
        assert (created["name"], created["type"], created["visibility"]) == ("sums", "dataset", seen)
        assert kept.tokens == {"Bearer hf_test"}
        assert kept.commits == ["Export of Chosen"]
        assert kept.files == {
            str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()
        }
        kept.refuses = True
        with pytest.raises(CommandError, match="The folder is written, but was not uploaded"):
            call_command("export_dataset", "sums", "--out", str(tmp_path / "two"), *arguments, stdout=StringIO())
    assert (tmp_path / "two" / "README.md").exists()


def test_hostile_texts_stay_texts(scene: Stage, tmp_path: Path) -> None:
    scene.add([ComparisonDraft(asks("--- # {{ x }}"), CompletionDraft("\u2028yes"), CompletionDraft("no"), "first")])
    folder = written(scene, tmp_path / "set", title='"--- \n# x: [', consent="---\n# not a heading?")
    head = (folder / "README.md").read_text().split("---\n")[1]
    assert 'pretty_name: "\\"--- \\n# x: ["' in head


def unzipped(response: Any) -> dict[str, bytes]:
    """The files of a ZIP file below its folder."""
    assert response.status_code == 200, response.content[:300]
    archive = zipfile.ZipFile(io.BytesIO(b"".join(response)))
    return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def test_redaction_covers_the_card_and_names_what_it_leaves(scene: Stage, tmp_path: Path) -> None:
    address = "ada@example.org"
    Completion.objects.filter(prompt__campaign=scene.campaign).update(model_version=address)
    scene.campaign.name, scene.campaign.description = f"Sums of {address}", f"Ask {address}"
    scene.campaign.save()
    write_guidelines(campaign=scene.campaign, text=f"Write to {address}.", acting_user=scene.maya, now=scene.now)
    options = write_options({"redact": ["email"], "extras": True}, acting_user=None)
    folder = written(scene, tmp_path / "set", options=options, consent=f"Agreed, says {address}.")
    texts = {path.name: path.read_text() for path in folder.rglob("*") if path.is_file()}
    assert {name: text.count(address) for name, text in texts.items() if address in text} == {"README.md": 1}
    assert "The statement of consent is as it was written." in texts["README.md"]
    assert "Models that wrote completions: " in texts["README.md"]
