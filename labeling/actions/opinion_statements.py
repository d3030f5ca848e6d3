"""Preferences that a file states without an annotator: which of them become votes, and which settle a pair alone."""

from collections.abc import Sequence

from labeling.actions.comparison_rows import OrderedDraft, imported_verdict
from labeling.exchange import Vote, of_confidence
from labeling.models import Choice, Comparison, Judgment, Verdict

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


def vote_certainty(winner: str | None, confidence: float) -> float | None:
    """The inverse of the confidence of one vote."""
    return of_confidence(confidence) if winner in (Choice.A, Choice.B) else None


def stated_verdict(comparison: Comparison, judgment: Judgment) -> Verdict:
    """The verdict of a pair whose only vote is a statement by nobody."""
    confidence = (judgment.metadata or {}).get("confidence")
    return imported_verdict(comparison, judgment.choice, confidence, judgment.certainty, judgment.created_at)
