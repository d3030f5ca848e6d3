"""Verdicts without the judgments of some people, for training: nothing in the campaign changes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import cast

from labeling.exchange import VerdictRecord, Winner
from labeling.judging.settling import decide
from labeling.models import Assignment, Campaign, Choice, Comparison, Judgment, User, Verdict
from labeling.queries.estimates import Vote, votes_on

BATCH = 500


def records_without(
    campaign: Campaign, records: Iterable[VerdictRecord], people: Sequence[User]
) -> Iterator[VerdictRecord]:
    """The records as they would be if these people had not judged.

    A verdict that a rule made of their votes is made again of the other votes; without one, the record has no winner.
    Verdicts of experts and of imports stay. Texts that these people improved are gone.
    """
    keys = {person.pk for person in people}
    waiting = iter(records)
    while batch := list(islice(waiting, BATCH)):
        ids = sorted({one.comparison for one in batch if one.comparison is not None})
        votes = {
            number: [vote for vote in cast_votes if vote[0] not in keys]
            for number, cast_votes in votes_on(ids).items()
            if any(annotator in keys for annotator, _choice in cast_votes)
        }
        edits = _edits_of(keys, ids)
        for record in batch:
            if record.is_edit and (record.comparison, record.a.text) in edits:
                continue
            yield _without(campaign, record, votes) if record.comparison in votes else record


def _without(campaign: Campaign, record: VerdictRecord, votes: dict[int, list[Vote]]) -> VerdictRecord:
    if record.settled_by not in Verdict.BY_RULE:
        return record
    assert record.comparison is not None
    left = votes[record.comparison]
    counts = {
        f"votes_{choice}": sum(said == choice for _, said in left) for choice in Choice.values if choice != "skip"
    }
    decision = decide(Comparison(pk=record.comparison, **counts), campaign, left)
    if decision.winner is None:
        return replace(record, winner=None, status=Comparison.Status.OPEN)
    return replace(record, winner=cast(Winner, str(decision.winner)), confidence=decision.confidence)


def _edits_of(people: set[int], comparisons: Sequence[int]) -> set[tuple[int | None, str]]:
    """The comparisons and texts of their edits, but for those that somebody else made in the same words."""
    edits = Judgment.objects.filter(
        comparison__in=comparisons, superseded_at=None, kind=Assignment.Kind.NORMAL
    ).exclude(edit="")
    theirs, others = set[tuple[int | None, str]](), set[tuple[int | None, str]]()
    for comparison, text, annotator in edits.values_list("comparison", "edit", "annotator"):
        (theirs if annotator in people else others).add((comparison, text))
    return theirs - others
