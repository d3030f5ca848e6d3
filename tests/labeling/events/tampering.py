"""Somebody with all rights in the database, who changes the past."""

from django.db import connection, transaction


@transaction.atomic
def tamper(*statements: str) -> None:
    """Runs statements with triggers and constraints switched off, as a superuser may."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET LOCAL session_replication_role = origin")
