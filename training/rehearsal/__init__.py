"""The whole loop without people: simulated annotators judge by a stated rule with a stated error rate."""

from training.rehearsal.annotators import judge_by_rule
from training.rehearsal.loop import Rehearsal, RehearsalFailed, RehearsalPlan
from training.rehearsal.rules import RULES, Rule

__all__ = ["RULES", "Rehearsal", "RehearsalFailed", "RehearsalPlan", "Rule", "judge_by_rule"]
