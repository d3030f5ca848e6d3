"""The whole loop without people: simulated annotators judge by a stated rule with a stated error rate."""

from training.rehearsal.annotators import judge_by_rule
from training.rehearsal.loop import Rehearsal, RehearsalFailed, RehearsalPlan
from training.rehearsal.rules import PREFERENCE_RULES, PreferenceRule

__all__ = ["PREFERENCE_RULES", "PreferenceRule", "Rehearsal", "RehearsalFailed", "RehearsalPlan", "judge_by_rule"]
