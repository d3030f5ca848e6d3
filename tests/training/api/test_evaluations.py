"""The API of evaluations."""

import pytest

from tests.browser.evaluations import evaluation_of, unfinished_evaluation
from tests.browser.furnished import furnish
from tests.clients import Calling
from tests.people import stage
from training.models import EvaluationJob

pytestmark = pytest.mark.django_db


def test_an_evaluation_is_asked_for_watched_and_read(calling: Calling) -> None:
    scene = stage(comparisons=3)
    furnished = furnish(scene)
    maya = calling(scene.maya)
    address = "/api/v1/versions/sums-v2/evaluations/"
    started = maya.post(address, {"prompts": 8, "max_tokens": 16, "against": "base"}, format="json")
    assert started.status_code == 201
    job = started.json()
    assert (job["status"], job["compared"], job["campaign"]) == ("queued", "base", "sums")
    assert job["settings"] == {"prompts": 8, "max_tokens": 16, "seed": 17, "for_gates": False}
    assert maya.post(address, {}, format="json").json()["id"] == job["id"], "one at a time"
    assert maya.post(f"/api/v1/evaluations/{job['id']}/cancel/").json()["status"] == "cancelled"
    assert maya.post(f"/api/v1/evaluations/{job['id']}/resume/").json()["status"] == "queued"
    EvaluationJob.objects.all().delete()

    done = evaluation_of(scene, furnished)
    read = maya.get(f"/api/v1/evaluations/{done.pk}/").json()
    assert (read["finding"], read["reason"], read["report_hash"]) == (done.finding, str(done.reason), done.report_hash)
    assert read["report"] == done.report
    assert "report" not in maya.get(f"/api/v1/evaluations/{done.pk}/?without=report").json()
    waiting = unfinished_evaluation(scene, furnished, "queued")
    listed = maya.get(address).json()["results"]
    assert [one["id"] for one in listed] == [waiting.pk, done.pk]
    assert "report" not in listed[0]


def test_settings_beyond_the_bounds_and_versions_without_a_campaign_are_refused(calling: Calling) -> None:
    scene = stage(comparisons=3)
    furnish(scene)
    maya = calling(scene.maya)
    assert maya.post("/api/v1/versions/sums-v2/evaluations/", {"prompts": 100_000}, format="json").status_code == 422
    refused = maya.post("/api/v1/versions/base/evaluations/", {}, format="json")
    assert refused.json()["type"].endswith("not-from-a-run")
    named = maya.post("/api/v1/versions/base/evaluations/", {"campaign": "sums"}, format="json")
    assert (named.status_code, named.json()["campaign"]) == (201, "sums")
