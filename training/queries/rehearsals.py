"""The differences of a rehearsal's campaign: where its versions serve, and that simulated annotators count."""

from labeling.models import Campaign
from training.models import Deployment, ModelVersion, RehearsalCampaign


def is_rehearsed(campaign: Campaign) -> bool:
    """Whether a rehearsal created the campaign. Its schedule and gates count simulated annotators, as no other's do."""
    return RehearsalCampaign.objects.filter(campaign=campaign.pk).exists()


def channel_of(campaign: Campaign | None) -> str:
    """The channel in which a campaign's versions serve: its own for a rehearsal, the one of people for all others."""
    if campaign is None:
        return Deployment.DEFAULT_CHANNEL
    own = RehearsalCampaign.objects.filter(campaign=campaign.pk).values_list("channel", flat=True).first()
    return own or Deployment.DEFAULT_CHANNEL


def channel_of_version(version: ModelVersion) -> str:
    """The channel in which a version may serve. A base serves in any."""
    return channel_of(version.run.campaign if version.run else None)
