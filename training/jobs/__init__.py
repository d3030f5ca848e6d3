"""What a worker does with a job it has claimed. Called by the Celery tasks, and by `rehearse` without any."""

from training.jobs.engine import EngineFailed
from training.jobs.evaluation import evaluate_version, measure, run_gate, score_pairs
from training.jobs.generation import run_generation_job
from training.jobs.lab import run_lab_job
from training.jobs.reading import run_reading_job
from training.jobs.run import run_training_job

__all__ = [
    "EngineFailed",
    "evaluate_version",
    "measure",
    "run_gate",
    "run_generation_job",
    "run_lab_job",
    "run_reading_job",
    "run_training_job",
    "score_pairs",
]
