"""Previews of imports: a file is read and counted before anything of it is kept.

A preview reads the file exactly as the import does. Its counts are those that an import at this moment would report.
"""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, cast

from django.db import connection, transaction
from django.utils.translation import gettext_lazy

from common.errors import Conflict
from common.hashed_file import Readable
from labeling.access import require_lead, require_may_change
from labeling.actions.comparison_drafts import ComparisonDraft
from labeling.actions.import_notes import ImportNotes
from labeling.actions.import_records import (
    Draft,
    Intake,
    Record,
    comparison_intake,
    dialect_of,
    prompt_intake,
    remembered_mapping,
)
from labeling.actions.import_reports import EmptyFile, ImportReport, ImportSettings, UnreadableFile
from labeling.actions.imports import MOST_STORED, import_comparisons, import_prompts
from labeling.actions.improved_pairs import improved_pairs
from labeling.actions.opinion_previews import OpinionPreview
from labeling.actions.prompts import PromptDraft
from labeling.actions.uploads import discard_upload, keep_upload, opened_upload
from labeling.exchange import ByteStream, ImportedComparison, ImportedPrompt, as_asked, columns_of
from labeling.models import Campaign, ImportBatch, User
from labeling.queries.model_checks import model_check

RECORDS_SHOWN = 5
CHARACTERS_SHOWN = 1000

# The names seen so far are in a table of this transaction: the memory of a preview does not grow with its file.
SEEN = "CREATE TEMPORARY TABLE import_preview (digest text PRIMARY KEY) ON COMMIT DROP"
SEE = "INSERT INTO import_preview SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING RETURNING digest"
FORGET = "DROP TABLE import_preview"

Kind = ImportBatch.Kind
Status = ImportBatch.Status


class PreviewDecided(Conflict):
    type = "preview-decided"
    sentence = gettext_lazy("This preview was already imported or cancelled.")


@dataclass(slots=True)
class Preview:
    """The outcome that an import would have. dialect: the format, as detected. sample: its first records, as JSON."""

    report: ImportReport = field(default_factory=ImportReport)
    dialect: str = ""
    sample: list[dict[str, Any]] = field(default_factory=list)


def preview_import(
    *, campaign: Campaign, kind: str, stream: ByteStream, settings: ImportSettings, acting_user: User | None
) -> Preview:
    """Reads and counts a file, and keeps nothing. kind: of ImportBatch. Raises NotAllowed, UnreadableFile."""
    require_may_change(acting_user, campaign)
    remembered = remembered_mapping(campaign, kind)
    if kind == Kind.COMPARISONS:
        preview = _preview(campaign, stream, comparison_intake(settings, remembered))
    else:
        preview = _preview(campaign, stream, prompt_intake(settings, remembered))
    if settings.refuse_all and preview.report.rejected_count:
        preview.report.refuse()
    return preview


def prepare_import(
    *,
    campaign: Campaign,
    kind: str,
    stream: Readable,
    name: str,
    settings: ImportSettings,
    acting_user: User,
    now: datetime,
) -> ImportBatch:
    """Keeps an upload and its preview, for its owner to decide about. Raises NotAllowed.

    The preview of a file that cannot be read says why. Its owner can have it read in another way.
    """
    require_may_change(acting_user, campaign)
    upload = keep_upload(stream=stream, name=name, acting_user=acting_user, now=now)
    batch = ImportBatch(
        campaign=campaign, status=Status.PREVIEW, file_name=upload.name, upload=upload, created_by=acting_user
    )
    batch.created_at, batch.size, batch.sha256 = now, upload.size, upload.sha256
    _write_preview(batch, kind, settings, acting_user)
    return batch


def prepare_again(*, batch: ImportBatch, kind: str, settings: ImportSettings, acting_user: User) -> ImportBatch:
    """Reads a kept upload in another way. Raises NotAllowed, UploadGone, PreviewDecided."""
    require_may_change(acting_user, batch.campaign)
    if batch.status != Status.PREVIEW:
        raise PreviewDecided
    _write_preview(batch, kind, settings, acting_user)
    return batch


def import_preview(*, batch: ImportBatch, acting_user: User, now: datetime) -> ImportReport:
    """Imports the file of a preview. A second click is refused. Raises NotAllowed, PreviewDecided, UploadGone."""
    require_may_change(acting_user, batch.campaign)
    if batch.status != Status.PREVIEW:
        raise PreviewDecided
    upload, settings = batch.upload, ImportSettings(**batch.settings)
    with opened_upload(upload, acting_user=acting_user) as stream:
        # By compare-and-set: of two clicks, one imports.
        if not ImportBatch.objects.filter(pk=batch.pk, status=Status.PREVIEW).update(status=Status.IMPORTING):
            raise PreviewDecided
        shared: dict[str, Any] = {"campaign": batch.campaign, "stream": stream, "settings": settings, "preview": batch}
        shared |= {"file_name": batch.file_name, "acting_user": acting_user, "now": now}
        if batch.kind == Kind.COMPARISONS:
            report = import_comparisons(source=f"import {batch.file_name}"[:120], **shared)
        else:
            report = import_prompts(**shared)
    if upload is not None:
        discard_upload(upload)
    return report


@transaction.atomic
def cancel_preview(*, batch: ImportBatch, acting_user: User) -> None:
    """Drops a preview with its upload. Raises NotAllowed, PreviewDecided."""
    require_lead(acting_user, batch.campaign)
    cancelled = ImportBatch.objects.filter(pk=batch.pk, status=Status.PREVIEW)
    if not cancelled.update(status=Status.CANCELLED, sample=[], rejected=[]):
        raise PreviewDecided
    if batch.upload is not None:
        discard_upload(batch.upload)


def _write_preview(batch: ImportBatch, kind: str, settings: ImportSettings, acting_user: User) -> None:
    with opened_upload(batch.upload, acting_user=acting_user) as stream:
        try:
            preview, batch.error = (
                preview_import(
                    campaign=batch.campaign, kind=kind, stream=stream, settings=settings, acting_user=acting_user
                ),
                "",
            )
        except EmptyFile:
            preview, batch.error = Preview(), ""
        except UnreadableFile as error:
            preview, batch.error = Preview(), error.message
    is_read = bool(preview.report.created or preview.report.duplicates)
    with opened_upload(batch.upload, acting_user=acting_user) as stream:
        columns = [] if is_read and not settings.mapping else columns_of(stream)
    batch.kind, batch.settings, batch.sample = kind, settings.as_dict(), preview.sample
    batch.dialect = preview.dialect
    for name, count in preview.report.counts.items():
        setattr(batch, name, count)
    batch.rejected = [one.as_stored() for one in preview.report.rejected[:MOST_STORED]]
    batch.field_uses, batch.notes = preview.report.notes.field_uses, preview.report.notes.as_dict()
    if columns:
        batch.notes["columns"] = [asdict(one) for one in columns]
    batch.save()


def _preview(campaign: Campaign, stream: ByteStream, intake: Intake[Record, Draft]) -> Preview:
    notes = ImportNotes(model_check(campaign))
    preview, sampled = Preview(ImportReport(notes=notes)), list[Draft]()

    def look(record: ImportedComparison | ImportedPrompt, draft: Draft) -> None:
        preview.dialect = preview.dialect or dialect_of(record)
        if len(preview.sample) < RECORDS_SHOWN:
            preview.sample.append(_as_json(record, draft))
            sampled.append(draft)

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SEEN)
        expected = OpinionPreview(campaign, cursor)
        for part in intake.batches(stream, preview.report, look):
            digests = [intake.digest(draft) for draft in part.drafts]
            cursor.execute(SEE, [list(set(digests))])
            first_seen = {digest for (digest,) in cursor.fetchall()}
            new = first_seen - _existing(campaign, part.drafts[0], first_seen)
            improved = _improved(campaign, digests, part.drafts)
            used = _count(preview.report, expected, digests, part.drafts, new - improved, improved)
            places = {id(draft): place for place, draft in enumerate(part.drafts)}
            for shown, draft in zip(preview.sample, sampled, strict=True):
                if "duplicate" not in shown:  # it is of this batch
                    shown["duplicate"] = places[id(draft)] not in used
        expected.forget()
        cursor.execute(FORGET)
    return preview


def _count(
    report: ImportReport,
    preview: OpinionPreview,
    digests: list[str],
    drafts: list[Draft],
    new: set[str],
    improved: set[str],
) -> set[int]:
    """Counts a batch; returns the places of the drafts that would bring something. improved: those that never would."""
    made = {digest: place for place, digest in reversed(list(enumerate(digests))) if digest in new}
    _count_outcomes(report, [drafts[place] for place in made.values()])
    listed = cast(list[ComparisonDraft | PromptDraft], drafts)
    comparisons = [draft for draft in listed if isinstance(draft, ComparisonDraft)]
    opinions = preview.take(digests, comparisons, new, improved)
    used = set(made.values()) | opinions.brought
    report.created += len(new)
    report.duplicates += len(drafts) - len(used)
    report.judgments += opinions.judgments
    report.settled += opinions.settled
    report.notes.add("left_out", opinions.contradictions)
    report.notes.add("erased", opinions.erased)
    return used


def _existing(campaign: Campaign, draft: Draft, digests: set[str]) -> set[str]:
    if isinstance(draft, PromptDraft):
        return set(campaign.prompts.filter(messages_hash__in=digests).values_list("messages_hash", flat=True))
    return set(campaign.comparisons.filter(pair_hash__in=digests).values_list("pair_hash", flat=True))


def _improved(campaign: Campaign, digests: list[str], drafts: list[Draft]) -> set[str]:
    """Those of the drafts that are pairs of improved texts of the campaign, and not its comparisons as well."""
    listed = zip(digests, cast(list[ComparisonDraft | PromptDraft], drafts), strict=True)
    pairs = [(name, one) for name, one in listed if isinstance(one, ComparisonDraft)]
    improved = set(improved_pairs(campaign, pairs))
    return improved - _existing(campaign, drafts[0], improved) if improved else improved


def _count_outcomes(report: ImportReport, drafts: list[Draft]) -> None:
    for draft in drafts:
        if not isinstance(draft, PromptDraft):
            report.gold += draft.gold is not None
            report.settled += draft.gold is None and draft.preference is not None and not draft.votes


def _as_json(record: ImportedComparison | ImportedPrompt, draft: Any) -> dict[str, Any]:
    """A record as its page shows it: its beginning, with what is known about it."""
    place = {"line": record.line, "record": record.record}
    if isinstance(record, ImportedPrompt):
        return place | {"prompt": _messages(record.messages), "tags": list(record.tags)}
    return place | {
        "prompt": _messages(record.prompt),
        "texts": [_beginning(record.first.text), _beginning(record.second.text)],
        "models": [record.first.model, record.second.model],
        "preference": record.preference,
        "gold": draft.gold,
        "settled": draft.gold is None and draft.preference is not None and not draft.votes,
        "opinions": len(draft.votes) if draft.gold is None else 0,
    }


def _messages(messages: Any) -> list[dict[str, str]]:
    return [{"role": one["role"], "content": _beginning(as_asked(one))} for one in messages]


def _beginning(text: str) -> str:
    return text if len(text) <= CHARACTERS_SHOWN else text[:CHARACTERS_SHOWN] + " …"
