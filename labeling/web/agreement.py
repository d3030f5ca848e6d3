"""The agreement figures, most asked for first, beside published figures of human annotators."""

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
    Mark(0.73, gettext_lazy("summarize-from-feedback, among researchers (± 4 %)")),
    Mark(0.77, gettext_lazy("summarize-from-feedback, labelers with researchers (± 2 %)")),
    Mark(0.81, gettext_lazy("MT-bench, ties left out")),
)
ORIENTATION = gettext_lazy("A hash of the two completions decides which one is a, never the side or the model.")


def agreement_rows(report: AgreementReport) -> list[FigureRow]:
    """Four agreement figures over the same comparisons."""
    return [
        FigureRow(
            "without-ties",
            _("Same choice, ties left out"),
            _("How often two judgments with a preference agree."),
            report.percent_without_ties,
            marks=WITHOUT_TIES,
        ),
        FigureRow(
            "with-ties",
            _("Same choice, ties counted"),
            _("How often any two judgments agree; both bad counts as a tie."),
            report.percent_with_ties,
            marks=WITH_TIES,
        ),
        FigureRow(
            "alpha",
            _("Krippendorff's alpha"),
            _("Agreement beyond chance: 0 is chance, 1 is perfect. Nominal scale of a, tie and b. %(orientation)s")
            % {"orientation": ORIENTATION},
            report.alpha_nominal,
            "coefficient",
        ),
        FigureRow(
            "ac1",
            _("Gwet's AC1"),
            _("Agreement beyond chance, more stable when one choice is rare."),
            report.ac1,
            "coefficient",
        ),
    ]
