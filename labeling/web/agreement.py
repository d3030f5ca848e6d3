"""The agreement figures in the order in which people ask for them, beside published human figures."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from labeling.stats import AgreementReport
from labeling.web.figure_rows import FigureRow, Mark

WITH_TIES = (
    Mark(0.63, gettext_lazy("MT-bench, ties counted")),
    Mark(0.63, gettext_lazy("Anthropic HH (about)")),
)
WITHOUT_TIES = (
    Mark(0.726, gettext_lazy("InstructGPT (± 1.5 %)")),
    Mark(0.73, gettext_lazy("summarize-from-feedback, researchers among themselves (± 4 %)")),
    Mark(0.77, gettext_lazy("summarize-from-feedback, labelers with researchers (± 2 %)")),
    Mark(0.81, gettext_lazy("MT-bench, ties left out")),
)
ORIENTATION = gettext_lazy("Which completion is called a is drawn by a hash of the two, never by side or model.")


def agreement_rows(report: AgreementReport) -> list[FigureRow]:
    """Four figures over the same comparisons."""
    return [
        FigureRow(
            "without-ties",
            _("Same choice, ties left out"),
            _("Of two judgments that preferred a side, how often it was the same one."),
            report.percent_without_ties,
            marks=WITHOUT_TIES,
        ),
        FigureRow(
            "with-ties",
            _("Same choice, ties counted"),
            _("Of any two judgments, how often they were the same; both bad counts as a tie."),
            report.percent_with_ties,
            marks=WITH_TIES,
        ),
        FigureRow(
            "alpha",
            _("Krippendorff's alpha"),
            _("Agreement beyond chance: 0 is chance, 1 is perfect. Nominal, over a, tie and b. %(orientation)s")
            % {"orientation": ORIENTATION},
            report.alpha_nominal,
            "coefficient",
        ),
        FigureRow(
            "ac1",
            _("Gwet's AC1"),
            _("Agreement beyond chance, steadier where one answer is rare."),
            report.ac1,
            "coefficient",
        ),
    ]
