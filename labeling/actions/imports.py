"""Imports of files into a campaign: streamed; good records are kept, the others are named by line and reason.

Each import is a batch: a row with its file and its counts, to which everything that it brought refers.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import InterfaceError, OperationalError, connection, transaction

from common.errors import DomainError
from common.hashed_file import HashedFile
from common.phrases import Phrase, gettext_noop
from labeling.access import require_may_change
from labeling.actions.comparison_drafts import ComparisonDraft
from labeling.actions.comparisons import add_comparisons
from labeling.actions.import_notes import ImportNotes
from labeling.actions.import_records import (
    Draft,
    DraftBatch,
    Intake,
    Record,
    comparison_intake,
    dialect_of,
    prompt_intake,
    remembered_mapping,
)
from labeling.actions.import_reports import DEFAULT_SETTINGS, ImportReport, ImportSettings
from labeling.actions.imported_guidelines import use_guidelines
from labeling.actions.prompts import PromptDraft, add_prompts
from labeling.events.record import record
from labeling.exchange import ByteStream, ImportedComparison, ImportedPrompt, Rejected
from labeling.models import Campaign, ImportBatch, User
from labeling.queries.model_checks import model_check
from labeling.tally import Tally, add_to_tally

UNSTORABLE = Phrase(gettext_noop("The record cannot be stored."))

MOST_STORED = 1000
"""The number of rejected records that the row of a batch holds."""

log = logging.getLogger(__name__)

Status = ImportBatch.Status


def import_comparisons(
    *,
    campaign: Campaign,
    stream: ByteStream,
    settings: ImportSettings = DEFAULT_SETTINGS,
    source: str = "import",
    file_name: str = "",
    preview: ImportBatch | None = None,
    acting_user: User | None,
    now: datetime,
) -> ImportReport:
    """Adds the comparisons of a file to a campaign. The same file again adds nothing and counts duplicates.

    source: at most 120 characters. preview: the batch that was a preview of this import until now; None: a new one.
    Raises NotAllowed, and UnreadableFile if no record can be read.
    """
    require_may_change(acting_user, campaign)
    batch = preview or ImportBatch(campaign=campaign, created_by=acting_user, created_at=now)
    batch.kind, batch.file_name = ImportBatch.Kind.COMPARISONS, file_name[:255]

    def add(batch: ImportBatch, drafts: list[ComparisonDraft], report: ImportReport, is_part: bool) -> Tally:
        added = add_comparisons(
            campaign=campaign,
            drafts=drafts,
            source=source,
            batch=batch,
            are_fit=True,
            is_part=is_part,
            acting_user=acting_user,
            now=now,
        )
        report.created += added.created
        report.duplicates += added.duplicates
        report.settled += added.settled
        report.gold += added.gold
        report.judgments += added.judgments
        report.notes.add("fields_left_out", added.unkept)
        report.notes.add("left_out", added.contradictions)
        report.notes.add("erased", added.erased_opinions)
        if added.created_ids:
            batch.first_comparison = batch.first_comparison or added.created_ids[0]
            batch.last_comparison = added.created_ids[-1]
        return added.totals

    intake = comparison_intake(settings, remembered_mapping(campaign, batch.kind))
    report = _Importing(batch, settings, acting_user, now).run(stream, intake, add)
    if settings.use_guidelines and report.notes.guidelines and acting_user and not campaign.guideline_versions.exists():
        use_guidelines(batch=batch, acting_user=acting_user, now=now)
    return report


def import_prompts(
    *,
    campaign: Campaign,
    stream: ByteStream,
    settings: ImportSettings = DEFAULT_SETTINGS,
    file_name: str = "",
    preview: ImportBatch | None = None,
    acting_user: User | None,
    now: datetime,
) -> ImportReport:
    """Adds the prompts of a file to a campaign, likewise."""
    require_may_change(acting_user, campaign)
    batch = preview or ImportBatch(campaign=campaign, created_by=acting_user, created_at=now)
    batch.kind, batch.file_name = ImportBatch.Kind.PROMPTS, file_name[:255]

    def add(batch: ImportBatch, drafts: list[PromptDraft], report: ImportReport, part: bool) -> Tally:
        added = add_prompts(
            campaign=campaign, prompts=drafts, batch=batch, are_fit=True, is_part=part, acting_user=acting_user, now=now
        )
        report.created += added.created
        report.duplicates += added.existing
        report.notes.add("prompt_fields_left_out", added.unkept)
        return added.totals

    intake = prompt_intake(settings, remembered_mapping(campaign, batch.kind))
    return _Importing(batch, settings, acting_user, now).run(stream, intake, add)


_Add = Callable[[ImportBatch, list[Draft], ImportReport, bool], Tally]
"""Adds drafts, and counts them in the report. The flag: whether they are a part of a larger transaction."""


class _Refused(Exception):
    """Rolls everything back: a record was rejected, and the caller wants all or nothing."""


@dataclass(frozen=True, slots=True)
class _Importing:
    """One import in progress. batch: new, or the preview of it."""

    batch: ImportBatch
    settings: ImportSettings
    acting_user: User | None
    now: datetime

    def run(
        self,
        stream: ByteStream,
        intake: Intake[Record, Draft],
        add: _Add[Draft],
    ) -> ImportReport:
        """Writes the records of the file, chunk by chunk, or all or none of them."""
        notes = ImportNotes(model_check(self.batch.campaign))
        is_part = self.settings.refuse_all or connection.in_atomic_block
        report, hashed, batch = ImportReport(notes=notes), HashedFile(stream), self.batch

        def look(one: ImportedComparison | ImportedPrompt, _: Draft) -> None:
            batch.dialect = batch.dialect or dialect_of(one)

        def load() -> None:
            totals = Tally()
            for part in intake.batches(hashed, report, look):
                if batch.status != Status.IMPORTING:
                    self._start()
                with transaction.atomic():  # whenever the process dies, the row counts what the campaign holds
                    totals += self._add(add, part, report, is_part)
                    batch.created, batch.duplicates = report.created, report.duplicates
                    batch.save(update_fields=["created", "duplicates", "first_comparison", "last_comparison"])
            if is_part and not (self.settings.refuse_all and report.rejected_count):
                # Last: judging waits for the totals that this transaction has locked.
                add_to_tally(batch.campaign_id, totals)

        if self.settings.refuse_all:
            was_new = batch.pk is None
            try:
                with transaction.atomic():
                    load()
                    if report.rejected_count:
                        raise _Refused
            except _Refused:
                report.refuse()
                if was_new:
                    batch.pk, batch._state.adding = None, True
                batch.first_comparison = batch.last_comparison = None
        else:
            load()
        self._finish(report, hashed)
        return report

    def _add(
        self,
        add: _Add[Draft],
        part: DraftBatch[Draft],
        report: ImportReport,
        is_part: bool,
    ) -> Tally:
        """Adds drafts. If they cannot be stored, it finds the one that cannot, and refuses that one alone.

        Returns the change of the totals. is_part: see `add_comparisons`.
        """
        try:
            with transaction.atomic():
                return add(self.batch, part.drafts, report, is_part)
        except (DomainError, OperationalError, InterfaceError):
            raise  # not the fault of a record
        except Exception:
            if len(part.drafts) == 1:
                log.exception("The record at line %s cannot be stored", part.places[0][0])
                refusal = Rejected(*part.places[0], code="unexpected", reason=UNSTORABLE, excerpt="")
                report.reject(refusal)
                return Tally()
            half = len(part.drafts) // 2
            first, second = (
                self._add(add, DraftBatch(part.drafts[one], part.places[one]), report, is_part)
                for one in (slice(half), slice(half, None))
            )
            return first + second

    def _start(self) -> None:
        """Writes the row, to which the records then refer. An unreadable file leaves none."""
        self.batch.status, self.batch.settings, self.batch.sample = Status.IMPORTING, self.settings.as_dict(), []
        self.batch.save()

    @transaction.atomic
    def _finish(self, report: ImportReport, hashed: HashedFile) -> None:
        batch = self.batch
        for name, count in report.counts.items():
            setattr(batch, name, count)
        batch.sha256, batch.size = hashed.digest(), hashed.size
        batch.field_uses, batch.notes = report.notes.field_uses, report.notes.as_dict()
        batch.rejected = [one.as_stored() for one in report.rejected[:MOST_STORED]]
        batch.status = Status.REFUSED if report.refused else Status.IMPORTED
        batch.settings, batch.sample = self.settings.as_dict(), []
        batch.imported_at, batch.upload = self.now, None
        batch.save()
        report.batch = batch
        after = {
            "file": batch.file_name,
            "kind": str(batch.kind),
            "status": str(batch.status),
            "sha256": batch.sha256,
            "created": report.created,
            "duplicates": report.duplicates,
            "settled": report.settled,
            "gold": report.gold,
            "judgments": report.judgments,
            "rejected_count": report.rejected_count,
        }
        record(
            "batch.imported",
            batch,
            acting_user=self.acting_user,
            now=self.now,
            campaign=batch.campaign,
            after=after,
        )
