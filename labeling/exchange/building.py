"""Builds comparisons from the parts of a record: pairs with a preference, and rankings of several completions."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

from labeling.exchange import parsing
from labeling.exchange.asking import Asked
from labeling.exchange.looks import control_token
from labeling.exchange.parsing import BadRecordError
from labeling.exchange.raw import Place, ReadLimits
from labeling.exchange.records import CompletionText, ImportedComparison, JsonObject, Message, Preference

MOST_RANKED = 64
"""Completions in one ranking. All pairs of more would be thousands of comparisons."""

FIRST = ("a", "first", "left", "chosen", "1", "model_a", "response1", "response_1", "response_a", "answer1")
SECOND = ("b", "second", "right", "rejected", "2", "model_b", "response2", "response_2", "response_b", "answer2")
TIE = ("tie", "equal", "same", "draw", "both", "both_good", "tie (bothgood)", "1.5")
BOTH_BAD = ("both_bad", "both bad", "bothbad", "tie (bothbad)", "neither", "none")


def text_warnings(prompt: Sequence[Message], *texts: str) -> tuple[str, ...]:
    """The codes of what is unusual in the texts of a record."""
    is_marked = any(control_token(message["content"]) for message in prompt) or any(map(control_token, texts))
    return ("control_tokens",) if is_marked else ()


@dataclass(frozen=True, slots=True)
class Ranked:
    """A completion with its score: higher is better."""

    completion: CompletionText
    score: float


@dataclass(frozen=True, slots=True)
class Source:
    """One record, and how it is read. annotator: the field with the name of the person who judged."""

    place: Place
    dialect: str
    record: JsonObject
    limits: ReadLimits
    annotator: str = "annotator"


def compare(
    source: Source,
    asked: Asked,
    sides: tuple[CompletionText, CompletionText],
    names: tuple[str, str],
    *,
    preference: Preference | None,
    used: Sequence[str] = (),
    warnings: tuple[str, ...] = (),
) -> ImportedComparison:
    """The comparison of two completions. used: the fields of the record that were read, besides the prompt's."""
    place, record, limits = source.place, source.record, source.limits
    parsing.check_completions(sides[0].text, sides[1].text, names)
    external_id = next((one for one in ("id", "question_id", "prompt_id") if record.get(one) is not None), "id")
    read = (*asked.used, *used, external_id, source.annotator, "gold")
    metadata = parsing.rest(record, *read) | asked.extras
    for name in parsing.UNKEPT:  # empty, or the record would have been refused
        metadata.pop(name, None)
    return ImportedComparison(
        line=place.line,
        record=place.record,
        dialect=source.dialect,
        prompt=asked.prompt,
        first=sides[0],
        second=sides[1],
        preference=preference,
        annotator=parsing.optional_name(record, source.annotator, limits.name_chars),
        external_id=parsing.optional_name(record, external_id, limits.id_chars),
        gold=parsing.optional_gold(record),
        metadata=metadata,
        fields=tuple(name for name in record if name not in metadata),
        warnings=warnings + text_warnings(asked.prompt, sides[0].text, sides[1].text),
    )


def ranking(
    source: Source, asked: Asked, ranked: Sequence[Ranked], *, used: Sequence[str] = ()
) -> list[ImportedComparison]:
    """The comparisons of a ranking, as `ReadLimits.ranking` says: best against worst, all pairs, or neighbours.

    Pairs of equal texts are left out. Equal scores are a tie.
    """
    if not 2 <= len(ranked) <= MOST_RANKED:
        reason = f"The ranking has {len(ranked)} completions; from 2 to {MOST_RANKED} can be read."
        raise BadRecordError("ranking", reason)
    best_first = sorted(ranked, key=lambda one: -one.score)
    pairs = {
        "best-worst": [(best_first[0], best_first[-1])],
        "neighbours": list(pairwise(best_first)),
        "all": list(combinations(best_first, 2)) if source.limits.ranking == "all" else [],
    }[source.limits.ranking]
    comparisons: list[ImportedComparison] = []
    refusal: BadRecordError | None = None
    for better, worse in pairs:
        preference: Preference = "tie" if better.score == worse.score else "first"
        try:
            texts = (better.completion, worse.completion)
            comparisons.append(compare(source, asked, texts, ("better", "worse"), preference=preference, used=used))
        except BadRecordError as error:
            refusal = error
    if not comparisons and refusal is not None:
        raise refusal
    return comparisons


def preference_named(value: Any, field: str, names: tuple[str, str] = ("", "")) -> Preference | None:
    """A preference from the word for it. names: other words for the first and the second. None: null or empty.

    Raises BadRecordError for a word that is none.
    """
    if value is None or value == "":
        return None
    word = parsing.as_name(value, 200).strip().casefold()
    if word and word in (names[0].casefold(), *FIRST):
        return "first"
    if word and word in (names[1].casefold(), *SECOND):
        return "second"
    if word in TIE:
        return "tie"
    if word in BOTH_BAD:
        return "both_bad"
    reason = f"The field {field!r} is {parsing.shortened(value)}, which is no known preference."
    raise BadRecordError("preference", reason, field)


def common_preference(votes: Sequence[Preference]) -> tuple[Preference | None, tuple[str, ...]]:
    """The preference of most votes, and a warning if they disagree. None: no vote, or as many for another."""
    if not votes:
        return None, ()
    counts = sorted(((votes.count(one), one) for one in set(votes)), reverse=True)
    if len(counts) == 1:
        return counts[0][1], ()
    return (counts[0][1] if counts[0][0] > counts[1][0] else None), ("several_opinions",)
