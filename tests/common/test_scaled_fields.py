"""Minutes for seconds, and percent for shares."""

import pytest
from django import forms
from hypothesis import given
from hypothesis import strategies as st

from common.scaled_fields import MinutesField, PercentField


class Settings(forms.Form):
    lease = MinutesField(min_value=0.5)
    rate = PercentField(min_value=0, max_value=50, required=False)


def test_minutes_become_seconds_and_percent_a_share() -> None:
    form = Settings({"lease": "1.5", "rate": "12.5"})
    assert form.is_valid()
    assert form.cleaned_data == {"lease": 90, "rate": 0.125}
    assert isinstance(form.cleaned_data["lease"], int)


def test_stored_numbers_are_shown_in_the_typed_unit() -> None:
    form = Settings(initial={"lease": 1800, "rate": 0.07})
    assert (form["lease"].value(), form["rate"].value()) == ("30", "7")


@pytest.mark.parametrize("typed", ["many", "0.1", ""])
def test_a_wrong_number_comes_back_as_it_was_typed(typed: str) -> None:
    form = Settings({"lease": typed, "rate": "50"})
    assert not form.is_valid()
    assert form["lease"].value() == typed


@given(st.integers(30, 10**7))
def test_any_number_of_seconds_survives_the_form(seconds: int) -> None:
    shown = Settings(initial={"lease": seconds})["lease"].value()
    form = Settings({"lease": shown})
    assert form.is_valid()
    assert form.cleaned_data["lease"] == seconds


def test_an_empty_optional_field_has_no_number() -> None:
    form = Settings({"lease": "1", "rate": ""})
    assert form.is_valid()
    assert form.cleaned_data["rate"] is None
