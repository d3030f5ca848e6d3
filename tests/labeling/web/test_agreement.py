"""The agreement figures: most asked for first, with published figures where they exist."""

from labeling.stats import AgreementReport, Estimate
from labeling.web.agreement import WITH_TIES, WITHOUT_TIES, agreement_rows


def test_figures_come_in_the_order_in_which_they_are_asked_for() -> None:
    report = AgreementReport(*(Estimate(number / 10, None, None, 3) for number in range(1, 5)))
    rows = {row.key: row for row in agreement_rows(report)}
    assert list(rows) == ["without-ties", "with-ties", "alpha", "ac1"]
    assert (rows["without-ties"].estimate, rows["with-ties"].estimate) == (
        report.percent_without_ties,
        report.percent_with_ties,
    )
    assert (rows["alpha"].value, rows["ac1"].unit) == (f"{report.alpha_nominal.value:.2f}", "coefficient")


def test_only_percentages_have_published_figures_beside_them() -> None:
    report = AgreementReport(*(Estimate(0.5, 0.4, 0.6, 3) for _ in range(4)))
    marks = {row.key: row.marks for row in agreement_rows(report)}
    assert marks == {"without-ties": WITHOUT_TIES, "with-ties": WITH_TIES, "alpha": (), "ac1": ()}
