"""A measured learning curve: rows only."""

import numpy as np

from tests.browser.furnished import Furnished
from tests.people import NOON, Stage
from training.evaluation.short_runs import short_runs
from training.models import PriceJob

HELD_OUT = 240


def price_job_of(stage: Stage, furnished: Furnished, status: str = "finished", *, scale: float = 120.0) -> PriceJob:
    """A measurement on the snapshot of the finished run. scale: of the law behind it, in pairs; a small one levels off.

    A held-out pair is as hard for every short run, but for a few.
    """
    generator = np.random.default_rng(3)
    hardness, snapshot = generator.random(HELD_OUT), furnished.finished.snapshot
    trainings = []
    for draw, size in short_runs(snapshot.train_pairs, 4):
        accuracy = 0.5 + 0.3 * size / (size + scale) + generator.normal(0.0, 0.01)
        right = "".join("1" if one < accuracy else "0" for one in hardness)
        trainings.append({"draw": draw, "labels": size, "right": right})
    return PriceJob.objects.create(
        campaign=stage.campaign,
        snapshot=snapshot,
        base=furnished.base,
        status=status,
        draws=4,
        minutes=60,
        done=len(trainings),
        total=len(trainings),
        trainings=trainings,
        created_by=stage.maya,
        created_at=NOON,
        started_at=NOON,
        heartbeat_at=NOON,
    )
