"""A finished job of the lens and an experiment of the lab: rows only, with figures that hang together."""

from typing import Any

from labeling.models import Comparison, User
from tests.browser.furnished import Furnished
from tests.people import NOON, Stage, asks
from training.lens.pairs import pair_of_texts
from training.models import BlameJob, LabSession, LensJob, Snapshot

LESSON = {
    "prompt": "What is 17 plus 26?",
    "chosen": "Together that is 43.",
    "rejected": "Together that is 42.",
    "watched": ["The answer is 43."],
}


def lens_job_of(stage: Stage, furnished: Furnished, **changes: Any) -> LensJob:
    """Version two looks at a comparison of the stage; version one did before it."""
    values: dict[str, Any] = {
        "campaign": stage.campaign,
        "comparison": Comparison.objects.filter(campaign=stage.campaign).order_by("pk")[0],
        "version": furnished.two,
        "before": furnished.one,
        "pair": pair_of_texts(asks("What is 1 plus one?"), "It is 2.", "Nobody knows.").as_dict(),
        "beta": 0.2,
        "status": "finished",
        "result": {
            "after": _side("sums-v2", 0.5, -0.75),
            "before": _side("sums-v1", 0.25, -0.25),
            "reward_model": {"name": "judge", "chosen": 1.25, "rejected": -0.5, "margin": 1.75},
        },
        "created_by": stage.maya,
        "created_at": NOON,
        **changes,
    }
    return LensJob.objects.create(**values)


def _side(version: str, chosen: float, rejected: float) -> dict[str, Any]:
    """Each token of a side has become more or less likely by so much."""
    return {
        "version": version,
        "chosen": [[text, -1.0 + chosen, -1.0] for text in ("It", " is", " 2", ".\n")],
        "rejected": [[text, -2.0 + rejected, -2.0] for text in ("Nobody", " knows", ".")],
    }


def search_of(stage: Stage, snapshot: Snapshot, **changes: Any) -> BlameJob:
    """A search through the two pairs of `real_snapshot`, which explains a comparison too."""
    rows = [{"id": str(number), "doubt": 2.0 - number, "blame": 0.5 - number} for number in (1, 2)]
    run = snapshot.runs.order_by("pk")[0]
    values: dict[str, Any] = {
        "campaign": stage.campaign,
        "snapshot": snapshot,
        "version": run.parent,
        "query": pair_of_texts(asks("What is 17 plus 26?"), "Together that is 43.", "Together that is 42.").as_dict(),
        "status": "finished",
        "result": {
            "pairs": 220,
            "doubtful": rows,
            "blamed": rows,
            "groups": {
                "annotator": [[stage.alice.pseudonym, 12, 3], [stage.bob.pseudonym, 10, 0]],
                "guidelines": [["1", 14, 1], ["2", 8, 2]],
            },
        },
        "created_by": stage.maya,
        "created_at": NOON,
        **changes,
    }
    return BlameJob.objects.create(**values)


def experiment_of(user: User, furnished: Furnished, *, steps: int = 8, **changes: Any) -> LabSession:
    """So many steps; after eight the better text is less likely than at the start."""
    points = [_point(step) for step in range(steps + 1)]
    values: dict[str, Any] = {
        "version": furnished.base,
        "lesson": LESSON,
        "config": {"beta": 0.1, "learning_rate": 2e-4},
        "status": "finished",
        "done": steps,
        "total": steps,
        "points": points,
        "wrote": [
            {"step": 0, "kl": 0.0, "texts": ["The answer is 41.", "It is 43."]},
            {"step": steps, "kl": 1.5, "texts": ["The answer is 43.", "It is 43."]},
        ],
        "created_by": user,
        "created_at": NOON,
        **changes,
    }
    return LabSession.objects.create(**values)


def _point(step: int) -> dict[str, Any]:
    better, worse = 0.6 * step - 0.2 * step**2 / 2, -4.0 * step
    sides = [("lesson", better, worse), ("watched", 0.3 * step, worse)]
    return {
        "step": step,
        "loss": 0.693147 / (1 + step),
        "margin": 0.1 * (better - worse),
        "reward_accuracy": 1.0,
        "displacement": better < 0,
        "grad_norm": None if step == 0 else 2.5 / step,
        "pairs": [
            {
                "id": name,
                "chosen": {"logp": -20 + one, "reference": -20.0, "tokens": 8},
                "rejected": {"logp": -22 + other, "reference": -22.0, "tokens": 8},
            }
            for name, one, other in sides
        ],
    }
