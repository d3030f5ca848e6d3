"""Before the database deletes a row, it looks for rows that refer to it: by an index, or it reads their whole table."""

from django.db import connection

NEVER_DELETED = {
    "labeling_campaign",
    "labeling_event",
    "labeling_guidelineversion",
    "labeling_importbatch",
}
"""Tables whose rows no action deletes, so that a column which refers to them can do without an index."""

WITHOUT_INDEX = """
SELECT con.conrelid::regclass::text, att.attname, con.confrelid::regclass::text
FROM pg_constraint con JOIN pg_attribute att ON att.attrelid = con.conrelid AND att.attnum = con.conkey[1]
WHERE con.contype = 'f' AND NOT EXISTS (
    SELECT FROM pg_index ind WHERE ind.indrelid = con.conrelid AND ind.indkey[0] = con.conkey[1] AND ind.indpred IS NULL
)
"""


def test_every_reference_to_rows_that_are_deleted_has_an_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute(WITHOUT_INDEX)
        found = cursor.fetchall()
    assert {target for _, _, target in found} <= NEVER_DELETED, [one for one in found if one[2] not in NEVER_DELETED]
    assert found  # the statement finds those that are meant
