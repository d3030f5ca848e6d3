"""A connection that the database ended is replaced, and what must be written is."""

import pytest
from django.db import OperationalError, connection

from common.database.connections import on_a_new_connection
from labeling.models import User


def end_connection() -> None:
    """Ends this connection as an operator does, and finds out."""
    with pytest.raises(OperationalError), connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


@pytest.mark.django_db(transaction=True)
def test_the_next_act_is_on_a_new_connection() -> None:
    end_connection()
    assert on_a_new_connection(lambda: User.objects.create(username="ada"))
    assert User.objects.filter(username="ada").exists()


@pytest.mark.django_db
def test_a_database_that_stays_away_ends_the_attempts() -> None:
    calls = []

    def act() -> None:
        calls.append(1)
        raise OperationalError("away")

    assert not on_a_new_connection(act)
    assert len(calls) == 1, "Within a transaction there is no new connection."
