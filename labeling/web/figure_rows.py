"""A figure as a page shows it: its value and interval on a scale, with published figures as marks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.wording import decimals, grouped, percent
from labeling.stats import Estimate

Unit = Literal["share", "coefficient", "points", "seconds"]


@dataclass(frozen=True, slots=True)
class Mark:
    """A published figure. value: 0..1."""

    value: float
    source: str | Promise

    @property
    def x(self) -> float:
        return 100 * self.value


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One figure.

    key: its name for programs. unit: shares are shown in percent; for coefficients 0 is chance (or nothing) and 1 is
    perfect; points are Elo points. of: the unit of its sample size. scale: the ends of the bar.
    """

    key: str
    name: str
    what: str
    estimate: Estimate
    unit: Unit = "share"
    marks: tuple[Mark, ...] = ()
    of: str = "comparison"
    scale: tuple[float, float] = (0.0, 1.0)

    @property
    def value(self) -> str:
        return formatted(self.estimate.value, self.unit)

    @property
    def interval(self) -> str:
        return interval(self.estimate, self.unit)

    @property
    def counted(self) -> str:
        """The sample size: "1,204 judgments"."""
        return counted(self.of, self.estimate.comparisons)

    # Positions on a scale from 0 to 100; values beyond an end are drawn at that end.
    @property
    def x(self) -> float | None:
        return self._place(self.estimate.value)

    @property
    def start(self) -> float | None:
        return self._place(self.estimate.low)

    @property
    def width(self) -> float | None:
        start, end = self._place(self.estimate.low), self._place(self.estimate.high)
        return None if start is None or end is None else end - start

    @property
    def middle(self) -> float:
        """The neutral position: 0.5 for a share, 0 on a scale with negative values."""
        return self._place(0.5 if self.scale == (0.0, 1.0) else 0.0) or 0.0

    def _place(self, value: float | None) -> float | None:
        if value is None:
            return None
        low, high = self.scale
        return round(100 * min(1.0, max(0.0, (value - low) / (high - low))), 2)


@dataclass(frozen=True, slots=True)
class FigureRows:
    """Several figures. Those without a value are named in a sentence for each reason, not drawn as empty bars."""

    rows: Sequence[FigureRow]

    @property
    def defined(self) -> list[FigureRow]:
        return [row for row in self.rows if row.estimate.value is not None]

    @property
    def reasons(self) -> list[tuple[str, list[FigureRow]]]:
        """Each reason with the figures that it leaves without a value, in the order of the figures."""
        by_reason: dict[str, list[FigureRow]] = {}
        for row in self.rows:
            if row.estimate.value is None:
                by_reason.setdefault(row.estimate.reason or "", []).append(row)
        return list(by_reason.items())

    @property
    def marked(self) -> bool:
        """Whether a published figure is drawn beside one of them."""
        return any(row.marks for row in self.defined)


def interval(estimate: Estimate, unit: Unit = "share") -> str:
    """ "62.1 to 70.4 %"; empty if there is no interval."""
    if estimate.low is None or estimate.high is None:
        return ""
    low = formatted(estimate.low, unit).removesuffix(" %")
    return _("%(low)s to %(high)s") % {"low": low, "high": formatted(estimate.high, unit)}


def counted(of: str, number: int) -> str:
    """A number of comparisons, judgments, preferences or retests."""
    texts = {
        "comparison": ngettext("%(count)s comparison", "%(count)s comparisons", number),
        "judgment": ngettext("%(count)s judgment", "%(count)s judgments", number),
        "preference": ngettext("%(count)s preference", "%(count)s preferences", number),
        "retest": ngettext("%(count)s retest", "%(count)s retests", number),
    }
    return texts[of] % {"count": grouped(number)}


def formatted(value: float | None, unit: Unit = "share") -> str:
    """A value with its unit."""
    if value is None:
        return _("undefined")
    if unit == "share":
        return percent(value)
    if unit == "points":
        return decimals(value, 0, signed=True)
    return decimals(value, 2) if unit == "coefficient" else f"{decimals(value, 1)} s"
