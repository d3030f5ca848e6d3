"""The reward lens, as programs use it."""

import pytest

from labeling.models import Comparison
from tests.clients import Calling
from tests.people import Stage
from training.models import JobStatus, LensJob

pytestmark = pytest.mark.django_db

TEXTS = {"prompt": [{"role": "user", "content": "Why?"}], "chosen": "Because.", "rejected": "Why not?"}


def test_a_lens_job_is_asked_for_and_watched(scene: Stage, calling: Calling) -> None:
    maya = calling(scene.maya)
    asked = maya.post("/api/v1/lens/", {"version": "tiny-base", **TEXTS}, format="json")
    assert asked.status_code == 201
    lens_job = asked.json()
    assert (lens_job["status"], lens_job["version"], lens_job["result"]) == ("queued", "tiny-base", None)
    assert lens_job["pair"]["prompt"] == TEXTS["prompt"]
    LensJob.objects.update(status=JobStatus.FINISHED, result={"after": {}, "before": None, "reward_model": None})
    assert maya.get(f"/api/v1/lens/{lens_job['id']}/").json()["result"]["before"] is None
    comparison = Comparison.objects.all()[0]
    of_pair = maya.post("/api/v1/lens/", {"version": "tiny-base", "comparison": comparison.pk}, format="json")
    assert (of_pair.status_code, of_pair.json()["comparison"]) == (201, comparison.pk)


@pytest.mark.parametrize(
    ("sent", "status", "kind"),
    [
        ({"version": "unknown", **TEXTS}, 404, "not-found"),
        ({"version": "tiny-base"}, 422, "invalid"),
        ({"version": "tiny-base", "comparison": 1, **TEXTS}, 422, "invalid"),
        ({"version": "tiny-base", **TEXTS, "prompt": []}, 422, "invalid"),
        ({"version": "tiny-base", "comparison": 10**9}, 404, "comparison-not-found"),
        ({"version": "tiny-base", **TEXTS, "rejected": "Because."}, 422, "wrong-settings"),
    ],
    ids=str,
)
def test_what_cannot_be_read_is_refused_with_its_reason(
    scene: Stage, calling: Calling, sent: dict[str, object], status: int, kind: str
) -> None:
    answer = calling(scene.maya).post("/api/v1/lens/", sent, format="json")
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}")
    assert not LensJob.objects.exists()
