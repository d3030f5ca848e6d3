"""Sentences that are stored, by a worker perhaps, and translated into the language of whoever reads them later."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.utils.translation import get_language, gettext

from common.phrases import Count, Phrase
from common.wording import decimals, grouped, percent

FRACTION_DIGITS = 3


class Percent(float):
    """A share from 0 to 1 that a sentence shows as a percentage."""


class Sentence(str):
    """A sentence in the reader's language that remembers what it was made of.

    It is a string in the language that was active when it was made or loaded from its row. text: the English sentence,
    marked with `gettext_noop` where it is made, in which %(name)s stands for a value. values: texts, whole numbers,
    counts (Count), sentences, shares (Percent), and fractions, which are shown with three digits. Without values, any
    text may be given; one that the catalogue does not have stays as it is.
    """

    text: str
    values: Mapping[str, Any]

    def __new__(cls, text: str = "", values: Mapping[str, Any] | None = None) -> Self:
        """Renders the sentence in the active language."""
        translated = gettext(text) if text else ""
        values = {name: cls.of(value) if isinstance(value, Phrase) else value for name, value in (values or {}).items()}
        if values:
            translated %= {name: _rendered(value) for name, value in values.items()}
        sentence = super().__new__(cls, translated)
        sentence.text, sentence.values = text, values
        return sentence

    @property
    def language(self) -> str:
        """The code of the language it is in: English where the catalogue does not have it."""
        is_translated = bool(self.text) and gettext(self.text) != self.text
        return (get_language() or "en") if is_translated else "en"

    def as_json(self) -> dict[str, Any]:
        """JSON values from which `from_json` makes the sentence again, in whatever language is active then."""
        return {"text": self.text, "values": {name: _as_json(value) for name, value in self.values.items()}}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The sentence that `as_json` described."""
        values = stored.get("values", {})
        return cls(stored["text"], {name: cls._value(value) for name, value in values.items()})

    @classmethod
    def of(cls, text: str) -> Self:
        """The sentence of a phrase; any other text becomes one that is not translated."""
        if isinstance(text, cls):
            return text
        return cls.from_json(text.as_json()) if isinstance(text, Phrase) else cls(text)

    @classmethod
    def _value(cls, stored: Any) -> Any:
        if not isinstance(stored, dict):
            return stored
        if "count" in stored:
            return Count(stored["count"])
        return Percent(stored["percent"]) if "percent" in stored else cls.from_json(stored)


def sentence_of(error: Exception) -> Sentence:
    """The sentence that an exception was raised with; a plain message becomes one that is not translated."""
    message = error.args[0] if error.args else ""
    return Sentence.of(message) if isinstance(message, Sentence | Phrase) else Sentence(str(error))


def reason_of(refused: Mapping[str, Any]) -> Sentence:
    """The reason of a refused record that a row holds. Rows of earlier versions hold an English text only."""
    return Sentence.from_json(refused["sentence"]) if "sentence" in refused else Sentence(refused["reason"])


def _rendered(value: Any) -> Any:
    if isinstance(value, Percent):
        return percent(value)
    if isinstance(value, Count):
        return grouped(value)
    return decimals(value, FRACTION_DIGITS) if isinstance(value, float) else value


def _as_json(value: Any) -> Any:
    if isinstance(value, Percent):
        return {"percent": float(value)}
    if isinstance(value, Count):
        return {"count": int(value)}
    return value.as_json() if isinstance(value, Sentence) else value


if TYPE_CHECKING:
    _JSONField = models.JSONField[str, Sentence]
else:
    _JSONField = models.JSONField  # takes no parameters at run time


class SentenceField(_JSONField):
    """A column that holds a sentence; empty by default. A plain string becomes a sentence without values."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"blank": True, "default": Sentence, **options})

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """The sentence in the active language."""
        stored = super().from_db_value(value, expression, connection)
        return None if stored is None else Sentence.from_json(stored)

    def get_prep_value(self, value: Any) -> Any:
        """The sentence as JSON values."""
        if isinstance(value, str):
            return (value if isinstance(value, Sentence) else Sentence(value)).as_json()
        return super().get_prep_value(value)
