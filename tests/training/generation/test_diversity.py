"""How much two texts differ."""

import pytest

from training.generation.diversity import NEARLY_THE_SAME, distinct_pairs, similarity

TEN = "one two three four five six seven eight nine ten"


@pytest.mark.parametrize(
    ("first", "second"),
    [("Paris.", "paris"), ("It is  Paris!\n", "it is paris"), (TEN, TEN.upper()), ("👍", "👍")],
)
def test_spacing_capitals_and_a_full_stop_make_no_difference(first: str, second: str) -> None:
    assert similarity(first, second) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Paris", "London"),
        ("2 + 2", "2 - 2"),
        ("yes", "yes yes yes yes"),
        ("a b c d", "d c b a"),
        ("👍", "👎"),
        ("", "x"),
    ],
)
def test_other_words_another_order_or_another_length_do(first: str, second: str) -> None:
    assert similarity(first, second) < 0.8
    assert similarity(first, second) == similarity(second, first)


def test_it_is_the_share_of_common_word_pairs() -> None:
    # Eleven pairs with the borders; one word changed breaks two of them.
    assert similarity(TEN, TEN.replace("five", "six")) == pytest.approx(9 / 11)


def test_one_word_of_forty_is_nearly_the_same_and_one_of_ten_is_not() -> None:
    forty = " ".join(f"w{number}" for number in range(40))
    assert similarity(forty, forty.replace("w7 ", "x ")) >= NEARLY_THE_SAME
    assert similarity(TEN, TEN.replace("five", "x")) < NEARLY_THE_SAME


def test_repetition_lowers_the_share_of_distinct_pairs() -> None:
    assert distinct_pairs("a b c", "d e f") == 1
    assert distinct_pairs("a b c", "a b c") == 0.5
    assert distinct_pairs("no no no no no", "yes") == 0.25
    assert distinct_pairs("yes", "no") == 1
