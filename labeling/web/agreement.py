"""Agreement as a page shows it: each figure with its interval on a scale, beside published human figures as marks."""

from dataclasses import dataclass

from labeling.stats import AgreementReport, Estimate


@dataclass(frozen=True, slots=True)
class Mark:
    """A published figure. value: 0..1."""

    value: float
    source: str

    @property
    def x(self) -> float:
        return 100 * self.value


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """One figure.

    key: names it for programs. is_share: shown in percent; else as a coefficient, where 0 is chance and 1 is perfect.
    """

    key: str
    name: str
    what: str
    estimate: Estimate
    is_share: bool
    marks: tuple[Mark, ...] = ()

    @property
    def value(self) -> str:
        return _shown(self.estimate.value, self.is_share)

    @property
    def interval(self) -> str:
        low, high = self.estimate.low, self.estimate.high
        if low is None or high is None:
            return ""
        return f"{_shown(low, self.is_share).removesuffix(' %')} to {_shown(high, self.is_share)}"

    # Positions on a scale from 0 to 100; a coefficient below chance is drawn at its end.
    @property
    def x(self) -> float | None:
        return _place(self.estimate.value)

    @property
    def start(self) -> float | None:
        return _place(self.estimate.low)

    @property
    def width(self) -> float | None:
        start, end = _place(self.estimate.low), _place(self.estimate.high)
        return None if start is None or end is None else end - start


WITH_TIES = (
    Mark(0.63, "MT-bench, ties counted"),
    Mark(0.63, "Anthropic HH (about)"),
    Mark(0.657, "AlpacaEval, one person against the mode of three"),
)
WITHOUT_TIES = (
    Mark(0.726, "InstructGPT"),
    Mark(0.73, "summarize-from-feedback, researchers among themselves"),
    Mark(0.77, "summarize-from-feedback, labelers with researchers"),
    Mark(0.81, "MT-bench, ties left out"),
)


def agreement_rows(report: AgreementReport) -> list[AgreementRow]:
    """The figures in the order in which people ask for them."""
    return [
        AgreementRow(
            "without-ties",
            "Same choice, ties left out",
            "Of two judgments that preferred a side, how often it was the same one.",
            report.percent_without_ties,
            True,
            WITHOUT_TIES,
        ),
        AgreementRow(
            "with-ties",
            "Same choice, ties counted",
            "Of any two judgments, how often they were the same; both bad counts as a tie.",
            report.percent_with_ties,
            True,
            WITH_TIES,
        ),
        AgreementRow(
            "alpha",
            "Krippendorff's alpha",
            "Agreement beyond chance: 0 is chance, 1 is perfect. Nominal, over a, tie and b.",
            report.alpha_nominal,
            False,
        ),
        AgreementRow(
            "ac1",
            "Gwet's AC1",
            "Agreement beyond chance, steadier where one answer is rare.",
            report.ac1,
            False,
        ),
    ]


def _shown(value: float | None, is_share: bool) -> str:
    if value is None:
        return "undefined"
    return f"{100 * value:.1f} %" if is_share else f"{value:.2f}"


def _place(value: float | None) -> float | None:
    return None if value is None else round(100 * min(1.0, max(0.0, value)), 2)
