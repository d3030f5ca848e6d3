"""Labels and numbers in the reader's language."""

import pytest
from django.utils.translation import override

from common.wording import beginning, decimals, grouped, in_sentence, percent, significant


def test_english_labels_are_in_lower_case_within_a_sentence_and_german_ones_are_not() -> None:
    with override("en"):
        assert in_sentence("Draft") == "draft"
    with override("de"):
        assert in_sentence("Entwurf") == "Entwurf"


def test_thousands_and_decimals_are_separated_as_the_language_does() -> None:
    with override("en"):
        assert (grouped(1234567), decimals(-0.25, 2), percent(0.7261)) == ("1,234,567", "−0.25", "72.6 %")
    with override("de"):
        assert (grouped(1234567), decimals(-0.25, 2), percent(0.7261)) == ("1.234.567", "−0,25", "72,6 %")


def test_a_number_is_rounded_to_its_significant_digits() -> None:
    with override("en"):
        assert (significant(0.012345), significant(-1234.5, 2), significant(0.5)) == ("0.0123", "−1.2e+03", "0.5")
    with override("de"):
        assert significant(0.012345) == "0,0123"


def test_a_signed_number_has_its_plus() -> None:
    with override("en"):
        assert (decimals(12.4, 0, signed=True), decimals(-12.4, 0, signed=True)) == ("+12", "−12")


@pytest.mark.parametrize(
    ("text", "length", "expected"),
    [
        ("Short.", 10, "Short."),
        ("Two\n  lines", 20, "Two lines"),
        ("What is the capital of France?", 20, "What is the capital…"),
        ("Donaudampfschifffahrtsgesellschaft", 10, "Donaudamp…"),
        ("exactly ten", 11, "exactly ten"),
        ("eleven more words", 12, "eleven more…"),
    ],
)
def test_the_beginning_of_a_text_ends_with_a_whole_word(text: str, length: int, expected: str) -> None:
    assert beginning(text, length) == expected
    assert len(beginning(text, length)) <= length
