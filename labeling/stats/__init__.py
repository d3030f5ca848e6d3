"""Agreement, verdicts and intervals: numbers in, numbers out. No Django, no database, no text."""

from labeling.stats.adaptive import AdaptiveOverlap, estimated_error_rate
from labeling.stats.agreement import (
    AgreementReport,
    Metric,
    PatternCounts,
    agreement_report,
    gwet_ac1,
    krippendorff_alpha,
    percent_agreement,
    vote_pattern,
)
from labeling.stats.bootstrap import Bootstrap
from labeling.stats.dawid_skene import DawidSkene, common_confusion, dawid_skene, posterior
from labeling.stats.errors import InvalidCounts, StatsError
from labeling.stats.estimate import Estimate
from labeling.stats.intervals import proportion, wilson_interval
from labeling.stats.verdicts import (
    RULES,
    VerdictResult,
    VerdictRule,
    majority,
    preference_probability,
    unanimity,
)

__all__ = [
    "RULES",
    "AdaptiveOverlap",
    "AgreementReport",
    "Bootstrap",
    "DawidSkene",
    "Estimate",
    "InvalidCounts",
    "Metric",
    "PatternCounts",
    "StatsError",
    "VerdictResult",
    "VerdictRule",
    "agreement_report",
    "common_confusion",
    "dawid_skene",
    "estimated_error_rate",
    "gwet_ac1",
    "krippendorff_alpha",
    "majority",
    "percent_agreement",
    "posterior",
    "preference_probability",
    "proportion",
    "unanimity",
    "vote_pattern",
    "wilson_interval",
]
