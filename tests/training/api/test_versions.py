"""Model versions, as programs use them."""

from typing import Any

import pytest
from django.test import Client

from labeling.actions.people import create_token
from tests.clients import Calling
from tests.people import NOON, Stage, pair
from tests.training.conftest import child_of
from training.actions.versions import promote
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


def test_a_rollback_sets_labels_aside_by_time_annotator_and_import(scene: Stage, calling: Calling) -> None:
    maya, child = calling(scene.maya), child_of(ModelVersion.objects.get(), scene)
    promote(version=child, acting_user=None, now=NOON)
    scene.add([pair(number) for number in range(30, 36)])
    scene.settle("abab")

    def roll_back(**labels: object) -> Any:
        return maya.post("/api/v1/serving/rollback/", {"set_aside": labels}, content_type="application/json")

    turned = {"settled_since": "2026-03-02T00:00:00Z", "settled_until": "2026-03-01T00:00:00Z"}
    for wrong in ({}, {"annotator": "nobody"}, {"batch": 99}, {"settled_since": "yesterday"}, turned):
        assert roll_back(**wrong).status_code in (400, 422), wrong
    misspelt = roll_back(annotator=scene.alice.pseudonym, setled_since="2026-03-02T00:00:00Z").json()
    assert misspelt["errors"][0]["field"] == "set_aside.setled_since"
    aside = maya.post("/api/v1/serving/rollback/", {"set_asides": turned}, content_type="application/json").json()
    assert aside["errors"][0]["detail"] == "There is no such field. Known are set_aside."
    assert serving_version() == child
    done = roll_back(annotator=scene.alice.pseudonym, settled_since="2026-03-02T00:00:00Z").json()
    assert (done["version"], done["set_aside"]["changed"], done["not_set_aside"]) == ("tiny-base", 4, "")
    assert scene.campaign.comparisons.filter(status="retired").count() == 4


def test_a_misspelt_field_in_a_rule_of_the_gate_is_refused(scene: Stage, calling: Calling) -> None:
    rule = {"figure": "people", "floor": 1, "on_mising": "ignore"}
    maya, address = calling(scene.maya), "/api/v1/campaigns/sums/gate/"
    refused = maya.put(address, {"rules": [rule]}, content_type="application/json")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "rules.0.on_mising")
    known = {"rules": maya.get(address).json()["rules"]}
    assert maya.put(address, known, content_type="application/json").status_code == 200


def test_a_token_sets_labels_aside_only_with_the_scope_that_retires_comparisons(scene: Stage, calling: Calling) -> None:
    child = child_of(ModelVersion.objects.get(), scene)
    promote(version=child, acting_user=None, now=NOON)
    key = create_token(user=scene.maya, name="train", scopes=["train"], acting_user=scene.maya, now=scene.now)[1]
    where = {"set_aside": {"settled_since": "2026-03-02T00:00:00Z"}}
    headers = {"Authorization": f"Bearer {key}"}
    refused = Client().post("/api/v1/serving/rollback/", where, content_type="application/json", headers=headers)
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/scope-missing")
    assert serving_version() == child
    done = Client().post("/api/v1/serving/rollback/", content_type="application/json", headers=headers)
    assert done.json()["version"] == "tiny-base"


def test_a_rollback_stands_where_no_label_matches(scene: Stage, calling: Calling) -> None:
    maya, child = calling(scene.maya), child_of(ModelVersion.objects.get(), scene)
    promote(version=child, acting_user=None, now=NOON)
    where = {"set_aside": {"settled_since": "2031-01-01T00:00:00Z"}}
    done = maya.post("/api/v1/serving/rollback/", where, content_type="application/json").json()
    assert (done["version"], done["set_aside"]) == ("tiny-base", None)
