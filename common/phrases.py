"""English sentences that remember what they were made of, for rooms that know no Django.

Files, commands and the JSON of the API show them as they are. Pages show `common.sentences.Sentence.of` them, in the
reader's language.
"""

from collections.abc import Mapping
from typing import Any, NewType, Self

Marked = NewType("Marked", str)
"""An English sentence that the catalogues of translations hold."""


def gettext_noop(sentence: str) -> Marked:
    """Returns the sentence. Its name marks it for translation: pages look it up in the reader's language."""
    return Marked(sentence)


class Count(int):
    """A number that a sentence shows with thousands separators: 12,345."""

    def __str__(self) -> str:
        return f"{int(self):,}"


class Phrase(str):
    """A sentence in English, or a part of one, which can be made again in another language.

    template: marked with `gettext_noop`; %(name)s stands for a value. values: texts, numbers, counts (Count), and
    phrases. Without values the template is the sentence.
    """

    template: str
    values: Mapping[str, Any]

    def __new__(cls, template: Marked, **values: Any) -> Self:
        """Renders the sentence in English."""
        phrase = super().__new__(cls, template % values if values else template)
        phrase.template, phrase.values = str(template), values
        return phrase

    def __reduce__(self) -> tuple[Any, ...]:
        return _phrase, (self.template, self.values)

    def as_json(self) -> dict[str, Any]:
        """JSON values, from which `Sentence.from_json` makes the sentence in the reader's language."""
        return {"text": self.template, "values": {name: _as_json(value) for name, value in self.values.items()}}


def phrased(sentence: Marked | Phrase, values: Mapping[str, Any]) -> Phrase:
    """The phrase of a marked sentence and its values; one that is a phrase already."""
    return sentence if isinstance(sentence, Phrase) else Phrase(sentence, **values)


def _phrase(template: Marked, values: Mapping[str, Any]) -> Phrase:
    """For pickle, which gives no names to arguments."""
    return Phrase(template, **values)


def _as_json(value: Any) -> Any:
    if isinstance(value, Phrase):
        return value.as_json()
    if isinstance(value, Count):
        return {"count": int(value)}
    return value if isinstance(value, str | int | float) else str(value)
