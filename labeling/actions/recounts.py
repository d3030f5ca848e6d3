"""Recounts: all verdicts of a campaign applied again, after its rule or the estimates of its annotators changed.

The job is a row, which holds how far the walk is. A worker that dies loses nothing: the next one continues after the
last comparison that was written. Each batch is its own transaction. Verdicts of experts and of imports stay. A place
that adaptive overlap had added closes if the comparison is certain enough by now and nobody holds it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from common.broker import send
from labeling.actions.estimating import estimate_annotators
from labeling.events.record import record
from labeling.judging.settling import decide, verdict_values, wants_more
from labeling.models import AnnotatorEstimates, Campaign, Comparison, User, Verdict, VerdictRecount
from labeling.queries.estimates import Vote, votes_on
from labeling.queries.verdicts import winners
from labeling.tally import Tally, add_to_tally, read_tally, tally_of

RECOUNT = "labeling.tasks.recount_verdicts"
BATCH = 200
LOST_AFTER = timedelta(minutes=2)
"""A worker writes after every batch. One that has not written for this long is taken for dead."""

ESTIMATE_EVERY = timedelta(minutes=10)
ESTIMATE_SHARE = 0.05
"""Annotators are estimated again after this share of new judgments, or after this time if there are any."""

Status = VerdictRecount.Status
Rule = Campaign.VerdictRule


def request_recount(
    *, campaign: Campaign, cause: str, acting_user: User | None, now: datetime, before: dict[str, Any] | None = None
) -> VerdictRecount:
    """Requests a recount in the background; it replaces an unfinished one. The campaign must be locked.

    before: the rules that applied until now.
    """
    unfinished = VerdictRecount.objects.filter(campaign=campaign, status__in=VerdictRecount.UNFINISHED)
    unfinished.update(status=Status.REPLACED, finished_at=now)
    recount = VerdictRecount.objects.create(
        campaign=campaign,
        cause=cause,
        rule={
            "verdict_rule": campaign.verdict_rule,
            "verdict_threshold": campaign.verdict_threshold,
            "before": {name: value for name, value in (before or {}).items() if name.startswith("verdict_")},
        },
        requested_by=acting_user,
        created_at=now,
        beat_at=now,
    )
    transaction.on_commit(lambda: send(RECOUNT, recount.pk))
    return recount


def run_recount(recount_id: int, *, clock: Callable[[], datetime] = timezone.now) -> VerdictRecount | None:
    """Runs a recount, or the rest of it; returns it when it is done.

    None: another worker runs it, it is done already, or the rule changed again in the meantime.
    """
    recount = _claim(recount_id, clock())
    if recount is None:
        return None
    if not recount.last_comparison:
        estimate_annotators(recount.campaign, clock())
    while (size := _recount_batch(recount_id, clock())) is not None:
        if size < BATCH:
            return _finish(recount_id, clock())
    return None


def leave_recount(recount_id: int) -> None:
    """Lets another worker go on at once, after this one has lost its connection to the database."""
    VerdictRecount.objects.filter(pk=recount_id, status=Status.RUNNING).update(status=Status.WAITING)


def look_after_recounts(*, now: datetime) -> int:
    """Enqueues recounts that no worker runs, and requests those that are due; returns how many in all."""
    lost = VerdictRecount.objects.filter(status__in=VerdictRecount.UNFINISHED, beat_at__lt=now - LOST_AFTER)
    identifiers = list(lost.values_list("pk", flat=True))
    send(RECOUNT, *identifiers)
    requested = 0
    # A draft and a closed campaign too: imports bring them judgments.
    weighed = Campaign.objects.filter(Q(verdict_rule=Rule.DAWID_SKENE) | Q(max_overlap__isnull=False))
    for campaign in weighed.exclude(status=Campaign.Status.ARCHIVED).exclude(
        recounts__status__in=VerdictRecount.UNFINISHED
    ):
        requested += _request_if_due(campaign, now)
    return len(identifiers) + requested


def _request_if_due(campaign: Campaign, now: datetime) -> bool:
    """Requests a recount if enough judgments were made, or taken back, since the last estimates; returns whether."""
    latest = AnnotatorEstimates.objects.filter(campaign=campaign).first()
    votes = read_tally(campaign.pk).judgments
    changed = abs(votes - (latest.judgments if latest else 0))
    is_due = latest is None or changed > ESTIMATE_SHARE * latest.judgments or now - latest.made_at > ESTIMATE_EVERY
    if not changed or not is_due:
        return False
    with transaction.atomic():
        locked = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        request_recount(campaign=locked, cause=VerdictRecount.Cause.JUDGMENTS, acting_user=None, now=now)
    return True


@transaction.atomic
def _claim(recount_id: int, now: datetime) -> VerdictRecount | None:
    """Claims a recount by compare-and-set: of two workers with the same id, one gets it."""
    waiting = Q(status=Status.WAITING) | Q(status=Status.RUNNING, beat_at__lt=now - LOST_AFTER)
    claimed = VerdictRecount.objects.filter(waiting, pk=recount_id).update(status=Status.RUNNING, beat_at=now)
    if not claimed:
        return None
    recount = VerdictRecount.objects.select_related("campaign").get(pk=recount_id)
    if not recount.last_comparison:
        recount.before, recount.total = winners(recount.campaign), _remaining(recount).count()
        recount.save(update_fields=["before", "total"])
    return recount


def _remaining(recount: VerdictRecount) -> Any:
    """Those with all their judgments, and those that wait for one more which nobody has asked for or holds."""
    waits = Q(status=Comparison.Status.OPEN, priority=0, taken=F("judged"), overlap=F("judged") + 1)
    is_added = Q(campaign__max_overlap__isnull=False, overlap__gt=F("campaign__overlap"))
    return Comparison.objects.filter(
        Q(status__in=[Comparison.Status.SETTLED, Comparison.Status.CONFLICT]) | (waits & is_added),
        campaign=recount.campaign_id,
        judged__gt=0,
        pk__gt=recount.last_comparison,
    ).order_by("pk")


@transaction.atomic
def _recount_batch(recount_id: int, now: datetime) -> int | None:
    """Recounts the next comparisons; returns how many. None: this worker no longer has the recount."""
    recount = (
        VerdictRecount.objects.select_related("campaign__annotator_estimates")
        .select_for_update(of=("self",))
        .get(pk=recount_id)
    )
    if recount.status != Status.RUNNING:
        return None
    batch = list(_remaining(recount).select_for_update(no_key=True, of=("self",))[:BATCH])
    votes = votes_on([one.pk for one in batch]) if recount.rule["verdict_rule"] == Rule.DAWID_SKENE else {}
    verdicts = {verdict.comparison_id: verdict for verdict in Verdict.objects.filter(comparison__in=batch)}
    change = Tally()
    for comparison in batch:
        before = tally_of(comparison)
        old = verdicts.get(comparison.pk)
        if old is None or old.settled_by in Verdict.BY_RULE:
            recount.changed += _recount(comparison, recount.campaign, old, votes.get(comparison.pk, []), now)
        change += tally_of(comparison) - before
    if batch:
        recount.last_comparison = batch[-1].pk
    recount.done += len(batch)
    recount.beat_at = now
    recount.save(update_fields=["last_comparison", "done", "changed", "beat_at"])
    add_to_tally(recount.campaign_id, change)
    return len(batch)


def _recount(comparison: Comparison, campaign: Campaign, old: Verdict | None, votes: list[Vote], now: datetime) -> bool:
    """Writes the verdict that the rule gives now; returns whether the winner changed."""
    decision = decide(comparison, campaign, votes)
    if comparison.status == Comparison.Status.OPEN:
        comparison.overlap -= 1
        if wants_more(comparison, campaign, decision):
            comparison.overlap += 1  # the place stays, and the totals are counted from this
            return False
    if decision.winner is None:
        if old is not None:
            old.delete()
        wants = wants_more(comparison, campaign, decision)
        comparison.overlap += wants
        comparison.status = Comparison.Status.OPEN if wants else Comparison.Status.CONFLICT
    elif old is None:
        comparison.status = Comparison.Status.SETTLED
        Verdict.objects.create(**verdict_values(comparison, decision), comparison=comparison, settled_at=now)
    else:
        _rewrite(old, verdict_values(comparison, decision), now)
    comparison.save(update_fields=["status", "overlap"])
    return (old.winner if old else None) != decision.winner


def _rewrite(verdict: Verdict, values: dict[str, Any], now: datetime) -> None:
    if verdict.winner != values["winner"]:
        values["settled_at"] = now  # it counts as fresh for training again
    changed = {name: value for name, value in values.items() if getattr(verdict, name) != value}
    if changed:
        Verdict.objects.filter(pk=verdict.pk).update(**changed)


@transaction.atomic
def _finish(recount_id: int, now: datetime) -> VerdictRecount | None:
    recount = VerdictRecount.objects.select_related("campaign").select_for_update(of=("self",)).get(pk=recount_id)
    if recount.status != Status.RUNNING:
        return None
    recount.status, recount.finished_at, recount.after = Status.DONE, now, winners(recount.campaign)
    recount.save(update_fields=["status", "finished_at", "after"])
    if recount.changed or recount.cause == VerdictRecount.Cause.RULE:
        record(
            "verdicts.recounted",
            recount,
            acting_user=recount.requested_by,
            now=now,
            campaign=recount.campaign,
            before=recount.rule["before"] | {"winners": recount.before},
            after={
                "cause": str(recount.cause),
                "verdict_rule": recount.rule["verdict_rule"],
                "verdict_threshold": recount.rule["verdict_threshold"],
                "winners": recount.after,
                "changed": recount.changed,
            },
        )
    return recount
