"""The agreement figures in the order in which people ask for them, beside published human figures."""

from labeling.stats import AgreementReport
from labeling.web.figure_rows import FigureRow, Mark

WITH_TIES = (
    Mark(0.63, "MT-bench, ties counted"),
    Mark(0.63, "Anthropic HH (about)"),
)
WITHOUT_TIES = (
    Mark(0.726, "InstructGPT (± 1.5 %)"),
    Mark(0.73, "summarize-from-feedback, researchers among themselves (± 4 %)"),
    Mark(0.77, "summarize-from-feedback, labelers with researchers (± 2 %)"),
    Mark(0.81, "MT-bench, ties left out"),
)
ORIENTATION = "Which completion is called a is drawn by a hash of the two, never by side or model."


def agreement_rows(report: AgreementReport) -> list[FigureRow]:
    """Four figures over the same comparisons."""
    return [
        FigureRow(
            "without-ties",
            "Same choice, ties left out",
            "Of two judgments that preferred a side, how often it was the same one.",
            report.percent_without_ties,
            marks=WITHOUT_TIES,
        ),
        FigureRow(
            "with-ties",
            "Same choice, ties counted",
            "Of any two judgments, how often they were the same; both bad counts as a tie.",
            report.percent_with_ties,
            marks=WITH_TIES,
        ),
        FigureRow(
            "alpha",
            "Krippendorff's alpha",
            f"Agreement beyond chance: 0 is chance, 1 is perfect. Nominal, over a, tie and b. {ORIENTATION}",
            report.alpha_nominal,
            "coefficient",
        ),
        FigureRow(
            "ac1",
            "Gwet's AC1",
            "Agreement beyond chance, steadier where one answer is rare.",
            report.ac1,
            "coefficient",
        ),
    ]
