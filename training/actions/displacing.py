"""Displacing the version that serves: who may do it, and the rule that is paused with it."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from common.errors import NotAllowed
from common.sentences import Sentence
from labeling.access import led_campaigns
from labeling.events.record import record
from labeling.models import Campaign, User
from training.models import Deployment, ModelVersion, RetrainingRule
from training.queries.gates import campaigns_concerned


def concerned_by(version: ModelVersion, current: Deployment | None, channel: str) -> list[Campaign]:
    """The campaigns that a change of what serves concerns: of the new version, of those written for, of the old."""
    concerned = {campaign.pk: campaign for campaign in campaigns_concerned(version, channel)}
    if current is not None and current.version.run is not None:
        concerned.setdefault(current.version.run.campaign_id, current.version.run.campaign)
    return list(concerned.values())


def require_may_displace(user: User | None, version: ModelVersion, current: Deployment | None, channel: str) -> None:
    """Raises NotAllowed unless the person leads a campaign that the change concerns; admins may, and so may the system.

    A change that concerns no campaign, as before the first one generates pairs, is for every lead.
    """
    concerned = concerned_by(version, current, channel)
    if user is None or not concerned or _leads_any(user, concerned):
        return
    raise NotAllowed(_("Only admins and leads of a campaign that this version writes for may change what serves."))


def require_may_waive(user: User | None, holding: Iterable[Campaign]) -> None:
    """Raises NotAllowed unless the person leads every campaign whose gate holds the version back, or is an admin."""
    campaigns = list(holding)
    if user is None or user.is_admin or all(_leads_any(user, [one]) for one in campaigns):
        return
    raise NotAllowed(
        _("The gate of another campaign is not met. Only its leads and admins may promote the version anyway.")
    )


def pause_retraining(version: ModelVersion, acting_user: User | None, *, now: datetime) -> None:
    """Pauses the enabled retraining rule of a version's campaign until a lead resumes it."""
    if version.run is None:
        return
    rules = RetrainingRule.objects.select_for_update().filter(enabled=True, paused_at=None)
    rule = rules.filter(campaign=version.run.campaign_id).first()
    if rule is None:
        return
    rule.paused_at = now
    rule.pause = Sentence(gettext_noop("%(name)s was rolled back."), {"name": version.name})
    rule.save(update_fields=["paused_at", "pause"])
    after = {"version": version.name}
    campaign = version.run.campaign
    record("retraining_rule.paused", rule, acting_user=acting_user, now=now, campaign=campaign, after=after)


def _leads_any(user: User, campaigns: Iterable[Campaign]) -> bool:
    return led_campaigns(user).filter(pk__in=[campaign.pk for campaign in campaigns]).exists()
