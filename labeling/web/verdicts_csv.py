"""The verdicts of a campaign as a table for a file: what the page shows, without the texts of the completions."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from labeling.models import Campaign, Choice, User, Verdict
from labeling.queries.names import names_of_deciders
from labeling.web.csv_tables import Table

ROWS_AT_ONCE = 1000
VOTES = (Choice.A, Choice.B, Choice.TIE, Choice.BOTH_BAD)
COLUMNS = (
    "comparison",
    "prompt",
    "winner",
    "confidence",
    *(f"votes_{choice.value}" for choice in VOTES),
    "settled_by",
    "decided_by",
    "version_a",
    "version_b",
    "settled_at",
)


def table_of_verdicts(campaign: Campaign, verdicts: QuerySet[Verdict]) -> Table:
    """The verdicts, newest first, read from the database as they are written. verdicts: of `filtered_verdicts`."""
    deciders = User.objects.filter(pk__in=verdicts.order_by().values("settled_by_user"))
    names = {pk: shown.name for pk, shown in names_of_deciders(campaign, deciders).items()}
    return COLUMNS, _rows(verdicts.order_by("-pk"), names)


def _rows(verdicts: QuerySet[Verdict], names: dict[int, str]) -> Iterator[list[Any]]:
    for verdict in verdicts.iterator(chunk_size=ROWS_AT_ONCE):
        comparison = verdict.comparison
        yield [
            comparison.pk,
            str(comparison.prompt),
            verdict.winner,
            verdict.confidence,
            *(verdict.votes.get(choice.value, 0) for choice in VOTES),
            verdict.settled_by,
            names.get(verdict.settled_by_user_id or 0, ""),
            comparison.completion_a.model_version,
            comparison.completion_b.model_version,
            verdict.settled_at.isoformat(),
        ]
