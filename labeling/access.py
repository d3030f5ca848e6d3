"""Permissions. Every action, and every read on behalf of a person, asks here, so that pages, API and commands agree.

For people who are not members, a campaign does not exist: they get NotFound, never NotAllowed. Admins may see and do
everything, but must be members to judge. `None` in the place of a person is the system (a schedule, a command on the
server), which may do everything.
"""

from collections.abc import Callable

from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.errors import Conflict, NotAllowed, NotFound
from labeling.models import (
    LEADING,
    ApiToken,
    Assignment,
    Campaign,
    Comparison,
    FaqEntry,
    ImportBatch,
    Invitation,
    Membership,
    Question,
    User,
    Webhook,
    WebhookDelivery,
)


class CampaignNotFound(NotFound):
    type = "campaign-not-found"
    sentence = _("There is no such campaign, or you are not a member of it.")


class CampaignArchived(Conflict):
    type = "campaign-archived"
    sentence = _("This campaign is archived: nothing in it can be changed. A lead can reopen it on its settings page.")


class AssignmentNotFound(NotFound):
    type = "assignment-not-found"
    sentence = _("You have no such assignment. Ask for the next one.")


class ComparisonNotFound(NotFound):
    type = "comparison-not-found"
    sentence = _("There is no such comparison in a campaign that you lead.")


class QuestionNotFound(NotFound):
    type = "question-not-found"
    sentence = _("There is no such question in a campaign that you lead.")


class FaqEntryNotFound(NotFound):
    type = "faq-entry-not-found"
    sentence = _("There is no such answer in a campaign that you lead.")


class BatchNotFound(NotFound):
    type = "batch-not-found"
    sentence = _("There is no such import in a campaign that you lead.")


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
    """The campaigns that this person may see, newest first."""
    campaigns = Campaign.objects.order_by("-created_at", "-pk")
    return campaigns if user.is_admin else campaigns.filter(memberships__user=user)


def led_campaigns(user: User) -> QuerySet[Campaign]:
    """The campaigns that this person leads, newest first; all of them for admins."""
    campaigns = Campaign.objects.order_by("-created_at", "-pk")
    if user.is_admin:
        return campaigns
    return campaigns.filter(pk__in=Membership.objects.filter(LEADING, user=user).values("campaign"))


def get_campaign(user: User, slug: str) -> Campaign:
    """A campaign that this person may see. Raises CampaignNotFound."""
    campaign = visible_campaigns(user).filter(slug=slug).first()
    if campaign is None:
        raise CampaignNotFound
    return campaign


def get_led_campaign(user: User, slug: str) -> Campaign:
    """A campaign that this person leads. Raises CampaignNotFound, or NotAllowed for its annotators."""
    campaign = get_campaign(user, slug)
    require_lead(user, campaign)
    return campaign


def get_assignment(user: User, assignment_id: int) -> Assignment:
    """An assignment of this person in a campaign of theirs. Raises AssignmentNotFound."""
    assignment = Assignment.objects.filter(pk=assignment_id, annotator=user, campaign__memberships__user=user).first()
    if assignment is None:
        raise AssignmentNotFound
    return assignment


def get_comparison(user: User, comparison_id: int) -> Comparison:
    """A comparison in a campaign that this person leads. Raises ComparisonNotFound, or NotAllowed for annotators."""
    return _comparison(user, comparison_id, require_lead)


def get_conflict(user: User, comparison_id: int) -> Comparison:
    """A comparison that this person may adjudicate. Raises ComparisonNotFound, or NotAllowed for annotators."""
    return _comparison(user, comparison_id, require_expert)


def _comparison(user: User, comparison_id: int, require: Callable[[User, Campaign], None]) -> Comparison:
    comparison = Comparison.objects.select_related("campaign").filter(pk=comparison_id).first()
    if comparison is None:
        raise ComparisonNotFound
    try:
        require(user, comparison.campaign)
    except CampaignNotFound:  # must not reveal that the comparison exists
        raise ComparisonNotFound from None
    return comparison


def get_question(user: User, question_id: int) -> Question:
    """A question in a campaign that this person leads. Raises QuestionNotFound, or NotAllowed for annotators."""
    question = Question.objects.select_related("campaign").filter(pk=question_id).first()
    if question is None:
        raise QuestionNotFound
    try:
        require_lead(user, question.campaign)
    except CampaignNotFound:  # must not reveal that the question exists
        raise QuestionNotFound from None
    return question


def get_faq_entry(user: User, entry_id: int) -> FaqEntry:
    """A published answer in a campaign that this person leads.

    Raises FaqEntryNotFound, or NotAllowed for annotators.
    """
    entry = FaqEntry.objects.select_related("campaign").filter(pk=entry_id).first()
    if entry is None:
        raise FaqEntryNotFound
    try:
        require_lead(user, entry.campaign)
    except CampaignNotFound:
        raise FaqEntryNotFound from None
    return entry


def get_token(user: User, token_id: int) -> ApiToken:
    """A token of this person. Raises TokenNotFound."""
    token = ApiToken.objects.filter(pk=token_id, user=user).first()
    if token is None:
        raise TokenNotFound
    return token


def visible_webhooks(user: User) -> QuerySet[Webhook]:
    """The webhooks of the campaigns that this person leads; for admins also those of all campaigns."""
    webhooks = Webhook.objects.select_related("campaign")
    return webhooks if user.is_admin else webhooks.filter(campaign__in=led_campaigns(user).order_by().values("pk"))


def get_webhook(user: User, webhook_id: int) -> Webhook:
    """A webhook that this person may change. Raises WebhookNotFound."""
    webhook = visible_webhooks(user).filter(pk=webhook_id).first()
    if webhook is None:
        raise WebhookNotFound
    return webhook


def get_delivery(user: User, delivery_id: int) -> WebhookDelivery:
    """A delivery of such a webhook. Raises WebhookNotFound."""
    deliveries = WebhookDelivery.objects.select_related("webhook__campaign")
    delivery = deliveries.filter(webhook__in=visible_webhooks(user), pk=delivery_id).first()
    if delivery is None:
        raise WebhookNotFound
    return delivery


def get_invitation(campaign: Campaign, invitation_id: int) -> Invitation:
    """An invitation to a campaign that the caller leads. Raises NotFound."""
    invitation = campaign.invitations.filter(pk=invitation_id).select_related("campaign").first()
    if invitation is None:
        raise NotFound(gettext("There is no such invitation to this campaign."))
    return invitation


def get_batch(user: User, batch_id: int) -> ImportBatch:
    """An import of a campaign that this person leads. Raises BatchNotFound, or NotAllowed for annotators."""
    batch = ImportBatch.objects.select_related("campaign", "upload").filter(pk=batch_id).first()
    if batch is None:
        raise BatchNotFound
    try:
        require_lead(user, batch.campaign)
    except CampaignNotFound:  # must not reveal that the batch exists
        raise BatchNotFound from None
    return batch


def get_person(username: str) -> User:
    """An active user by name, for those who may add people to a campaign. Raises PersonNotFound."""
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise PersonNotFound(username)
    return user


def get_self_or_anybody(user: User, username: str) -> User:
    """The person themselves; for an admin, any user; for a lead, an outside annotator of the campaign, by pseudonym.

    Raises NotAllowed, even if there is no user of this name.
    """
    outside = get_outside_annotator(username)
    if outside is not None and outside.outside_campaign is not None and leads(user, outside.outside_campaign):
        return outside
    if username != user.username and not user.is_admin:
        raise NotAllowed(gettext("You can see and erase only your own data. An admin can do it for others."))
    return get_person(username)


def get_outside_annotator(pseudonym: str) -> User | None:
    """The outside annotator of this pseudonym; None: there is none."""
    outside = User.objects.filter(pseudonym=pseudonym).exclude(outside_campaign=None)
    return outside.select_related("outside_campaign").first()


def leads(user: User | None, campaign: Campaign) -> bool:
    """Whether this person may lead the campaign: its leads, admins, and the system."""
    if user is None or user.is_admin:
        return True
    return Membership.objects.filter(LEADING, campaign=campaign, user=user).exists()


def require_lead(user: User | None, campaign: Campaign) -> None:
    """Raises CampaignNotFound for people who are not members, and NotAllowed for members who do not lead."""
    if leads(user, campaign):
        return
    assert user is not None
    if not Membership.objects.filter(campaign=campaign, user=user).exists():
        raise CampaignNotFound
    raise NotAllowed(gettext("Only a lead of this campaign can do this."))


def require_may_change(user: User | None, campaign: Campaign) -> None:
    """Asks whether this person may change the campaign now, or anything in it, rather than only read or export it.

    Raises what `require_lead` raises, and CampaignArchived.
    """
    require_lead(user, campaign)
    require_not_archived(campaign)


def require_not_archived(campaign: Campaign) -> None:
    """Raises CampaignArchived. Asks the database: the caller may have read the campaign some time ago."""
    if Campaign.objects.filter(pk=campaign.pk, status=Campaign.Status.ARCHIVED).exists():
        raise CampaignArchived


def adjudicates(user: User | None, campaign: Campaign) -> bool:
    """Whether this person may settle conflicts: leads and experts, admins, and the system."""
    if user is None or user.is_admin:
        return True
    settles = LEADING | Q(role=Membership.Role.EXPERT)
    return Membership.objects.filter(settles, campaign=campaign, user=user).exists()


def require_expert(user: User | None, campaign: Campaign) -> None:
    """Raises CampaignNotFound for people who are not members, and NotAllowed for annotators."""
    if adjudicates(user, campaign):
        return
    require_member(user, campaign)
    raise NotAllowed(gettext("Only an expert or a lead of this campaign can do this."))


def get_adjudicated_campaign(user: User, slug: str) -> Campaign:
    """A campaign whose conflicts this person may settle. Raises CampaignNotFound, or NotAllowed for annotators."""
    campaign = get_campaign(user, slug)
    require_expert(user, campaign)
    return campaign


def require_member(user: User | None, campaign: Campaign) -> None:
    """Raises CampaignNotFound for people who are not members."""
    if user is None or user.is_admin or Membership.objects.filter(campaign=campaign, user=user).exists():
        return
    raise CampaignNotFound


def require_may_create_campaigns(user: User | None) -> None:
    """Raises NotAllowed unless the person is a lead or an admin."""
    if user is not None and not user.is_lead:
        raise NotAllowed(gettext("Only leads and admins can create campaigns."))


def require_admin(user: User | None) -> None:
    """Raises NotAllowed unless the person is an admin."""
    if user is not None and not user.is_admin:
        raise NotAllowed(gettext("Only an admin can do this."))
