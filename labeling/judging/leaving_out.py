"""Verdicts without the judgments of some people, for training: nothing in the campaign changes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import NamedTuple, cast

from labeling.exchange import VerdictRecord, Winner
from labeling.judging.settling import decide
from labeling.models import Assignment, Campaign, Choice, Comparison, Judgment, User, Verdict
from labeling.queries.verdicts import improved
from labeling.stats import lean_of

BATCH = 500


class _Cast(NamedTuple):
    """A vote as it was cast. edit: the improved text of the completion that it prefers; empty: none."""

    annotator: int
    choice: str
    certainty: float | None
    edit: str


def records_without(
    campaign: Campaign, records: Iterable[VerdictRecord], people: Sequence[User]
) -> Iterator[VerdictRecord]:
    """The records, which carry no votes, as they would be if these people had not judged.

    A verdict that a rule made of their votes is made again of the other votes; without one, the record has no winner.
    Verdicts of experts and of imports stay. The pairs of improved texts follow the verdict: their confidence is its
    own, and they are the texts of the others who agree with it.
    """
    keys = {person.pk for person in people}
    waiting = iter(records)
    while batch := list(islice(waiting, BATCH)):
        remaining = _remaining(sorted({one.comparison for one in batch if one.comparison is not None}), keys)
        for record in batch:
            if record.comparison not in remaining:
                yield record
            elif not record.is_edit:  # its edits follow, made again
                votes = remaining[record.comparison]
                verdict = _decided_again(campaign, record, votes)
                yield verdict
                for vote in votes:
                    if vote.edit and vote.choice == verdict.winner:
                        yield from improved(verdict, vote.edit)


def records_of_group(
    campaign: Campaign, records: Iterable[VerdictRecord], people: Sequence[User]
) -> Iterator[VerdictRecord]:
    """The records as they would be if these people alone had judged, each settled by the campaign's rule.

    records: of all judged comparisons, settled or not: two groups that disagree leave a conflict, and each a verdict.
    Comparisons that none of them judged are dropped, and so are the verdicts of others: of experts and of imports.
    """
    keys = {person.pk for person in people}
    waiting = iter(records)
    while batch := list(islice(waiting, BATCH)):
        votes = _votes_on(sorted({one.comparison for one in batch if one.comparison is not None}))
        for record in batch:
            own = [vote for vote in votes.get(record.comparison, ()) if vote.annotator in keys]
            if not own or record.is_edit:
                continue
            verdict = _settled_by(campaign, record, own)
            yield verdict
            for vote in own:
                if vote.edit and vote.choice == verdict.winner:
                    yield from improved(verdict, vote.edit)


def _decided_again(campaign: Campaign, record: VerdictRecord, votes: Sequence[_Cast]) -> VerdictRecord:
    if record.settled_by not in Verdict.BY_RULE:
        return record
    return _settled_by(campaign, record, votes)


def _settled_by(campaign: Campaign, record: VerdictRecord, votes: Sequence[_Cast]) -> VerdictRecord:
    """The record with the verdict that the campaign's rule makes of these votes; without a winner if it makes none."""
    counts = {
        f"votes_{choice}": sum(vote.choice == choice for vote in votes) for choice in Choice.values if choice != "skip"
    }
    lean = sum(lean_of(vote.choice, vote.certainty) for vote in votes)
    comparison = Comparison(pk=record.comparison, lean=lean, **counts)
    decision = decide(comparison, campaign, [(vote.annotator, vote.choice) for vote in votes])
    if decision.winner is None:
        return replace(record, winner=None, status=Comparison.Status.OPEN)
    winner = cast(Winner, str(decision.winner))
    settled_by = record.settled_by if record.settled_by in Verdict.BY_RULE else decision.how
    settled = Comparison.Status.SETTLED
    return replace(record, winner=winner, confidence=decision.confidence, settled_by=settled_by, status=settled)


def _remaining(comparisons: Sequence[int], people: set[int]) -> dict[int | None, list[_Cast]]:
    """The votes of everybody else on the comparisons that these people judged, in the order of their making."""
    return {
        comparison: [vote for vote in of_all if vote.annotator not in people]
        for comparison, of_all in _votes_on(comparisons).items()
        if any(vote.annotator in people for vote in of_all)
    }


def _votes_on(comparisons: Sequence[int]) -> dict[int | None, list[_Cast]]:
    """The votes on each comparison, in the order of their making."""
    rows = (
        Judgment.objects.filter(comparison__in=comparisons, superseded_at=None, kind=Assignment.Kind.NORMAL)
        .exclude(choice=Choice.SKIP)
        .order_by("pk")
        .values_list("comparison", "annotator", "choice", "certainty", "edit")
    )
    votes: dict[int | None, list[_Cast]] = {}
    for comparison, annotator, choice, certainty, edit in rows:
        votes.setdefault(comparison, []).append(_Cast(annotator, choice, certainty, edit))
    return votes
