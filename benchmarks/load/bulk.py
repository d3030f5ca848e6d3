"""Millions of rows: copies of a template row, created inside the database for any table."""

from collections.abc import Mapping

import psycopg
from psycopg import sql


def copy_row(
    connection: psycopg.Connection, table: str, template: int, count: int, changes: Mapping[str, str]
) -> tuple[int, int]:
    """`count` copies of the row with id `template`; returns the first and the last id.

    changes: column -> SQL expression, in which `g` counts from 0, `t` is the template's row, and {first} is the first
    new id. All other columns are copied.
    """
    first = _one(connection, sql.SQL("SELECT max(id) + 1 FROM {}").format(sql.Identifier(table)))
    rows = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position", (table,)
    )
    columns = [str(name) for (name,) in rows]
    unknown = set(changes) - set(columns)
    if unknown:
        raise ValueError(f"{table} has no column {', '.join(sorted(unknown))}")
    values = {name: sql.SQL("t.{}").format(sql.Identifier(name)) for name in columns}
    values["id"] = sql.SQL("{first} + g").format(first=sql.Literal(first))
    for name, expression in changes.items():
        values[name] = sql.SQL(expression).format(first=sql.Literal(first))
    insert = sql.SQL(
        "INSERT INTO {table} ({columns}) SELECT {values} FROM {table} t, generate_series(0, {last}) g WHERE t.id = {id}"
    )
    connection.execute(
        insert.format(
            table=sql.Identifier(table),
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
            values=sql.SQL(", ").join(values.values()),
            last=sql.Literal(count - 1),
            id=sql.Literal(template),
        )
    )
    last = first + count - 1
    connection.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", (table, last))
    return first, last


def _one(connection: psycopg.Connection, query: sql.Composed) -> int:
    row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])
