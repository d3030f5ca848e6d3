"""The whole loop without people: simulated annotators judge by a stated rule with stated error rates."""

from training.rehearsal.annotators import Annotator
from training.rehearsal.loop import Rehearsal
from training.rehearsal.plan import RehearsalFailed, RehearsalPlan
from training.rehearsal.rules import PREFERENCE_RULES, PreferenceRule

__all__ = ["PREFERENCE_RULES", "Annotator", "PreferenceRule", "Rehearsal", "RehearsalFailed", "RehearsalPlan"]
