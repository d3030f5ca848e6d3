"""The tables of labeling, one file a noun. Writes happen in `labeling.actions`, reads across tables in `labeling.queries`."""

from labeling.models.annotator import ApiToken, Role, User
from labeling.models.campaign import Campaign, GuidelineVersion, Membership
from labeling.models.comparison import Assignment, Comparison
from labeling.models.event import Event
from labeling.models.judgment import Choice, Judgment, Verdict, Winner
from labeling.models.prompt import Completion, Prompt

__all__ = [
    "ApiToken",
    "Assignment",
    "Campaign",
    "Choice",
    "Comparison",
    "Completion",
    "Event",
    "GuidelineVersion",
    "Judgment",
    "Membership",
    "Prompt",
    "Role",
    "User",
    "Verdict",
    "Winner",
]
