"""The single figures of the statistics page, in the order of its cards."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from labeling.queries.statistics import Statistics
from labeling.web.agreement import agreement_rows
from labeling.web.figure_rows import FigureRow, Mark

ONE_AGAINST_MOST = (Mark(0.657, gettext_lazy("AlpacaEval, one annotator against the mode of three")),)
LONGER = (Mark(0.64, gettext_lazy("AlpacaEval's annotators")),)


def agreement_figures(figures: Statistics) -> list[FigureRow]:
    """How far annotators agree."""
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


def noise_figures(figures: Statistics) -> list[FigureRow]:
    """Label noise, and the ceiling that it sets for a reward model."""
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


def bias_figures(figures: Statistics) -> list[FigureRow]:
    """The pull of the side and of the length."""
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


def checks_figures(figures: Statistics) -> list[FigureRow]:
    """Gold and retests."""
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


def speed_figures(figures: Statistics) -> list[FigureRow]:
    """Seconds a judgment, by quartile."""
    ends = [one for one in (figures.speed.upper_quartile.high, figures.speed.upper_quartile.value) if one is not None]
    scale = (0.0, max([*ends, 1.0]) * 1.1)
    quarters = (
        ("lower", _("Lower quartile"), figures.speed.lower_quartile),
        ("median", _("Median"), figures.speed.median),
        ("upper", _("Upper quartile"), figures.speed.upper_quartile),
    )
    return [FigureRow(key, name, "", one, "seconds", of="judgment", scale=scale) for key, name, one in quarters]


ALL_FIGURES = (agreement_figures, noise_figures, bias_figures, checks_figures, speed_figures)
