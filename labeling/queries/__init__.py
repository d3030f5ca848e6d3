"""Reads that cross tables, for pages, API, commands and training."""

from labeling.access import visible_campaigns
from labeling.queries.agreement import agreement, vote_patterns
from labeling.queries.annotators import AnnotatorSummary, annotator_summaries
from labeling.queries.conflicts import Statement, next_waiting, statements_on
from labeling.queries.forecast import completion_forecast, judged_by_day
from labeling.queries.progress import (
    AnnotatorProgress,
    CampaignProgress,
    Progress,
    annotator_progress,
    annotator_view,
    campaign_progress,
    progress_of,
)
from labeling.queries.slices import Slice, SliceChoices, slice_choices
from labeling.queries.statistics import Statistics, model_ranking, plain, statistics
from labeling.queries.verdicts import fresh_verdicts, preference_pairs, standing_verdicts, verdict_records

__all__ = [
    "AnnotatorProgress",
    "AnnotatorSummary",
    "CampaignProgress",
    "Progress",
    "Slice",
    "SliceChoices",
    "Statement",
    "Statistics",
    "agreement",
    "annotator_progress",
    "annotator_summaries",
    "annotator_view",
    "campaign_progress",
    "completion_forecast",
    "fresh_verdicts",
    "judged_by_day",
    "model_ranking",
    "next_waiting",
    "plain",
    "preference_pairs",
    "progress_of",
    "slice_choices",
    "standing_verdicts",
    "statements_on",
    "statistics",
    "verdict_records",
    "visible_campaigns",
    "vote_patterns",
]
