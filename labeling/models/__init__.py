"""The tables of labeling, one file a noun. Writes happen in `labeling.actions`, wider reads in `labeling.queries`."""

from labeling.models.annotator import ApiToken, Role, Scope, User
from labeling.models.campaign import QUEUE_START, Campaign, CampaignTally, GuidelineVersion, Membership
from labeling.models.comparison import Assignment, Comparison
from labeling.models.event import Event
from labeling.models.idempotency import KeptAnswer
from labeling.models.judgment import Choice, Judgment, Verdict, Winner
from labeling.models.prompt import Completion, Prompt
from labeling.models.webhook import Webhook, WebhookDelivery

__all__ = [
    "QUEUE_START",
    "ApiToken",
    "Assignment",
    "Campaign",
    "CampaignTally",
    "Choice",
    "Comparison",
    "Completion",
    "Event",
    "GuidelineVersion",
    "Judgment",
    "KeptAnswer",
    "Membership",
    "Prompt",
    "Role",
    "Scope",
    "User",
    "Verdict",
    "Webhook",
    "WebhookDelivery",
    "Winner",
]
