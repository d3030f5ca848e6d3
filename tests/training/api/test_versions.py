"""Model versions, as programs use them."""

import pytest

from tests.clients import Calling
from tests.people import Stage
from tests.training.conftest import child_of
from training.models import ModelVersion
from training.queries.serving import serving_version

pytestmark = pytest.mark.django_db


def test_a_version_is_looked_at_promoted_and_rolled_back(scene: Stage, calling: Calling) -> None:
    maya, base = calling(scene.maya), ModelVersion.objects.get()
    child = child_of(base, scene)

    version = maya.get("/api/v1/versions/sums-v1/").json()
    assert (version["parent"], version["campaign"], version["serving"]) == ("tiny-base", "sums", False)
    assert maya.post("/api/v1/versions/sums-v1/promote/").json()["type"] == "/problems/gate-not-met"
    reason = {"reason": "It was never measured."}
    promoted = maya.post("/api/v1/versions/sums-v1/promote/", reason, content_type="application/json").json()
    assert (promoted["version"], promoted["previous"], promoted["changed"]) == ("sums-v1", "tiny-base", True)
    assert serving_version() == child
    assert maya.post("/api/v1/versions/sums-v1/promote/").json()["changed"] is False
    assert maya.get("/api/v1/versions/sums-v1/").json()["serving"] is True
    back = maya.post("/api/v1/serving/rollback/").json()
    assert (back["version"], back["kind"]) == ("tiny-base", "rollback")
    refused = maya.post("/api/v1/serving/rollback/")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/nothing-to-roll-back")
