"""Who may see and do what. Every action and every read for somebody asks here, so that pages, API and commands agree.

A campaign that somebody is no member of does not exist for them: they get NotFound, never NotAllowed. Admins see and
may do everything, but to judge even an admin has to be a member. `None` in the place of a person is the system itself
(a schedule, a command on the server) and may do everything.
"""

from collections.abc import Callable

from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.errors import NotAllowed, NotFound
from labeling.models import (
    ApiToken,
    Assignment,
    Campaign,
    Comparison,
    Invitation,
    Membership,
    User,
    Webhook,
    WebhookDelivery,
)


class CampaignNotFound(NotFound):
    type = "campaign-not-found"
    sentence = _("There is no such campaign among those you take part in.")


class AssignmentNotFound(NotFound):
    type = "assignment-not-found"
    sentence = _("You have no such assignment. Ask for the next one.")


class ComparisonNotFound(NotFound):
    type = "comparison-not-found"
    sentence = _("There is no such comparison in a campaign that you lead.")


class TokenNotFound(NotFound):
    type = "token-not-found"
    sentence = _("You have no such token.")


class WebhookNotFound(NotFound):
    type = "webhook-not-found"
    sentence = _("There is no such webhook or delivery in a campaign that you lead.")


class PersonNotFound(NotFound):
    type = "person-not-found"
    sentence = _("There is no user called %(name)s. An admin can create an account.")

    def __init__(self, username: str) -> None:
        super().__init__(name=username)


def visible_campaigns(user: User) -> QuerySet[Campaign]:
    """The campaigns this person may know about, newest first."""
    campaigns = Campaign.objects.order_by("-created_at", "-pk")
    return campaigns if user.is_admin else campaigns.filter(memberships__user=user)


def led_campaigns(user: User) -> QuerySet[Campaign]:
    """The campaigns this person may run, newest first."""
    campaigns = Campaign.objects.order_by("-created_at", "-pk")
    if user.is_admin:
        return campaigns
    return campaigns.filter(memberships__user=user, memberships__role=Membership.Role.LEAD)


def get_campaign(user: User, slug: str) -> Campaign:
    """A campaign this person may know about. Raises CampaignNotFound."""
    campaign = visible_campaigns(user).filter(slug=slug).first()
    if campaign is None:
        raise CampaignNotFound
    return campaign


def get_led_campaign(user: User, slug: str) -> Campaign:
    """A campaign this person may run. Raises CampaignNotFound, or NotAllowed for its annotators."""
    campaign = get_campaign(user, slug)
    require_lead(user, campaign)
    return campaign


def get_assignment(user: User, assignment_id: int) -> Assignment:
    """An assignment of this person's own, with what is shown of it. Raises AssignmentNotFound."""
    assignment = Assignment.objects.filter(pk=assignment_id, annotator=user, campaign__memberships__user=user).first()
    if assignment is None:
        raise AssignmentNotFound
    return assignment


def get_comparison(user: User, comparison_id: int) -> Comparison:
    """A comparison of a campaign this person may run. Raises NotFound, or NotAllowed for the campaign's annotators."""
    return _comparison(user, comparison_id, require_lead)


def get_conflict(user: User, comparison_id: int) -> Comparison:
    """A comparison of a campaign this person may adjudicate. Raises NotFound, or NotAllowed for its annotators."""
    return _comparison(user, comparison_id, require_expert)


def _comparison(user: User, comparison_id: int, require: Callable[[User, Campaign], None]) -> Comparison:
    comparison = Comparison.objects.select_related("campaign").filter(pk=comparison_id).first()
    if comparison is None:
        raise ComparisonNotFound
    try:
        require(user, comparison.campaign)
    except CampaignNotFound:  # that it belongs to another campaign must not be told either
        raise ComparisonNotFound from None
    return comparison


def get_token(user: User, token_id: int) -> ApiToken:
    """A token of this person's own. Raises TokenNotFound."""
    token = ApiToken.objects.filter(pk=token_id, user=user).first()
    if token is None:
        raise TokenNotFound
    return token


def visible_webhooks(user: User) -> QuerySet[Webhook]:
    """The webhooks of the campaigns this person may run; those of all campaigns are for admins."""
    webhooks = Webhook.objects.select_related("campaign")
    return webhooks if user.is_admin else webhooks.filter(campaign__in=led_campaigns(user).order_by().values("pk"))


def get_webhook(user: User, webhook_id: int) -> Webhook:
    """A webhook this person may run. Raises WebhookNotFound."""
    webhook = visible_webhooks(user).filter(pk=webhook_id).first()
    if webhook is None:
        raise WebhookNotFound
    return webhook


def get_delivery(user: User, delivery_id: int) -> WebhookDelivery:
    """A message of such a webhook. Raises WebhookNotFound."""
    found = WebhookDelivery.objects.select_related("webhook__campaign").filter(webhook__in=visible_webhooks(user))
    delivery = found.filter(pk=delivery_id).first()
    if delivery is None:
        raise WebhookNotFound
    return delivery


def get_invitation(campaign: Campaign, invitation_id: int) -> Invitation:
    """An invitation to a campaign that the caller may run. Raises NotFound."""
    invitation = campaign.invitations.filter(pk=invitation_id).select_related("campaign").first()
    if invitation is None:
        raise NotFound(gettext("There is no such invitation to this campaign."))
    return invitation


def get_person(username: str) -> User:
    """Somebody by name, for those who may add people to a campaign. Raises PersonNotFound."""
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise PersonNotFound(username)
    return user


def get_self_or_anybody(user: User, username: str) -> User:
    """Oneself by name or, for an admin, anybody. Raises NotAllowed, also where there is nobody of this name."""
    if username != user.username and not user.is_admin:
        raise NotAllowed(gettext("You can see and erase what is held about yourself only; an admin can for others."))
    return get_person(username)


def leads(user: User | None, campaign: Campaign) -> bool:
    """Whether this person may run the campaign."""
    if user is None or user.is_admin:
        return True
    return Membership.objects.filter(campaign=campaign, user=user, role=Membership.Role.LEAD).exists()


def require_lead(user: User | None, campaign: Campaign) -> None:
    """Raises CampaignNotFound for strangers and NotAllowed for annotators of the campaign."""
    if leads(user, campaign):
        return
    assert user is not None
    if not Membership.objects.filter(campaign=campaign, user=user).exists():
        raise CampaignNotFound
    raise NotAllowed(gettext("Only a lead of this campaign may do that."))


def adjudicates(user: User | None, campaign: Campaign) -> bool:
    """Whether this person may settle the campaign's conflicts: its leads and its experts."""
    if user is None or user.is_admin:
        return True
    roles = (Membership.Role.LEAD, Membership.Role.EXPERT)
    return Membership.objects.filter(campaign=campaign, user=user, role__in=roles).exists()


def require_expert(user: User | None, campaign: Campaign) -> None:
    """Raises CampaignNotFound for strangers and NotAllowed for those who only annotate in the campaign."""
    if adjudicates(user, campaign):
        return
    require_member(user, campaign)
    raise NotAllowed(gettext("Only an expert or a lead of this campaign may do that."))


def get_adjudicated_campaign(user: User, slug: str) -> Campaign:
    """A campaign whose conflicts this person may settle. Raises CampaignNotFound, or NotAllowed for its annotators."""
    campaign = get_campaign(user, slug)
    require_expert(user, campaign)
    return campaign


def require_member(user: User | None, campaign: Campaign) -> None:
    """Raises CampaignNotFound for those who must not know of the campaign."""
    if user is None or user.is_admin or Membership.objects.filter(campaign=campaign, user=user).exists():
        return
    raise CampaignNotFound


def require_may_create_campaigns(user: User | None) -> None:
    """Raises NotAllowed unless the person is a lead or an admin."""
    if user is not None and not user.is_lead:
        raise NotAllowed(gettext("Only leads and admins may create campaigns."))


def require_admin(user: User | None) -> None:
    """Raises NotAllowed unless the person is an admin."""
    if user is not None and not user.is_admin:
        raise NotAllowed(gettext("Only an admin may do that."))
