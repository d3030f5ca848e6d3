"""Practice pairs out of a file, in any dialect of comparisons: the preference of a record is its known answer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from common.errors import Invalid
from common.phrases import gettext_noop
from labeling.access import require_may_change
from labeling.actions.comparison_drafts import ComparisonDraft
from labeling.actions.import_notes import ImportNotes
from labeling.actions.import_records import comparison_intake
from labeling.actions.import_reports import ImportReport, ImportSettings
from labeling.actions.practice import PracticeDraft, add_practice
from labeling.exchange import AUTO, ByteStream, ImportedComparison, Vote, strength_of
from labeling.models import Campaign, User
from labeling.queries.model_checks import model_check

MOST_PAIRS = 500
"""In one file. Nobody practises on more."""

SIDES = {
    **dict.fromkeys(("first", "chosen", "a"), "first"),
    **dict.fromkeys(("second", "rejected", "b"), "second"),
    "tie": "tie",
}
"""The answers to criteria, as files name them."""

NOT_OFFERED = gettext_noop("Annotators cannot give this answer: the campaign's rules do not offer it.")


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
    """Adds the comparisons of a file as practice pairs, with the fields `explanation`, `strength` and `criteria`.

    A comparison that the campaign has already is marked as well. Records without a known answer, and those whose answer
    the campaign's rules do not offer, are rejected. A strength or a criterion that they do not ask for, or that is
    unknown, is left out and noted, as is every change to pairs that the campaign has. Raises NotAllowed, Invalid,
    UnreadableFile, EmptyFile, WrongComparisonStatus, QualificationNeedsPairs.
    """
    require_may_change(acting_user, campaign)
    report, drafts = ImportReport(notes=ImportNotes(model_check(campaign))), list[PracticeDraft]()

    def look(record: ImportedComparison, draft: ComparisonDraft) -> None:
        drafts.append(_practice_draft(campaign, record, draft, use, report.notes))
        if len(drafts) > MOST_PAIRS:
            text = _("A file of practice pairs has at most %(most)s records.") % {"most": MOST_PAIRS}
            raise Invalid.of("file", text)

    refusals = {"tie": not campaign.allow_tie, "both_bad": not campaign.allow_both_bad}
    intake = comparison_intake(
        ImportSettings(dialect=dialect, as_gold=True),
        also=lambda draft: NOT_OFFERED if refusals.get(draft.gold or "") else None,
    )
    for _batch in intake.batches(stream, report, look):
        pass
    if drafts:
        added = add_practice(campaign=campaign, drafts=drafts, source=source, acting_user=acting_user, now=now)
        report.notes.counts.update(added.changes)
    report.created = len(drafts)
    return report


def _practice_draft(
    campaign: Campaign, record: ImportedComparison, draft: ComparisonDraft, use: str, notes: ImportNotes
) -> PracticeDraft:
    vote = record.votes[0] if len(record.votes) == 1 and record.votes[0].choice == draft.gold else None
    strength, criteria = _strength(record, draft, vote), _criteria(record, vote)
    asked = {criterion["name"] for criterion in campaign.criteria}
    fitting = {name: answer for name, answer in criteria.items() if name in asked and answer in SIDES.values()}
    is_strength_asked = campaign.scale == Campaign.Scale.STRENGTH
    stated = _stated(record, vote)
    if fitting != criteria or (stated and (strength is None or not is_strength_asked)):
        notes.add("known_answers_left_out", 1)
    return PracticeDraft(
        draft, _explanation(record, vote), use, strength=strength if is_strength_asked else None, criteria=fitting
    )


def _explanation(record: ImportedComparison, vote: Vote | None) -> str:
    """The record's explanation. Where the record names its annotator, it was read as the annotator's comment."""
    explanation = record.metadata.get("explanation")
    if isinstance(explanation, str):
        return explanation
    return vote.comment if vote and "explanation" in record.fields else ""


def _stated(record: ImportedComparison, vote: Vote | None) -> bool:
    """Whether the record states a strength, be it one of ours or not."""
    return bool(vote and vote.strength) or record.metadata.get("strength") not in (None, "")


def _strength(record: ImportedComparison, draft: ComparisonDraft, vote: Vote | None) -> int | None:
    if draft.gold not in ("first", "second"):
        return None
    return vote.strength if vote and vote.strength else strength_of(record.metadata.get("strength"))


def _criteria(record: ImportedComparison, vote: Vote | None) -> dict[str, Any]:
    """The answers by criterion, in terms of first and second where they are known words."""
    given: Any = vote.criteria if vote and vote.criteria else record.metadata.get("criteria")
    if not isinstance(given, Mapping):
        return {}
    return {str(name): SIDES.get(answer) if isinstance(answer, str) else None for name, answer in given.items()}
