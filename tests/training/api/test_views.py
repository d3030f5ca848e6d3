"""Generation, runs, versions and the rule, as programs use them."""

import pytest

from tests.clients import Calling
from tests.people import Stage
from tests.training.conftest import child_of
from training.models import GenerationJob, JobStatus, ModelVersion, Run, RunMetric
from training.queries.serving import serving_version

pytestmark = pytest.mark.django_db


def test_generation_is_started_watched_and_cancelled(scene: Stage, calling: Calling) -> None:
    maya = calling(scene.maya)

    sent = {"settings": {"max_tokens": 16}, "pairs_per_prompt": 2, "seed": 4, "versions": ["tiny-base"]}
    started = maya.post("/api/v1/campaigns/sums/generation/", sent, format="json")
    assert started.status_code == 201
    job = started.json()
    assert (job["status"], job["done"], job["total"], job["strategy"]) == ("queued", 0, 80, "two_seeds")
    assert (job["versions"], job["campaign"], job["seed"]) == (["tiny-base"], "sums", 4)
    assert job["settings"]["max_tokens"] == 16
    assert job["remaining_seconds"] is None

    again = maya.post("/api/v1/campaigns/sums/generation/", sent, format="json")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/job-active")

    GenerationJob.objects.update(status=JobStatus.RUNNING, done=60, rate=4.0)
    watched = maya.get(f"/api/v1/generation/{job['id']}/").json()
    assert (watched["status"], watched["done"], watched["remaining_seconds"]) == ("running", 60, 5.0)
    stopped = maya.post(f"/api/v1/generation/{job['id']}/cancel/")
    assert (stopped.status_code, stopped.json()["status"]) == (200, "cancelling")


@pytest.mark.parametrize(
    ("sent", "status", "kind"),
    [
        ({"settings": {"temperature": "hot"}}, 422, "wrong-settings"),
        ({"settings": {"speed": 3}}, 422, "wrong-settings"),
        ({"strategy": "two_versions"}, 422, "wrong-settings"),
        ({"strategy": "ten"}, 422, "invalid"),
        ({"pairs_per_prompt": 0}, 422, "invalid"),
        ({"versions": ["unknown"]}, 404, "not-found"),
    ],
    ids=str,
)
def test_what_cannot_be_written_is_refused_with_its_reason(
    scene: Stage, calling: Calling, sent: dict[str, object], status: int, kind: str
) -> None:
    answer = calling(scene.maya).post("/api/v1/campaigns/sums/generation/", sent, format="json")

    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}")
    assert answer.json()["detail"]
    assert not GenerationJob.objects.exists()


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
    assert len(maya.get(f"/api/v1/runs/{run['id']}/metrics/?after=x").json()["results"]) == 3
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


def test_a_version_is_looked_at_promoted_and_rolled_back(scene: Stage, calling: Calling) -> None:
    maya, base = calling(scene.maya), ModelVersion.objects.get()
    child = child_of(base, scene)

    shown = maya.get("/api/v1/versions/sums-v1/").json()
    assert (shown["parent"], shown["campaign"], shown["serving"]) == ("tiny-base", "sums", False)
    promoted = maya.post("/api/v1/versions/sums-v1/promote/").json()
    assert (promoted["version"], promoted["previous"], promoted["changed"]) == ("sums-v1", "tiny-base", True)
    assert serving_version() == child
    assert maya.post("/api/v1/versions/sums-v1/promote/").json()["changed"] is False
    assert maya.get("/api/v1/versions/sums-v1/").json()["serving"] is True
    back = maya.post("/api/v1/serving/rollback/").json()
    assert (back["version"], back["kind"]) == ("tiny-base", "rollback")
    refused = maya.post("/api/v1/serving/rollback/")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/nothing-to-roll-back")


def test_the_rule_is_saved_and_shown(scene: Stage, calling: Calling) -> None:
    maya = calling(scene.maya)
    address = "/api/v1/campaigns/sums/retraining/"
    assert maya.get(address).json()["enabled"] is False

    wanted = {"enabled": True, "min_fresh_verdicts": 30, "cron": "15 3 * * 1", "auto_promote": True}
    saved = maya.put(address, wanted, format="json")

    assert saved.status_code == 200
    assert {name: saved.json()[name] for name in wanted} == wanted
    assert {name: maya.get(address).json()[name] for name in wanted} == wanted
    refused = maya.put(address, {**wanted, "cron": "at night"}, format="json")
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/wrong-schedule")
    assert maya.get(address).json()["cron"] == "15 3 * * 1"
