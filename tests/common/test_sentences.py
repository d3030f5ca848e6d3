"""Sentences that are stored and read later, in whatever language the reader has."""

import json

import pytest
from django.utils import translation

from common.errors import Conflict
from common.sentences import Percent, Points, Sentence, sentence_of
from tests.people import NOON, stage
from training.models import RetrainingRule

WAITS = "Waiting: %(fresh)s fresh verdicts of %(needed)s."


def test_a_sentence_is_a_string_of_the_active_language() -> None:
    waits = Sentence(WAITS, {"fresh": 3, "needed": 20})
    assert waits == "Waiting: 3 fresh verdicts of 20."
    assert json.dumps({"error": waits}) == '{"error": "Waiting: 3 fresh verdicts of 20."}'
    with translation.override("de"):
        assert Sentence.from_json(waits.as_json()) == "Wartet: 3 von 20 neuen Entscheidungen."


def test_sentences_within_sentences_are_translated_too() -> None:
    inner = Sentence(WAITS, {"fresh": 3, "needed": 20})
    stored = json.loads(json.dumps(Sentence("Could not start: %(reason)s", {"reason": inner}).as_json()))
    with translation.override("de"):
        assert Sentence.from_json(stored) == "Konnte nicht beginnen: Wartet: 3 von 20 neuen Entscheidungen."


def test_fractions_have_the_readers_decimal_mark() -> None:
    measured = Sentence("%(share)s of %(count)s", {"share": 0.5, "count": 1234})
    assert measured == "0.500 of 1234"
    with translation.override("de"):
        assert Sentence.from_json(measured.as_json()) == "0,500 of 1234"


@pytest.mark.parametrize(
    ("difference", "words"),
    [(0.042, "+4.2 points"), (-0.1, "−10.0 points"), (0.0, "0.0 points"), (-1e-9, "0.0 points")],
)
def test_differences_of_shares_are_said_in_points(difference: float, words: str) -> None:
    stored = json.loads(json.dumps(Sentence("It rose by %(rise)s", {"rise": Points(difference)}).as_json()))
    assert Sentence.from_json(stored) == f"It rose by {words}"


@pytest.mark.parametrize("text", ["", "CUDA ran out of memory at 97% of %(everything)s"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert Sentence.from_json(Sentence(text).as_json()) == text
    with translation.override("de"):
        assert (Sentence(text), Sentence(text).language) == (text, "en")
        assert Sentence("A text was empty.").language == "de"


def test_an_exception_hands_on_the_sentence_it_was_raised_with() -> None:
    waits = Sentence(WAITS, {"fresh": 3, "needed": 20})
    assert sentence_of(Conflict(waits)) is waits
    assert sentence_of(RuntimeError("no memory")) == "no memory"
    assert sentence_of(RuntimeError()) == ""


@pytest.mark.django_db
def test_a_column_gives_its_sentence_in_the_language_of_the_reader() -> None:
    rule = RetrainingRule.objects.create(campaign=stage().campaign, updated_at=NOON)
    assert RetrainingRule.objects.filter(outcome="").get().outcome == ""
    rule.outcome = Sentence(WAITS, {"fresh": 3, "needed": 20})
    rule.save(update_fields=["outcome"])
    with translation.override("de"):
        assert RetrainingRule.objects.get().outcome == "Wartet: 3 von 20 neuen Entscheidungen."
    RetrainingRule.objects.update(outcome="as it is")
    assert RetrainingRule.objects.values_list("outcome", flat=True).get() == "as it is"


def test_shares_are_percentages_with_the_readers_decimal_mark() -> None:
    measured = Sentence("It is %(share)s.", {"share": Percent(0.725)})
    assert measured == "It is 72.5 %."
    stored = json.loads(json.dumps(measured.as_json()))
    with translation.override("de"):
        assert Sentence.from_json(stored) == "It is 72,5 %."
