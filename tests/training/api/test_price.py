"""The price of a better model in the API."""

import pytest
from rest_framework.test import APIClient

from tests.browser.furnished import Furnished, furnish
from tests.browser.price import price_job_of
from tests.people import Stage, stage

pytestmark = pytest.mark.django_db

PATH = "/api/v1/campaigns/sums/price/"


@pytest.fixture
def scene() -> Stage:
    return stage(comparisons=4)


@pytest.fixture
def furnished(scene: Stage) -> Furnished:
    return furnish(scene)


@pytest.fixture
def calls(scene: Stage) -> APIClient:
    client = APIClient()
    client.force_authenticate(scene.maya)
    return client


def test_the_forecast_has_an_interval_and_what_never_happens_is_null(
    scene: Stage, furnished: Furnished, calls: APIClient
) -> None:
    price_job_of(scene, furnished)
    found = calls.get(PATH, {"votes": 400, "target": 0.99}).json()
    assert found["finding"] in ("pays", "unclear")
    asked = found["offers"][0]
    assert (asked["votes"], asked["hours"], asked["money"]) == (400, None, None)
    assert asked["then"]["low"] < asked["then"]["value"] < asked["then"]["high"]
    assert found["target"]["votes"]["value"] is None
    assert 0 <= found["target"]["chance"] < 0.5
    assert [one["labels"] for one in found["points"]] == [8, 16, 32, 65, 130]


def test_a_measurement_is_started_once_and_cancelled(furnished: Furnished, calls: APIClient) -> None:
    made = calls.post(PATH, {"draws": 2}, format="json")
    assert (made.status_code, made.json()["status"], made.json()["draws"]) == (201, "queued", 2)
    again = calls.post(PATH, {}, format="json")
    assert (again.status_code, "job-active" in again.json()["type"]) == (409, True)
    assert calls.get(PATH).json()["job"]["waits_for"] is not None
    assert calls.post(PATH + "cancel/").json()["status"] == "cancelled"
    assert calls.post(PATH + "cancel/").status_code == 409


def test_wrong_questions_are_refused(furnished: Furnished, calls: APIClient) -> None:
    assert calls.get(PATH, {"votes": 0}).status_code == 422
    assert calls.get(PATH, {"target": 1.5}).status_code == 422
    assert calls.post(PATH, {"draws": 99}, format="json").status_code == 422
