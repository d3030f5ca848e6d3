"""Statements that are compiled and planned once, for the way of a judgment.

A judgment takes nine statements. Django would compile the SQL of each queryset at every call, and the database would
plan it again. With joins and subqueries, either takes longer than the query itself. So:

- `prepared_cursor` is for statements that differ only in their values. The values are sent beside the statement, and
  after a few runs the server keeps its plan (settings: DATABASE_PREPARE).
- `Prepared` compiles a queryset at its first call, with a mark for each value that will differ. Later calls put values
  in the places of the marks, and Django's own code turns the rows into objects.
"""

import copy
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import count
from typing import Any, Generic, TypeVar, cast

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.utils import CursorWrapper
from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable
from django.db.models.sql.compiler import SQLCompiler
from psycopg._queries import PostgresQuery
from psycopg.sql import Literal

Row = TypeVar("Row", bound=Model)
Value = int | str | datetime

FIRST_MARK = 7_000_000_000_000_000_000
"""The first mark for an integer. No key of a row is that large."""


class _Cursor(psycopg.Cursor[Any]):
    """A cursor that keeps the text of a prepared statement for Django's log. psycopg's own forgets it."""

    def _convert_query(self, *query: Any) -> PostgresQuery:
        self._query = super()._convert_query(*query)
        return self._query


def prepared_cursor() -> CursorWrapper:
    """A cursor of the default database whose statements the server may prepare. It is a context manager: close it."""
    connection.ensure_connection()
    cursor: CursorWrapper = connection._prepare_cursor(_Cursor(connection.connection))  # type: ignore[attr-defined]
    return cursor


def insert(row: Model) -> None:
    """Writes a new row, as `row.save(force_insert=True)` does for a plain model, and sets its primary key."""
    if type(row) not in _INSERTS:
        fields = [field for field in row._meta.concrete_fields if not field.primary_key]
        columns = ", ".join(f'"{field.column}"' for field in fields)
        places = ", ".join(f"%({field.column})s" for field in fields)
        statement = f'INSERT INTO "{row._meta.db_table}" ({columns}) VALUES ({places}) RETURNING id'  # noqa: S608
        _INSERTS[type(row)] = (statement, fields)
    statement, fields = _INSERTS[type(row)]
    values: dict[str, Any] = {
        str(field.column): field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields
    }
    with prepared_cursor() as cursor:
        cursor.execute(statement, values)
        row.pk = cursor.fetchone()[0]
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


_INSERTS: dict[type[Model], tuple[str, list[Any]]] = {}


class Prepared(Generic[Row]):
    """A query that runs often.

    build: makes the queryset from keyword arguments. Its SQL must not depend on them, except for the values themselves.
    values: the type of each argument. Each value must reach the statement unchanged, in one place or several. So an
    argument that changes the form of the query (a flag, a list, None) is not possible.
    """

    def __init__(self, build: Callable[..., QuerySet[Row]], **values: type[Value]) -> None:
        self._build = build
        self._types = values
        self._compiler: SQLCompiler | None = None
        self._sql = ""
        self._annotations: tuple[str, ...] = ()

    def all(self, **values: Value) -> list[Row]:
        """The rows. Raises TypeError for a missing or additional argument, or one of another type."""
        if {name: type(value) for name, value in values.items()} != self._types:
            raise TypeError(f"{values} are not {self._types}")
        compiler = copy.copy(self._compiler or self._compile())
        with prepared_cursor() as cursor:
            cursor.execute(self._sql, values)
            return list(ModelIterable(cast("QuerySet[Row]", _FetchedRows(compiler, cursor.fetchall()))))

    def first(self, **values: Value) -> Row | None:
        """The first row, or None."""
        return next(iter(self.all(**values)), None)

    def annotated(self, **values: Value) -> list[tuple[Row, dict[str, Any]]]:
        """The rows, each with its annotations by name beside it, not on it. Raises TypeError as `all` does."""
        return [(row, {name: vars(row).pop(name) for name in self._annotations}) for row in self.all(**values)]

    def _compile(self) -> SQLCompiler:
        marks = {name: _mark(kind, number) for number, (name, kind) in enumerate(self._types.items())}
        compiler: SQLCompiler = self._build(**marks).query.get_compiler(DEFAULT_DB_ALIAS)
        sql, parameters = compiler.as_sql()
        named = [_name(parameter, marks) for parameter in parameters]
        if set(named) - {None} != set(marks):
            raise TypeError(f"not every one of {list(marks)} reaches the statement as it is: {sql}")
        # Constants are written out: the planner uses a partial index only if it knows the values in its condition.
        places = [
            f"%({name})s" if name else Literal(parameter).as_string(connection.connection).replace("%", "%%")
            for name, parameter in zip(named, parameters, strict=True)
        ]
        number = count()
        converters = compiler.get_converters([column[0] for column in compiler.select[: compiler.col_count]])
        compiler.get_converters = lambda _: converters  # type: ignore[assignment, method-assign]
        self._sql = re.sub("%(.)", lambda match: places[next(number)] if match[1] == "s" else match[0], sql)
        self._annotations = tuple(compiler.query.annotation_select)
        self._compiler = compiler
        return compiler


class _FetchedRows:
    """Rows that were fetched already, in the form in which Django's ModelIterable reads a queryset."""

    db = DEFAULT_DB_ALIAS
    _known_related_objects: Mapping[Any, Any] = {}

    def __init__(self, compiler: SQLCompiler, rows: list[tuple[Any, ...]]) -> None:
        compiler.connection = connections[self.db]  # this thread's
        compiler.execute_sql = lambda *_, **__: [rows]  # type: ignore[assignment, method-assign]
        self._compiler = compiler

    @property
    def query(self) -> "_FetchedRows":
        return self

    def get_compiler(self, using: str) -> SQLCompiler:
        return self._compiler


def _mark(kind: type[Value], number: int) -> Value:
    if kind is int:
        return FIRST_MARK + number
    return f"mark {number}" if kind is str else datetime(7000 + number, 1, 1, tzinfo=UTC)


def _name(parameter: object, marks: Mapping[str, Value]) -> str | None:
    same = (name for name, mark in marks.items() if type(parameter) is type(mark) and parameter == mark)
    return next(same, None)
