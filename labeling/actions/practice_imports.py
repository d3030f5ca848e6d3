"""Practice pairs out of a file, in any dialect of comparisons: the preference of a record is its known answer."""

from datetime import datetime

from django.utils.translation import gettext as _

from common.errors import Invalid
from labeling.access import require_lead
from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft, unfit
from labeling.actions.import_records import REASONS
from labeling.actions.import_reports import ImportReport, UnreadableFile, why_unreadable
from labeling.actions.practice import PracticeDraft, add_practice
from labeling.exchange import (
    AUTO,
    ByteStream,
    CompletionText,
    ExchangeError,
    ImportedComparison,
    Rejected,
    read_comparisons,
)
from labeling.models import Campaign, User

MOST_PAIRS = 500
"""In one file. Nobody practises on more."""


def import_practice(
    *,
    campaign: Campaign,
    stream: ByteStream,
    use: str,
    dialect: str = AUTO,
    source: str = "practice",
    acting_user: User | None,
    now: datetime,
) -> ImportReport:
    """Adds the comparisons of a file as practice pairs; a record's field `explanation` becomes the explanation.

    A comparison that the campaign has already is marked as well. Records without a known answer are rejected. Raises
    NotAllowed, Invalid, UnreadableFile, WrongComparisonStatus, QualificationNeedsPairs.
    """
    require_lead(acting_user, campaign)
    report, drafts = ImportReport(), []
    try:
        for record in read_comparisons(stream, dialect=dialect):
            one = record if isinstance(record, Rejected) else _draft(record, use)
            if isinstance(one, Rejected):
                report.reject(one)
                continue
            drafts.append(one)
            if len(drafts) > MOST_PAIRS:
                text = _("A file of practice pairs has at most %(most)s records.") % {"most": MOST_PAIRS}
                raise Invalid.of("file", text)
    except ExchangeError as error:
        raise UnreadableFile(why_unreadable(error)) from error
    if drafts:
        add_practice(campaign=campaign, drafts=drafts, source=source, acting_user=acting_user, now=now)
    report.created = len(drafts)
    return report


def _draft(record: ImportedComparison, use: str) -> PracticeDraft | Rejected:
    comparison = ComparisonDraft(
        prompt=record.prompt,
        first=_completion(record.first),
        second=_completion(record.second),
        external_id=record.external_id,
        gold=record.gold or record.preference,
    )
    code = unfit(comparison) or ("no_answer" if comparison.gold is None else "")
    if code:
        return Rejected(record.line, record.record, code="unfit", reason=REASONS[code], excerpt="")
    explanation = record.metadata.get("explanation")
    return PracticeDraft(comparison, explanation if isinstance(explanation, str) else "", use)


def _completion(text: CompletionText) -> CompletionDraft:
    return CompletionDraft(text.text, model_version=text.model)
