"""The same file gives the same result by command, by API and on the page."""

import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError

from labeling.models import Comparison, ImportBatch
from tests.clients import Calling, Visiting
from tests.labeling.management.running import run
from tests.people import stage

pytestmark = pytest.mark.django_db

TEXTS = {"chosen": "Apples and plums.", "rejected": "Potatoes."}
PAIR = {"prompt": "Name two fruits.", **TEXTS}
TALK = [{"role": "user", "content": PAIR["prompt"]}]


def lines(*records: Any) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def zipped(data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("good.jsonl", data)
    return packed.getvalue()


GOOD: dict[str, bytes] = {
    "lines": lines(PAIR),
    "zip": zipped(lines(PAIR)),
    "gzip": gzip.compress(lines(PAIR)),
    "records key": json.dumps({"data": [PAIR]}).encode(),
    "columns": json.dumps({name: [value] for name, value in PAIR.items()}).encode(),
    "pretty": json.dumps(PAIR, indent=2).encode(),
    "csv": b"prompt,chosen,rejected\nName two fruits.,Apples and plums.,Potatoes.\n",
    "pandas": (
        b",prompt,chosen,rejected\n0,\"[{'content': 'Name two fruits.', 'role': 'user'}]\","
        b"Apples and plums.,Potatoes.\n"
    ),
    "ultrafeedback": lines(
        {
            "prompt": PAIR["prompt"],
            **{name: [*TALK, {"role": "assistant", "content": text}] for name, text in TEXTS.items()},
            "score_chosen": 8.5,
        }
    ),
    "orca": lines({"system": "Be brief.", "question": PAIR["prompt"], **TEXTS}),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_file_is_read_alike_through_every_door(
    name: str, calling: Calling, visiting: Visiting, tmp_path: Path
) -> None:
    scene = stage()
    file = tmp_path / "file"
    file.write_bytes(GOOD[name])
    out, _ = run("import_comparisons", "sums", str(file), "--dry-run", "--json")
    by_command = json.loads(out)
    answer = calling(scene.maya).post(
        "/api/v1/campaigns/sums/comparisons/import/?dry_run=true", data=GOOD[name], content_type="application/jsonl"
    )
    assert answer.json() == by_command
    assert (by_command["created"], by_command["rejected_count"]) == (1, 0)
    sent = {"kind": "comparisons", "dialect": "auto", "file": SimpleUploadedFile("file", GOOD[name])}
    address = visiting(scene.maya).post("/campaigns/sums/data/", sent)["Location"]
    batch = ImportBatch.objects.get()
    assert (batch.created, batch.rejected_count, batch.error) == (1, 0, "")
    assert batch.field_uses == by_command["field_uses"]
    page = visiting(scene.maya).get(address).content.decode()
    assert 'data-testid="import-fields"' in page
    assert not Comparison.objects.exists()


BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"\n", "The file is empty."),
    "Git LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 1\n", "Git LFS pointer"),
    "HTML": (b"<!DOCTYPE html><html></html>", "HTML page"),
    "Python": (b"{'prompt': 'Q', 'chosen': 'a', 'rejected': 'b'}", "notation, not JSON"),
    "unknown": (lines({"frage": "Q", "eins": "a", "zwei": "b"}), "frage, eins, zwei"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_without_records_fails_through_every_door(
    name: str, calling: Calling, visiting: Visiting, tmp_path: Path
) -> None:
    scene = stage()
    content, sentence = BAD[name]
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(CommandError, match=sentence):
        run("import_comparisons", "sums", str(file))
    answer = calling(scene.maya).post(
        "/api/v1/campaigns/sums/comparisons/import/", data=content, content_type="application/jsonl"
    )
    assert answer.status_code == 422
    assert sentence in answer.json()["detail"]
    if content.strip():  # the page says of an empty file that it has no record
        sent = {"kind": "comparisons", "dialect": "auto", "file": SimpleUploadedFile("file", content)}
        address = visiting(scene.maya).post("/campaigns/sums/data/", sent)["Location"]
        assert 'data-testid="import-error"' in visiting(scene.maya).get(address).content.decode()
        assert sentence in ImportBatch.objects.get().error


def test_an_array_on_one_line_names_its_records_through_every_door(
    calling: Calling, visiting: Visiting, tmp_path: Path
) -> None:
    scene = stage()
    content = json.dumps([PAIR, {**PAIR, "chosen": ""}]).encode()
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(SystemExit):
        run("import_comparisons", "sums", str(file), "--dry-run")
    answer = calling(scene.maya).post(
        "/api/v1/campaigns/sums/comparisons/import/?dry_run=true", data=content, content_type="application/json"
    )
    assert [(one["line"], one["record"]) for one in answer.json()["rejected"]] == [(1, 2)]
    sent = {"kind": "comparisons", "dialect": "auto", "file": SimpleUploadedFile("file", content)}
    address = visiting(scene.maya).post("/campaigns/sums/data/", sent)["Location"]
    assert "(record 2)" in visiting(scene.maya).get(address).content.decode()


def test_columns_are_mapped_through_every_door(calling: Calling, visiting: Visiting, tmp_path: Path) -> None:
    scene = stage()
    content, mapping = BAD["unknown"][0], "prompt=frage a=eins b=zwei"
    file = tmp_path / "file"
    file.write_bytes(content)
    assert "1 new" in run("import_comparisons", "sums", str(file), "--dry-run", "--map", mapping)[0]
    address = "/api/v1/campaigns/sums/comparisons/import/?dry_run=true&mapping="
    maya = calling(scene.maya)
    assert maya.post(address + mapping, data=content, content_type="application/jsonl").json()["created"] == 1
    wrong = maya.post(f"{address}frage=prompt", data=content, content_type="application/jsonl")
    assert (wrong.status_code, "known parts are prompt, a, b" in wrong.content.decode()) == (422, True)
    visitor = visiting(scene.maya)
    sent = {"kind": "comparisons", "dialect": "auto", "file": SimpleUploadedFile("file", content)}
    page = visitor.post("/campaigns/sums/data/", sent)["Location"]
    columns = {"column_prompt": "frage", "column_a": "eins", "column_b": "zwei"}
    visitor.post(f"{page}change/", {"do": "read", "kind": "comparisons"} | columns)
    assert (ImportBatch.objects.get().created, ImportBatch.objects.get().error) == (1, "")
    refused = visitor.post(f"{page}change/", {"do": "read", "kind": "comparisons", "column_a": "eins"}, follow=True)
    assert "Choose the column, or none at all." in refused.content.decode()


NAMED_OTHERWISE = {
    "prompt=Prompt chosen=Chosen rejected=Rejected": {"Prompt": PAIR["prompt"], "Chosen": "A", "Rejected": "B"},
    "Rename them to prompt, completion, label": {"Prompt": PAIR["prompt"], "Completion": "A", "Label": True},
}


@pytest.mark.parametrize("words", NAMED_OTHERWISE)
def test_every_door_proposes_how_fields_of_other_names_are_read(
    words: str, calling: Calling, visiting: Visiting, tmp_path: Path
) -> None:
    scene, data = stage(), lines(NAMED_OTHERWISE[words])
    file = tmp_path / "file"
    file.write_bytes(data)
    with pytest.raises(CommandError, match=words):
        run("import_comparisons", "sums", str(file))
    answer = calling(scene.maya).post(
        "/api/v1/campaigns/sums/comparisons/import/?dry_run=true", data=data, content_type="application/jsonl"
    )
    assert (answer.status_code, words in answer.json()["detail"]) == (422, True), answer.json()
    sent = {"kind": "comparisons", "dialect": "auto", "file": SimpleUploadedFile("file", data)}
    visiting(scene.maya).post("/campaigns/sums/data/", sent)
    assert words in ImportBatch.objects.get().error
