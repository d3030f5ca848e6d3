"""Rounds: opened with their first job, taken by their run, and closed once.

Each of these happens in the transaction of what causes it, so that no round is lost, and behind a constraint or a
compare-and-set, so that none is counted twice.
"""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Max

from labeling.events.record import record
from labeling.models import Campaign, User
from training.models import ACTIVE_STATUSES, GateDecision, JobStatus, ModelVersion, Round

Outcome = Round.Outcome


def collecting_round(*, campaign: Campaign, acting_user: User | None, now: datetime) -> Round:
    """The campaign's round that has no run yet, locked; opened if there is none. Call it within a transaction."""
    while True:
        found = Round.objects.select_for_update().filter(campaign=campaign, collects=True).first()
        if found is not None:
            return found
        number = (Round.objects.filter(campaign=campaign).aggregate(last=Max("number"))["last"] or 0) + 1
        try:
            with transaction.atomic():
                opened = Round.objects.create(
                    campaign=campaign, number=number, opened_by=acting_user, opened_at=now, collects=True
                )
        except IntegrityError:  # somebody else has opened it
            continue
        after = {"round": number}
        record("round.opened", opened, acting_user=acting_user, now=now, campaign=campaign, after=after)
        return opened


def round_for_run(*, campaign: Campaign, acting_user: User | None, now: datetime) -> Round:
    """The round that a new run belongs to, which takes no more generations. Call it within the run's transaction.

    A run after one that failed or was cancelled stays in that one's round, unless pairs were generated since. Earlier
    rounds are closed.
    """
    taken = _to_be_repeated(campaign) or collecting_round(campaign=campaign, acting_user=acting_user, now=now)
    if taken.collects:
        taken.collects = False
        taken.save(update_fields=["collects"])
    earlier = Round.objects.filter(campaign=campaign, closed_at=None, number__lt=taken.number).order_by("number")
    for one in earlier:
        _close(one, _outcome_without_promotion(one), acting_user=acting_user, now=now)
    return taken


def _to_be_repeated(campaign: Campaign) -> Round | None:
    """The newest round, locked, if it is open and all of its runs ended without a version."""
    newest = Round.objects.select_for_update().filter(campaign=campaign).order_by("-number").first()
    if newest is None or newest.collects or newest.closed_at is not None:
        return None
    is_going_on = newest.runs.filter(status__in=(*ACTIVE_STATUSES, JobStatus.FINISHED)).exists()
    return None if is_going_on else newest


def _outcome_without_promotion(ended: Round) -> Outcome:
    version = ModelVersion.objects.filter(run__round=ended).order_by("-pk").first()
    if version is None:
        return Outcome.NO_VERSION
    decision = GateDecision.objects.filter(version=version).order_by("-pk").first()
    is_held = decision is not None and decision.outcome == GateDecision.Outcome.HELD
    return Outcome.HELD if is_held else Outcome.NOT_PROMOTED


def close_promoted_round(*, version: ModelVersion, acting_user: User | None, now: datetime) -> Round | None:
    """Closes the round of a version that begins to serve, within the promotion's transaction.

    None: it has none, or it is closed already.
    """
    ended = Round.objects.filter(runs__version=version, closed_at=None).select_related("campaign").first()
    if ended is None:
        return None
    return _close(ended, Outcome.PROMOTED, acting_user=acting_user, now=now, version=version.name)


def _close(
    ended: Round, outcome: Outcome, *, acting_user: User | None, now: datetime, version: str = ""
) -> Round | None:
    """Closes a round, unless it is closed: then the first outcome stays."""
    if not Round.objects.filter(pk=ended.pk, closed_at=None).update(closed_at=now, outcome=outcome):
        return None
    ended.closed_at, ended.outcome = now, outcome
    after = {"round": ended.number, "outcome": str(outcome)} | ({"version": version} if version else {})
    record("round.finished", ended, acting_user=acting_user, now=now, campaign=ended.campaign, after=after)
    return ended
