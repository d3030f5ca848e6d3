"""The figures of one annotator's quality."""

from django.utils.translation import gettext as _

from labeling.models import User
from labeling.queries.annotator import AgainstVerdicts
from labeling.queries.slices import Slice
from labeling.queries.statistics import Counted, figures_of
from labeling.web.figure_rows import FigureRow


def part_of(user: User) -> Slice:
    """The slice of the annotator's judgments. It is refused where they have not judged."""
    return Slice(annotator=user.pseudonym, include_simulated=user.is_simulated, include_imported=user.is_outside)


def annotator_figures(counted: Counted, against: AgainstVerdicts) -> list[FigureRow]:
    """The figures of the annotator's judgments. counted: their slice."""
    found = figures_of(counted)
    median = found.speed.median
    return [
        FigureRow("gold", _("Gold accuracy"), _("Share of gold judged correctly."), found.gold, of="judgment"),
        FigureRow(
            "agreement",
            _("Agreement with others"),
            _("The same answer as another annotator, on comparisons that both judged."),
            found.agreement.percent_with_ties,
        ),
        FigureRow(
            "verdicts",
            _("Agreement with verdicts"),
            _("The same answer as the verdict, to which this annotator contributed."),
            against.agreed,
            of="judgment",
        ),
        FigureRow(
            "change",
            _("Change over time"),
            _("Agreement with verdicts in the later half of the judgments, minus the earlier half."),
            against.change,
            of="judgment",
            scale=(-1.0, 1.0),
        ),
        FigureRow(
            "consistency",
            _("Same choice again"),
            _("When an annotator judges the same comparison again with the sides swapped."),
            found.retests.consistency,
            of="retest",
        ),
        FigureRow(
            "left",
            _("Left preferred"),
            _("Share of preferences for the left side. About half without an effect of the side."),
            found.position,
            of="preference",
        ),
        FigureRow(
            "median",
            _("Median time"),
            _("Half of the judgments took at most this long."),
            median,
            "seconds",
            of="judgment",
            scale=(0.0, 1.1 * max(median.high or 0.0, median.value or 0.0, 1.0)),
        ),
    ]
