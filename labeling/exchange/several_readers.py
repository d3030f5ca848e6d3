"""Readers of records with several completions: sides from a to d, lists with scores, lists of good and of bad ones.

No completion is left aside: the preferred one is compared with each of the others, and lists with scores are rankings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from common.phrases import gettext_noop
from labeling.exchange import certainties, conversations, parsing
from labeling.exchange.asking import Asked, asked_by, has_prompt, prompt_field
from labeling.exchange.building import (
    LEFT_OUT,
    MOST_RANKED,
    Ranked,
    Size,
    Source,
    compare,
    ranking,
)
from labeling.exchange.cells_of_turns import with_turns
from labeling.exchange.parsing import BadRecordError
from labeling.exchange.preference_words import preference_named
from labeling.exchange.prompt_reader import LISTS
from labeling.exchange.ranking_readers import told_of
from labeling.exchange.raw import Place, ReadLimits
from labeling.exchange.reader import Comparisons, Reader
from labeling.exchange.records import CompletionText, ImportedComparison, JsonObject, Vote
from labeling.exchange.sides_reader import (
    SIDES,
    has_sides,
    outcome_in,
    read_sides,
    refuse_contradiction,
    scale_of_outcome,
)

SCORES = ("scores", "ratings", "rewards")
RANKS = ("ranks", "ranking", "rankings")
ORDERS = RANKS[1:]
"""Those of them that may list the texts in their order as well."""
TEXTS = ("text", "content", "response", "completion", "answer", "output")
"""The fields of a listed object that may hold its text."""
SIDES_OF_LISTS = ("label_annotations", "annotations", "chosen", "rejected", "scores", "ratings", "ranks", "ranking")
"""Fields beside a list of texts that say of their own which is preferred."""
MODELS = ("models", "model_names", "generation_models")
"""The names under which files list scores, ranks and models beside completions of one prompt."""


def read_sides_in_a_row(place: Place, record: JsonObject, limits: ReadLimits) -> Comparisons:
    """Two completions under the usual names, or more in a row, response_a to response_d, and the one preferred."""
    names = names_in_a_row(record)
    if not names:
        return read_sides(place, record, limits)
    given, record = record, with_turns(record, prompt_field(record), names)  # an outcome repeats what was given
    outcome = outcome_in(given)
    chosen = _place_of(given.get(outcome), names, given, limits) if outcome else None
    if chosen is None:
        reason = gettext_noop("The record has %(number)s completions (%(names)s), and none is named as preferred.")
        raise BadRecordError("ranking", reason, outcome, number=len(names), names=", ".join(names)[:120])
    refuse_contradiction(given, outcome, chosen, lambda field: _place_of(given[field], names, given, limits))
    asked = asked_by(record)
    texts = [conversations.completion(record[name], name, asked.extras) for name in names]
    source = Source(place, "sides", record, limits)
    return against_others(source, asked, texts, names=names, chosen=chosen, used=(*names, outcome))


def names_in_a_row(record: Mapping[str, Any]) -> list[str]:
    """The names of three or more completions, such as response_1 to response_4. Empty: the record has fewer."""
    for names in SIDES:
        if names[0] in record and names[1] in record and (names[1][-1] in "bB2" or names[0][-1] == "0"):
            found, last = list(names), names[1]
            while (last := last[:-1] + chr(ord(last[-1]) + 1)) in record and last[-1].isalnum():
                if record[last] is not None:
                    found.append(last)
            return found if len(found) > 2 else []
    return []


def _place_of(value: Any, names: Sequence[str], record: JsonObject, limits: ReadLimits) -> int | None:
    """Which completion a value names: by its field, by the end of that name, or by its text. None: none of them."""
    same = [at for at, name in enumerate(names) if record[name] == value]
    if len(same) == 1:
        return same[0]
    word = parsing.as_word(value)
    if limits.other_scale and word.isdecimal() and names[0][-1] != "0":
        return None
    return next((at for at, name in enumerate(names) if word in (name.casefold(), name[-1].casefold())), None)


def against_others(source: Source, asked: Asked, texts: Sequence[CompletionText], **named: Any) -> Comparisons:
    """The preferred completion compared with each of the others. Those that look the same are left out, and noted.

    named: see `_tried`. Raises BadRecordError if none of them can be read.
    """
    return _readable(*_tried(source, asked, texts, **named))


def _tried(
    source: Source,
    asked: Asked,
    texts: Sequence[CompletionText],
    *,
    names: Sequence[str],
    chosen: int,
    votes: tuple[Vote, ...] = (),
    used: Sequence[str],
) -> tuple[list[ImportedComparison], list[BadRecordError]]:
    """The preferred completion compared with each of the others, and why some of these pairs cannot be read."""
    comparisons, refusals = list[ImportedComparison](), list[BadRecordError]()
    for at, text in enumerate(texts):
        if at == chosen:
            continue
        try:
            pair = (texts[chosen], text)
            ends = (names[chosen], names[at])
            comparisons.append(compare(source, asked, pair, ends, preference="first", votes=votes, used=used))
        except BadRecordError as error:
            refusals.append(error)
    return comparisons, refusals


def _readable(comparisons: list[ImportedComparison], refusals: Sequence[BadRecordError]) -> list[ImportedComparison]:
    """The comparisons of a record; the first has a warning if others of its pairs were refused."""
    if not refusals:
        return comparisons
    if not comparisons:
        raise refusals[0]
    return [replace(comparisons[0], warnings=comparisons[0].warnings + LEFT_OUT), *comparisons[1:]]


def read_scored_list(place: Place, record: JsonObject, limits: ReadLimits) -> Comparisons:
    """A list of texts and a list of their scores or ranks, as distilabel's UltraFeedback task writes them."""
    name, scores = _lists(record)
    if not name:
        reason = gettext_noop("There is no list of completions with a list of their scores or ranks beside it.")
        raise BadRecordError("missing_field", reason)
    texts, values = record[name], record[scores]
    if len(texts) != len(values):
        reason = gettext_noop("The lists %(first)s and %(second)s have different lengths.")
        raise BadRecordError("ranking", reason, scores, first=repr(name), second=repr(scores))
    if scores in ORDERS and _may_be_order(values):
        reason = gettext_noop(
            "The field %(name)s is %(value)s: the ranks of the texts, or the texts in their order? Write 'ranks' or "
            "'scores'."
        )
        raise BadRecordError("ranking", reason, scores, name=repr(scores), value=parsing.shortened(values))
    named = next((one for one in MODELS if _is_list(record.get(one), len(texts))), "")
    models = record[named] if named else [""] * len(texts)
    sign = -1 if scores in RANKS else 1
    ranked = [
        Ranked(CompletionText(text, parsing.as_name(model, limits.name_chars)), sign * number)
        for text, value, model in zip(texts, values, models, strict=True)
        if isinstance(text, str) and (number := parsing.optional_number({scores: value}, scores)) is not None
    ]
    source = Source(place, "scored-lists", record, limits)
    used = (name, scores, *([named] if named else [])) if len(ranked) == len(texts) else ()  # all stay in the metadata
    return ranking(source, asked_by(record), ranked, scored=scores not in RANKS, used=used)


def read_listed(place: Place, record: JsonObject, limits: ReadLimits) -> Comparisons:
    """A list of two or more texts, of which a letter, its own text or its model names the preferred one."""
    name = _listed(record)
    if not name:
        raise BadRecordError("missing_field", gettext_noop("There is no list of two or more completions."))
    texts = [_listed_text(one, limits) for one in record[name]]
    names = [f"{name}.{at}" for at in range(len(texts))]
    outcome = outcome_in(record)
    source, asked, used = Source(place, "listed", record, limits), asked_by(record), (name, outcome)
    value = record.get(outcome)
    same = [at for at, text in enumerate(texts) if value in (text.text, text.model) and value]
    word = parsing.as_word(value)
    if len(same) == 1:
        return against_others(source, asked, texts, names=names, chosen=same[0], used=used)
    if len(texts) == 2:
        pair = (f"{name}_a", f"{name}_b")
        stated = preference_named(value, outcome, pair, from_zero=True)  # as the numbers of a list may be
        return compare(source, asked, (texts[0], texts[1]), pair, preference=stated, used=used)
    at = "abcdefghijklmnop".find(word) if len(word) == 1 else -1
    if not 0 <= at < len(texts):
        reason = gettext_noop("The record has %(number)s completions (%(names)s), and none is named as preferred.")
        raise BadRecordError("ranking", reason, outcome, number=len(texts), names=", ".join(names)[:120])
    return against_others(source, asked, texts, names=names, chosen=at, used=used)


def _listed_text(value: Any, limits: ReadLimits) -> CompletionText:
    field = _field_of_text(value)
    return told_of(CompletionText(value[field]), value, limits, field) if field else CompletionText(value)


def _field_of_text(value: Any) -> str:
    """The field of an object that holds its text. Empty: it has none."""
    if not isinstance(value, dict):
        return ""
    return next((one for one in TEXTS if isinstance(value.get(one), str)), "")


def _listed(record: Mapping[str, Any]) -> str:
    """The field that lists two or more completions; two need nothing else, of more one must be preferred."""
    for name in LISTS:
        listed = record.get(name)
        is_enough = _is_list(listed) and (len(record[name]) == 2 or outcome_in(record))
        if is_enough and all(isinstance(one, str) or _field_of_text(one) for one in record[name]):
            return name
    return ""


def _may_be_order(values: list[Any]) -> bool:
    """Whether numbers are the ranks of texts, or the places of texts in their order, and these differ."""
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in values):
        return False
    least = min(values)
    if least not in (0, 1) or sorted(values) != list(range(int(least), int(least) + len(values))):
        return False
    places = [int(one - least) for one in values]
    return any(places[place] != at for at, place in enumerate(places))


def _lists(record: Mapping[str, Any]) -> tuple[str, str]:
    """The field with the texts, and that with their scores or ranks. Empty: the record has none."""
    name = next((one for one in LISTS if _is_list(record.get(one)) and all(_is_text(x) for x in record[one])), "")
    scores = next((one for one in (*SCORES, *RANKS) if isinstance(record.get(one), list)), "")
    return (name, scores) if name and scores else ("", "")


def _is_list(value: Any, length: int = 0) -> bool:
    return isinstance(value, list) and len(value) > 1 and length in (0, len(value))


def _is_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def read_good_and_bad(place: Place, record: JsonObject, limits: ReadLimits) -> Comparisons:
    """Lists of chosen and of rejected texts, as RewardBench 2 has them: each chosen one beats each rejected one."""
    good, bad = _texts_of(record, "chosen"), _texts_of(record, "rejected")
    if len(good) * len(bad) > MOST_RANKED:
        reason = gettext_noop("The lists 'chosen' and 'rejected' make %(number)s pairs; at most %(most)s can be read.")
        raise BadRecordError("ranking", reason, number=len(good) * len(bad), most=MOST_RANKED)
    comparisons, refusals = list[ImportedComparison](), list[BadRecordError]()
    for text in good:
        texts = [CompletionText(one) for one in (text, *bad)]
        names = ["chosen", *["rejected"] * len(bad)]
        source = Source(place, "good-and-bad", record, limits)
        used = ("chosen", "rejected")
        found, refused = _tried(source, asked_by(record), texts, names=names, chosen=0, used=used)
        comparisons, refusals = comparisons + found, refusals + refused
    return _readable(comparisons, refusals)


def _texts_of(record: JsonObject, name: str) -> list[str]:
    """The texts of a field that holds one or several. Raises BadRecordError."""
    value = parsing.required(record, name)
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        reason = gettext_noop("The field %(name)s must be a text, or a list of texts.")
        raise BadRecordError("wrong_type", reason, name, name=repr(name))
    return texts


def read_swift(place: Place, record: JsonObject, limits: ReadLimits) -> Comparisons:
    """ms-swift: messages that end with the preferred reply, and beside them the rejected one."""
    turns = parsing.required_list(record, "messages")
    asked = Asked([], ["messages"])
    asked.prompt = conversations.prompt(turns[:-1], extras=asked.extras)
    names = ("messages", "rejected_response")
    replies = (turns[-1], parsing.required(record, names[1]))
    texts = [conversations.completion(one, name) for one, name in zip(replies, names, strict=True)]
    source = Source(place, "swift", record, limits)
    size = Size(certainties.of_chosen(record))
    return compare(source, asked, (texts[0], texts[1]), names, preference="first", size=size, used=names)


def _is_good_and_bad(record: Mapping[str, Any]) -> bool:
    values = [record.get(name) for name in ("chosen", "rejected")]
    listed = [one for one in values if isinstance(one, list) and one and all(isinstance(text, str) for text in one)]
    return (
        has_prompt(record)
        and any(len(one) > 1 for one in listed)
        and all(isinstance(one, str) or one in listed for one in values)
    )


GOOD_AND_BAD = Reader("good-and-bad", "prompt, chosen, rejected (lists of texts)", _is_good_and_bad, read_good_and_bad)

SEVERAL_READERS = (
    Reader(
        "scored-lists",
        "prompt, responses (texts), scores",
        lambda record: has_prompt(record) and bool(_lists(record)[0]),
        read_scored_list,
    ),
    Reader(
        "swift",
        "messages, rejected_response",
        lambda record: _is_list(record.get("messages")) and isinstance(record.get("rejected_response"), str),
        read_swift,
    ),
)

SIDES_READERS = (
    Reader(
        "sides",
        "prompt, response_a, response_b, preference",
        has_sides,
        read_sides_in_a_row,
        numbers=scale_of_outcome,
    ),
    Reader(
        "listed",
        "prompt, responses (two or more), preference",
        lambda record: has_prompt(record) and bool(_listed(record)) and record.keys().isdisjoint(SIDES_OF_LISTS),
        read_listed,
    ),
)
