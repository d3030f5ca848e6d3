"""The statistics of a campaign or a slice of it. Every figure has its interval and its sample size."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.errors import Invalid
from labeling.access import get_led_campaign
from labeling.actions.counting import counted_for_file, counted_or_coming
from labeling.models import Campaign
from labeling.queries.agreement import has_simulated_annotators, imported_judgments
from labeling.queries.names import names_by_pseudonym
from labeling.queries.slices import Slice, check_slice, slice_choices
from labeling.queries.statistics import Statistics, figures_of, ranking_of
from labeling.stats import AnnotatorPairAgreement, Drift, DriftPoint, Estimate, Ranking
from labeling.web.csv_tables import csv_file
from labeling.web.edge import page, person, refuse
from labeling.web.figure_rows import FigureRow, FigureRows, formatted, interval
from labeling.web.slice_form import SliceForm
from labeling.web.statistics_rows import (
    agreement_figures,
    bias_figures,
    checks_figures,
    noise_figures,
    speed_figures,
)
from labeling.web.statistics_tables import TABLES, Tabled

MOST_IN_MATRIX = 12
CHOICES = ("a", "tie", "b")


@dataclass(frozen=True, slots=True)
class PairCell:
    """Two annotators in a matrix. depth: the intensity of the cell's colour, in tenths."""

    pair: AnnotatorPairAgreement

    @property
    def value(self) -> str:
        return formatted(self.pair.same.value)

    @property
    def interval(self) -> str:
        return interval(self.pair.same)

    @property
    def depth(self) -> int:
        return round(10 * (self.pair.same.value or 0.0))


@dataclass(frozen=True, slots=True)
class DriftChart:
    """Agreement over time as a small chart of 100 by 40: a band for the intervals, a line for the values.

    key: the name of its table.
    """

    key: str
    name: str
    drift: Drift

    @property
    def rows(self) -> list[tuple[str, Estimate, str, str]]:
        return [
            (point.name, point.agreement, formatted(point.agreement.value), interval(point.agreement))
            for point in self._defined
        ]

    @property
    def line(self) -> str:
        return " ".join(_position(x, point.agreement.value) for x, point in self._points)

    @property
    def band(self) -> str:
        upper = [_position(x, point.agreement.high) for x, point in self._points]
        lower = [_position(x, point.agreement.low) for x, point in self._points]
        return " ".join([*upper, *reversed(lower)])

    @property
    def spots(self) -> list[tuple[str, str, str]]:
        """Where each point reacts to the pointer: x and width of a column, and its text."""
        points = self._points
        width = 100 / max(1, len(points))
        return [
            (
                f"{min(100 - width, max(0.0, x - width / 2)):.2f}",
                f"{width:.2f}",
                f"{point.name}: {formatted(point.agreement.value)} ({interval(point.agreement)})",
            )
            for x, point in points
        ]

    @property
    def change(self) -> str:
        return _in_points(formatted(self.drift.change.value))

    @property
    def change_interval(self) -> str:
        return _in_points(interval(self.drift.change))

    @property
    def _defined(self) -> list[DriftPoint]:
        return [point for point in self.drift.points if point.agreement.value is not None]

    @property
    def _points(self) -> list[tuple[float, DriftPoint]]:
        """The defined points with their x from 0 to 100; a single point spans the whole width."""
        points = self._defined
        if len(points) == 1:
            return [(0.0, points[0]), (100.0, points[0])]
        return [(100 * place / (len(points) - 1), point) for place, point in enumerate(points)]


def _position(x: float, value: float | None) -> str:
    return f"{x:.2f},{40 * (1 - (value or 0.0)):.2f}"


def _in_points(share: str) -> str:
    """A difference of two shares: "3.1 points"."""
    return _("%(value)s points") % {"value": share.removesuffix(" %")} if share.endswith(" %") else share


@page
@require_safe
def campaign_statistics(request: HttpRequest, slug: str) -> HttpResponse:
    """The figures of the slice in the form; without a form, of all judgments by people. `recount`: not cached ones.

    Those of a large campaign are the last that a worker counted, while it counts newer ones.
    """
    campaign = get_led_campaign(person(request), slug)
    chosen, again = _chosen(request, campaign), "recount" in request.GET
    counted, is_counting = counted_or_coming(campaign=campaign, part=chosen.part, again=again, now=timezone.now())
    query = request.GET.copy()
    query.pop("recount", None)
    shared = {"campaign": campaign, "tab": "statistics", "is_counting": is_counting, "query": query.urlencode()}
    if again and is_counting:  # the next look asks for no more
        return redirect(f"{reverse('statistics', args=[slug])}?{query.urlencode()}")
    if counted is None:
        return render(request, "labeling/statistics/counting.html", shared)
    ranked = ranking_of(counted, length_controlled=chosen.length_controlled)
    context = _context(campaign, Selection(chosen.form, figures_of(counted), ranked))
    return render(request, "labeling/statistics.html", shared | context)


@page
@require_safe
def statistics_table(request: HttpRequest, slug: str, table: str) -> StreamingHttpResponse:
    """One table of the same figures as CSV."""
    campaign = get_led_campaign(person(request), slug)
    if table not in TABLES:
        raise Http404
    chosen = _chosen(request, campaign)
    again = "recount" in request.GET
    counted = counted_for_file(campaign=campaign, part=chosen.part, again=again, now=timezone.now())
    figures, ranked = figures_of(counted), ranking_of(counted, length_controlled=chosen.length_controlled)
    tabled = Tabled(campaign, figures, ranked, _names(campaign, figures))
    return csv_file(f"{campaign.slug}-{table}", TABLES[table](tabled))


@dataclass(frozen=True, slots=True)
class Selection:
    """The form that selects judgments, and the figures of those."""

    form: SliceForm
    figures: Statistics
    ranked: Ranking


@dataclass(frozen=True, slots=True)
class Chosen:
    """The form that selects judgments, and what it selects."""

    form: SliceForm
    part: Slice
    length_controlled: bool


def _chosen(request: HttpRequest, campaign: Campaign) -> Chosen:
    sent = {name: str(value) for name, value in request.GET.items() if name != "recount"}
    choices = slice_choices(campaign)
    names = names_by_pseudonym(campaign, choices.annotators)
    form = SliceForm(sent or None, choices=choices, names=names)
    part, controlled = Slice(), False
    if form.is_bound and form.is_valid():
        part, controlled = form.part(), form.cleaned_data["length_controlled"]
    try:
        check_slice(campaign, part)
    except Invalid as error:
        refuse(form, error)
        part = Slice()
    return Chosen(form, part, controlled)


def _context(campaign: Campaign, selection: Selection) -> dict[str, object]:
    figures, ranked = selection.figures, selection.ranked
    names = _names(campaign, figures)
    return {
        "form": selection.form,
        "found": figures,
        "agreement": FigureRows(agreement_figures(figures)),
        "noise": FigureRows(noise_figures(figures)),
        "bias": FigureRows(bias_figures(figures)),
        "checks": FigureRows(checks_figures(figures)),
        "speed": FigureRows(speed_figures(figures)),
        "ranking": ranked,
        "models": _models(ranked),
        "win_rates": _win_rates(ranked),
        "imported": imported_judgments(campaign),
        "is_empty": not figures.annotators,
        "has_simulated": has_simulated_annotators(campaign),
        "simulated": [names.get(pseudonym, pseudonym) for pseudonym in figures.simulated],
        "annotators": [
            (
                names.get(row.annotator, row.annotator),
                row,
                interval(row.gold),
                interval(row.accuracy),
                interval(row.left),
                interval(row.seconds, "seconds"),
            )
            for row in figures.annotators
        ],
        "choices": CHOICES,
        "matrix": _matrix(figures, names),
        "matrix_names": [names.get(row.annotator, row.annotator) for row in figures.annotators[:MOST_IN_MATRIX]],
        "most_in_matrix": MOST_IN_MATRIX,
        "drifts": [
            DriftChart("by-day", _("By day or week"), figures.by_day),
            DriftChart("by-comparison", _("By comparison, in the order of the last vote"), figures.by_stretch),
        ],
    }


def _names(campaign: Campaign, figures: Statistics) -> dict[str, str]:
    return names_by_pseudonym(campaign, [*figures.simulated, *(row.annotator for row in figures.annotators)])


def _models(ranked: Ranking) -> list[tuple[int, object, FigureRow]]:
    """Rank, counts and rating of each model, all on one scale."""
    ends = [end for row in ranked.models for end in (row.rating.low, row.rating.high) if end is not None]
    reach = max([100.0, *(abs(end) for end in ends)])
    return [
        (
            place,
            row,
            FigureRow(f"rating-{place}", row.model or _("unknown"), "", row.rating, "points", scale=(-reach, reach)),
        )
        for place, row in enumerate(ranked.models, start=1)
    ]


def _win_rates(ranked: Ranking) -> list[tuple[str, list[str]]]:
    names = [row.model or _("unknown") for row in ranked.models]
    return [
        (name, ["–" if row == column else formatted(rate) for column, rate in enumerate(rates)])
        for row, (name, rates) in enumerate(zip(names, ranked.win_rates, strict=True))
    ]


def _matrix(figures: Statistics, names: Mapping[str, str]) -> list[tuple[str, list[PairCell | None]]]:
    """The busiest annotators against each other; None: the two never judged the same comparison."""
    pairs = {frozenset((pair.first, pair.second)): pair for pair in figures.pairs}
    shown = [row.annotator for row in figures.annotators[:MOST_IN_MATRIX]]
    return [
        (
            names.get(one, one),
            [PairCell(pair) if (pair := pairs.get(frozenset((one, other)))) else None for other in shown],
        )
        for one in shown
    ]
