"""Withdrawing all judgments of a person who asks for it: they no longer count in any verdict or figure.

Each judgment is superseded, as by an undo. A verdict that a rule made of it is deleted, and its comparison is open
again for other annotators. Verdicts of experts and of imports stay. The places that an import had added for an outside
annotator go with their votes, and those that adaptive overlap had added with any vote, so that the other votes may
settle the comparison at once. It takes a few statements for each batch.
"""

from datetime import datetime

from django.db import connection

from labeling.actions.counted_votes import settle_again
from labeling.events.record import record
from labeling.models import Assignment, Campaign, Comparison, Judgment, User, Verdict
from labeling.tally import Tally, add_to_tally, tally_of

BATCH = 1000

# A comparison that is out (flagged, retired, gold) keeps its status, but loses the vote. A place that adaptive overlap
# had added is removed, as by `shrink`.
TAKE_VOTES = """
UPDATE labeling_comparison AS c SET
    votes_a = c.votes_a - (j.choice = 'a')::int,
    votes_b = c.votes_b - (j.choice = 'b')::int,
    votes_tie = c.votes_tie - (j.choice = 'tie')::int,
    votes_both_bad = c.votes_both_bad - (j.choice = 'both_bad')::int,
    lean = c.lean + (1 - COALESCE(j.certainty, 1)) * ((j.choice = 'a')::int - (j.choice = 'b')::int),
    judged = c.judged - 1,
    taken = c.taken - 1,
    overlap = CASE
        WHEN %(adaptive)s AND c.priority = 0 THEN GREATEST(LEAST(c.overlap, %(overlap)s), c.taken - 1)
        ELSE c.overlap END,
    status = CASE
        WHEN c.status IN ('settled', 'conflict')
            AND NOT EXISTS (SELECT FROM labeling_verdict v WHERE v.comparison_id = c.id)
        THEN 'open' ELSE c.status END
FROM labeling_judgment AS j
WHERE c.id = ANY(%(comparisons)s) AND j.comparison_id = c.id AND j.annotator_id = %(person)s
    AND j.superseded_at IS NULL AND j.kind = 'normal' AND j.choice <> 'skip'
"""


def withdraw_judgments(*, person: User, acting_user: User | None, now: datetime) -> int:
    """Withdraws the judgments of a person in every campaign; returns how many. Call it within a transaction.

    The person's memberships must have been deleted, so that none of their acts is under way. Writes an event for each
    campaign.
    """
    campaigns = Campaign.objects.filter(judgments__annotator=person, judgments__superseded_at=None)
    withdrawn, changes = 0, {}
    for campaign in campaigns.order_by("pk").distinct():
        number, changes[campaign.pk] = _withdraw_in(campaign, person, acting_user, now)
        withdrawn += number
    for campaign_id, change in changes.items():
        add_to_tally(campaign_id, change)
    return withdrawn


def _withdraw_in(campaign: Campaign, person: User, acting_user: User | None, now: datetime) -> tuple[int, Tally]:
    """Returns how many, and the change of the campaign's totals."""
    current = Judgment.objects.filter(campaign=campaign, annotator=person, superseded_at=None)
    votes = current.filter(kind=Assignment.Kind.NORMAL).exclude(choice="skip")
    ids = sorted(votes.values_list("comparison_id", flat=True))
    change, reopened = Tally(), 0
    for start in range(0, len(ids), BATCH):
        moved, opened = _take_votes(campaign, person, ids[start : start + BATCH])
        change, reopened = change + moved, reopened + opened
    # The trigger allows superseding a judgment once, and no other change.
    Assignment.objects.filter(campaign=campaign, annotator=person, status=Assignment.Status.JUDGED).update(
        status=Assignment.Status.RELEASED, slot=None
    )
    withdrawn = current.update(superseded_at=now)
    if person.is_outside or campaign.max_overlap is not None:
        change += _settle_without(person, campaign, ids, now)
    record(
        "judgments.withdrawn",
        campaign,
        acting_user=acting_user,
        now=now,
        campaign=campaign,
        after={"person": person.pseudonym, "judgments": withdrawn, "verdicts_undone": reopened},
    )
    return withdrawn, change


def _take_votes(campaign: Campaign, person: User, ids: list[int]) -> tuple[Tally, int]:
    """Removes votes; returns the change of the totals, and how many verdicts were deleted."""
    # Locked in the order of their ids, as in every transaction that locks more than one.
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


def _settle_without(person: User, campaign: Campaign, ids: list[int], now: datetime) -> Tally:
    """Settles comparisons by their other votes where these suffice; adaptive overlap may want one more instead.

    The places that an import had added for an outside annotator are removed first. Returns the change of the totals.
    The comparisons must be locked.
    """
    change = Tally()
    for start in range(0, len(ids), BATCH):
        comparisons = list(Comparison.objects.filter(pk__in=ids[start : start + BATCH]).order_by("pk"))
        change -= sum((tally_of(one) for one in comparisons), Tally())
        for one in comparisons:
            one.campaign = campaign
            if person.is_outside:
                one.overlap = max(campaign.overlap_of(one.pair_hash), one.taken)
        verdicts = {one.comparison_id: one for one in Verdict.objects.filter(comparison__in=comparisons)}
        settle_again(campaign, comparisons, verdicts, now)
        change += sum((tally_of(one) for one in comparisons), Tally())
    return change
