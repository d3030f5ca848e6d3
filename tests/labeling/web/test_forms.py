"""The forms of labeling's smaller pages."""

from labeling.web.forms import EventFilterForm


def test_the_log_is_filtered_by_a_known_event() -> None:
    assert EventFilterForm({"verb": "judgment.made"}).is_valid()
    assert not EventFilterForm({"verb": "judgment.imagined"}).is_valid()
