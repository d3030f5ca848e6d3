"""Permissions on versions and on the training of campaigns. Every action checks them, so all ways in agree.

`labeling.access` has the permissions on campaigns. `None` in the place of a person is the system itself.
"""

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from common.errors import NotAllowed, NotFound
from labeling.access import led_campaigns
from labeling.models import Campaign, User
from training.errors import ForItsGateOnly, HiddenUntilItsEnd
from training.models import (
    BlameJob,
    Deployment,
    EvaluationJob,
    GateDecision,
    GenerationJob,
    LabSession,
    LensJob,
    ModelVersion,
    PeopleGate,
    Round,
    Run,
    Snapshot,
    Suite,
    SuiteRun,
)

SHORTEST_HASH = 8


def require_any_lead(user: User | None) -> None:
    """Raises NotAllowed unless the person may run campaigns."""
    if user is not None and not user.is_lead:
        raise NotAllowed(_("Only leads and admins may see and change model versions."))


def require_no_blind_test(campaign: Campaign) -> None:
    """Raises ForItsGateOnly for a blind test: nothing is trained on it or written for it, but by its gate."""
    if campaign.is_blind_test:
        raise ForItsGateOnly


def require_not_blind_now(campaign: Campaign) -> None:
    """Raises HiddenUntilItsEnd for a blind test that goes on: rewards of its texts would tell who wrote them."""
    if campaign.is_blind_now:
        raise HiddenUntilItsEnd


def require_version(user: User | None, version: ModelVersion) -> None:
    """Raises NotAllowed for annotators, NotFound for a version of a campaign they do not lead."""
    require_any_lead(user)
    if user is not None and not visible_versions(user).filter(pk=version.pk).exists():
        raise version_not_found(version.name)


def version_not_found(name: str) -> NotFound:
    """The error for a version that does not exist, and for one that this person must not know of."""
    return NotFound(_("There is no model version %(name)s among those you may see.") % {"name": repr(name)})


def visible_versions(user: User) -> QuerySet[ModelVersion]:
    """Base versions, the version that serves by default, and those trained in campaigns that this person leads."""
    if not user.is_lead:
        return ModelVersion.objects.none()
    if user.is_admin:
        return ModelVersion.objects.all()
    serving = Deployment.objects.filter(channel=Deployment.DEFAULT_CHANNEL, is_current=True).values("version")
    return ModelVersion.objects.filter(
        Q(run__isnull=True) | Q(run__campaign__in=_led(user).values("pk")) | Q(pk__in=serving)
    )


def visible_runs(user: User) -> QuerySet[Run]:
    """The runs of the campaigns that this person leads."""
    return Run.objects.filter(campaign__in=_led(user).values("pk"))


def visible_decisions(user: User) -> QuerySet[GateDecision]:
    """The gates' decisions about versions of the campaigns that this person leads."""
    return GateDecision.objects.filter(gate__campaign__in=_led(user).values("pk"))


def visible_people_gates(user: User) -> QuerySet[PeopleGate]:
    """The gates by people of the campaigns that this person leads."""
    return PeopleGate.objects.filter(campaign__in=_led(user).values("pk"))


def visible_rounds(user: User) -> QuerySet[Round]:
    """The rounds of the campaigns that this person leads."""
    return Round.objects.filter(campaign__in=_led(user).values("pk"))


def visible_snapshots(user: User) -> QuerySet[Snapshot]:
    """The snapshots of the campaigns that this person leads."""
    return Snapshot.objects.filter(campaign__in=_led(user).values("pk"))


def find_snapshot(user: User, name: str, campaign: str = "") -> Snapshot:
    """The newest snapshot whose hash begins with `name`, of at least eight digits. Raises NotFound.

    campaign: its slug, since two campaigns with the same labels have the same snapshot; empty: any.
    """
    snapshots = visible_snapshots(user).select_related("campaign").order_by("-pk")
    if campaign:
        snapshots = snapshots.filter(campaign__slug=campaign)
    found = snapshots.filter(content_hash__startswith=name).first() if len(name) >= SHORTEST_HASH else None
    if found is None:
        raise NotFound(_("There is no snapshot %(name)s among those you may see.") % {"name": repr(name)})
    return found


def visible_generation_jobs(user: User) -> QuerySet[GenerationJob]:
    """The generation jobs of the campaigns that this person leads."""
    return GenerationJob.objects.filter(campaign__in=_led(user).values("pk"))


def visible_evaluations(user: User) -> QuerySet[EvaluationJob]:
    """The evaluations for campaigns that this person leads: they quote the campaign's prompts."""
    return EvaluationJob.objects.filter(campaign__in=_led(user).values("pk"))


def visible_suites(user: User) -> QuerySet[Suite]:
    """The suites of the campaigns that this person leads."""
    return Suite.objects.filter(campaign__in=_led(user).values("pk"))


def visible_suite_runs(user: User) -> QuerySet[SuiteRun]:
    """The suite runs of the campaigns that this person leads."""
    return SuiteRun.objects.filter(campaign__in=_led(user).values("pk"))


def visible_lens_jobs(user: User) -> QuerySet[LensJob]:
    """This person's lens jobs on texts of their own, and all lens jobs on pairs of the campaigns they lead.

    A person who no longer leads a campaign no longer sees its texts, even in their own jobs.
    """
    if not user.is_lead:
        return LensJob.objects.none()
    if user.is_admin:
        return LensJob.objects.all()
    return LensJob.objects.filter(Q(created_by=user, campaign=None) | Q(campaign__in=_led(user).values("pk")))


def visible_blame_jobs(user: User) -> QuerySet[BlameJob]:
    """The searches for doubtful pairs in the campaigns that this person leads."""
    return BlameJob.objects.filter(campaign__in=_led(user).values("pk"))


def own_lab_sessions(user: User) -> QuerySet[LabSession]:
    """This person's experiments in the lab."""
    return LabSession.objects.filter(created_by=user)


def _led(user: User) -> QuerySet[Campaign]:
    return led_campaigns(user).order_by()
