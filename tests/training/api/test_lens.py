"""The reward lens, as programs use it."""

from math import log

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
    assert lens_job["figures"] is None
    after = {
        "version": "tiny-base",
        "chosen": [["Because.", log(0.30), log(0.20)]],
        "rejected": [["Why not?", log(0.25), log(0.30)]],
    }
    result = {"after": after, "before": None, "reward_model": None}
    LensJob.objects.update(status=JobStatus.FINISHED, beta=0.1, result=result)
    finished = maya.get(f"/api/v1/lens/{lens_job['id']}/").json()
    assert finished["result"]["before"] is None
    assert {name: round(value, 4) for name, value in finished["figures"].items()} == {
        "chosen_reward": 0.0405,
        "rejected_reward": -0.0182,
        "margin": 0.0588,
        "probability": 0.5147,
        "loss": 0.6642,
        "weight": 0.0485,
    }
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
