"""The statistics of a campaign: any slice of it, every figure with its interval and what it stands on."""

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
from labeling.web.figure_rows import FigureRow, Mark, interval, shown
from labeling.web.slice_form import SliceForm

MOST_IN_MATRIX = 12
ONE_AGAINST_MOST = (Mark(0.657, gettext_lazy("AlpacaEval, one person against the mode of three")),)
LONGER = (Mark(0.64, gettext_lazy("AlpacaEval's people")),)
CHOICES = ("a", "tie", "b")


@dataclass(frozen=True, slots=True)
class PairCell:
    """Two annotators, in a matrix. depth: how strongly the cell is coloured, in tenths."""

    pair: AnnotatorPairAgreement

    @property
    def value(self) -> str:
        return shown(self.pair.same.value)

    @property
    def interval(self) -> str:
        return interval(self.pair.same)

    @property
    def depth(self) -> int:
        return round(10 * (self.pair.same.value or 0.0))


@dataclass(frozen=True, slots=True)
class DriftChart:
    """Agreement over time as a small figure of 100 by 40: a band for the intervals, a line for the values."""

    name: str
    drift: Drift

    @property
    def rows(self) -> list[tuple[str, Estimate, str, str]]:
        return [(one.name, one.agreement, shown(one.agreement.value), interval(one.agreement)) for one in self._known]

    @property
    def line(self) -> str:
        return " ".join(self._at(place, one.agreement.value) for place, one in self._places)

    @property
    def band(self) -> str:
        there = [self._at(place, one.agreement.high) for place, one in self._places]
        back = [self._at(place, one.agreement.low) for place, one in self._places]
        return " ".join([*there, *reversed(back)])

    @property
    def change(self) -> str:
        return _in_points(shown(self.drift.change.value))

    @property
    def change_interval(self) -> str:
        return _in_points(interval(self.drift.change))

    @property
    def _known(self) -> list[DriftPoint]:
        return [point for point in self.drift.points if point.agreement.value is not None]

    @property
    def _places(self) -> list[tuple[float, DriftPoint]]:
        """From 0 to 100; a single one reaches from end to end."""
        known = self._known
        if len(known) == 1:
            return [(0.0, known[0]), (100.0, known[0])]
        return [(100 * place / (len(known) - 1), one) for place, one in enumerate(known)]

    def _at(self, place: float, value: float | None) -> str:
        return f"{place:.2f},{40 * (1 - (value or 0.0)):.2f}"


def _in_points(share: str) -> str:
    """A difference of two shares: 3.1 points."""
    return _("%(value)s points") % {"value": share.removesuffix(" %")} if share.endswith(" %") else share


@page
@require_safe
def campaign_statistics(request: HttpRequest, slug: str) -> HttpResponse:
    """The figures of the slice that the form asks for; of everything people said, to begin with."""
    campaign = get_led_campaign(person(request), slug)
    form = SliceForm(request.GET or None, choices=slice_choices(campaign))
    part, controlled = Slice(), False
    if form.is_bound and form.is_valid():
        part, controlled = form.part(), form.cleaned_data["length_controlled"]
    now = timezone.now()
    try:
        found = statistics(campaign, part, now=now)
    except Invalid as error:
        refuse(form, error)
        part, found = Slice(), statistics(campaign, now=now)
    ranked = model_ranking(campaign, part, length_controlled=controlled, now=now)
    return render(request, "labeling/statistics.html", _context(campaign, form, found, ranked))


def _context(campaign: Campaign, form: SliceForm, found: Statistics, ranked: Ranking) -> dict[str, object]:
    return {
        "campaign": campaign,
        "tab": "statistics",
        "form": form,
        "found": found,
        "agreement": _agreement(found),
        "noise": _noise(found),
        "bias": _bias(found),
        "checks": _checks(found),
        "speed": _speed(found),
        "ranking": ranked,
        "models": _models(ranked),
        "win_rates": _win_rates(ranked),
        "annotators": [
            (row, interval(row.gold), interval(row.accuracy), interval(row.left), interval(row.seconds, "seconds"))
            for row in found.annotators
        ],
        "choices": CHOICES,
        "matrix": _matrix(found),
        "matrix_names": [row.annotator for row in found.annotators[:MOST_IN_MATRIX]],
        "most_in_matrix": MOST_IN_MATRIX,
        "drifts": [
            DriftChart(_("By day, or week"), found.by_day),
            DriftChart(_("Along the comparisons, in the order of their last vote"), found.by_stretch),
        ],
    }


def _agreement(found: Statistics) -> list[FigureRow]:
    without, with_ties, alpha, ac1 = agreement_rows(found.agreement)
    others = FigureRow(
        "leave-one-out",
        _("One against the majority of the others"),
        _("Of each judgment, whether it is what most of the others said; where three or more judged."),
        found.leave_one_out,
        marks=ONE_AGAINST_MOST,
    )
    ordinal = FigureRow(
        "alpha-ordinal",
        _("Alpha on the strength scale"),
        _("Ordinal, from b is much better to a is much better: near answers disagree less."),
        found.alpha_ordinal,
        "coefficient",
    )
    return [without, with_ties, others, alpha, ordinal, ac1]


def _noise(found: Statistics) -> list[FigureRow]:
    noise = found.noise
    return [
        FigureRow(
            "noise",
            _("Preferences for the worse one"),
            _("If two people who err alike agree as often as here without ties."),
            noise.from_agreement,
        ),
        FigureRow(
            "noise-ds",
            _("The same by Dawid-Skene"),
            _("Which lets everybody err in their own way."),
            noise.by_dawid_skene,
        ),
        FigureRow(
            "ceiling",
            _("Ceiling on single judgments"),
            _("A reward model that is always right scores this on such labels; a higher score has learned the noise."),
            noise.ceiling_one,
        ),
        FigureRow(
            "ceiling-three",
            _("Ceiling on majorities of three"),
            _("The same where each verdict is the majority of three judgments."),
            noise.ceiling_three,
        ),
    ]


def _bias(found: Statistics) -> list[FigureRow]:
    length = found.length
    return [
        FigureRow(
            "left",
            _("Left preferred"),
            _("Of all preferences. Sides are drawn at random: one half is what the texts alone give."),
            found.position,
            of="preference",
        ),
        FigureRow(
            "longer",
            _("Longer preferred"),
            _("Of all preferences between texts whose lengths differ by over 5 %."),
            length.longer_preferred,
            marks=LONGER,
        ),
        FigureRow(
            "twice",
            _("Preferred when twice as long"),
            _("By a logistic fit over all length ratios."),
            length.twice_as_long,
        ),
        FigureRow(
            "slope",
            _("Slope along the length ratio"),
            _("Of the log odds of a preference along the logarithm of the length ratio; 0: length plays no part."),
            length.slope,
            "coefficient",
            scale=(-2.0, 2.0),
        ),
    ]


def _checks(found: Statistics) -> list[FigureRow]:
    retests = found.retests
    return [
        FigureRow("gold", _("Gold right"), _("Where the verdict was known."), found.gold, of="judgment"),
        FigureRow(
            "consistency",
            _("Same answer again"),
            _("When the same person judges the same comparison again, with the sides exchanged."),
            retests.consistency,
            of="retest",
        ),
        FigureRow(
            "side-decided",
            _("Same side again"),
            _("Of those with a preference both times: the side decided, or chance, but not the text."),
            retests.side_decided,
            of="retest",
        ),
        FigureRow(
            "left-pull",
            _("Pull of the left"),
            _("Of those, left twice minus right twice: what the side itself causes. Chance falls on both sides alike."),
            retests.left_pull,
            of="retest",
            scale=(-1.0, 1.0),
        ),
    ]


def _speed(found: Statistics) -> list[FigureRow]:
    ends = [one for one in (found.speed.upper_quartile.high, found.speed.upper_quartile.value) if one is not None]
    scale = (0.0, max([*ends, 1.0]) * 1.1)
    quarters = (
        ("lower", _("A quarter take at most"), found.speed.lower_quartile),
        ("median", _("Half take at most"), found.speed.median),
        ("upper", _("Three quarters take at most"), found.speed.upper_quartile),
    )
    return [FigureRow(key, name, "", one, "seconds", of="judgment", scale=scale) for key, name, one in quarters]


def _models(ranked: Ranking) -> list[tuple[int, object, FigureRow]]:
    """Place, what was counted, and the rating on one scale for all."""
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
        (name, ["–" if row == column else shown(rate) for column, rate in enumerate(rates)])
        for row, (name, rates) in enumerate(zip(names, ranked.win_rates, strict=True))
    ]


def _matrix(found: Statistics) -> list[tuple[str, list[PairCell | None]]]:
    """The busiest annotators, each beside each; None: they never judged the same comparison."""
    together = {frozenset((pair.first, pair.second)): pair for pair in found.pairs}
    names = [row.annotator for row in found.annotators[:MOST_IN_MATRIX]]
    return [
        (one, [PairCell(pair) if (pair := together.get(frozenset((one, other)))) else None for other in names])
        for one in names
    ]
