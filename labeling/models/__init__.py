"""The tables of labeling, one file for each noun. `labeling.actions` writes them, `labeling.queries` reads them."""

from labeling.models.annotator import ApiToken, Role, Scope, User
from labeling.models.batch import ImportBatch, KeptUpload
from labeling.models.bulk import BulkAct, BulkActItem
from labeling.models.campaign import QUEUE_START, Campaign, CampaignTally, GuidelineVersion, Membership
from labeling.models.choice import Choice, Flag, Winner
from labeling.models.comparison import Assignment, Comparison, Gold
from labeling.models.erasure import Erasure
from labeling.models.event import Event
from labeling.models.idempotency import KeptReply
from labeling.models.invitation import Invitation
from labeling.models.judgment import Judgment, Verdict
from labeling.models.prompt import PROMPT_TEXT, Completion, Prompt, prompt_text
from labeling.models.recount import AnnotatorEstimates, VerdictRecount
from labeling.models.webhook import Webhook, WebhookAttempt, WebhookDelivery

__all__ = [
    "PROMPT_TEXT",
    "QUEUE_START",
    "AnnotatorEstimates",
    "ApiToken",
    "Assignment",
    "BulkAct",
    "BulkActItem",
    "Campaign",
    "CampaignTally",
    "Choice",
    "Comparison",
    "Completion",
    "Erasure",
    "Event",
    "Flag",
    "Gold",
    "GuidelineVersion",
    "ImportBatch",
    "Invitation",
    "Judgment",
    "KeptReply",
    "KeptUpload",
    "Membership",
    "Prompt",
    "Role",
    "Scope",
    "User",
    "Verdict",
    "VerdictRecount",
    "Webhook",
    "WebhookAttempt",
    "WebhookDelivery",
    "Winner",
    "prompt_text",
]
