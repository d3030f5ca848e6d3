"""The trial of what to label next in the API and on the command line."""

import json

import pytest
from rest_framework.test import APIClient

from tests.browser.furnished import Furnished, furnish
from tests.browser.selection import trial_of
from tests.people import Stage, stage
from tests.training.commands import output_of
from training.models import SelectionJob

pytestmark = pytest.mark.django_db

PATH = "/api/v1/campaigns/sums/selection/"


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


def test_arms_are_set_and_read_with_their_gains(scene: Stage, furnished: Furnished, calls: APIClient) -> None:
    assert calls.get(PATH).json()["finding"] == "off"
    made = calls.put(PATH, {"shares": {"novelty": 0.3}}, format="json").json()
    assert (made["is_on"], made["random_share"], made["arms"][0]["name"]) == (True, 0.7, "novelty")
    assert made["arms"][0]["next_look"] == 40
    wrong = calls.put(PATH, {"shares": {"luck": 0.3}}, format="json")
    assert (wrong.status_code, "no arm luck" in wrong.json()["detail"]) == (422, True)
    assert calls.put(PATH, {"shares": {}}, format="json").json()["is_on"] is False


def test_a_choice_is_started_once_and_cancelled(scene: Stage, furnished: Furnished, calls: APIClient) -> None:
    trial_of(scene, furnished)
    made = calls.post(PATH, {}, format="json")
    assert (made.status_code, made.json()["status"]) == (201, "queued")
    assert calls.post(PATH, {}, format="json").status_code == 409
    assert calls.get(PATH).json()["job"]["waits_for"] is not None
    assert calls.post(PATH + "cancel/").json()["status"] == "cancelled"
    assert calls.post(PATH + "cancel/").status_code == 409


def test_the_command_sets_shows_and_ends_a_trial(scene: Stage, furnished: Furnished) -> None:
    lines = output_of("selection", "sums", "--arm", "novelty=0.3", "--arm", "gap=0.2").splitlines()
    assert lines[0] == "It is not clear yet whether an arm pays."
    assert lines[1] == "random: 50%, 0 labels of 0 votes"
    assert "novelty: 30%, 0 labels of 0 votes, open" in lines
    found = json.loads(output_of("selection", "sums", "--json", "--choose"))
    assert found["random_share"] == 0.5
    assert SelectionJob.objects.get().status == "queued"
    assert output_of("selection", "sums", "--off").splitlines()[0].startswith("The trial is off")
