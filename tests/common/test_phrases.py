"""English sentences of rooms without Django, made again in the language of a page."""

import json
import pickle

from django.utils import translation

from common.phrases import Count, Phrase, gettext_noop
from common.sentences import Sentence, reason_of, sentence_of

TOO_LARGE = gettext_noop("The record has %(size)s bytes; %(most)s are allowed.")
EMPTY = gettext_noop("%(where)s is empty.")
MESSAGE = gettext_noop("Message %(number)s of the prompt")


def test_a_phrase_is_an_english_sentence_also_where_a_page_is_german() -> None:
    with translation.override("de"):
        phrase = Phrase(TOO_LARGE, size=Count(2_000_000), most=Count(1_048_576))
    assert phrase == "The record has 2,000,000 bytes; 1,048,576 are allowed."
    assert json.dumps({"reason": phrase}) == '{"reason": "The record has 2,000,000 bytes; 1,048,576 are allowed."}'
    assert Phrase(gettext_noop("100% of it.")) == "100% of it."


def test_a_page_makes_the_sentence_of_a_phrase_with_its_own_numbers() -> None:
    phrase = Phrase(TOO_LARGE, size=Count(2_000_000), most=Count(1_048_576))
    assert Sentence.of(phrase) == str(phrase)
    stored = json.loads(json.dumps(phrase.as_json()))
    with translation.override("de"):
        assert Sentence.of(phrase) == "Der Datensatz hat 2.000.000 Bytes; erlaubt sind 1.048.576."
        assert Sentence.from_json(stored) == Sentence.from_json(Sentence.of(phrase).as_json()) == Sentence.of(phrase)


def test_phrases_within_phrases_are_translated_too() -> None:
    phrase = Phrase(EMPTY, where=Phrase(MESSAGE, number=3))
    assert phrase == "Message 3 of the prompt is empty."
    with translation.override("de"):
        assert Sentence("Line %(line)s: %(reason)s", {"line": 1234, "reason": phrase}) == (
            "Zeile 1234: Nachricht 3 des Prompts ist leer."
        )


def test_a_phrase_from_another_process_is_the_same() -> None:
    phrase = pickle.loads(pickle.dumps(Phrase(EMPTY, where=Phrase(MESSAGE, number=3))))
    assert phrase == "Message 3 of the prompt is empty."
    assert phrase.as_json() == {"text": EMPTY, "values": {"where": {"text": MESSAGE, "values": {"number": 3}}}}


def test_an_exception_hands_on_its_phrase() -> None:
    error = ValueError(Phrase(EMPTY, where=Phrase(MESSAGE, number=3)))
    with translation.override("de"):
        assert sentence_of(error) == "Nachricht 3 des Prompts ist leer."


def test_a_refusal_that_was_stored_before_there_were_phrases_stays_in_english() -> None:
    with translation.override("de"):
        reason = reason_of({"line": 2, "reason": "The field 'prompt' is missing."})
        assert (reason, reason.language) == ("The field 'prompt' is missing.", "en")
