"""A test whose time was up leaves no locks to the next."""

import psycopg
import pytest
from django.conf import settings
from django.db import connection, transaction

from labeling.models import Campaign, User
from tests.databases import end_what_is_open

pytestmark = pytest.mark.django_db(transaction=True)


def test_transactions_of_a_test_that_was_broken_off_are_ended() -> None:
    place = settings.DATABASES["default"]
    address = {"host": place["HOST"], "port": place["PORT"], "user": place["USER"], "password": place["PASSWORD"]}
    thread = psycopg.connect(**address, dbname=place["NAME"])
    thread.execute("LOCK TABLE labeling_user")
    transaction.atomic().__enter__()
    assert not Campaign.objects.exists()

    end_what_is_open()

    assert not connection.in_atomic_block
    assert not User.objects.exists()
    with pytest.raises(psycopg.OperationalError):
        thread.execute("SELECT 1")
