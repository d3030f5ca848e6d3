"""Whole numbers in text that anybody may have written, and numbers as people read them."""

import pytest

from common.numbers import PlainFloat, whole_number


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("42", 42), ("9" * 18, 10**18 - 1), ("٤٢", 42)])
def test_digits_are_a_number(text: str, number: int) -> None:
    assert whole_number(text) == number


@pytest.mark.parametrize("text", ["", "-1", "+1", "1.0", "1e3", " 1", "0x1", "²", "9" * 19, "9" * 5000])
def test_other_texts_and_numbers_that_no_key_can_be_are_none(text: str) -> None:
    assert whole_number(text) is None


@pytest.mark.parametrize(("number", "text"), [(1e-6, "0.000001"), (1e-9, "0.000000001"), (1.0, "1"), (100.5, "100.5")])
def test_a_plain_number_has_no_exponent(number: float, text: str) -> None:
    assert (str(PlainFloat(number)), f"{PlainFloat(number)}") == (text, text)
