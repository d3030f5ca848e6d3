"""The lab, as programs use it."""

import pytest

from tests.clients import Calling
from tests.people import Stage
from training.models import JobStatus, LabSession

pytestmark = pytest.mark.django_db

LESSON = {"prompt": "Why?", "chosen": "Because.", "rejected": "Why not?", "watched": ["Perhaps."], "steps": 2}


def test_an_experiment_is_started_watched_from_a_step_on_and_ended(scene: Stage, calling: Calling) -> None:
    alice = calling(scene.alice)
    started = alice.post("/api/v1/lab/", LESSON, format="json").json()
    assert (started["status"], started["total"], started["points"]) == ("queued", 2, [])
    path = f"/api/v1/lab/{started['id']}/"
    points = [{"step": step, "loss": 0.5} for step in range(3)]
    LabSession.objects.update(status=JobStatus.RUNNING, points=points, wrote=[{"step": 0, "kl": 0.0, "texts": []}])
    assert alice.get(path).json()["points"] == points
    later = alice.get(f"{path}?after=1").json()
    assert (later["points"], later["wrote"]) == (points[2:], [])
    assert alice.post(f"{path}steps/", {"steps": 5}, format="json").json()["total"] == 7
    too_many = alice.post(f"{path}steps/", {"steps": 51}, format="json")
    assert too_many.status_code == 422
    assert alice.post(f"{path}end/").json()["status"] == "cancelling"
    over = alice.post(f"{path}steps/", {"steps": 1}, format="json")
    assert (over.status_code, over.json()["type"]) == (409, "/problems/job-over")
    assert calling(scene.bob).get(path).status_code == 404
