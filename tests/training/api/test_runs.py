"""Runs, as programs use them."""

import pytest

from tests.clients import Calling
from tests.people import Stage
from training.models import JobStatus, Run, RunMetric

pytestmark = pytest.mark.django_db


def test_a_run_is_started_watched_and_cancelled(scene: Stage, calling: Calling) -> None:
    maya = calling(scene.maya)

    started = maya.post("/api/v1/runs/", {"campaign": "sums", "config": {"epochs": 2}}, format="json")
    assert started.status_code == 201
    run = started.json()
    assert (run["status"], run["parent"], run["version"], run["config"]) == ("queued", "tiny-base", None, {"epochs": 2})
    assert len(run["snapshot"]) == 64

    row = Run.objects.get(pk=run["id"])
    RunMetric.objects.bulk_create(
        RunMetric(run=row, event="progress", step=step, values={"loss": 1 / step}) for step in (1, 2, 3)
    )
    Run.objects.update(status=JobStatus.RUNNING, done=3, total=9, latest={"step": 3, "loss": 1 / 3})
    detail = maya.get(f"/api/v1/runs/{run['id']}/").json()
    assert (detail["done"], detail["total"], detail["latest"]["step"]) == (3, 9, 3)
    assert [point["step"] for point in detail["metrics"]] == [1, 2, 3]
    assert [point["step"] for point in maya.get(f"/api/v1/runs/{run['id']}/?after=2").json()["metrics"]] == [3]
    later = maya.get(f"/api/v1/runs/{run['id']}/metrics/?after=2").json()["results"]
    assert later == [{"event": "progress", "step": 3, "values": {"loss": 1 / 3}}]
    for path in ("", "metrics/"):
        assert maya.get(f"/api/v1/runs/{run['id']}/{path}?after=x").status_code == 422
    assert maya.post(f"/api/v1/runs/{run['id']}/cancel/").json()["status"] == "cancelling"
    Run.objects.update(status=JobStatus.CANCELLED)
    assert maya.post(f"/api/v1/runs/{run['id']}/resume/").json()["status"] == "queued"
    assert [one["id"] for one in maya.get("/api/v1/runs/?campaign=sums").json()["results"]] == [run["id"]]
    assert maya.get("/api/v1/runs/?campaign=other").json()["results"] == []


@pytest.mark.parametrize(
    ("sent", "status", "kind"),
    [
        ({}, 422, "invalid"),
        ({"campaign": "sums", "config": {"epochs": 0}}, 422, "wrong-settings"),
        ({"campaign": "sums", "config": {"epoch": 1}}, 422, "wrong-settings"),
        ({"campaign": "sums", "parent": "unknown"}, 404, "not-found"),
        ({"campaign": "nothing"}, 404, "campaign-not-found"),
    ],
    ids=str,
)
def test_a_run_that_cannot_be_is_refused_with_its_reason(
    scene: Stage, calling: Calling, sent: dict[str, object], status: int, kind: str
) -> None:
    answer = calling(scene.maya).post("/api/v1/runs/", sent, format="json")

    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}")
    assert not Run.objects.exists()


def test_without_labels_a_run_says_what_is_missing(scene: Stage, calling: Calling) -> None:
    scene.campaign.comparisons.all().delete()

    answer = calling(scene.maya).post("/api/v1/runs/", {"campaign": "sums"}, format="json")

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/too-few-pairs")
    assert "Judge more comparisons" in answer.json()["detail"]
