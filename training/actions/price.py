"""Measuring a campaign's learning curve by short runs. A worker does them: `training.jobs.price`."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from common.sentences import Sentence
from labeling.access import require_lead, require_may_change
from labeling.events.record import record
from labeling.models import Campaign, User
from labeling.stats.learning_curve import FEWEST_DRAWS
from training.access import require_no_blind_test
from training.actions.jobs import cancel_job
from training.actions.snapshots import take_snapshot
from training.claims import enqueue
from training.errors import JobActive, JobOver, TooFewPairs, WrongSettings
from training.evaluation.short_runs import FEWEST_PAIRS, short_runs
from training.models import ACTIVE_STATUSES, JobStatus, PriceJob
from training.queries.loop import loop_runs, whole_snapshots
from training.queries.rehearsals import channel_of
from training.queries.serving import serving_version

DRAWS, MOST_DRAWS = 4, 12
MINUTES, MOST_MINUTES = 60, 24 * 60


@dataclass(frozen=True, slots=True)
class PriceSpec:
    """The effort of a measurement. draws: orders of the pairs. minutes: the longest time of workers."""

    draws: int = DRAWS
    minutes: int = MINUTES


DEFAULT_SPEC = PriceSpec()


def start_price(
    *,
    campaign: Campaign,
    acting_user: User | None,
    now: datetime,
    spec: PriceSpec = DEFAULT_SPEC,
    hand_to_worker: bool = True,
) -> PriceJob:
    """Queues the short runs on the campaign's newest snapshot; without one, its labels are frozen first.

    Raises TooFewPairs, WrongSettings, NothingServes, JobActive, ForItsGateOnly, NotAllowed, NotFound.
    """
    require_may_change(acting_user, campaign)
    require_no_blind_test(campaign)
    if not FEWEST_DRAWS <= spec.draws <= MOST_DRAWS or not 1 <= spec.minutes <= MOST_MINUTES:
        text = _("A learning curve takes %(fewest)s to %(draws)s repetitions and 1 to %(minutes)s minutes.")
        raise WrongSettings(text % {"fewest": FEWEST_DRAWS, "draws": MOST_DRAWS, "minutes": MOST_MINUTES})
    base = serving_version(channel_of(campaign)).base()
    snapshot = whole_snapshots(campaign).order_by("-pk").first()
    snapshot = snapshot or take_snapshot(campaign=campaign, acting_user=acting_user, now=now)
    if snapshot.train_pairs < FEWEST_PAIRS:
        values = {"fewest": FEWEST_PAIRS, "count": snapshot.train_pairs}
        text = gettext_noop("A learning curve needs at least %(fewest)s pairs to train on; there are %(count)s.")
        raise TooFewPairs(Sentence(text, values))
    last = loop_runs(campaign).filter(status=JobStatus.FINISHED).order_by("-pk").first()
    with transaction.atomic():
        # Only one active: whoever asks at the same time waits here, and is refused then.
        Campaign.objects.select_for_update(no_key=True).only("pk").get(pk=campaign.pk)
        if PriceJob.objects.filter(campaign=campaign, status__in=ACTIVE_STATUSES).exists():
            raise JobActive(_("The learning curve is being measured: wait until that ends, or cancel it."))
        job = PriceJob.objects.create(
            campaign=campaign,
            snapshot=snapshot,
            base=base,
            config=last.config if last else {},
            draws=spec.draws,
            minutes=spec.minutes,
            total=len(list(short_runs(snapshot.train_pairs, spec.draws))),
            created_by=acting_user,
            created_at=now,
            enqueued_at=now,
        )
        after = {"snapshot": snapshot.content_hash, "short_runs": job.total, "minutes": spec.minutes}
        record("price.started", job, acting_user=acting_user, now=now, campaign=campaign, after=after)
        if hand_to_worker:
            enqueue(job)
    return job


def cancel_price(*, campaign: Campaign, acting_user: User | None, now: datetime) -> PriceJob:
    """Cancels the campaign's active measurement; finished short runs stay. Raises JobOver, NotAllowed, NotFound."""
    require_lead(acting_user, campaign)
    job = PriceJob.objects.filter(campaign=campaign, status__in=ACTIVE_STATUSES).first()
    if job is None:
        raise JobOver(_("No learning curve is being measured."))
    return cancel_job(job=job, acting_user=acting_user, now=now)
