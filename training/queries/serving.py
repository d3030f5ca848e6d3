"""The version that serves in a channel, the one before it, and the run that has the servers' machine."""

from django.conf import settings
from django.utils.translation import gettext as _

from training.errors import NothingServes
from training.models import CLAIMED_STATUSES, Deployment, ModelVersion, PriceJob, Run, SelectionJob


def current_deployment(channel: str = Deployment.DEFAULT_CHANNEL) -> Deployment | None:
    """The current deployment of a channel; None if nothing serves."""
    return Deployment.objects.filter(channel=channel, is_current=True).select_related("version__parent").first()


def serving_version(channel: str = Deployment.DEFAULT_CHANNEL) -> ModelVersion:
    """The version that writes the next candidates. Raises NothingServes."""
    deployment = current_deployment(channel)
    if deployment is None:
        raise NothingServes(_("No model version serves yet: promote one (`manage.py promote VERSION`)."))
    return deployment.version


def version_before(channel: str = Deployment.DEFAULT_CHANNEL) -> ModelVersion | None:
    """The version that a rollback would return to; None if there is none."""
    deployment = current_deployment(channel)
    earlier = deployment.previous if deployment else None
    return earlier.version if earlier else None


def training_now() -> Run | PriceJob | SelectionJob | None:
    """The job that has the servers' machine to train; None if they share no machine, or nothing trains."""
    if not settings.GENERATOR_HANDOVER:
        return None
    holds = {"holds_machine": True, "status__in": CLAIMED_STATUSES}
    rows = (model._default_manager.filter(**holds).first() for model in (Run, PriceJob, SelectionJob))
    return next((row for row in rows if row is not None), None)
