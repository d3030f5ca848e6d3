"""The axes: what each counts, what it does not, and what it never does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.evaluation.axes import TEXT_AXES, of_like_length

MEASURES = {axis.name: axis.measure for axis in TEXT_AXES}


@pytest.mark.parametrize(
    ("axis", "less", "more"),
    [
        ("length", "Short.", "Somewhat longer than that."),
        ("lists", "Take bread, tea and the 3. bus - or walk.", "Take:\n- bread\n- tea"),
        ("lists", "1 is less than 2\n-5 degrees", "1. one\n2) two"),
        ("lists", "No heading # here", "## A heading\nText"),
        ("lists", "A **bold** word.", "**Summary**\nText"),
        ("hedging", "It is the liver.", "Perhaps it is the liver."),
        ("hedging", "Es ist die Leber.", "Es ist MÖGLICHERWEISE die Leber."),
        ("hedging", "In May.", "It might be in May."),
        ("confidence", "It works.", "It definitely works."),
        ("confidence", "Es hilft.", "Es hilft zweifellos."),
        ("confidence", "This does not always help.", "This always helps."),
        ("confidence", "The uncertainly worded line.", "Certainly."),
        ("flattery", "The question is about tea.", "Great question! It is about tea."),
        ("flattery", "Sie haben recht viel Zeit und sie haben Zeit.", "Sie haben völlig recht."),
        ("flattery", "You\N{RIGHT SINGLE QUOTATION MARK}re late.", "You\N{RIGHT SINGLE QUOTATION MARK}re right."),
        ("refusal", "Here is how.", "I can\N{RIGHT SINGLE QUOTATION MARK}t help with that."),
        ("refusal", "I'm sorry to hear that you are ill. Rest a little.", "I'm sorry, but no."),
        ("refusal", "I can't wait to tell you!", "As an AI, I have no view."),
        ("refusal", "Es tut mir leid, dass Sie krank sind.", "Das tut mir leid, aber das geht nicht."),
        ("refusal", "Once upon a time. " * 20 + "I cannot go, said the fox.", "I cannot go there with you."),
        ("repetition", "One two three four five six seven.", "go on and on " * 5),
    ],
)
def test_each_axis_tells_more_from_less(axis: str, less: str, more: str) -> None:
    assert MEASURES[axis](more) > MEASURES[axis](less)


@pytest.mark.parametrize("axis", ["hedging", "confidence", "flattery", "refusal"])
@pytest.mark.parametrize("text", ["", "The bus leaves at nine.", "Der Bus fährt um neun.", "今日は天気がいい。"])
def test_plain_sentences_have_none_of_it(axis: str, text: str) -> None:
    assert MEASURES[axis](text) == 0


def test_the_numbers_are_those_of_their_definitions() -> None:
    assert MEASURES["length"]("  abc  ") == 2
    assert MEASURES["length"]("x" * 201) - MEASURES["length"]("x" * 100) == pytest.approx(1, abs=0.01)
    assert MEASURES["lists"]("- a\n- b\n* c") == 2
    assert MEASURES["hedging"]("Maybe two words more") == 25
    assert MEASURES["confidence"]("Without a doubt, always.") == 50  # two phrases in four words
    assert MEASURES["refusal"]("I'm unable to do so. I cannot.") == 1
    assert MEASURES["repetition"]("a b c d a b c d") == pytest.approx(1 / 5)


def test_code_counts_for_length_only() -> None:
    code = "Use this:\n```\n- definitely\n- perhaps\n# I cannot, great question\n```"
    assert all(axis.measure(code) == 0 for axis in TEXT_AXES if axis.name != "length")
    assert MEASURES["lists"]("```\n- never closed") == 0


def test_a_text_twice_as_long_of_the_same_style_has_the_same_style() -> None:
    text = "Perhaps it works. You certainly know that, and it is a great idea. Nothing else is left to do here today."
    for name in ("hedging", "confidence", "flattery"):
        assert MEASURES[name](text + " " + text) == pytest.approx(MEASURES[name](text))


@given(st.text())
def test_any_text_has_a_finite_number_on_every_axis(text: str) -> None:
    for axis in TEXT_AXES:
        assert 0 <= axis.measure(text) < 1000
    assert MEASURES["repetition"](text) < 1
    assert MEASURES["refusal"](text) in (0, 1)


@given(st.text(), st.text())
def test_length_and_lists_never_fall_when_lines_are_added(text: str, more: str) -> None:
    assert MEASURES["length"](text.strip() + "\n" + more) >= MEASURES["length"](text.strip())
    assert MEASURES["lists"](text.replace("`", "") + "\n- item") > MEASURES["lists"](text.replace("`", "")) - 1e-9


def test_lengths_are_alike_within_a_tenth_of_the_longer() -> None:
    assert of_like_length("x" * 90, "x" * 100)
    assert of_like_length("x" * 100, "x" * 90 + "   ")
    assert not of_like_length("x" * 89, "x" * 100)
    assert of_like_length("", "")
    assert not of_like_length("", "x")
