"""The price of a better model on the command line."""

import json

import pytest

from tests.browser.furnished import furnish
from tests.browser.price import price_job_of
from tests.people import Stage, stage
from tests.training.commands import output_of
from training.models import PriceJob

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Stage:
    return stage(comparisons=4)


def test_without_a_measurement_it_says_how_to_make_one(scene: Stage) -> None:
    assert "add --measure" in output_of("price", "sums")


def test_it_says_what_more_votes_bring_and_when_a_target_is_reached(scene: Stage) -> None:
    price_job_of(scene, furnish(scene))
    lines = output_of("price", "sums", "--votes", "400", "--target", "0.7").splitlines()
    assert lines[0] in ("More labels pay.", "It is not clear yet whether more labels pay.")
    assert lines[1].startswith("400 more votes: ")
    assert lines[-1].startswith("70.0%: after ")
    never = output_of("price", "sums", "--target", "0.99").splitlines()
    assert never[-1] == "99.0%: probably never"


def test_as_json_it_is_the_answer_of_the_api(scene: Stage) -> None:
    price_job_of(scene, furnish(scene))
    found = json.loads(output_of("price", "sums", "--votes", "400", "--json"))
    assert found["labels"] == 130
    assert found["offers"][0]["is_asked"]
    assert found["effort"]["votes_so_far"] == 0


def test_it_queues_a_measurement(scene: Stage) -> None:
    furnish(scene)
    output_of("price", "sums", "--measure", "--draws", "2", "--minutes", "7")
    job = PriceJob.objects.get()
    assert (job.status, job.draws, job.minutes) == ("queued", 2, 7)
