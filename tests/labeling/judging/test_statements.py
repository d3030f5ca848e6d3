"""The SQL statements of the queue: how they are planned, and what they count."""

from typing import Any

from django.db import connection, transaction

from labeling.judging.statements import FIND, RELEASE
from labeling.models import Assignment, Comparison
from tests.databases import emptied
from tests.people import stage


def test_the_search_walks_along_the_queue_index_from_the_cursor() -> None:
    emptied(Comparison)
    scene = stage(comparisons=200, overlap=2)
    values: dict[str, Any] = {"campaign": scene.campaign.pk, "annotator": scene.alice.pk, "may_judge_own": True}
    values |= {"after": 0.5, "until": 1e9}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ANALYZE labeling_comparison")
        cursor.execute("SET LOCAL enable_seqscan = off")  # on 200 rows a sequential scan is cheaper, rightly
        cursor.execute(f"EXPLAIN {FIND}", values)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Index Scan using comparison_queue on labeling_comparison" in plan
    assert "Sort" not in plan


def test_own_assignments_are_looked_up_one_by_one() -> None:
    emptied(Comparison, Assignment)
    scene = stage(comparisons=200, overlap=2)
    common = {"campaign": scene.campaign, "annotator": scene.alice, "left": "a", "status": "judged", "slot": 1}
    common |= {"leased_at": scene.now, "expires_at": scene.now}
    Assignment.objects.bulk_create(Assignment(comparison=one, **common) for one in Comparison.objects.all())
    values = {"campaign": scene.campaign.pk, "annotator": scene.alice.pk, "may_judge_own": True, "after": 0, "until": 9}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ANALYZE labeling_comparison, labeling_assignment")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {FIND}", values)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert plan.count("Index Cond: (comparison_id = c.id") + plan.count("Index Cond: ((comparison_id = c.id") == 2
    assert "assignment_annotator" not in plan


def test_an_assignment_that_is_released_twice_frees_one_place() -> None:
    scene = stage(comparisons=1, overlap=2)
    released, kept = scene.given(scene.alice), scene.given(scene.bob)
    with connection.cursor() as cursor:
        for _ in range(2):
            cursor.execute(RELEASE, {"assignments": [released.pk]})
    released.refresh_from_db()
    assert (released.status, released.slot) == (Assignment.Status.RELEASED, None)
    assert Comparison.objects.get().taken == 1
    kept.refresh_from_db()
    assert (kept.status, kept.slot) == (Assignment.Status.LEASED, 2)
