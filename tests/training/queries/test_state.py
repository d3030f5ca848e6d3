"""What the state of an installation costs to read."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from training.queries.state import failing_deliveries

pytestmark = pytest.mark.django_db


def test_the_messages_given_up_in_the_last_day_are_found_by_an_index() -> None:
    with CaptureQueriesContext(connection) as seen:
        failing_deliveries(now=timezone.now())
    (asked,) = [one["sql"] for one in seen.captured_queries if "given_up" in one["sql"]]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # a table without rows is read whole otherwise
        cursor.execute(f"EXPLAIN {asked}")
        assert "webhook_delivery_given_up" in str(cursor.fetchall())
