"""The state of an installation, and the cost of reading it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from labeling.models import KeptCounts, WebhookDelivery
from tests.databases import emptied
from tests.people import stage
from training.queries.state import JOBS, QUEUES, failing_deliveries, queue_states

pytestmark = pytest.mark.django_db


def test_the_messages_given_up_in_the_last_day_are_found_by_an_index() -> None:
    emptied(WebhookDelivery)
    with CaptureQueriesContext(connection) as seen:
        failing_deliveries(now=timezone.now())
    (asked,) = [one["sql"] for one in seen.captured_queries if "given_up" in one["sql"]]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # a table without rows is read whole otherwise
        cursor.execute(f"EXPLAIN {asked}")
        assert "webhook_delivery_given_up" in str(cursor.fetchall())


def test_every_job_waits_in_a_queue_that_is_looked_at() -> None:
    assert {model.QUEUE for model in JOBS} < set(QUEUES)
    assert len(JOBS) == 10


def test_statistics_that_somebody_wants_wait_beside_lens_and_lab() -> None:
    scene, now = stage(), timezone.now()
    row = KeptCounts.objects.create(campaign=scene.campaign, part="all", limits={}, asked_at=now)

    def waiting() -> int:
        return {one.name: one.waiting for one in queue_states(now=now)}["lens"]

    assert waiting() == 1
    KeptCounts.objects.filter(pk=row.pk).update(counted_at=now)
    assert waiting() == 0
