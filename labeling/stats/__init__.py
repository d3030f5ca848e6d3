"""Agreement, verdicts and intervals: numbers in, numbers out. No Django, no database, no text."""

from labeling.stats.adaptive import DEFAULT_ERROR_RATE, AdaptiveOverlap, estimated_error_rate
from labeling.stats.agreement import (
    AgreementReport,
    Metric,
    Pattern,
    PatternCounts,
    agreement_report,
    gwet_ac1,
    krippendorff_alpha,
    percent_agreement,
    vote_pattern,
)
from labeling.stats.annotator_pairs import AnnotatorPairAgreement, AnnotatorPairCounts, annotator_pair_agreement
from labeling.stats.betting import betting_interval, first_reached, log_wealth
from labeling.stats.between import PatternPairs, between_agreement
from labeling.stats.bias import LengthBias, LengthCounts, length_bias, position_bias
from labeling.stats.bootstrap import Bootstrap, FloatArray
from labeling.stats.bradley_terry import MatchCounts, Ranking, Rated, ranking
from labeling.stats.chance import ChanceTest, Finding, against_chance, chance_of_more, coin_tail, trials_needed
from labeling.stats.clustered import Effect, clustered_mean, clustered_ratio, clustered_share, clustered_slope, holm
from labeling.stats.dawid_skene import DawidSkene, EmSettings, VoteTable, common_confusion, dawid_skene, posterior
from labeling.stats.draws import chance_of_as_many
from labeling.stats.drift import Drift, DriftPoint, difference, drift
from labeling.stats.error_rates import AnnotatorErrors, annotator_errors
from labeling.stats.errors import InvalidCounts, StatsError
from labeling.stats.estimate import Estimate
from labeling.stats.forecast import Forecast, forecast
from labeling.stats.gate import (
    GateEvidence,
    GateOutcome,
    GateOutlook,
    GateRule,
    gate_evidence,
    gate_outlook,
    prompt_means,
)
from labeling.stats.intervals import difference_of_shares, proportion, wilson_interval
from labeling.stats.learning_curve import LearningCurve, Range, ShortTraining, learning_curve, quantiles
from labeling.stats.leave_one_out import leave_one_out
from labeling.stats.noise import accuracy_ceiling, label_noise
from labeling.stats.paired import paired_difference
from labeling.stats.preference_groups import FoundGroups, Votes, preference_groups, same_membership
from labeling.stats.retest import RetestCounts, RetestReport, retest_report
from labeling.stats.speed import Speed, quantile, speed
from labeling.stats.verdicts import (
    RULES,
    VerdictResult,
    VerdictRule,
    lean_of,
    leaned,
    majority,
    preference_probability,
    unanimity,
)

__all__ = [
    "DEFAULT_ERROR_RATE",
    "RULES",
    "AdaptiveOverlap",
    "AgreementReport",
    "AnnotatorErrors",
    "AnnotatorPairAgreement",
    "AnnotatorPairCounts",
    "Bootstrap",
    "ChanceTest",
    "DawidSkene",
    "Drift",
    "DriftPoint",
    "Effect",
    "EmSettings",
    "Estimate",
    "Finding",
    "FloatArray",
    "Forecast",
    "FoundGroups",
    "GateEvidence",
    "GateOutcome",
    "GateOutlook",
    "GateRule",
    "InvalidCounts",
    "LearningCurve",
    "LengthBias",
    "LengthCounts",
    "MatchCounts",
    "Metric",
    "Pattern",
    "PatternCounts",
    "PatternPairs",
    "Range",
    "Ranking",
    "Rated",
    "RetestCounts",
    "RetestReport",
    "ShortTraining",
    "Speed",
    "StatsError",
    "VerdictResult",
    "VerdictRule",
    "VoteTable",
    "Votes",
    "accuracy_ceiling",
    "against_chance",
    "agreement_report",
    "annotator_errors",
    "annotator_pair_agreement",
    "betting_interval",
    "between_agreement",
    "chance_of_as_many",
    "chance_of_more",
    "clustered_mean",
    "clustered_ratio",
    "clustered_share",
    "clustered_slope",
    "coin_tail",
    "common_confusion",
    "dawid_skene",
    "difference",
    "difference_of_shares",
    "drift",
    "estimated_error_rate",
    "first_reached",
    "forecast",
    "gate_evidence",
    "gate_outlook",
    "gwet_ac1",
    "holm",
    "krippendorff_alpha",
    "label_noise",
    "lean_of",
    "leaned",
    "learning_curve",
    "leave_one_out",
    "length_bias",
    "log_wealth",
    "majority",
    "paired_difference",
    "percent_agreement",
    "position_bias",
    "posterior",
    "preference_groups",
    "preference_probability",
    "prompt_means",
    "proportion",
    "quantile",
    "quantiles",
    "ranking",
    "retest_report",
    "same_membership",
    "speed",
    "trials_needed",
    "unanimity",
    "vote_pattern",
    "wilson_interval",
]
