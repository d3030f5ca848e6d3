"""The reader of PRISM: conversations in which a participant scored several replies at each turn.

A turn is a ranking, and the participant an annotator. The conversation goes on from the chosen reply.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from common.phrases import gettext_noop
from labeling.exchange import conversations, parsing
from labeling.exchange.asking import Asked
from labeling.exchange.building import LEFT_OUT, Ranked, Source, ranking
from labeling.exchange.parsing import BadRecordError
from labeling.exchange.raw import Place, ReadLimits
from labeling.exchange.reader import Comparisons, Reader, has
from labeling.exchange.records import CompletionText, ImportedComparison, JsonObject, Message
from labeling.exchange.sides_reader import has_sides

MOST_REPLIES = 2000
"""Scored replies of one conversation."""

WIDEST = 99
"""The largest difference of two scores, which go from 1 to 100."""

OF_A_REPLY: tuple[str, ...] = (
    "turn",
    "role",
    "content",
    "model_name",
    "score",
    "if_chosen",
    "user_prompt",
    "model_response",
    "user_id",
    "conversation_id",
    "conversation_type",
    "interaction_id",
)


@dataclass(slots=True)
class _Turn:
    """A question of the participant, and the replies. kept: the one from which the conversation goes on."""

    asked: str = ""
    ranked: list[Ranked] = field(default_factory=list)
    kept: str = ""


def read_prism(place: Place, record: JsonObject, limits: ReadLimits) -> Comparisons:
    """A conversation with its history: messages of the user and of models, by turn."""
    turns: dict[int, _Turn] = {}
    listed = parsing.required_list(record, "conversation_history")
    for one in listed[: MOST_REPLIES + 1]:
        turn = turns.setdefault(_number(one), _Turn())
        if one.get("role") == "user":
            turn.asked = parsing.required_text(one, "content")
        else:
            _reply(turn, one, "content", limits)
    about = parsing.rest(record, "conversation_history", "opening_prompt")
    return _comparisons(place, about, turns, len(listed), limits)


def read_prism_utterances(place: Place, records: list[JsonObject], limits: ReadLimits) -> Comparisons:
    """The same as one line for each scored reply: the lines of one conversation, next to each other."""
    turns: dict[int, _Turn] = {}
    for one in records:
        turn = turns.setdefault(_number(one), _Turn())
        turn.asked = parsing.required_text(one, "user_prompt")
        _reply(turn, one, "model_response", limits)
    names = ("conversation_id", "user_id", "conversation_type")
    about = {name: records[0][name] for name in names if name in records[0]}
    return _comparisons(place, about, turns, len(records), limits)


def _number(one: JsonObject) -> int:
    number = parsing.optional_number(one, "turn")
    if number is None or not number.is_integer():
        raise BadRecordError("wrong_type", gettext_noop("A message has no number of its turn."), "turn")
    return int(number)


def _reply(turn: _Turn, one: JsonObject, name: str, limits: ReadLimits) -> None:
    """Adds a reply of a model to its turn. One without a score may still be the chosen one."""
    text = parsing.required_text(one, name)
    score = parsing.optional_number(one, "score")
    model = parsing.optional_name(one, "model_name", limits.name_chars)
    if parsing.is_true(one.get("if_chosen")):
        turn.kept = text
    if score is not None:
        known = {**parsing.rest(one, *OF_A_REPLY), "score": one["score"], "if_chosen": one.get("if_chosen")}
        turn.ranked.append(Ranked(CompletionText(text, model, metadata=known), score))


def _comparisons(
    place: Place, about: JsonObject, turns: Mapping[int, _Turn], replies: int, limits: ReadLimits
) -> list[ImportedComparison]:
    """The comparisons of all turns. about: the fields of the conversation. Raises BadRecordError."""
    if replies > MOST_REPLIES:
        reason = gettext_noop("The conversation has more than %(most)s messages.")
        raise BadRecordError("too_large", reason, most=MOST_REPLIES)
    before: list[Message] = []
    found, refusal = list[ImportedComparison](), None
    for number, turn in sorted(turns.items()):
        if number != len(before) // 2:
            reason = gettext_noop("Turn %(number)s of the conversation cannot be read: an earlier one is missing.")
            refusal = BadRecordError("missing_parent", reason, "turn", number=number)
            break
        prompt = [*before, Message(role="user", content=turn.asked)]
        try:
            found += _of_turn(place, about, number, prompt, turn, limits)
        except BadRecordError as error:
            refusal = error
        before = [*prompt, Message(role="assistant", content=turn.kept)] if turn.kept else before
    if not found:
        text = gettext_noop("No turn of the conversation has two replies with scores.")
        raise refusal or BadRecordError("ranking", text)
    return [replace(found[0], warnings=found[0].warnings + LEFT_OUT), *found[1:]] if refusal else found


def _of_turn(
    place: Place, about: JsonObject, number: int, prompt: list[Message], turn: _Turn, limits: ReadLimits
) -> list[ImportedComparison]:
    if len(turn.ranked) < 2:
        return []
    name = parsing.as_name(about.get("conversation_id"), limits.id_chars - 10)
    record = {**about, "id": f"{name}-{number}"} if name else about
    source = Source(place, "prism", record, limits, annotator="user_id")
    return ranking(source, Asked(conversations.checked_prompt(prompt), []), turn.ranked, widest=WIDEST)


def _same_conversation(group: list[JsonObject], record: JsonObject) -> bool:
    is_same = group[0].get("conversation_id") == record.get("conversation_id")
    return is_same and len(group) < MOST_REPLIES


def _one_utterance(place: Place, record: JsonObject, limits: ReadLimits) -> Comparisons:
    """One line of a conversation."""
    return read_prism_utterances(place, [record], limits)


def _has_turns(record: Mapping[str, Any]) -> bool:
    """Whether a record lists messages by turn. Others call the earlier messages of a pair a history too."""
    listed = record.get("conversation_history")
    has_numbers = isinstance(listed, list) and any(isinstance(one, dict) and "turn" in one for one in listed)
    return has_numbers and not has_sides(record)


PRISM_READERS = (
    Reader(
        "prism",
        "conversation_history (with scores)",
        _has_turns,
        read_prism,
    ),
    Reader(
        "prism-utterances",
        "conversation_id, turn, user_prompt, model_response, score",
        has("conversation_id", "turn", "user_prompt", "model_response", "score"),
        _one_utterance,
        _same_conversation,
        read_prism_utterances,
    ),
)
