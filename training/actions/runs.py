"""Starting, cancelling and resuming a training run. A worker does it; see `training.jobs`."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from labeling.access import require_may_change
from labeling.events.record import record
from labeling.models import AnnotatorGroup, Campaign, User
from training.access import require_version
from training.actions.jobs import cancel_job, resume_job
from training.actions.rounds import round_for_run
from training.actions.snapshots import take_snapshot
from training.claims import enqueue
from training.engine.config import RunConfig
from training.engine.errors import InputError
from training.errors import JobActive, OnlyRehearsed, WrongSettings
from training.models import ACTIVE_STATUSES, Deployment, ModelVersion, Run, Snapshot
from training.queries.label_noise import MeasuredNoise, measured_noise
from training.queries.rehearsals import channel_of, channel_of_version
from training.queries.serving import current_deployment, serving_version
from training.versions import retention


@dataclass(frozen=True, slots=True)
class RunSpec:
    """The run to be started; the defaults are those of the button on a campaign's page."""

    parent: ModelVersion | None = None
    """The version it starts from, which is its reference too; None: the version that serves."""
    config: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the engine's RunConfig that differ from its defaults."""
    trigger: str = Run.Trigger.PERSON
    """Whether a person or the schedule starts it."""
    test_share: float | None = None
    """The share of prompts that is held out; None: the usual one, which is larger in a small campaign."""
    new_labels: bool = False
    """Whether it leaves out the labels that its parent, or a version that this comes from, has learned."""
    group: AnnotatorGroup | None = None
    """The group of annotators whose votes alone it learns from: a version beside the loop, in no round."""
    also: Callable[[], None] | None = None
    """Called within the transaction that creates the run, which it may refuse."""


DEFAULT_SPEC = RunSpec()

LEAST_NOISE = 0.05
"""Only where surely more labels than these are wrong, a run takes another loss than DPO's by itself."""


def start_run(
    *,
    campaign: Campaign,
    acting_user: User | None,
    now: datetime,
    spec: RunSpec = DEFAULT_SPEC,
    hand_to_worker: bool = True,
) -> Run:
    """Freezes the campaign's labels and queues a run on them. A campaign has one run at a time.

    hand_to_worker: False where the caller does the run itself.
    Raises TooFewPairs, WrongSettings, NothingServes, OnlyRehearsed, JobActive, VersionDamaged, NotAllowed, NotFound.
    """
    require_may_change(acting_user, campaign)
    parent = spec.parent or serving_version(channel_of(campaign))
    require_version(acting_user, parent)
    if channel_of_version(parent) not in (Deployment.DEFAULT_CHANNEL, channel_of(campaign)):
        raise OnlyRehearsed(name=parent.name)
    _check_config(spec.config)
    # Checked before the labels are frozen, which takes a while; the constraint decides a race.
    if Run.objects.filter(campaign=campaign, status__in=ACTIVE_STATUSES).exists():
        raise JobActive(_("A run of this campaign is active: wait until it ends, or cancel it."))
    snapshot = take_snapshot(
        campaign=campaign,
        acting_user=acting_user,
        now=now,
        test_share=spec.test_share,
        group=spec.group,
        new_to=parent if spec.new_labels else None,
    )
    try:
        with transaction.atomic():
            retention.hold(parent)
            Campaign.objects.select_for_update(no_key=True).only("pk").get(pk=campaign.pk)
            if spec.also is not None:
                spec.also()
            run = _create_run(snapshot, parent, spec, acting_user=acting_user, now=now)
            if hand_to_worker:
                enqueue(run)
    except IntegrityError as error:
        if Run.objects.filter(campaign=campaign, status__in=ACTIVE_STATUSES).exists():
            raise JobActive(_("A run of this campaign is active: wait until it ends, or cancel it.")) from error
        raise
    return run


def _create_run(
    snapshot: Snapshot, parent: ModelVersion, spec: RunSpec, *, acting_user: User | None, now: datetime
) -> Run:
    serving = current_deployment(channel_of(snapshot.campaign))
    # Measured on everybody's votes: what groups want differently would count as wrong labels within one.
    noise = None if spec.group else measured_noise(snapshot.campaign)
    config = with_noise(spec.config, noise)
    run = Run.objects.create(
        campaign=snapshot.campaign,
        snapshot=snapshot,
        parent=parent,
        serving=serving.version if serving else None,
        config=config,
        noise=noise.as_json() if noise else None,
        trigger=spec.trigger,
        round=None if spec.group else round_for_run(campaign=snapshot.campaign, acting_user=acting_user, now=now),
        created_by=acting_user,
        created_at=now,
        enqueued_at=now,
    )
    # Not the number alone: a new database must not find the folders of an earlier one.
    run.directory = str(settings.VAR_DIR / "runs" / f"{run.pk}-{secrets.token_hex(4)}")
    run.save(update_fields=["directory"])
    record(
        "run.started",
        run,
        acting_user=acting_user,
        now=now,
        campaign=snapshot.campaign,
        after={"parent": parent.name, "snapshot": snapshot.content_hash, "config": config, "trigger": spec.trigger},
    )
    return run


def with_noise(config: Mapping[str, Any], noise: MeasuredNoise | None) -> dict[str, Any]:
    """The settings of a run with the measured share of wrong labels, as far as they leave the loss or the share open.

    The loss is then the one that doubts labels. Confidences alone (conservative DPO) did worse than none at every share
    of flips that benchmarks.noise tries, so another loss that somebody named keeps its labels as they are.
    """
    if noise is None or noise.low < LEAST_NOISE:
        return dict(config)
    loss = config.get("loss", "em")
    setting = {"em": "measured_noise", "robust": "label_noise"}.get(loss)
    if setting is None or {"measured_noise", "label_noise"} & set(config):
        return dict(config)
    return {**config, "loss": loss, setting: noise.value}


def _check_config(config: Mapping[str, Any]) -> None:
    """Raises WrongSettings for a config that the engine would refuse."""
    try:
        checked = RunConfig.from_mapping(dict(config))
    except InputError as error:
        raise WrongSettings(_("This training config cannot be used: %(error)s.") % {"error": error}) from error
    if checked.tuning != "lora":
        raise WrongSettings(_("Versions are adapters here: train whole models with `python -m training.engine train`."))
    if doubts := checked.doubts():
        raise WrongSettings(_("This training config cannot be used: %(error)s.") % {"error": doubts[0]})


def cancel_run(*, run: Run, acting_user: User | None, now: datetime) -> Run:
    """Stops a run after its current step; its checkpoint stays. See `cancel_job`."""
    return cancel_job(job=run, acting_user=acting_user, now=now)


def resume_run(*, run: Run, acting_user: User | None, now: datetime) -> Run:
    """Resumes a failed or cancelled run from its last checkpoint. See `resume_job`."""
    return resume_job(job=run, acting_user=acting_user, now=now)
