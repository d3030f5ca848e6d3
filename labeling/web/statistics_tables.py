"""The tables of the statistics page as CSV, with every number in full."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from labeling.models import Campaign
from labeling.queries.annotators import annotator_summaries
from labeling.queries.names import names_by_pseudonym
from labeling.queries.statistics import Statistics
from labeling.stats import Drift, Ranking
from labeling.web.csv_tables import ESTIMATE, Table, estimate_cells
from labeling.web.statistics_rows import ALL_FIGURES


@dataclass(frozen=True, slots=True)
class Tabled:
    """The content of all tables. names: of the annotators as leads see them, by pseudonym."""

    campaign: Campaign
    figures: Statistics
    ranked: Ranking
    names: Mapping[str, str]

    def who(self, pseudonym: str) -> list[str]:
        """The pseudonym, by which exports and the API name an annotator, and the name of the page."""
        return [pseudonym, self.names.get(pseudonym, pseudonym)]


def figures_table(tabled: Tabled) -> Table:
    """The single figures of the page."""
    rows = (row for part in ALL_FIGURES for row in part(tabled.figures))
    return ("figure", "name", *ESTIMATE), ([row.key, row.name, *estimate_cells(row.estimate)] for row in rows)


def annotators_table(tabled: Tabled) -> Table:
    """One row for each annotator."""
    kinds = ("gold", "accuracy", "left", "seconds")
    columns = [f"{kind}_{part}" for kind in kinds for part in ESTIMATE[:4]]
    rows = (
        [
            *tabled.who(one.annotator),
            one.is_simulated,
            one.is_outside,
            one.votes,
            *(cell for kind in kinds for cell in estimate_cells(getattr(one, kind))[:4]),
        ]
        for one in tabled.figures.annotators
    )
    return ("annotator", "name", "is_simulated", "is_outside", "judgments", *columns), rows


def members_table(tabled: Tabled) -> Table:
    """Everybody who ever judged, as the page of the members counts their judgments, whichever are selected here."""
    summaries = annotator_summaries(tabled.campaign)
    names = names_by_pseudonym(tabled.campaign, [one.pseudonym for one in summaries])
    counts = ("judged", "ties", "skipped", "flagged", "undone", "left_share", "seconds")
    rows = (
        [
            one.pseudonym,
            names.get(one.pseudonym, one.pseudonym),
            one.is_simulated,
            one.is_outside,
            *(getattr(one, name) for name in counts),
        ]
        for one in summaries
    )
    return ("annotator", "name", "is_simulated", "is_outside", *counts), rows


def confusion_table(tabled: Tabled) -> Table:
    """P(chose | true) of each annotator over a, tie and b."""
    names = ("a", "tie", "b")
    rows = (
        [*tabled.who(one.annotator), true, *shares]
        for one in tabled.figures.annotators
        for true, shares in zip(names, one.confusion, strict=False)
    )
    return ("annotator", "name", "true", *(f"chose_{name}" for name in names)), rows


def pairs_table(tabled: Tabled) -> Table:
    """One row for each two annotators who judged the same comparisons."""
    return ("annotator", "name", "other", "other_name", *ESTIMATE), (
        [*tabled.who(pair.first), *tabled.who(pair.second), *estimate_cells(pair.same)] for pair in tabled.figures.pairs
    )


def drift_table(drift: Drift) -> Table:
    """Agreement with ties, by stretch of time."""
    return ("from", *ESTIMATE), ([point.name, *estimate_cells(point.agreement)] for point in drift.points)


def ranking_table(ranked: Ranking) -> Table:
    """The ratings of the model versions, best first."""
    rows = (
        [
            place,
            row.model,
            *estimate_cells(row.rating)[:3],
            row.wins,
            row.ties,
            row.losses,
            row.rating.comparisons,
            row.group,
        ]
        for place, row in enumerate(ranked.models, start=1)
    )
    return ("rank", "version", "rating", "low", "high", "won", "tied", "lost", "comparisons", "group"), rows


def win_rates_table(ranked: Ranking) -> Table:
    """The expected win rate of each version against each other."""
    names = [row.model for row in ranked.models]
    return ("preferred", *(f"to {name}" for name in names)), (
        [name, *rates] for name, rates in zip(names, ranked.win_rates, strict=True)
    )


TABLES: dict[str, Callable[[Tabled], Table]] = {
    "figures": figures_table,
    "annotators": annotators_table,
    "members": members_table,
    "confusion": confusion_table,
    "pairs": pairs_table,
    "ranking": lambda tabled: ranking_table(tabled.ranked),
    "win-rates": lambda tabled: win_rates_table(tabled.ranked),
    "by-day": lambda tabled: drift_table(tabled.figures.by_day),
    "by-comparison": lambda tabled: drift_table(tabled.figures.by_stretch),
}
"""Every table by its name in the address."""
