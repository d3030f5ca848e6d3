"""Every write of training, by noun."""

from training.actions.generation import cancel_generation, resume_generation, start_generation
from training.actions.lab import ask_for_steps, end_lab, start_lab
from training.actions.planning import derive_seed
from training.actions.readings import read_rewards
from training.actions.retention import remove_version_files, tidy
from training.actions.runs import cancel_run, resume_run, start_run
from training.actions.schedule import (
    GateMeasurement,
    consider_retraining,
    decide_promotion,
    hold_back,
    save_retraining_policy,
)
from training.actions.snapshots import take_snapshot
from training.actions.versions import (
    promote,
    record_evaluation,
    register_base_version,
    register_version,
    roll_back,
)

__all__ = [
    "GateMeasurement",
    "ask_for_steps",
    "cancel_generation",
    "cancel_run",
    "consider_retraining",
    "decide_promotion",
    "derive_seed",
    "end_lab",
    "hold_back",
    "promote",
    "read_rewards",
    "record_evaluation",
    "register_base_version",
    "register_version",
    "remove_version_files",
    "resume_generation",
    "resume_run",
    "roll_back",
    "save_retraining_policy",
    "start_generation",
    "start_lab",
    "start_run",
    "take_snapshot",
    "tidy",
]
