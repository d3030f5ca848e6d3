"""Asking the lens for the hidden rewards of one pair. A worker computes them: `training.jobs.lens`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from common.wording import grouped
from labeling.access import require_lead
from labeling.events.record import record
from labeling.exchange import PreferencePair
from labeling.models import User
from training.access import require_any_lead, require_not_blind_now, require_version
from training.actions.jobs import lock_person
from training.claims import enqueue
from training.engine.config import RunConfig
from training.errors import JobActive, WrongSettings
from training.lens.pairs import LensSubject, readable_pair
from training.models import ACTIVE_STATUSES, JobStatus, LensJob, ModelVersion
from training.versions import retention

MOST_CHARACTERS = 20_000  # of one text
MOST_AT_ONCE = 5  # of one person


@dataclass(frozen=True, slots=True)
class _Question:
    """The columns by which lens jobs of a person are told apart: the same question has one job."""

    version: ModelVersion
    before: ModelVersion | None
    reference: ModelVersion | None
    pair: PreferencePair
    is_preference: bool

    @property
    def versions(self) -> list[ModelVersion]:
        return [version for version in (self.version, self.before, self.reference) if version is not None]

    @property
    def columns(self) -> dict[str, Any]:
        """The columns of a lens job that say it."""
        return {
            "version": self.version,
            "before": self.before,
            "reference": self.reference,
            "pair": self.pair.as_dict(),
            "is_preference": self.is_preference,
        }


def start_lens_job(
    *,
    version: ModelVersion,
    subject: LensSubject,
    acting_user: User | None,
    now: datetime,
    reference: ModelVersion | None = None,
    hand_to_worker: bool = True,
) -> LensJob:
    """Queues a lens job for a pair. Asking the same question again returns the earlier job.

    reference: what rewards are measured against; None: the base under the version. The version is compared with its
    parent, if that has an adapter and is not the reference. hand_to_worker: False where the caller runs the job itself.
    Raises WrongSettings, JobActive, VersionDamaged, NotAllowed, NotFound.
    """
    require_any_lead(acting_user)
    for each in filter(None, (version, reference)):
        require_version(acting_user, each)
    if subject.campaign is not None:
        require_lead(acting_user, subject.campaign)
        require_not_blind_now(subject.campaign)
    reference = reference if reference is not None and reference.adapter_dir else None
    _check(version, reference, subject.pair)
    before = version.parent
    if before is None or not before.adapter_dir or before == reference:
        before = None  # the reference itself, whose rewards are zero
    question = _Question(version, before, reference, readable_pair(subject, version), subject.is_preference)
    with transaction.atomic():
        lock_person(acting_user)
        job = _earlier_job(question, acting_user)
        if job is None:
            job = _create_job(question, subject, acting_user, now)
            if hand_to_worker:
                enqueue(job)
    return job


def _earlier_job(question: _Question, acting_user: User | None) -> LensJob | None:
    """This person's job for the same question, unless it failed or was cancelled. Raises JobActive."""
    own = LensJob.objects.filter(created_by=acting_user)
    same = own.filter(**{name: value for name, value in question.columns.items() if value is not None})
    same = same.filter(**{f"{name}__isnull": True for name, value in question.columns.items() if value is None})
    job = same.exclude(status__in=(JobStatus.FAILED, JobStatus.CANCELLED)).order_by("-pk").first()
    if job is None and own.filter(status__in=ACTIVE_STATUSES).count() >= MOST_AT_ONCE:
        raise JobActive(
            _("You already have %(most)s active lens jobs: wait until one finishes.") % {"most": MOST_AT_ONCE}
        )
    return job


def _create_job(question: _Question, subject: LensSubject, acting_user: User | None, now: datetime) -> LensJob:
    version, comparison = question.version, subject.comparison
    retention.hold(*question.versions)
    job = LensJob.objects.create(
        **question.columns,
        comparison=comparison,
        campaign=subject.campaign,
        beta=RunConfig.from_mapping(version.run.config if version.run else {}).beta,
        created_by=acting_user,
        created_at=now,
        enqueued_at=now,
    )
    after = {"version": version.name, "comparison": comparison.pk if comparison else None}
    record("lens.asked", job, acting_user=acting_user, now=now, campaign=subject.campaign, after=after)
    return job


def _check(version: ModelVersion, reference: ModelVersion | None, pair: PreferencePair) -> None:
    """Raises WrongSettings for what the engine would refuse after half a minute."""
    if reference is not None and reference.base_dir != version.base_dir:
        raise WrongSettings(
            _("%(one)s and %(other)s have different base models: they cannot be compared.")
            % {"one": version.name, "other": reference.name}
        )
    check_length(pair)


def check_length(pair: PreferencePair) -> None:
    """Raises WrongSettings for a pair with a text of more than MOST_CHARACTERS."""
    texts = [pair.chosen, pair.rejected, *(message["content"] for message in pair.prompt)]
    if max(map(len, texts)) > MOST_CHARACTERS:
        raise WrongSettings(_("A text is longer than %(most)s characters.") % {"most": grouped(MOST_CHARACTERS)})
