"""Evaluations for pages: a report whose sections the product's own functions made, of invented pairs and samples."""

from typing import Any

from tests.browser.furnished import Furnished
from tests.people import NOON, Stage
from training.evaluation import sections
from training.evaluation.finding import concerns, finding
from training.evaluation.sections import HeldOutPair, OwnSample
from training.jobs.gate_figures import gate_figures
from training.models import ACTIVE_STATUSES, EvaluationJob, JobStatus, report_hash

PAIRS = 72
PROMPTS = 24


def evaluation_of(stage: Stage, furnished: Furnished, *, wrong: int = 12, **changes: Any) -> EvaluationJob:
    """The finished evaluation of `two`, which is wrong on so many of its pairs, against `one`, which serves."""
    version, one, base = furnished.two, furnished.one, furnished.base
    assert version.run is not None
    pairs = [_pair(number, wrong) for number in range(PAIRS)]
    margins = {pair.id: pair.margin for pair in pairs}
    parents = {pair.id: 0.4 if number % 5 < 2 else -0.3 for number, pair in enumerate(pairs)}
    figures = gate_figures(margins, {"parent": parents, "serving": parents}, {pair.id: pair.prompt for pair in pairs})
    samples = sections.samples(*_samples())
    reward = sections.reward(pairs)
    names = {"base": base.name, "parent": one.name, "serving": one.name, "compared": one.name}
    shifts = {name: samples[name] for name in ("largest_shift", "largest_shift_axis")}
    against = concerns({**figures, **names, **shifts, "rotations": 1}, {})
    name, reason = finding({**figures, **names}, "serving", against)
    texts = [
        {"prompt": [{"role": "user", "content": f"Question {own.id}?"}], "own": own.text, "other": other.text}
        for own, other in zip(*_samples(), strict=True)
    ]
    lines = [
        {"id": str(number), "tokens": 40.0, "kl_to_base": 4.0 + number / 9, "kl_to_reference": 1.6, "entropy": 60.0}
        for number in range(PROMPTS)
    ]
    drift = sections.drift(lines, {str(number): str(number) for number in range(PROMPTS)})
    report = {
        "format": "chosen-evaluation-1",
        "version": {"name": version.name, "content_hash": version.content_hash},
        "base": {"name": base.name, "content_hash": base.content_hash},
        "parent": {"name": one.name, "content_hash": one.content_hash},
        "snapshot": version.run.snapshot.content_hash,
        "finding": name,
        "reason": reason.as_json(),
        "concerns": [one.as_json() for one in against],
        "sections": [
            {
                "name": "held_out",
                "reference": base.name,
                "beta": 0.1,
                "others": {"parent": one.name, "serving": one.name},
                "figures": figures,
                "slices": sections.slices(pairs),
            },
            {"name": "displacement", **sections.displacement(pairs, {pair.id: -11.0 for pair in pairs})},
            {"name": "drift", **drift, "budgets": {"kl_per_token": 0.03}},
            {"name": "samples", **samples, "against": one.name, "max_tokens": 64, "texts": texts},
            {"name": "reward", **reward},
            {"name": "labels", "pairs": 0, "axes": [], "rotation": None},
        ],
    }
    values: dict[str, Any] = {
        "version": version,
        "campaign": stage.campaign,
        "compared": one,
        "status": "finished",
        "done": 240,
        "total": 240,
        "settings": {"prompts": PROMPTS, "max_tokens": 64, "seed": 17},
        "finding": name,
        "reason": reason,
        "report": report,
        "report_hash": report_hash(report),
        "created_by": stage.maya,
        "created_at": NOON,
        "finished_at": NOON,
    }
    return EvaluationJob.objects.create(**values | changes)


def unfinished_evaluation(stage: Stage, furnished: Furnished, status: str, **changes: Any) -> EvaluationJob:
    """One that has no report; a version has one of these at most, so an earlier one counts as cancelled."""
    earlier = EvaluationJob.objects.filter(version=furnished.two, status__in=ACTIVE_STATUSES)
    earlier.update(status=JobStatus.CANCELLED)
    empty: dict[str, Any] = {"report": None, "report_hash": "", "finding": "", "reason": "", "finished_at": None}
    return evaluation_of(stage, furnished, **empty | {"status": status, "done": 90} | changes)


def _pair(number: int, wrong: int) -> HeldOutPair:
    long = " and a longer end" * (number % 4)
    return HeldOutPair(
        id=str(number),
        prompt=str(number // 2),
        chosen=f"Answer {number}{long}.",
        rejected=f"Perhaps {number}.",
        confidence=(0.6, 0.8, 1.0)[number % 3],
        margin=-0.2 if number < wrong else 0.2 + 0.1 * (number % 4),
        chosen_logp=-10.0 - 0.1 * (number % 7),
        base_logp=-10.4,
        criteria={"Helpful": 1 if number % 6 else -1},
    )


def _samples() -> tuple[list[OwnSample], list[OwnSample]]:
    own = [
        OwnSample(str(number), str(number), f"It is certainly {number}. " * (1 + number % 3), 20 + number % 9, True)
        for number in range(PROMPTS)
    ]
    other = [
        OwnSample(
            str(number), str(number), f"Perhaps it is {number}, or {number + 1}.", 24 + number % 5, number % 3 > 0
        )
        for number in range(PROMPTS)
    ]
    return own, other
