"""Measuring a learning curve: the real engine on a tiny model, on nested subsets."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from labeling.models import Campaign, Event
from tests.training.conftest import NOW, add_written_pairs
from training.actions.price import PriceSpec, cancel_price, start_price
from training.evaluation.short_runs import short_runs
from training.jobs import price
from training.jobs.price import run_price_job
from training.jobs.short_training import Measured
from training.models import JobStatus, ModelVersion, PriceJob, Run
from training.queries.price import Wish, price_of

pytestmark = pytest.mark.django_db

QUICK = {"epochs": 1, "pairs_per_step": 8, "dtype": "float32", "lora_rank": 2, "threads": 1}


@pytest.fixture
def price_job(campaign: Campaign, base: ModelVersion) -> PriceJob:
    add_written_pairs(campaign, preference="first", per_prompt=3)
    job = start_price(campaign=campaign, acting_user=None, now=NOW, spec=PriceSpec(draws=2))
    PriceJob.objects.filter(pk=job.pk).update(config=QUICK)
    return job


def measured(job: PriceJob, count: int) -> list[dict[str, object]]:
    """The first so many short runs, as a worker that died has left them."""
    return [
        {"draw": draw, "labels": size, "right": "1h0" * 4}
        for draw, size in list(short_runs(job.snapshot.train_pairs, job.draws))[:count]
    ]


def test_each_size_is_trained_and_measured_on_the_same_held_out_pairs(price_job: PriceJob, var_dir: Path) -> None:
    done = run_price_job(price_job.pk)
    assert done is not None
    assert (done.status, done.error, done.done) == (JobStatus.FINISHED, "", done.total)
    assert [one["labels"] for one in done.trainings] == [
        size for _draw, size in short_runs(done.snapshot.train_pairs, 2)
    ]
    assert {len(one["right"]) for one in done.trainings} == {done.snapshot.test_pairs} == {len(done.prompts)}
    assert len(set(done.prompts)) == done.snapshot.manifest["files"]["test.jsonl"]["prompts"] < len(done.prompts)
    assert {mark for one in done.trainings for mark in one["right"]} <= set("1h0")
    assert list((var_dir / "price").iterdir()) == []
    assert not Run.objects.exists()  # no run, no version: only figures
    assert Event.objects.filter(verb="price.finished").count() == 1
    found = price_of(done.campaign, Wish(), None, now=timezone.now())
    assert found.measured == done
    assert found.finding in ("exhausted", "pays", "unclear")


def test_short_runs_that_a_dead_worker_has_left_are_not_done_again(price_job: PriceJob) -> None:
    left = measured(price_job, price_job.total)
    PriceJob.objects.filter(pk=price_job.pk).update(trainings=left)
    done = run_price_job(price_job.pk)
    assert done is not None
    assert (done.status, done.trainings) == (JobStatus.FINISHED, left)


def test_one_that_was_queued_with_a_single_repetition_is_measured_twice(
    price_job: PriceJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = measured(price_job, price_job.total)
    again = Measured("1h0" * 4, list(range(12)))  # of as many held-out pairs as the first repetition
    monkeypatch.setattr(price, "trained_shortly", lambda *_args, **_wishes: again)
    once = [one for one in left if one["draw"] == 0]
    PriceJob.objects.filter(pk=price_job.pk).update(draws=1, total=len(once), trainings=once)
    done = run_price_job(price_job.pk)
    assert done is not None
    assert (done.status, done.error) == (JobStatus.FINISHED, "")
    assert len(done.trainings) == done.total == done.done == len(left)


def test_when_the_time_is_used_up_the_short_runs_so_far_are_the_result(price_job: PriceJob) -> None:
    late = NOW + timedelta(minutes=price_job.minutes + 1)
    PriceJob.objects.filter(pk=price_job.pk).update(trainings=measured(price_job, 6), worked_seconds=3601)
    done = run_price_job(price_job.pk, clock=lambda: late)
    assert done is not None
    assert (done.status, len(done.trainings)) == (JobStatus.FINISHED, 6)


def test_with_fewer_than_three_sizes_measured_twice_by_then_it_says_so(price_job: PriceJob) -> None:
    PriceJob.objects.filter(pk=price_job.pk).update(trainings=measured(price_job, 5), worked_seconds=3601)
    done = run_price_job(price_job.pk, clock=lambda: NOW)
    assert done is not None
    assert done.status == JobStatus.FAILED
    assert "allow more minutes" in done.error


def test_a_cancelled_one_stops_and_keeps_what_it_has(price_job: PriceJob, monkeypatch: pytest.MonkeyPatch) -> None:
    PriceJob.objects.filter(pk=price_job.pk).update(trainings=measured(price_job, 6))
    keep = price.PriceWork.work

    def work(self: price.PriceWork) -> None:
        cancel_price(campaign=price_job.campaign, acting_user=None, now=NOW)
        keep(self)

    monkeypatch.setattr(price.PriceWork, "work", work)
    done = run_price_job(price_job.pk)
    assert done is not None
    assert (done.status, len(done.trainings)) == (JobStatus.CANCELLED, 6)
    assert price_of(price_job.campaign, Wish(), None, now=NOW).curve is not None
