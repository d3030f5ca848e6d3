"""The files of an unfinished campaign: recognized, counted, refused, removed."""

import gzip
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import translation
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from labeling.models import KeptUpload, User
from tests.training.conftest import NOW
from training.actions.draft_files import DraftFull, FileRefused, add_file, change_kind
from training.models import CampaignDraft, DraftFile

pytestmark = pytest.mark.django_db

PAIR = b'{"prompt": "Hello?", "chosen": "Hello.", "rejected": "Go away."}\n'
Add = Callable[..., DraftFile]


@pytest.fixture
def add(maya: User, settings: Settings, tmp_path: Path) -> Add:
    settings.VAR_DIR = tmp_path
    draft = CampaignDraft.objects.create(
        owner=maya, key="00000000-0000-4000-8000-000000000001", created_at=NOW, expires_at=NOW
    )

    def add_one(name: str, content: bytes) -> DraftFile:
        return add_file(draft=draft, name=name, size=len(content), stream=io.BytesIO(content), now=NOW)

    return add_one


HH = b'{"chosen": "\\n\\nHuman: a\\n\\nAssistant: b", "rejected": "\\n\\nHuman: a\\n\\nAssistant: c"}'


@pytest.mark.parametrize(
    ("content", "kind", "dialect", "usable", "refused"),
    [
        (PAIR * 2, "comparisons", "trl", 2, 0),
        (gzip.compress(PAIR, mtime=0), "comparisons", "trl", 1, 0),
        (HH, "comparisons", "hh", 1, 0),
        (PAIR + b'{"prompt": "Why?"}\n', "comparisons", "trl", 1, 1),
        (b'{"prompt": "Why?"}\n{"prompt": 7}\n', "prompts", "json", 1, 1),
        (b"Why?\n\nHow?\n", "prompts", "text", 2, 0),
        (b'["Why?", "How?"]', "prompts", "json", 2, 0),
    ],
    ids=["two", "gzipped", "transcripts", "mixed", "prompts", "lines", "array"],
)
def test_the_kind_and_the_dialect_of_a_file_are_recognized(
    add: Add, content: bytes, kind: str, dialect: str, usable: int, refused: int
) -> None:
    file = add("a.jsonl", content)
    assert (file.kind, file.dialect) == (kind, dialect)
    assert (file.report["usable"], file.report["refused"]) == (usable, refused)
    assert len(file.report["reasons"]) == refused
    assert file.report["records"][0][0] in ("Hello?", "a", "Why?")


def test_the_reasons_of_a_stored_file_are_in_the_readers_language(add: Add) -> None:
    add("a.jsonl", PAIR + b'{"prompt": "Why?"}\n')
    file = DraftFile.objects.get()
    assert file.reasons == [(2, "The field 'chosen' is missing.")]
    with translation.override("de"):
        assert file.reasons == [(2, "Das Feld 'chosen' fehlt.")]
        with pytest.raises(FileRefused, match="Zeile 1: Der Prompt ist leer"):
            add("b.jsonl", b'{"prompt": []}\n')


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b'{"prompt": 7}\n', "Line 1"),
        (b'{"ask": "Why?", "answer": "So."}\n', "ask, answer"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe", "not a text file"),
        (b"\x1f\x8bno gzip", "gzip"),
    ],
    ids=["empty", "number", "unknown fields", "picture", "broken gzip"],
)
def test_a_file_without_a_usable_record_is_refused_and_not_kept(
    add: Add,
    content: bytes,
    words: str,
    tmp_path: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(FileRefused, match=words):
        add("a.jsonl", content)
    assert not DraftFile.objects.exists()
    assert not KeptUpload.objects.exists()
    assert list((tmp_path / "uploads").iterdir()) == []


def test_a_file_that_is_too_large_is_refused(add: Add, settings: Settings) -> None:
    settings.UPLOAD_LIMIT_MB = 1
    with pytest.raises(FileRefused, match="larger than 1 MB"):
        add("a.txt", b"x" * (1 << 20) + b"y")
    for number in range(5):
        add(f"{number}.txt", b"word " * 200_000 + str(number).encode())
    with pytest.raises(DraftFull):
        add("another.txt", b"word " * 200_000)


def test_comparisons_can_be_read_as_prompts_only_and_prompts_not_as_comparisons(add: Add) -> None:
    file = change_kind(file=add("pairs.jsonl", PAIR), kind="prompts")
    assert (file.kind, file.report["usable"]) == ("prompts", 1)
    prompts = add("prompts.txt", b"Why?")
    with pytest.raises(FileRefused):
        change_kind(file=prompts, kind="comparisons")
    prompts.refresh_from_db()
    assert prompts.kind == "prompts"


def test_the_name_holds_no_folders(add: Add) -> None:
    assert add("C:\\data\\..\\pairs.jsonl", PAIR).name == "pairs.jsonl"
