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
from labeling.queries.slices import Slice, SliceChoices, slice_choices
from labeling.queries.statistics import Statistics, model_ranking, plain, statistics
from labeling.queries.verdicts import fresh_verdicts, preference_pairs, verdict_records

__all__ = [
    "AnnotatorProgress",
    "AnnotatorSummary",
    "CampaignProgress",
    "Progress",
    "Slice",
    "SliceChoices",
    "Statistics",
    "agreement",
    "annotator_progress",
    "annotator_summaries",
    "campaign_progress",
    "fresh_verdicts",
    "model_ranking",
    "plain",
    "preference_pairs",
    "progress_of",
    "slice_choices",
    "statistics",
    "verdict_records",
    "visible_campaigns",
    "vote_patterns",
    "with_contents",
]
