"""Statements that change or delete history."""

from django.db import DatabaseError, connection, transaction


def refuses(statement: str) -> bool:
    """Whether the database refuses a statement as append-only."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError as error:
        return "append-only" in str(error)
    return False
