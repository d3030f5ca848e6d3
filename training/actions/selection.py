"""The trial of what to label next: its arms and shares, the job that chooses, and arms that are switched off."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from math import isfinite

from django.db import transaction
from django.utils.translation import gettext as _

from labeling.access import require_lead, require_may_change
from labeling.events.record import record
from labeling.models import Campaign, User
from labeling.stats import Range
from labeling.stats.arm_worth import ENOUGH, FIRST_LOOK, standing
from training.access import require_no_blind_test
from training.actions.jobs import cancel_job
from training.claims import enqueue
from training.errors import JobActive, JobOver, WrongSettings
from training.evaluation.arms import LEAST_RANDOM
from training.models import ACTIVE_STATUSES, JobStatus, SelectionJob, SelectionTrial, TrialArm
from training.queries.loop import loop_runs
from training.queries.rehearsals import channel_of
from training.queries.selection import chosen_by_arm, due_arm, is_choice_due, units
from training.queries.serving import current_deployment, serving_version
from training.versions import retention

logger = logging.getLogger(__name__)

MINUTES = 60
"""The longest time of workers on one choice with its measurement."""
MOST_ENOUGH = 100_000
AGAIN_AFTER = timedelta(hours=1)
"""After a failed or cancelled choice, and after one that chose nothing, the next is not made by itself before."""


@transaction.atomic
def set_selection(
    *,
    campaign: Campaign,
    shares: Mapping[str, float],
    acting_user: User | None,
    now: datetime,
    enough: int = ENOUGH,
) -> SelectionTrial:
    """Sets the arms of a campaign's trial and their shares of the pairs to train on; the rest is chance's.

    No arm with a share: the trial is off. An arm that was switched off and gets a share starts again. enough: labels of
    an arm after which it must have a proven gain. Raises WrongSettings, ForItsGateOnly, NotAllowed, NotFound.
    """
    require_may_change(acting_user, campaign)
    require_no_blind_test(campaign)
    wanted = {name: share for name, share in shares.items() if share}
    _check(wanted, enough)
    Campaign.objects.select_for_update(no_key=True).only("pk").get(pk=campaign.pk)
    trial = SelectionTrial.objects.filter(campaign=campaign).first()
    before = _as_json(trial) if trial else {}
    trial = trial or SelectionTrial(campaign=campaign)
    trial.is_on, trial.enough, trial.changed_by, trial.changed_at = bool(wanted), enough, acting_user, now
    trial.save()
    arms = {arm.name: arm for arm in trial.arms.all()}
    for name in {*arms, *wanted}:
        arm = arms.get(name) or TrialArm(trial=trial, name=name)
        if arm.off_at is not None and name in wanted:
            arm.off_at, arm.standing, arm.labels, arm.gain = None, TrialArm.Standing.OPEN, 0, None
            arm.tries, arm.obstacle = 0, ""
        arm.share = wanted.get(name, 0.0)
        arm.save()
    record(
        "selection.set",
        trial,
        acting_user=acting_user,
        now=now,
        campaign=campaign,
        before=before,
        after=_as_json(trial),
    )
    return trial


@transaction.atomic
def start_selection(
    *, campaign: Campaign, acting_user: User | None, now: datetime, hand_to_worker: bool = True
) -> SelectionJob:
    """Queues a choice of the comparisons that come next; it measures the arm that is due first. One at a time.

    Raises WrongSettings (the trial is off), JobActive, NothingServes, ForItsGateOnly, NotAllowed, NotFound.
    """
    require_may_change(acting_user, campaign)
    require_no_blind_test(campaign)
    Campaign.objects.select_for_update(no_key=True).only("pk").get(pk=campaign.pk)
    trial = SelectionTrial.objects.filter(campaign=campaign, is_on=True).prefetch_related("arms").first()
    if trial is None:
        raise WrongSettings(_("The trial is off: give an arm a share first."))
    if SelectionJob.objects.filter(campaign=campaign, status__in=ACTIVE_STATUSES).exists():
        raise JobActive(_("The next pairs are being chosen: wait until that ends, or cancel it."))
    version = serving_version(channel_of(campaign))
    retention.hold(version)
    counts = chosen_by_arm(campaign)
    arm = due_arm(trial, counts, campaign)
    last = loop_runs(campaign).filter(status=JobStatus.FINISHED).order_by("-pk").first()
    job = SelectionJob.objects.create(
        campaign=campaign,
        version=version,
        config=last.config if last else {},
        minutes=MINUTES,
        arm=arm.name if arm else "",
        labels=units(arm.name, counts, campaign) if arm else 0,
        created_by=acting_user,
        created_at=now,
        enqueued_at=now,
    )
    after = {"arm": job.arm, "version": version.name}
    record("selection.asked", job, acting_user=acting_user, now=now, campaign=campaign, after=after)
    if hand_to_worker:
        enqueue(job)
    return job


def cancel_selection(*, campaign: Campaign, acting_user: User | None, now: datetime) -> SelectionJob:
    """Cancels the campaign's active choice. Raises JobOver, NotAllowed, NotFound."""
    require_lead(acting_user, campaign)
    job = SelectionJob.objects.filter(campaign=campaign, status__in=ACTIVE_STATUSES).first()
    if job is None:
        raise JobOver(_("No pairs are being chosen."))
    return cancel_job(job=job, acting_user=acting_user, now=now)


@transaction.atomic
def record_worth(*, job: SelectionJob, gain: Range | None, now: datetime, obstacle: str = "") -> TrialArm | None:
    """Writes what the arm of a job is worth; switches it off where it does not pay. Its share is chance's then.

    gain: None: it could not be measured, and `obstacle` says why; what was found before stands. An arm of which nothing
    was found in so many tries is switched off too. None is returned where a lead took the arm out meanwhile.
    """
    rows = TrialArm.objects.select_for_update(no_key=True, of=("self",)).select_related("trial")
    arm = rows.filter(trial__campaign=job.campaign_id, name=job.arm).first()
    if arm is None or not arm.is_on:
        return None
    arm.labels, arm.measured_at, arm.obstacle = job.labels, now, obstacle
    arm.tries = arm.tries + 1 if gain is None else 0
    after: dict[str, object] = {"arm": arm.name, "labels": job.labels}
    if gain is not None:
        arm.gain = {"value": gain.value, "low": gain.low, "high": gain.high}
        after |= {"gain": gain.value, "gain_low": gain.low, "gain_high": gain.high}
    else:
        after |= {"obstacle": obstacle}
    if gain is not None or arm.standing == TrialArm.Standing.OPEN:
        arm.standing = TrialArm.Standing(standing(gain, job.labels, arm.trial.enough, arm.tries))
    verb = "selection.arm_measured"
    if arm.standing in TrialArm.OFF:
        arm.off_at, verb = now, "selection.arm_switched_off"
    elif gain is None:
        verb = "selection.arm_not_measured"
    arm.save()
    record(verb, arm, acting_user=None, now=now, campaign=job.campaign, after=after | {"standing": str(arm.standing)})
    return arm


def look_at_trials(*, now: datetime) -> int:
    """Starts a choice in every active campaign whose trial has something to choose or to measure; returns how many."""
    started = 0
    rows = SelectionTrial.objects.filter(is_on=True, campaign__status=Campaign.Status.ACTIVE)
    for trial in rows.select_related("campaign").prefetch_related("arms").order_by("pk"):
        try:
            started += _start_if_due(trial, now)
        except Exception:  # what is wrong with one campaign holds up no other
            logger.exception("%s could not be looked at", trial)
    return started


def _start_if_due(trial: SelectionTrial, now: datetime) -> bool:
    last = SelectionJob.objects.filter(campaign=trial.campaign_id).order_by("-pk").first()
    if last is not None and last.is_active:
        return False
    # One that measured an arm may have found enough chosen before.
    is_in_vain = last is not None and (last.status != JobStatus.FINISHED or not (last.chosen or last.arm))
    if is_in_vain and last is not None and now - (last.finished_at or last.created_at) < AGAIN_AFTER:
        return False
    if current_deployment(channel_of(trial.campaign)) is None:
        return False
    campaign = trial.campaign
    if due_arm(trial, chosen_by_arm(campaign), campaign) is None and not is_choice_due(trial.campaign):
        return False
    start_selection(campaign=trial.campaign, acting_user=None, now=now)
    return True


def _check(shares: Mapping[str, float], enough: int) -> None:
    unknown = sorted(set(shares) - set(TrialArm.Name.values))
    if unknown:
        values = {"name": unknown[0], "known": ", ".join(TrialArm.Name.values)}
        raise WrongSettings(_("There is no arm %(name)s. There are: %(known)s.") % values)
    if any(not isfinite(share) or share < 0 for share in shares.values()):
        raise WrongSettings(_("A share cannot be below zero."))
    if sum(shares.values()) > 1 - LEAST_RANDOM + 1e-9:
        text = _("Chance keeps at least %(least)s %%: the shares of the arms cannot exceed %(most)s %% together.")
        raise WrongSettings(text % {"least": round(100 * LEAST_RANDOM), "most": round(100 * (1 - LEAST_RANDOM))})
    if not FIRST_LOOK <= enough <= MOST_ENOUGH:
        text = _("An arm needs from %(fewest)s to %(most)s labels before it is decided about.")
        raise WrongSettings(text % {"fewest": FIRST_LOOK, "most": MOST_ENOUGH})


def _as_json(trial: SelectionTrial) -> dict[str, object]:
    shares = {arm.name: arm.share for arm in trial.arms.order_by("name") if arm.share}
    return {"arm_shares": shares, "enough": trial.enough, "enabled": trial.is_on}
