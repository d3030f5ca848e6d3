"""Workers report themselves, and sign off."""

from datetime import timedelta

import pytest

from tests.training.conftest import NOW
from training.models import Worker
from training.workers import FORGOTTEN_AFTER, report, sign_off

pytestmark = pytest.mark.django_db


def test_a_worker_has_one_row_that_it_renews() -> None:
    report("worker-train@here", {"train"}, places=1, now=NOW)
    report("worker-train@here", {"train", "generate"}, places=2, now=NOW + timedelta(seconds=10))

    worker = Worker.objects.get()
    assert (worker.queues, worker.places) == (["generate", "train"], 2)
    assert not worker.is_silent(NOW + timedelta(seconds=60))
    assert worker.is_silent(NOW + timedelta(seconds=71))
    assert str(worker) == "worker-train@here"


def test_a_worker_that_stops_is_gone_and_long_forgotten_ones_with_it() -> None:
    report("worker@old", {"default"}, places=2, now=NOW - FORGOTTEN_AFTER - timedelta(seconds=1))
    report("worker-lens@here", {"lens"}, places=2, now=NOW)
    report("worker-train@here", {"train"}, places=1, now=NOW)

    sign_off("worker-train@here", now=NOW)

    assert list(Worker.objects.values_list("name", flat=True)) == ["worker-lens@here"]
