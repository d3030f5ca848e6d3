"""Writes many new rows at once by PostgreSQL's COPY, in less than half the time of `bulk_create`.

`bulk_create` puts every value into the text of a statement. COPY is for rows none of which can exist already.
"""

from collections.abc import Sequence

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model
from psycopg import sql


def copy_in(rows: Sequence[Model]) -> None:
    """Writes new rows of one model and gives them their keys, in this order. Like `bulk_create` it sends no signals.

    Raises django.db.IntegrityError if a constraint refuses one; then none is written.
    """
    if not rows:
        return
    connection = connections[DEFAULT_DB_ALIAS]  # `django.db.connection` would look it up for every value
    table = rows[0]._meta.db_table
    fields = rows[0]._meta.concrete_fields
    columns = sql.SQL(", ").join(sql.Identifier(str(field.column)) for field in fields)
    with connection.cursor() as cursor:
        sequence = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
        cursor.execute(sequence, [table, len(rows)])
        for row, (key,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = key
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), columns)
        # Django's cursor translates only the errors of its own methods, and COPY is not one of them.
        with connection.wrap_database_errors, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row([field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields])
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias
