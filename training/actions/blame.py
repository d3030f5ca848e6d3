"""Asking for the doubtful pairs of a snapshot, and for those that made a comparison worse: `training.jobs.blame`."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from labeling.access import require_may_change
from labeling.events.record import record
from labeling.exchange import PreferencePair
from labeling.models import User
from training.access import require_not_blind_now
from training.actions.jobs import cancel_job
from training.actions.lens import check_length
from training.claims import enqueue
from training.engine.config import RunConfig
from training.errors import JobActive, WrongSettings
from training.models import ACTIVE_STATUSES, BlameJob, ModelVersion, Snapshot
from training.queries.serving import serving_version
from training.versions import retention


@transaction.atomic
def start_blame(
    *,
    snapshot: Snapshot,
    acting_user: User | None,
    now: datetime,
    query: PreferencePair | None = None,
    hand_to_worker: bool = True,
) -> BlameJob:
    """Queues a search through a snapshot's training pairs. One at a time for each snapshot.

    It looks at them as the newest run on the snapshot did when it began; without a run, as one from the serving version
    would. query: a pair whose chosen completion should stand better than it does. hand_to_worker: False where the
    caller runs the job itself. Raises JobActive, WrongSettings, NothingServes, NotAllowed, NotFound.
    """
    require_may_change(acting_user, snapshot.campaign)
    require_not_blind_now(snapshot.campaign)
    if query is not None:
        check_length(query)
    locked = Snapshot.objects.select_for_update(no_key=True).get(pk=snapshot.pk)
    if BlameJob.objects.filter(snapshot=locked, status__in=ACTIVE_STATUSES).exists():
        raise JobActive(_("A search through this snapshot is active: wait until it ends, or cancel it."))
    version, config = _start_of(snapshot)
    if RunConfig.from_mapping(config).tuning != "lora":
        raise WrongSettings(_("The run on this snapshot trained all weights: there is no adapter to search with."))
    retention.hold(version)
    job = BlameJob.objects.create(
        snapshot=snapshot,
        version=version,
        campaign=snapshot.campaign,
        config=config,
        query=None if query is None else query.as_dict(),
        created_by=acting_user,
        created_at=now,
        enqueued_at=now,
    )
    after = {"snapshot": snapshot.content_hash, "version": version.name}
    record("blame.asked", job, acting_user=acting_user, now=now, campaign=snapshot.campaign, after=after)
    if hand_to_worker:
        enqueue(job)
    return job


def cancel_blame(*, job: BlameJob, acting_user: User | None, now: datetime) -> BlameJob:
    """Cancels a search; computed gradients are kept for the next one. Raises JobOver, NotAllowed, NotFound."""
    return cancel_job(job=job, acting_user=acting_user, now=now)


def _start_of(snapshot: Snapshot) -> tuple[ModelVersion, dict[str, object]]:
    """The version that a run on the snapshot starts from, and its settings."""
    run = snapshot.runs.select_related("parent").order_by("-pk").first()
    return (serving_version(), {}) if run is None else (run.parent, run.config)
