"""Preferences that a file states without an annotator: which of them become votes, and which settle a pair alone."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from labeling.actions.comparison_rows import OrderedDraft, imported_verdict
from labeling.exchange import Vote, field_of_annotator, of_confidence
from labeling.models import Choice, Comparison, Judgment, Verdict

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
KEY_OF_VERDICT = "verdict"
"""The beginning of the key of a judgment that was an imported verdict before a second opinion came."""
KEY_OF_STATEMENT = "stated"
"""Likewise of a judgment that settled a pair on which nobody had judged, and is its only vote."""


def restated(
    drafts: Sequence[OrderedDraft], comparisons: Sequence[Comparison], created: set[int], *, is_import: bool
) -> list[tuple[int, Vote, int]]:
    """Preferences without an annotator that differ from the verdict, where that, or a judgment, was imported.

    Also those about pairs that were there already, and that nobody has judged. Each with the place of its draft and the
    id of its comparison. The first draft of a new comparison made its verdict.
    """
    first: set[int] = set()
    again: list[tuple[int, str, int]] = []
    for place, (draft, comparison) in enumerate(zip(drafts, comparisons, strict=True)):
        is_first = comparison.pk in created and comparison.pk not in first
        first.add(comparison.pk)
        if draft.winner and not is_first:
            again.append((place, draft.winner, comparison.pk))
    if not again:
        return []
    ids = {comparison for _, _, comparison in again}
    rows = Verdict.objects.filter(comparison__in=ids).values_list("comparison_id", "winner", "settled_by")
    verdicts = {comparison: (winner, settled_by) for comparison, winner, settled_by in rows}
    imported = {key for key, (_, settled_by) in verdicts.items() if settled_by == Verdict.SettledBy.IMPORT}
    judgments = Judgment.objects.filter(comparison__in=ids, superseded_at=None).exclude(batch=None)
    imported |= set(judgments.values_list("comparison_id", flat=True))
    untouched = {one.pk for one in comparisons if one.status == Comparison.Status.OPEN and not one.taken} - created
    if is_import:  # so that taking the import back frees the pair
        imported |= untouched - verdicts.keys()
    return [
        (place, _statement(winner, drafts[place]), comparison)
        for place, winner, comparison in again
        if comparison in imported and verdicts.get(comparison, ("", ""))[0] != winner
    ]


def _statement(winner: str, draft: OrderedDraft) -> Vote:
    """A stated verdict as a vote of nobody. Its certainty follows from its confidence if it has one."""
    confidence = draft.draft.confidence
    if confidence is None:
        return Vote("", winner, certainty=draft.draft.certainty)
    return Vote("", winner, certainty=vote_certainty(winner, confidence), metadata={"confidence": confidence})


def named_in_metadata(comparison: Comparison, names: Collection[str]) -> tuple[str, str]:
    """The field of a comparison's metadata that names one of these annotators, and the name. Empty: none does."""
    return field_of_annotator(comparison.metadata or {}, names)


def vote_of_verdict(verdict: Verdict, comparison: Comparison, votes: Iterable[Vote]) -> tuple[Vote, str]:
    """The vote that an imported verdict becomes, and the field of its comparison's metadata that names its author.

    Without such a field it is a vote of nobody. votes: those that come now. Files were once read without the fields of
    annotators; the vote that comes again from the same person is this one.
    """
    by_name = {vote.annotator: vote for vote in votes if vote.annotator}
    field, name = named_in_metadata(comparison, by_name)
    vote = by_name.get(name)
    if vote is None or vote.choice != verdict.winner:
        vote = Vote(name, verdict.winner)
    certainty = vote_certainty(verdict.winner, verdict.confidence)
    stated = {**vote.metadata, "confidence": verdict.confidence}
    return replace(vote, at=verdict.settled_at.timestamp(), certainty=certainty, metadata=stated), field


def vote_certainty(winner: str | None, confidence: float) -> float | None:
    """The inverse of the confidence of one vote."""
    return of_confidence(confidence) if winner in (Choice.A, Choice.B) else None


def stated_verdict(comparison: Comparison, judgment: Judgment) -> Verdict:
    """The verdict of a pair whose only vote is a statement by nobody."""
    confidence = (judgment.metadata or {}).get("confidence")
    return imported_verdict(comparison, judgment.choice, confidence, judgment.certainty, judgment.created_at)


def moment(at: float | None, otherwise: datetime) -> datetime:
    """When a judgment was made: Unix seconds, if they can be true; otherwise the time of the import."""
    latest = otherwise + timedelta(days=1)
    if at is None or not EARLIEST.timestamp() <= at <= latest.timestamp():
        return otherwise
    return datetime.fromtimestamp(at, UTC)
