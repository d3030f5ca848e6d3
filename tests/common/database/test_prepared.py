"""Queries whose SQL is made once say the same as when it is made each time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.db import connection
from django.db.models import Count, QuerySet
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
