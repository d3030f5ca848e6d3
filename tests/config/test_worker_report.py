"""A real worker reports itself to the database, and signs off."""

import time

import pytest
from celery.contrib.testing.worker import start_worker

from config.celery import app
from tests.broker import private_broker
from training.models import Worker

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_worker_reports_its_queues_while_it_runs(embedded_services: None) -> None:
    with private_broker():
        with start_worker(app, pool="solo", perform_ping_check=False, queues="lens", shutdown_timeout=60):
            deadline = time.monotonic() + 60
            while not Worker.objects.exists() and time.monotonic() < deadline:
                time.sleep(0.1)
            worker = Worker.objects.get()
            assert (worker.queues, worker.places) == (["lens"], 1)
        assert not Worker.objects.exists()
