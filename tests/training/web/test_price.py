"""The price page: the finding, what more votes cost and bring, the target, and what a vote is worth."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from labeling.queries.verdicts import count_pairs
from tests.browser.furnished import Furnished, furnish
from tests.browser.price import price_job_of
from tests.people import NOON, Stage, stage
from training.actions.round_plans import save_round_plan
from training.models import PriceJob
from training.queries.price import Wish, price_of

pytestmark = pytest.mark.django_db

PATH = "/campaigns/sums/price/"


@pytest.fixture
def scene() -> Stage:
    """Each day for six days two people judge a pair, thirty seconds each."""
    made = stage(comparisons=6, overlap=2)
    for winner in "abaaba":
        for person in (made.alice, made.bob):
            assignment = made.given(person)
            made.wait(30)
            made.vote(assignment, winner, seconds=30.0)
        made.wait(86_340)
    return made


@pytest.fixture
def furnished(scene: Stage) -> Furnished:
    return furnish(scene)


def page(scene: Stage, client: Client, query: str = "") -> str:
    client.force_login(scene.maya)
    answer = client.get(PATH + query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_without_a_measurement_it_offers_one_and_shows_the_versions(
    scene: Stage, furnished: Furnished, client: Client
) -> None:
    html = page(scene, client)
    assert "Measure the learning curve first." in html
    assert 'data-testid="measure"' in html
    assert "sums-v1" in html  # it started from the base model, so its accuracy is one over the base


def test_a_measured_curve_says_what_to_do_next(scene: Stage, furnished: Furnished, client: Client) -> None:
    price_job_of(scene, furnished)
    html = page(scene, client)
    assert "With 130 pairs, the curve through all short runs is at an accuracy of" in html
    assert "It is not clear yet whether more labels pay" in html or "More labels pay" in html
    PriceJob.objects.all().delete()
    price_job_of(scene, furnished, scale=1.0)
    assert "There is nothing more to gain from labels like these" in page(scene, client)


def test_the_forecast_begins_at_the_labels_of_today_and_at_a_finished_measurement(
    scene: Stage, furnished: Furnished
) -> None:
    job = price_job_of(scene, furnished)
    measured = price_of(scene.campaign, Wish(), None, now=NOON)
    assert (measured.labels, measured.measured) == (130, job)
    snapshot, settled = job.snapshot, count_pairs(scene.campaign)
    snapshot.last_verdict_at, snapshot.test_pairs = NOON - timedelta(days=1), 0
    snapshot.save()
    later = price_job_of(scene, furnished, status="running")
    later.trainings = later.trainings[:8]
    later.save()
    now = price_of(scene.campaign, Wish(votes=100), None, now=NOON)
    assert settled > 0
    assert (now.job, now.measured, now.labels) == (later, job, 130 + settled)
    assert now.curve is not None
    assert now.offers[0].then.value > now.curve.next_accuracy(130 + now.offers[0].labels).value


def test_votes_have_a_price_in_hours_and_in_money_once_a_rate_is_set(scene: Stage, furnished: Furnished) -> None:
    price_job_of(scene, furnished)
    found = price_of(scene.campaign, Wish(votes=400), None, now=NOON)
    asked = found.offers[0]
    assert asked.is_asked
    assert asked.hours == pytest.approx(400 * 30 / 3600)
    assert asked.money is None
    # Two votes on a pair; of 162 settled pairs 130 are trained on.
    assert found.effort.votes_per_label == pytest.approx(2 * 162 / 130)
    assert asked.labels == round(400 / (2 * 162 / 130))
    values = {"human_hour": Decimal(36), "currency": "EUR"}
    save_round_plan(campaign=scene.campaign, values=values, acting_user=scene.maya, now=NOON)
    priced = price_of(scene.campaign, Wish(votes=400), None, now=NOON).offers[0]
    assert priced.money == pytest.approx(36 * 400 * 30 / 3600)
    assert priced.then.low < priced.then.value < priced.then.high


def test_the_page_answers_the_leads_own_question(scene: Stage, furnished: Furnished, client: Client) -> None:
    price_job_of(scene, furnished)
    html = page(scene, client, "?votes=400&target=70")
    assert "Your question" in html
    assert "Target: 70.0 %" in html
    assert "more votes" in html
    assert "Ensure this value" in page(scene, client, "?votes=0")


def test_a_target_has_a_date_at_the_present_pace_and_none_beyond_the_curve(
    scene: Stage, furnished: Furnished, client: Client
) -> None:
    price_job_of(scene, furnished)
    later = scene.now
    found = price_of(scene.campaign, Wish(target=0.68), None, now=later).target
    assert found is not None
    assert found.days is not None
    assert found.days.value == pytest.approx(found.votes.value / 2, rel=0.1)  # two votes a day
    assert found.days.low <= found.days.value <= found.days.high
    never = price_of(scene.campaign, Wish(target=0.99), None, now=later).target
    assert never is not None
    assert not never.is_likely
    assert "Probably not with labels like these" in page(scene, client, "?target=99")


def test_the_target_of_the_plan_is_the_default_where_held_out_pairs_measure_it(
    scene: Stage, furnished: Furnished
) -> None:
    price_job_of(scene, furnished)
    assert price_of(scene.campaign, Wish(), None, now=NOON).target is None
    values = {"target": 0.66, "target_by": "evaluation"}
    save_round_plan(campaign=scene.campaign, values=values, acting_user=scene.maya, now=NOON)
    target = price_of(scene.campaign, Wish(), None, now=NOON).target
    assert target is not None
    assert target.accuracy == pytest.approx(0.66)


def test_a_lead_starts_and_cancels_a_measurement(scene: Stage, furnished: Furnished, client: Client) -> None:
    client.force_login(scene.maya)
    client.post(PATH + "measure/", {"draws": "2", "minutes": "30"})
    job = PriceJob.objects.get()
    assert (job.draws, job.minutes, job.status) == (2, 30, "queued")
    assert 'data-testid="cancel-price"' in page(scene, client)
    client.post(PATH + "cancel/")
    job.refresh_from_db()
    assert job.status == "cancelled"
    refused = client.post(PATH + "measure/", {"draws": "99", "minutes": "30"})
    assert "less than or equal to 12" in refused.content.decode()
