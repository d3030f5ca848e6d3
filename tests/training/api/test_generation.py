"""Generation, as programs use it."""

import pytest

from tests.clients import Calling
from tests.people import Stage
from training.models import GenerationJob, JobStatus

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
