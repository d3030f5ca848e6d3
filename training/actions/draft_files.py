"""The files of an unfinished campaign: stored, examined, removed."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import Conflict, Invalid
from common.phrases import Phrase
from common.sentences import Sentence
from labeling.actions.import_records import dialect_of
from labeling.actions.import_reports import why_unreadable
from labeling.actions.uploads import discard_upload, keep_upload, opened_upload
from labeling.exchange import (
    ByteStream,
    ExchangeError,
    ImportedComparison,
    ImportedPrompt,
    Rejected,
    read_comparisons,
    read_prompts,
)
from labeling.models import KeptUpload
from training.models import CampaignDraft, DraftFile

HEAD = 8192
PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"PAR1")
"""The first bytes of gzip, bzip2, xz, Zstandard, ZIP and Parquet."""
MOST_FILES = 20
MOST_SIZES = 5
"""The drafts of one owner together hold at most this many files of the largest size."""

RECORDS_SHOWN = 3
REASONS_SHOWN = 5
LONGEST_EXCERPT = 200


class FileRefused(Invalid):
    """The raiser says why, and what to do."""

    type = "file-refused"
    sentence = gettext_lazy("This file cannot be used.")


class DraftFull(Conflict):
    type = "draft-full"
    sentence = gettext_lazy(
        "There is no room for another file. Remove one, or import it after the campaign is created."
    )


@dataclass(slots=True)
class Examination:
    """The content of a file.

    dialect: of comparisons, or the form of prompts: json or text. records: the first ones, shortened; a comparison is
    its prompt and both completions. refused: how many records cannot be imported; reasons: of the first of them.
    """

    kind: str
    dialect: str = ""
    usable: int = 0
    refused: int = 0
    records: list[list[str]] = field(default_factory=list)
    reasons: list[dict[str, Any]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def examine(upload: KeptUpload, kind: str | None = None) -> Examination:
    """Reads a whole file. kind: None: comparisons if it has any that can be read, else prompts.

    Raises FileRefused if it is not text or no record can be used.
    """
    with opened_upload(upload, acting_user=upload.owner) as stream:
        head = stream.read(HEAD)
    if b"\x00" in head and not head.startswith(PACKED):
        raise FileRefused(_("This is not a text file in UTF-8. Choose JSONL, JSON or plain text."))
    if kind is not None:
        examination, reason = _try(upload, kind)
        if examination is None or not examination.usable:
            raise _refusal(examination, reason)
        return examination
    comparisons, undetected = _try(upload, DraftFile.Kind.COMPARISONS)
    if comparisons is not None and comparisons.usable:
        return comparisons
    prompts, reason = _try(upload, DraftFile.Kind.PROMPTS)
    if prompts is not None and prompts.usable:
        return prompts
    raise _refusal(prompts, undetected or reason)


def add_file(*, draft: CampaignDraft, name: str, size: int, stream: ByteStream, now: datetime) -> DraftFile:
    """Stores and examines a file. The same file under the same name again changes nothing.

    Raises FileRefused, DraftFull.
    """
    most = settings.UPLOAD_LIMIT_MB * (1 << 20)
    name = Path(name.replace("\\", "/")).name[-255:] or "file"
    if size > most:
        text = _("The file is larger than %(most)s MB. Import it in parts, or after the campaign is created.")
        raise FileRefused(text % {"most": settings.UPLOAD_LIMIT_MB})
    held = DraftFile.objects.filter(draft__owner=draft.owner).aggregate(total=Sum("upload__size"))["total"] or 0
    if draft.files.count() >= MOST_FILES or held + size > MOST_SIZES * most:
        raise DraftFull
    upload = keep_upload(stream=stream, name=name, acting_user=draft.owner, now=now, until=draft.expires_at)
    try:
        return _examined(draft, upload, now)
    finally:
        if not DraftFile.objects.filter(upload=upload).exists():  # refused, or there already
            discard_upload(upload)


def _examined(draft: CampaignDraft, upload: KeptUpload, now: datetime) -> DraftFile:
    """The file of an upload, or the same one that the draft has already. Raises FileRefused."""
    same = draft.files.filter(upload__name=upload.name, upload__sha256=upload.sha256)
    if (existing := same.first()) is not None:
        return existing
    examination = examine(upload)
    with transaction.atomic():
        CampaignDraft.objects.select_for_update().get(pk=draft.pk)  # the form may be sent twice at once
        return same.first() or DraftFile.objects.create(
            draft=draft, upload=upload, kind=examination.kind, report=examination.as_dict(), created_at=now
        )


def change_kind(*, file: DraftFile, kind: str) -> DraftFile:
    """Reads a file as prompts or as comparisons instead. Raises FileRefused; the file then stays as it was."""
    if kind != file.kind:
        if kind not in DraftFile.Kind.values:
            raise FileRefused(_("Choose prompts or comparisons."))
        file.report = examine(file.upload, kind).as_dict()
        file.kind = kind
        file.save(update_fields=["kind", "report"])
    return file


def remove_file(*, file: DraftFile) -> None:
    """Removes a file. Its bytes go once the row is gone for certain."""
    discard_upload(file.upload)


def _try(upload: KeptUpload, kind: str) -> tuple[Examination | None, str]:
    """The examination of a file as that kind; or None and the reason why it cannot be read at all."""
    examination = Examination(kind)
    with opened_upload(upload, acting_user=upload.owner) as stream:
        read = read_prompts(stream) if kind == DraftFile.Kind.PROMPTS else read_comparisons(stream)
        try:
            for record in read:
                _note(examination, record)
        except ExchangeError as error:
            if not examination.usable:
                return None, why_unreadable(error)
            examination.refused += 1
            examination.reasons.append(_reason(0, error.phrase))
    return examination, ""


def _note(examination: Examination, record: ImportedComparison | ImportedPrompt | Rejected) -> None:
    if isinstance(record, Rejected):
        examination.refused += 1
        if len(examination.reasons) < REASONS_SHOWN:
            examination.reasons.append(_reason(record.line, record.reason))
        return
    examination.usable += 1
    examination.dialect = examination.dialect or dialect_of(record)
    if len(examination.records) < RECORDS_SHOWN:
        examination.records.append([text[:LONGEST_EXCERPT] for text in _texts(record)])


def _reason(line: int, reason: Phrase) -> dict[str, Any]:
    """A refusal as a row holds it, with what makes its reason a sentence in the language of a later reader."""
    return {"line": line, "reason": str(reason), "sentence": reason.as_json()}


def _texts(record: ImportedComparison | ImportedPrompt) -> list[str]:
    if isinstance(record, ImportedComparison):
        return [record.prompt[-1]["content"], record.first.text, record.second.text]
    return [record.messages[-1]["content"]]


def _refusal(examination: Examination | None, reason: str) -> FileRefused:
    if examination is None or reason:
        return FileRefused(reason)
    if not examination.reasons:
        return FileRefused(_("The file is empty."))
    first = examination.reasons[0]
    values = {"line": first["line"], "reason": Sentence.from_json(first["sentence"])}
    return FileRefused(_("No record of the file could be used; line %(line)s: %(reason)s") % values)
