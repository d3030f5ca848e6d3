"""Refusals of files, in the language of whoever reads them."""

import json

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from labeling.models import ImportBatch
from tests.clients import Visiting, text_of
from tests.markup import tight
from tests.people import stage

BAD = b'{"prompt": "Why?", "chosen": "So."}\n{broken\n{"prompt": "Why?", "chosen": "Same.", "rejected": "Same."}\n'
GOOD = b'{"prompt": "Why?", "chosen": "So.", "rejected": "No."}\n'


def german(client: Client) -> Client:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "de"
    return client


def upload(client: Client, content: bytes, name: str = "pairs.jsonl") -> str:
    sent = {"kind": "comparisons", "dialect": "auto", "file": SimpleUploadedFile(name, content)}
    return str(client.post("/campaigns/sums/data/", sent)["Location"])


def test_each_reader_sees_the_reasons_in_their_own_language(visiting: Visiting) -> None:
    on_stage = stage()
    address = upload(visiting(on_stage.maya), GOOD + BAD)
    page = tight(text_of(german(visiting(on_stage.maya)), address))
    for reason in (
        "Das Feld &#x27;rejected&#x27; fehlt.",
        "Kein gültiges JSON: Ein Feldname in doppelten Anführungszeichen fehlt bei Zeichen 2.",
        "Die Antworten &#x27;chosen&#x27; und &#x27;rejected&#x27; sind identisch.",
    ):
        assert f'<td lang="de">{reason}</td>' in page
    assert '<td lang="en">' not in page
    assert "The field &#x27;rejected&#x27; is missing." in text_of(visiting(on_stage.maya), address)
    stored = ImportBatch.objects.get().rejected
    assert stored[0]["reason"] == "The field 'rejected' is missing."


def test_a_refusal_of_an_earlier_version_is_shown_in_its_language(visiting: Visiting) -> None:
    on_stage = stage()
    address = upload(visiting(on_stage.maya), GOOD + BAD)
    old = {"line": 2, "record": 2, "code": "missing_field", "reason": "The field 'rejected' is missing.", "excerpt": ""}
    ImportBatch.objects.update(rejected=[old])
    page = tight(text_of(german(visiting(on_stage.maya)), address))
    assert '<td lang="en">The field &#x27;rejected&#x27; is missing.</td>' in page


def test_why_a_file_cannot_be_read_is_said_in_the_readers_language(visiting: Visiting) -> None:
    on_stage = stage()
    pdf = upload(visiting(on_stage.maya), b"%PDF-1.7 ...")
    assert "Die Datei ist ein PDF-Dokument." in text_of(german(visiting(on_stage.maya)), pdf)
    assert "The file is a PDF document." in text_of(visiting(on_stage.maya), pdf)
    unknown = upload(visiting(on_stage.maya), json.dumps({"frage": "Warum?"}).encode())
    page = text_of(german(visiting(on_stage.maya)), unknown)
    assert "In dieser Datei wurden keine zwei Antworten gefunden." in page
    assert "Das Format ist nicht erkennbar: Zeile 1 hat die Felder frage." in page
    assert "The dialect cannot be detected" not in page


def test_practice_pairs_are_refused_in_the_readers_language(visiting: Visiting) -> None:
    on_stage = stage()
    sent = {"use": "practice", "dialect": "auto", "file": SimpleUploadedFile("pairs.jsonl", BAD)}
    page = german(visiting(on_stage.maya)).post("/campaigns/sums/practice/", sent).content.decode()
    assert "Zeile 1: Das Feld &#x27;rejected&#x27; fehlt." in tight(page)
