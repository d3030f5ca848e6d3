"""Reads that cross tables, for pages, API, commands and training."""

from labeling.access import visible_campaigns
from labeling.queries.agreement import agreement, vote_patterns
from labeling.queries.annotators import AnnotatorSummary, annotator_summaries
from labeling.queries.assignments import with_contents
from labeling.queries.progress import (
    AnnotatorProgress,
    CampaignProgress,
    Progress,
    annotator_progress,
    campaign_progress,
    progress_of,
)
from labeling.queries.verdicts import fresh_verdicts, preference_pairs, verdict_records

__all__ = [
    "AnnotatorProgress",
    "AnnotatorSummary",
    "CampaignProgress",
    "Progress",
    "agreement",
    "annotator_progress",
    "annotator_summaries",
    "campaign_progress",
    "fresh_verdicts",
    "preference_pairs",
    "progress_of",
    "verdict_records",
    "visible_campaigns",
    "vote_patterns",
    "with_contents",
]
