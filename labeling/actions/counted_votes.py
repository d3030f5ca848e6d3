"""The counts of votes on comparisons, and the verdicts that follow, after an import added votes or took them back."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from labeling.judging.settling import decide, verdict_values, wants_more
from labeling.models import Campaign, Comparison, Verdict
from labeling.queries.estimates import votes_on
from labeling.stats import lean_of

Status = Comparison.Status
KNOWN = (Status.GOLD, Status.PRACTICE)
"""Comparisons whose answer is known. They have no verdict."""

SAVE = """
UPDATE labeling_comparison AS c SET status = n.now_status, overlap = n.now_overlap, taken = n.now_taken,
    judged = n.now_judged, votes_a = n.a, votes_b = n.b, votes_tie = n.tie, votes_both_bad = n.both_bad,
    lean = n.now_lean
FROM unnest(%s::bigint[], %s::text[], %s::int[], %s::int[], %s::int[], %s::int[], %s::int[], %s::int[], %s::int[],
    %s::float8[]) AS n (id, now_status, now_overlap, now_taken, now_judged, a, b, tie, both_bad, now_lean)
WHERE c.id = n.id
"""
SAVED = ("pk", "status", "overlap", "taken", "judged", "votes_a", "votes_b", "votes_tie", "votes_both_bad", "lean")


def count_vote(comparison: Comparison, choice: str, certainty: float | None, number: int = 1) -> None:
    """Adds a vote to the counts of a comparison, or with -1 removes it, without saving."""
    comparison.taken += number
    comparison.judged += number
    comparison.overlap = max(comparison.overlap, comparison.taken)
    comparison.lean += number * lean_of(choice, certainty)
    setattr(comparison, f"votes_{choice}", getattr(comparison, f"votes_{choice}") + number)


def settle_again(
    campaign: Campaign,
    comparisons: Sequence[Comparison],
    verdicts: dict[int, Verdict],
    now: datetime,
    restored: Sequence[Verdict] = (),
) -> None:
    """Applies the campaign's rule to comparisons whose votes were changed, and saves these. They must be locked.

    A comparison that is out (flagged, retired, gold, practice) keeps its status. It loses the verdict of a rule, and
    gets the one that follows from its votes when it returns. verdicts: those that they have. One by an expert or an
    import stays. restored: verdicts that some get instead. A verdict that the votes only confirm keeps its time: it is
    not fresh for training.
    """
    is_weighted = campaign.verdict_rule == Campaign.VerdictRule.DAWID_SKENE
    votes = votes_on([one.pk for one in comparisons]) if is_weighted else {}
    settled: list[Verdict] = []
    given = {verdict.comparison_id: verdict for verdict in restored}
    stale: list[int] = []
    for one in comparisons:
        verdict = verdicts.get(one.pk)
        if verdict is not None and verdict.settled_by not in Verdict.BY_RULE:
            continue
        if verdict is not None:
            stale.append(verdict.pk)
        if one.pk in given and one.status not in KNOWN:
            settled.append(given[one.pk])
        if one.status in Comparison.OUT:
            continue
        one.status = Status.SETTLED if one.pk in given else Status.OPEN
        if one.pk in given or one.judged < one.overlap:
            continue
        decision = decide(one, campaign, votes.get(one.pk, []))
        if wants_more(one, campaign, decision):
            one.overlap += 1
        elif decision.winner is None:
            one.status = Status.CONFLICT
        else:
            one.status = Status.SETTLED
            settled_at = verdict.settled_at if verdict is not None and verdict.winner == decision.winner else now
            settled.append(Verdict(**verdict_values(one, decision), comparison=one, settled_at=settled_at))
    Verdict.objects.filter(pk__in=stale).delete()
    with connection.cursor() as cursor:
        cursor.execute(SAVE, [[getattr(one, name) for one in comparisons] for name in SAVED])
    Verdict.objects.bulk_create(settled)
