"""Rehearsals from rows: pairs that a script wrote, runs without a training, evaluations without a measurement."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.actions.comparisons import add_comparisons
from labeling.actions.prompts import PromptDraft
from labeling.models import Comparison
from tests.training.conftest import QUESTIONS
from tests.training.gated import GOOD, measured
from training.models import EvaluationJob, JobStatus, ModelVersion, Run
from training.queries.held_prompts import not_held
from training.rehearsal import PREFERENCE_RULES, Rehearsal, RehearsalPlan
from training.rehearsal.annotators import Annotator
from training.rehearsal.loop import Turn

SHORT, LONG = "the cat sees {}", "the old dog slowly walks over the new road and finds {} there"
WORDS = ("bread", "tea")


def clock() -> datetime:
    return datetime.now(UTC)


def rehearsal(base: ModelVersion, **plan: Any) -> Rehearsal:
    """Three annotators who never err; the shorter text is better."""
    values: dict[str, Any] = {"rule": PREFERENCE_RULES["shorter"], "error_rates": (0.0,), "least_pairs": 10} | plan
    prompts = [PromptDraft([{"role": "user", "content": question}]) for question in QUESTIONS]
    return Rehearsal(RehearsalPlan(**values), base=base, prompts=prompts, clock=clock)


def write_pairs(made: Rehearsal, words: Sequence[str] = WORDS) -> list[Comparison]:
    """A short and a long text of each word for every prompt that is not held."""
    prompts = not_held(made.campaign) or []
    drafts = [
        ComparisonDraft(
            prompt=prompt, first=CompletionDraft(SHORT.format(word)), second=CompletionDraft(LONG.format(word))
        )
        for prompt in prompts
        for word in words
    ]
    added = add_comparisons(campaign=made.campaign, drafts=drafts, source="test", acting_user=None, now=clock())
    return [comparison for comparison in added.comparisons if comparison is not None]


def judge_all(annotators: Sequence[Annotator], made: Rehearsal) -> None:
    for annotator in annotators:
        annotator.judge_all(made.campaign, now=clock())


def trained(made: Rehearsal, turn: Turn, name: str, **figures: Any) -> tuple[Run, ModelVersion]:
    """The run that the schedule starts, finished, and its version, measured. Its files are the base's."""
    run = turn._consider()
    assert run is not None, made.rule.outcome
    Run.objects.filter(pk=run.pk).update(status=JobStatus.FINISHED, finished_at=clock())
    run.refresh_from_db()
    parent, base = run.parent, run.parent.base()
    version = ModelVersion.objects.create(
        name=name,
        base_dir=base.base_dir,
        content_hash=base.content_hash,
        parent=parent,
        run=run,
        simulated=True,
        created_at=clock(),
    )
    EvaluationJob.objects.create(
        version=version,
        campaign=made.campaign,
        compared=parent,
        settings={"for_gates": True},
        status=JobStatus.FINISHED,
        created_at=clock(),
        finished_at=clock(),
    )
    measured(version, GOOD | {"parent": parent.name, "serving": parent.name} | figures)
    return run, version
