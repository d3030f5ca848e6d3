"""The tables of training, one file a subject.

Jobs are rows first: a row's status is the truth about a job; a Celery message only carries its id.
"""

from training.models.backup import Backup
from training.models.blame import BlameJob
from training.models.draft import CampaignDraft, DraftFile
from training.models.evaluation import EvaluationJob, report_file, report_hash
from training.models.gate import Gate, GateDecision, certificate_file, certificate_hash
from training.models.gate_figures import FEWEST_PAIRS, FIGURES, Figure
from training.models.gate_rules import (
    DEFAULT_RULES,
    GateRule,
    RuleResult,
    WrongRules,
    gate_results,
    parse_rules,
)
from training.models.generation import CandidateStrategy, GenerationItem, GenerationJob
from training.models.groups import GroupJob
from training.models.held_out import ASSUMED_ACCURACY, HeldOutFinding, held_out_finding
from training.models.job import ACTIVE_STATUSES, CLAIMED_STATUSES, Job, JobStatus, worked_since
from training.models.lab import LabSession
from training.models.lens import LensJob
from training.models.lineage import LeftOut, SnapshotPart
from training.models.people_gate import HeldPrompts, PeopleGate, PeopleGatePair
from training.models.price import PriceJob
from training.models.rehearsal import RehearsalCampaign
from training.models.retraining import RetrainingRule
from training.models.round import Round, RoundPlan
from training.models.run import Run, RunMetric, Snapshot
from training.models.selection import CHANCE, SelectionJob, SelectionTrial, TrialArm
from training.models.suite import ScenarioAnswer, ScenarioResult, Suite, SuiteRun, SuiteVersion
from training.models.version import Deployment, Evaluation, ModelVersion
from training.models.worker import Worker

AnyJob = (
    GenerationJob
    | SuiteRun
    | Run
    | LensJob
    | LabSession
    | EvaluationJob
    | PriceJob
    | BlameJob
    | GroupJob
    | SelectionJob
)
WritingJob = GenerationJob | SuiteRun
"""Jobs in which versions write texts: they share a queue, and the machine with each other."""
ModelJob = GenerationJob | SuiteRun | Run
TrainingJob = Run | PriceJob | SelectionJob | BlameJob
"""The jobs in which the engine computes gradients."""
HoldingJob = GenerationJob | SuiteRun | TrainingJob
"""The jobs that hold a model for minutes. The lens and the lab are short."""
"""Jobs that hold a model for minutes. The lens and the lab are short."""

__all__ = [
    "ACTIVE_STATUSES",
    "ASSUMED_ACCURACY",
    "CHANCE",
    "CLAIMED_STATUSES",
    "DEFAULT_RULES",
    "FEWEST_PAIRS",
    "FIGURES",
    "AnyJob",
    "Backup",
    "BlameJob",
    "CampaignDraft",
    "CandidateStrategy",
    "Deployment",
    "DraftFile",
    "Evaluation",
    "EvaluationJob",
    "Figure",
    "Gate",
    "GateDecision",
    "GateRule",
    "GenerationItem",
    "GenerationJob",
    "GroupJob",
    "HeldOutFinding",
    "HeldPrompts",
    "HoldingJob",
    "Job",
    "JobStatus",
    "LabSession",
    "LeftOut",
    "LensJob",
    "ModelJob",
    "ModelVersion",
    "PeopleGate",
    "PeopleGatePair",
    "PriceJob",
    "RehearsalCampaign",
    "RetrainingRule",
    "Round",
    "RoundPlan",
    "RuleResult",
    "Run",
    "RunMetric",
    "ScenarioAnswer",
    "ScenarioResult",
    "SelectionJob",
    "SelectionTrial",
    "Snapshot",
    "SnapshotPart",
    "Suite",
    "SuiteRun",
    "SuiteVersion",
    "TrainingJob",
    "TrialArm",
    "Worker",
    "WritingJob",
    "WrongRules",
    "certificate_file",
    "certificate_hash",
    "gate_results",
    "held_out_finding",
    "parse_rules",
    "report_file",
    "report_hash",
    "worked_since",
]
