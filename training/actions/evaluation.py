"""Asking for the evaluation of a version. A worker measures: `training.jobs.evaluation`."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from labeling.access import require_may_change
from labeling.events.record import record
from labeling.models import Campaign, User
from training.access import require_version
from training.claims import enqueue
from training.errors import NotFromARun, WrongSettings
from training.models import ACTIVE_STATUSES, EvaluationJob, ModelVersion, Snapshot
from training.queries.rehearsals import channel_of
from training.queries.serving import current_deployment
from training.versions import retention

MOST_PROMPTS, MOST_TOKENS = 200, 512
SEED = 17
"""The seed of all samples, so that two reports differ by their versions, not by luck."""


@dataclass(frozen=True, slots=True)
class EvaluationSpec:
    """An evaluation to be made.

    campaign: whose held-out pairs and prompts count first; None: that of the version's run. compared: None: the version
    that serves. prompts, max_tokens: of its own samples; None: as the installation says. prompts may be 0: no samples.
    """

    campaign: Campaign | None = None
    compared: ModelVersion | None = None
    prompts: int | None = None
    max_tokens: int | None = None

    def settings(self) -> dict[str, int]:
        """The settings of its samples. Raises WrongSettings."""
        prompts = settings.EVALUATION_PROMPTS if self.prompts is None else self.prompts
        tokens = settings.EVALUATION_TOKENS if self.max_tokens is None else self.max_tokens
        if not 0 <= prompts <= MOST_PROMPTS or not 1 <= tokens <= MOST_TOKENS:
            text = _("An evaluation takes up to %(prompts)s prompts, and 1 to %(tokens)s tokens for each.")
            raise WrongSettings(text % {"prompts": MOST_PROMPTS, "tokens": MOST_TOKENS})
        return {"prompts": prompts, "max_tokens": tokens, "seed": SEED}

    def is_for_gates(self, version: ModelVersion, serving: ModelVersion | None) -> bool:
        """Whether gates may read it: nothing in it differs from what each version is measured with.

        Otherwise whoever is measured could choose a measurement that the version survives.
        """
        own = version.run.campaign_id if version.run else None
        return (
            self.settings() == EvaluationSpec().settings()
            and (self.campaign is None or self.campaign.pk == own)
            and (self.compared is None or self.compared == serving)
        )


def start_evaluation(
    *,
    version: ModelVersion,
    acting_user: User | None,
    now: datetime,
    spec: EvaluationSpec | None = None,
    hand_to_worker: bool = True,
) -> EvaluationJob:
    """Queues the evaluation of a version; one that is active already is returned instead.

    Gates read its figures only if the spec leaves everything as it is: others inform people.
    hand_to_worker: False where the caller runs it itself. Raises NotFromARun where no campaign is named,
    WrongSettings, VersionDamaged, NotAllowed, NotFound.
    """
    spec = spec or EvaluationSpec()
    require_version(acting_user, version)
    campaign = spec.campaign or (version.run.campaign if version.run else None)
    if campaign is None:
        raise NotFromARun(name=version.name)
    require_may_change(acting_user, campaign)
    if not Snapshot.objects.filter(campaign=campaign).exists():
        raise WrongSettings(_("%(campaign)s has no snapshot yet: train first.") % {"campaign": campaign.slug})
    serving = _serving(campaign)
    sampling, compared = spec.settings(), spec.compared or serving
    if compared is not None:
        require_version(acting_user, compared)
    with transaction.atomic():
        # Only one active: whoever asks at the same time waits here, and then finds it.
        ModelVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
        active = EvaluationJob.objects.filter(version=version, status__in=ACTIVE_STATUSES).first()
        if active is not None:
            return active
        retention.hold(*filter(None, (version, version.kept_parent, compared)))
        job = EvaluationJob.objects.create(
            version=version,
            campaign=campaign,
            compared=compared,
            settings={**sampling, "for_gates": spec.is_for_gates(version, serving)},
            created_by=acting_user,
            created_at=now,
            enqueued_at=now,
        )
        after = {"version": version.name, "compared": compared.name if compared else None}
        record("evaluation.started", job, acting_user=acting_user, now=now, campaign=campaign, after=after)
        if hand_to_worker:
            enqueue(job)
    return job


def _serving(campaign: Campaign) -> ModelVersion | None:
    deployment = current_deployment(channel_of(campaign))
    return deployment.version if deployment else None
