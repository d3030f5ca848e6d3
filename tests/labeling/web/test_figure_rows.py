"""Figures in their units, and their places on a scale from 0 to 100."""

import pytest
from django.utils import translation

from labeling.stats import Estimate
from labeling.web.figure_rows import FigureRow, FigureRows, Mark, Unit, counted, formatted, interval


def row(estimate: Estimate, unit: Unit = "share", scale: tuple[float, float] = (0.0, 1.0)) -> FigureRow:
    return FigureRow("key", "Name", "A description.", estimate, unit, scale=scale)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.7264, "share", "72.6 %"),
        (-0.254, "coefficient", "−0.25"),
        (12.4, "points", "+12"),
        (8.04, "seconds", "8.0 s"),
        (None, "share", "undefined"),
    ],
)
def test_a_value_has_its_unit(value: float | None, unit: Unit, text: str) -> None:
    assert formatted(value, unit) == text


def test_values_are_written_as_their_reader_writes_them() -> None:
    with translation.override("de"):
        assert formatted(0.7264) == "72,6 %"
        assert counted("judgment", 1204) == "1.204 Urteile"


def test_an_interval_has_both_ends_or_is_empty() -> None:
    assert interval(Estimate(0.66, 0.621, 0.704, 10)) == "62.1 to 70.4 %"
    assert interval(Estimate(0.66, None, None, 1, "One comparison.")) == ""


def test_a_figure_lies_on_its_scale_and_what_lies_beyond_is_drawn_at_the_end() -> None:
    figure = row(Estimate(0.5, -0.25, 2.0, 4), "coefficient", scale=(-1.0, 1.0))
    assert (figure.x, figure.start, figure.width, figure.middle) == (75.0, 37.5, 62.5, 50.0)
    assert Mark(0.63, "MT-bench").x == 63.0


def test_an_undefined_figure_has_no_place() -> None:
    figure = row(Estimate(None, None, None, 0, "Nobody judged."))
    assert (figure.x, figure.start, figure.width, figure.value) == (None, None, None, "undefined")


def test_the_sample_size_is_counted_in_its_unit() -> None:
    assert row(Estimate(0.5, 0.4, 0.6, 1)).counted == "1 comparison"
    assert counted("retest", 1204) == "1,204 retests"


def test_figures_without_a_value_are_named_once_for_each_reason() -> None:
    known, few, other = (
        Estimate(0.5, 0.4, 0.6, 9),
        Estimate(None, None, None, 0, "Few."),
        Estimate(None, None, None, 0, "None."),
    )
    one, two, three, four = row(few), row(known), row(few), row(other)
    rows = FigureRows([one, two, three, four])
    assert rows.defined == [two]
    assert rows.reasons == [("Few.", [one, three]), ("None.", [four])]
    assert not rows.marked
