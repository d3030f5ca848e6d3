"""`application_role` prints the statements; with --apply it runs them."""

import pytest
from django.core.management import CommandError
from django.db import connection

from tests.labeling.management.running import run

MAY = "SELECT has_table_privilege('chosen_app_of_tests', 'labeling_event', %s)"


def may(privilege: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(MAY, [privilege])
        return bool(cursor.fetchone()[0])


def test_it_prints_the_statements_and_runs_them_when_asked() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE chosen_app_of_tests LOGIN")
    printed = run("application_role", "chosen_app_of_tests")[0]
    assert 'GRANT SELECT, INSERT ON "labeling_event", "labeling_eventlink", "labeling_erasure"' in printed
    assert not may("INSERT")
    assert "can add events" in run("application_role", "chosen_app_of_tests", "--apply")[0]
    assert (may("INSERT"), may("UPDATE"), may("DELETE"), may("TRUNCATE")) == (True, False, False, False)


def test_a_role_that_is_not_there_is_named() -> None:
    with pytest.raises(CommandError, match="no role nobody"):
        run("application_role", "nobody")
