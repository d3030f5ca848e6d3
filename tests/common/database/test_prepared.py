"""Queries whose SQL is made once say the same as when it is made each time."""

import inspect
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import django
import psycopg
import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Count, QuerySet
from django.db.models.query import ModelIterable
from django.db.models.sql.compiler import SQLCompiler
from django.test.utils import CaptureQueriesContext

from common.database.prepared import Prepared
from labeling.models import Assignment, Membership
from tests.people import NOON, stage

pytestmark = pytest.mark.django_db


def given_to(annotator: int, before: datetime) -> QuerySet[Assignment]:
    rows = Assignment.objects.select_related("comparison__prompt", "guideline_version").defer("guideline_version__text")
    rows = rows.annotate(said=Count("judgments")).filter(annotator=annotator, leased_at__lte=before)
    return rows.order_by("pk")


def test_rows_relations_annotations_and_what_is_left_out_are_as_without() -> None:
    scene = stage(comparisons=3, overlap=2)
    for user in (scene.alice, scene.bob):
        scene.vote(scene.given(user), "a")
        scene.given(user)
    prepared = Prepared(given_to, annotator=int, before=datetime)
    for user in (scene.alice, scene.bob, scene.charlie, scene.alice):
        with CaptureQueriesContext(connection) as queries:
            rows = prepared.all(annotator=user.pk, before=NOON)
            prompts = [row.comparison.prompt.messages for row in rows]
        assert len(queries) == 1
        expected = list(given_to(user.pk, NOON))
        assert rows == expected
        assert [vars(row)["said"] for row in rows] == [vars(row)["said"] for row in expected]
        assert prompts == [row.comparison.prompt.messages for row in expected]
        assert [row.get_deferred_fields() for row in rows] == [row.get_deferred_fields() for row in expected]
        assert all("text" in row.guideline_version.get_deferred_fields() for row in rows if row.guideline_version)
    assert len(prepared.all(annotator=scene.alice.pk, before=NOON)) == 2


def test_annotations_stand_beside_the_row_and_not_on_it() -> None:
    scene = stage(comparisons=2)
    for _ in range(2):
        scene.vote(scene.given(scene.alice), "a")
    prepared = Prepared(given_to, annotator=int, before=datetime)
    rows = prepared.annotated(annotator=scene.alice.pk, before=NOON)
    assert [annotations for _, annotations in rows] == [{"said": 1}, {"said": 1}]
    assert not any("said" in vars(row) for row, _ in rows)
    assert [row for row, _ in rows] == list(given_to(scene.alice.pk, NOON))


def test_the_queryset_is_built_once() -> None:
    scene, built = stage(), []

    def members(user: int) -> QuerySet[Membership]:
        built.append(user)
        return Membership.objects.filter(user=user)

    prepared = Prepared(members, user=int)
    assert [prepared.first(user=user.pk) is not None for user in (scene.alice, scene.root, scene.bob)] == [
        True,
        False,
        True,
    ]
    assert len(built) == 1


@pytest.mark.django_db(transaction=True)
def test_threads_use_connections_of_their_own() -> None:
    scene = stage(comparisons=4, overlap=2)
    people = [scene.alice, scene.bob] * 20
    for user in people[:2]:
        scene.given(user)
    prepared = Prepared(given_to, annotator=int, before=datetime)

    def annotator_seen(user: int) -> set[int]:
        try:
            return {row.annotator_id for row in prepared.all(annotator=user, before=NOON)}
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(annotator_seen, [user.pk for user in people])) == [{user.pk} for user in people]


def test_a_value_that_would_change_the_statement_is_refused() -> None:
    cut = Prepared(lambda number: Membership.objects.all()[:number], number=int)
    with pytest.raises(TypeError, match="reaches the statement"):
        cut.all(number=2)
    prepared = Prepared(lambda user: Membership.objects.filter(user=user), user=int)
    for wrong in ({}, {"user": "1"}, {"user": None}, {"user": 1, "campaign": 2}):
        with pytest.raises(TypeError, match="are not"):
            prepared.all(**wrong)


PRIVATE_PARTS = """common/database/prepared.py was made for Django 5.2 and psycopg 3.3.

It rests on private parts of both:
- django.db.backends.base.base.BaseDatabaseWrapper._prepare_cursor: wraps a cursor for the log of statements;
- django.db.models.sql.compiler.SQLCompiler (execute_sql, get_converters, select, col_count, connection) and the
  _known_related_objects of a queryset, as django.db.models.query.ModelIterable reads them;
- psycopg.Cursor._convert_query and psycopg._queries.PostgresQuery: keep the text of a prepared statement.
Read these in the new version. Run this file and tests/labeling/judging, and measure a judgment. Then name the version
in the test below."""


def test_the_versions_are_those_whose_private_parts_were_read() -> None:
    psycopg_version = tuple(int(part) for part in psycopg.__version__.split(".")[:2])
    assert (django.VERSION[:2], psycopg_version) == ((5, 2), (3, 3)), PRIVATE_PARTS


def test_the_private_parts_take_what_they_are_given() -> None:
    parts = {
        vars(BaseDatabaseWrapper)["_prepare_cursor"]: ["self", "cursor"],
        SQLCompiler.execute_sql: ["self", "result_type", "chunked_fetch", "chunk_size"],
        SQLCompiler.get_converters: ["self", "expressions"],
        psycopg.Cursor._convert_query: ["self", "query", "params"],
    }
    for part, names in parts.items():
        assert list(inspect.signature(part).parameters) == names, f"{part.__qualname__}: {PRIVATE_PARTS}"
    source = inspect.getsource(ModelIterable.__iter__)
    assert "compiler.execute_sql(" in source, PRIVATE_PARTS
    assert "queryset._known_related_objects" in source, PRIVATE_PARTS
