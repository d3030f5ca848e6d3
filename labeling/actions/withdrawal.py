"""Withdrawing all that somebody ever said, where they ask for it: it counts in no verdict and no figure any more.

Each judgment is superseded, as by an undo. A verdict that a rule made out of it is no more: the comparison is open
again and asks somebody else. What an expert decided, and what came with a file, stands. All in a few statements for
each batch, however much it is.
"""

from datetime import datetime

from django.db import connection

from labeling.events.record import record
from labeling.models import Assignment, Campaign, Comparison, Judgment, User, Verdict
from labeling.tally import Tally, add_to_tally, tally_of

BATCH = 1000

# A comparison that is out (flagged, retired, gold) stays where it is; its votes are fewer all the same. A place that
# adaptive overlap had added for somebody else's doubt is wanted no more.
TAKE_VOTES = """
UPDATE labeling_comparison AS c SET
    votes_a = c.votes_a - (j.choice = 'a')::int,
    votes_b = c.votes_b - (j.choice = 'b')::int,
    votes_tie = c.votes_tie - (j.choice = 'tie')::int,
    votes_both_bad = c.votes_both_bad - (j.choice = 'both_bad')::int,
    judged = c.judged - 1,
    taken = c.taken - 1,
    overlap = CASE WHEN %(adaptive)s THEN GREATEST(LEAST(c.overlap, %(overlap)s), c.taken - 1) ELSE c.overlap END,
    status = CASE
        WHEN c.status IN ('settled', 'conflict')
            AND NOT EXISTS (SELECT FROM labeling_verdict v WHERE v.comparison_id = c.id)
        THEN 'open' ELSE c.status END
FROM labeling_judgment AS j
WHERE c.id = ANY(%(comparisons)s) AND j.comparison_id = c.id AND j.annotator_id = %(person)s
    AND j.superseded_at IS NULL AND j.kind = 'normal' AND j.choice <> 'skip'
"""


def withdraw_judgments(*, person: User, acting_user: User | None, now: datetime) -> int:
    """Takes back all that a person said, in every campaign; returns how many judgments. Only within a transaction.

    The person's memberships must be gone: nothing of theirs may move meanwhile. Writes an event for each campaign.
    """
    return sum(
        _withdraw_in(campaign, person, acting_user, now)
        for campaign in Campaign.objects.filter(judgments__annotator=person, judgments__superseded_at=None)
        .order_by("pk")
        .distinct()
    )


def _withdraw_in(campaign: Campaign, person: User, acting_user: User | None, now: datetime) -> int:
    current = Judgment.objects.filter(campaign=campaign, annotator=person, superseded_at=None)
    votes = current.filter(kind=Assignment.Kind.NORMAL).exclude(choice="skip")
    ids = sorted(votes.values_list("comparison_id", flat=True))
    change, reopened = Tally(), 0
    for start in range(0, len(ids), BATCH):
        moved, opened = _take_votes(campaign, person, ids[start : start + BATCH])
        change, reopened = change + moved, reopened + opened
    # The trigger lets a judgment be superseded once, and nothing else about it.
    Assignment.objects.filter(campaign=campaign, annotator=person, status=Assignment.Status.JUDGED).update(
        status=Assignment.Status.RELEASED, slot=None
    )
    withdrawn = current.update(superseded_at=now)
    record(
        "judgments.withdrawn",
        campaign,
        acting_user=acting_user,
        now=now,
        campaign=campaign,
        after={"person": person.pseudonym, "judgments": withdrawn, "verdicts_undone": reopened},
    )
    add_to_tally(campaign.pk, change)
    return withdrawn


def _take_votes(campaign: Campaign, person: User, ids: list[int]) -> tuple[Tally, int]:
    """How the totals change, and how many verdicts are no more."""
    # In the order of their ids, as everybody who holds more than one does.
    locked = Comparison.objects.filter(pk__in=ids).order_by("pk").only("status", "overlap", "judged")
    before = sum((tally_of(one) for one in locked.select_for_update(no_key=True)), Tally())
    undone, _ = Verdict.objects.filter(comparison__in=ids, settled_by__in=Verdict.BY_RULE).delete()
    values: dict[str, int | list[int]] = {
        "comparisons": ids,
        "person": person.pk,
        "adaptive": campaign.max_overlap is not None,
        "overlap": campaign.overlap,
    }
    with connection.cursor() as cursor:
        cursor.execute(TAKE_VOTES, values)
    after = sum((tally_of(one) for one in locked.all()), Tally())
    return after - before, undone
