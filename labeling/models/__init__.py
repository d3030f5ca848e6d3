"""The tables of labeling, one file for each noun. `labeling.actions` writes them, `labeling.queries` reads them."""

from labeling.models.annotator import ApiToken, Role, Scope, User
from labeling.models.attention import AgreementWatch, AttentionDismissal, NoticeChoice
from labeling.models.batch import ImportBatch, KeptUpload
from labeling.models.bulk import BulkAct, BulkActItem
from labeling.models.campaign import Campaign, CampaignTally, skip_reason_label
from labeling.models.choice import Choice, Flag, Winner
from labeling.models.comparison import DIFFERING, Assignment, Comparison, Gold
from labeling.models.earlier_event import EarlierEvent
from labeling.models.erasure import Erasure
from labeling.models.event import Event
from labeling.models.event_link import EventLink
from labeling.models.groups import AnnotatorGroup, Grouping, GroupMember
from labeling.models.guidelines import Demand, GuidelineReading, GuidelineVersion
from labeling.models.idempotency import KeptReply
from labeling.models.invitation import Invitation
from labeling.models.judgment import Judgment, Verdict
from labeling.models.kept_counts import KeptCounts
from labeling.models.mail import MailRequest
from labeling.models.membership import LEADING, QUEUE_START, Membership
from labeling.models.practice import PracticeAnswer, PracticePair, PracticeRound
from labeling.models.prompt import PROMPT_TEXT, Completion, Prompt, prompt_text
from labeling.models.question import FaqEntry, Question
from labeling.models.recount import AnnotatorEstimates, VerdictRecount
from labeling.models.session import BrowserSession
from labeling.models.sign_in import KnownPlace, SignInBucket
from labeling.models.webhook import Webhook, WebhookAttempt, WebhookDelivery

__all__ = [
    "DIFFERING",
    "LEADING",
    "PROMPT_TEXT",
    "QUEUE_START",
    "AgreementWatch",
    "AnnotatorEstimates",
    "AnnotatorGroup",
    "ApiToken",
    "Assignment",
    "AttentionDismissal",
    "BrowserSession",
    "BulkAct",
    "BulkActItem",
    "Campaign",
    "CampaignTally",
    "Choice",
    "Comparison",
    "Completion",
    "Demand",
    "EarlierEvent",
    "Erasure",
    "Event",
    "EventLink",
    "FaqEntry",
    "Flag",
    "Gold",
    "GroupMember",
    "Grouping",
    "GuidelineReading",
    "GuidelineVersion",
    "ImportBatch",
    "Invitation",
    "Judgment",
    "KeptCounts",
    "KeptReply",
    "KeptUpload",
    "KnownPlace",
    "MailRequest",
    "Membership",
    "NoticeChoice",
    "PracticeAnswer",
    "PracticePair",
    "PracticeRound",
    "Prompt",
    "Question",
    "Role",
    "Scope",
    "SignInBucket",
    "User",
    "Verdict",
    "VerdictRecount",
    "Webhook",
    "WebhookAttempt",
    "WebhookDelivery",
    "Winner",
    "prompt_text",
    "skip_reason_label",
]
