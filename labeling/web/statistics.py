"""The statistics of a campaign or a slice of it. Every figure has its interval and its sample size."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from common.errors import Invalid
from labeling.access import get_led_campaign
from labeling.models import Campaign
from labeling.queries.slices import Slice, slice_choices
from labeling.queries.statistics import Statistics, model_ranking, statistics
from labeling.stats import AnnotatorPairAgreement, Drift, DriftPoint, Estimate, Ranking
from labeling.web.agreement import agreement_rows
from labeling.web.edge import page, person, refuse
from labeling.web.figure_rows import FigureRow, Mark, formatted, interval
from labeling.web.slice_form import SliceForm

MOST_IN_MATRIX = 12
ONE_AGAINST_MOST = (Mark(0.657, gettext_lazy("AlpacaEval, one annotator against the mode of three")),)
LONGER = (Mark(0.64, gettext_lazy("AlpacaEval's annotators")),)
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
    """Agreement over time as a small chart of 100 by 40: a band for the intervals, a line for the values."""

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
    """The figures of the slice in the form; without a form, of all judgments by people."""
    campaign = get_led_campaign(person(request), slug)
    form = SliceForm(request.GET or None, choices=slice_choices(campaign))
    part, controlled = Slice(), False
    if form.is_bound and form.is_valid():
        part, controlled = form.part(), form.cleaned_data["length_controlled"]
    now = timezone.now()
    try:
        figures = statistics(campaign, part, now=now)
    except Invalid as error:
        refuse(form, error)
        part, figures = Slice(), statistics(campaign, now=now)
    ranked = model_ranking(campaign, part, length_controlled=controlled, now=now)
    return render(request, "labeling/statistics.html", _context(campaign, form, figures, ranked))


def _context(campaign: Campaign, form: SliceForm, figures: Statistics, ranked: Ranking) -> dict[str, object]:
    return {
        "campaign": campaign,
        "tab": "statistics",
        "form": form,
        "found": figures,
        "agreement": _agreement(figures),
        "noise": _noise(figures),
        "bias": _bias(figures),
        "checks": _checks(figures),
        "speed": _speed(figures),
        "ranking": ranked,
        "models": _models(ranked),
        "win_rates": _win_rates(ranked),
        "annotators": [
            (row, interval(row.gold), interval(row.accuracy), interval(row.left), interval(row.seconds, "seconds"))
            for row in figures.annotators
        ],
        "choices": CHOICES,
        "matrix": _matrix(figures),
        "matrix_names": [row.annotator for row in figures.annotators[:MOST_IN_MATRIX]],
        "most_in_matrix": MOST_IN_MATRIX,
        "drifts": [
            DriftChart(_("By day or week"), figures.by_day),
            DriftChart(_("By comparison, in the order of the last vote"), figures.by_stretch),
        ],
    }


def _agreement(figures: Statistics) -> list[FigureRow]:
    without, with_ties, alpha, ac1 = agreement_rows(figures.agreement)
    others = FigureRow(
        "leave-one-out",
        _("Agreement with the majority"),
        _("How often a judgment agrees with the majority of the others, for comparisons with three or more."),
        figures.leave_one_out,
        marks=ONE_AGAINST_MOST,
    )
    ordinal = FigureRow(
        "alpha-ordinal",
        _("Alpha on the strength scale"),
        _("Ordinal, from “b is much better” to “a is much better”: similar choices count as less disagreement."),
        figures.alpha_ordinal,
        "coefficient",
    )
    return [without, with_ties, others, alpha, ordinal, ac1]


def _noise(figures: Statistics) -> list[FigureRow]:
    noise = figures.noise
    return [
        FigureRow(
            "noise",
            _("Wrong preferences"),
            _("The error rate that would explain the agreement without ties if all annotators were alike."),
            noise.from_agreement,
        ),
        FigureRow(
            "noise-ds",
            _("Wrong preferences, by Dawid-Skene"),
            _("The same with an error rate for each annotator."),
            noise.by_dawid_skene,
        ),
        FigureRow(
            "ceiling",
            _("Ceiling on single judgments"),
            _("The score of a reward model that is always right; a higher score means that it learned the noise."),
            noise.ceiling_one,
        ),
        FigureRow(
            "ceiling-three",
            _("Ceiling on majorities of three"),
            _("The same if each verdict is the majority of three judgments."),
            noise.ceiling_three,
        ),
    ]


def _bias(figures: Statistics) -> list[FigureRow]:
    length = figures.length
    return [
        FigureRow(
            "left",
            _("Left preferred"),
            _("Share of all preferences. Sides are random, so the texts alone would give one half."),
            figures.position,
            of="preference",
        ),
        FigureRow(
            "longer",
            _("Longer preferred"),
            _("Share of the preferences between texts whose lengths differ by more than 5 %."),
            length.longer_preferred,
            marks=LONGER,
        ),
        FigureRow(
            "twice",
            _("Preferred when twice as long"),
            _("From a logistic regression over all length ratios."),
            length.twice_as_long,
        ),
        FigureRow(
            "slope",
            _("Slope over the length ratio"),
            _("Slope of the log odds of a preference over the log of the length ratio; 0 means no effect of length."),
            length.slope,
            "coefficient",
            scale=(-2.0, 2.0),
        ),
    ]


def _checks(figures: Statistics) -> list[FigureRow]:
    retests = figures.retests
    return [
        FigureRow("gold", _("Gold accuracy"), _("Share of gold judged correctly."), figures.gold, of="judgment"),
        FigureRow(
            "consistency",
            _("Same choice again"),
            _("When an annotator judges the same comparison again with the sides swapped."),
            retests.consistency,
            of="retest",
        ),
        FigureRow(
            "side-decided",
            _("Same side again"),
            _("Among retests with a preference both times: the side or chance decided, not the text."),
            retests.side_decided,
            of="retest",
        ),
        FigureRow(
            "left-pull",
            _("Pull to the left"),
            _("Among those, left twice minus right twice: the effect of the side. Chance favours neither side."),
            retests.left_pull,
            of="retest",
            scale=(-1.0, 1.0),
        ),
    ]


def _speed(figures: Statistics) -> list[FigureRow]:
    ends = [one for one in (figures.speed.upper_quartile.high, figures.speed.upper_quartile.value) if one is not None]
    scale = (0.0, max([*ends, 1.0]) * 1.1)
    quarters = (
        ("lower", _("Lower quartile"), figures.speed.lower_quartile),
        ("median", _("Median"), figures.speed.median),
        ("upper", _("Upper quartile"), figures.speed.upper_quartile),
    )
    return [FigureRow(key, name, "", one, "seconds", of="judgment", scale=scale) for key, name, one in quarters]


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


def _matrix(figures: Statistics) -> list[tuple[str, list[PairCell | None]]]:
    """The busiest annotators against each other; None: the two never judged the same comparison."""
    pairs = {frozenset((pair.first, pair.second)): pair for pair in figures.pairs}
    names = [row.annotator for row in figures.annotators[:MOST_IN_MATRIX]]
    return [
        (one, [PairCell(pair) if (pair := pairs.get(frozenset((one, other)))) else None for other in names])
        for one in names
    ]
