"""The tables of one annotator's page as CSV, whole where the page shows the newest rows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils import timezone

from common.errors import Invalid
from labeling.actions.counting import counted_for_file
from labeling.models import Campaign, Judgment, User
from labeling.queries.annotator import CHOICES, against_verdicts, commented, flagged, judgments_by_day
from labeling.web.annotator_figures import annotator_figures, part_of
from labeling.web.csv_tables import ESTIMATE, Table, estimate_cells


@dataclass(frozen=True, slots=True)
class OfAnnotator:
    """The annotator and the campaign in which they judge."""

    campaign: Campaign
    user: User


def figures_table(of: OfAnnotator) -> Table:
    """The figures of the annotator's quality."""
    try:
        counted = counted_for_file(campaign=of.campaign, part=part_of(of.user), now=timezone.now())
    except Invalid:  # they have not judged
        return ("figure", "name", *ESTIMATE), []
    rows = annotator_figures(counted, against_verdicts(of.campaign, of.user))
    return ("figure", "name", *ESTIMATE), ([row.key, row.name, *estimate_cells(row.estimate)] for row in rows)


def verdicts_table(of: OfAnnotator) -> Table:
    """How many votes for each verdict and choice."""
    counted = zip(CHOICES, against_verdicts(of.campaign, of.user).table, strict=True)
    return ("verdict", *(f"chose_{choice}" for choice in CHOICES)), ([verdict, *row] for verdict, row in counted)


def days_table(of: OfAnnotator) -> Table:
    """Judgments of each day."""
    days = judgments_by_day(of.campaign, of.user, most=None)
    return ("day", "judgments"), ([day.isoformat(), number] for day, number in days)


def _words_table(judgments: Iterable[Judgment]) -> Table:
    rows = (
        [one.comparison_id, str(one.comparison.prompt), one.choice, one.flag, one.comment, one.created_at.isoformat()]
        for one in judgments
    )
    return ("comparison", "prompt", "choice", "flag", "comment", "at"), rows


ANNOTATOR_TABLES: dict[str, Callable[[OfAnnotator], Table]] = {
    "figures": figures_table,
    "verdicts": verdicts_table,
    "days": days_table,
    "comments": lambda of: _words_table(commented(of.campaign, of.user, most=None)),
    "flags": lambda of: _words_table(flagged(of.campaign, of.user, most=None)),
}
"""Every table by its name in the address."""
