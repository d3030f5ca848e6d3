"""Judgments stay: the database itself refuses to change, delete or repeat them."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from labeling.models import Judgment
from tests.labeling.models.append_only import refuses
from tests.people import NOON, Stage

# The foreign keys to a table that no index of all rows begins with.
UNINDEXED = """
SELECT k.conrelid::regclass::text, a.attname FROM pg_constraint k
JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
WHERE k.contype = 'f' AND k.confrelid = %s::regclass AND NOT EXISTS (
    SELECT FROM pg_index i WHERE i.indrelid = k.conrelid AND i.indkey[0] = k.conkey[1] AND i.indpred IS NULL
)
"""


def test_a_judgment_can_not_be_deleted(scene: Stage) -> None:
    assert refuses("DELETE FROM labeling_judgment")


@pytest.mark.parametrize(
    "change", ["choice = 'b'", "comment = ''", "seconds = 1", "created_at = now()", "key = 'other'"]
)
def test_nothing_about_a_judgment_can_be_changed(scene: Stage, change: str) -> None:
    assert refuses(f"UPDATE labeling_judgment SET {change}")
    assert refuses(f"UPDATE labeling_judgment SET {change}, superseded_at = now()")


def test_a_judgment_is_superseded_once_and_for_good(scene: Stage) -> None:
    Judgment.objects.update(superseded_at=NOON)
    assert refuses("UPDATE labeling_judgment SET superseded_at = NULL")
    assert refuses("UPDATE labeling_judgment SET superseded_at = now()")
    assert refuses("UPDATE labeling_judgment SET comment = 'x'")


def test_a_campaign_with_judgments_cannot_be_deleted(scene: Stage) -> None:
    with pytest.raises(ProtectedError):
        scene.campaign.delete()
    assert Judgment.objects.exists()


def test_an_assignment_has_one_current_judgment_and_a_key_is_used_once(scene: Stage) -> None:
    judgment = Judgment.objects.get()
    key = judgment.key
    judgment.pk, judgment.key = None, "other"
    with pytest.raises(IntegrityError, match="judgment_current_once"), transaction.atomic():
        judgment.save(force_insert=True)
    judgment.pk, judgment.key, judgment.superseded_at = None, key, NOON
    with pytest.raises(IntegrityError, match="judgment_key_once"), transaction.atomic():
        judgment.save(force_insert=True)
    assert Judgment.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("table", ["labeling_comparison", "labeling_assignment", "labeling_judgment"])
def test_deleting_a_row_scans_no_table_that_refers_to_it(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(UNINDEXED, [table])
        assert cursor.fetchall() == []
