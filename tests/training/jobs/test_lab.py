"""A lab session: the real engine stays, takes a step whenever one is asked for, and replays them when it has gone."""

from dataclasses import replace
from typing import Any

import pytest

from labeling.models import User
from tests.training.conftest import NOW
from training.actions.lab import Experiment, start_lab
from training.jobs.lab import run_lab_job
from training.models import JobStatus, LabSession, ModelVersion

LESSON = Experiment(
    "what does the cat see ?", "the cat sees tea", "maybe bread", watched=["no thanks"], learning_rate=1e-3
)


def start(user: User, *, steps: int = 1, **changes: Any) -> LabSession:
    return start_lab(experiment=replace(LESSON, **changes), steps=steps, acting_user=user, now=NOW)


@pytest.mark.django_db
def test_the_engine_takes_what_was_asked_for_and_goes_when_nobody_asks_for_more(
    base: ModelVersion, alice: User
) -> None:
    session = start(alice, steps=2)
    kept = {"step": 0, "loss": 0.25, "margin": 0.0, "pairs": []}
    LabSession.objects.update(points=[kept])  # of an engine before this one: it is not told again

    done = run_lab_job(session.pk, idle_seconds=0)

    assert done is not None
    assert (done.status, done.done, done.error) == (JobStatus.FINISHED, 2, "")
    assert [point["step"] for point in done.points] == [0, 1, 2]
    assert done.points[0] == kept
    assert done.points[2]["margin"] > done.points[1]["margin"] > 0
    assert len(done.points[2]["pairs"]) == 2  # the lesson, and what is watched
    assert [wrote["step"] for wrote in done.wrote] == [0, 2]
    assert done.wrote[1]["kl"] > done.wrote[0]["kl"] == 0
    assert run_lab_job(session.pk) is None
