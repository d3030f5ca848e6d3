"""Puts imported texts into the indexes of text search, after the import.

The trigram indexes cost nine times as much as the rest of storing a pair. So an import stores its rows outside of them
(`text_indexed`), and a job puts them in, some at a time. Each row says by itself whether it is in the index, and a
search looks through those that are not. So nothing is ever missed, and a job that dies leaves nothing to mend.
"""

import time

from django.db import connection, transaction

from labeling.models import Completion, Prompt

STEP = 500
"""Rows in one transaction: some tenths of a second."""

SECONDS = 45.0
"""The longest run of a job; the next one goes on."""

# A row that somebody holds (an import is taken back, say) is left to the next run.
INDEX = """
UPDATE {table} SET text_indexed = TRUE WHERE id IN (
    SELECT id FROM {table} WHERE NOT text_indexed AND id > %(after)s ORDER BY id LIMIT %(step)s
    FOR NO KEY UPDATE SKIP LOCKED
) RETURNING id
"""


def index_texts(*, step: int = STEP, seconds: float = SECONDS) -> int:
    """Indexes texts of prompts and completions, in steps, until none is left or the time is over; returns how many.

    Two at the same moment share the rows.
    """
    end, done = time.monotonic() + seconds, 0
    for table in (Prompt._meta.db_table, Completion._meta.db_table):
        after = 0  # the index keeps the entries of rows that are done for a while; this passes over them
        while time.monotonic() < end and (ids := _step(table, after, step)):
            after = max(ids)
            done += len(ids)
    return done


@transaction.atomic
def _step(table: str, after: int, step: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(INDEX.format(table=table), {"after": after, "step": step})
        return [key for (key,) in cursor.fetchall()]
