"""Readers of the training files of services and trainers: Gemini, NeMo RL, LlamaFactory's KTO."""

from collections.abc import Mapping
from typing import Any

from common.phrases import gettext_noop
from labeling.exchange import conversations, parsing
from labeling.exchange.asking import Asked, asked_by, has_prompt
from labeling.exchange.building import MOST_RANKED, Ranked, Source, ranking
from labeling.exchange.parsing import BadRecordError, scale_of_confidence
from labeling.exchange.places import PROMPT, in_field
from labeling.exchange.ranking_readers import label_of_word, read_alone, read_kto, told_of
from labeling.exchange.raw import Place, ReadLimits
from labeling.exchange.reader import Comparisons, Reader, has
from labeling.exchange.records import JsonObject
from labeling.exchange.sides_reader import has_sides

GEMINI_SYSTEM = ("systemInstruction", "system_instruction")
"""The names of the system message in files and in the client library."""

LABELS = ("label", "kto_tag")
TURNS = ("messages", "conversations")
"""The fields of LlamaFactory's KTO files: the label, and a conversation that ends with the labeled reply."""


def read_gemini(place: Place, record: JsonObject, limits: ReadLimits) -> Comparisons:
    """Gemini's preference tuning: contents, and two completions. The scores say which is better, and no size."""
    asked = Asked([], ["contents"], is_apart=True)
    turns = [_of_parts(turn, "contents") for turn in parsing.required_list(record, "contents")]
    system = next((name for name in GEMINI_SYSTEM if record.get(name)), "")
    if system:
        turns = [{**_of_parts(record[system], system), "role": "system"}, *turns]
    asked.prompt = conversations.prompt(turns, extras=asked.extras)
    ranked = []
    for one in parsing.required_list(record, "completions"):
        score = parsing.optional_number(one, "score")
        if score is None:
            raise BadRecordError("ranking", gettext_noop("A completion has no score."), "completions")
        text = conversations.completion(_of_parts(parsing.required(one, "completion"), "completion"), "completion")
        ranked.append(Ranked(told_of(text, one, limits, "completion"), score))
    used = ("completions", *GEMINI_SYSTEM)
    return ranking(Source(place, "gemini", record, limits), asked, ranked, used=used)


def _of_parts(content: Any, name: str) -> JsonObject:
    """A content of Gemini as a message. Parts that are no text keep their name, for the refusal."""
    parts = content.get("parts") if isinstance(content, dict) else None
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        reason = gettext_noop("The field %(name)s must be an object with 'parts', a list of objects.")
        raise BadRecordError("wrong_type", reason, name, name=repr(name))
    return {"role": content.get("role"), "content": [_part(part) for part in parts]}


def _part(part: JsonObject) -> JsonObject:
    """A part of a content as one of a message. One that is no text has the type by which a refusal names it."""
    other = next((name for name, value in part.items() if name != "text" and value), "")
    return {"type": other} if other else {"type": "text", "text": part.get("text")}


def read_nemo(place: Place, record: JsonObject, limits: ReadLimits) -> Comparisons:
    """NeMo RL: a context of messages, and completions with ranks, of which the lowest is the best."""
    asked = asked_by(record)
    ranked = []
    for one in parsing.required_list(record, "completions"):
        rank = parsing.optional_number(one, "rank")
        if rank is None:
            raise BadRecordError("ranking", gettext_noop("A completion has no rank."), "completions")
        text = conversations.completion(parsing.required(one, "completion"), "completion", asked.extras)
        ranked.append(Ranked(told_of(text, one, limits, "completion"), -rank))
    return ranking(Source(place, "nemo", record, limits), asked, ranked, used=("completions",))


def read_labeled_replies(place: Place, records: list[JsonObject], limits: ReadLimits) -> Comparisons:
    """LlamaFactory's KTO: replies to one prompt in neighbouring lines, each with a label. See `read_kto`."""
    return read_kto(place, [_as_kto(record) for record in records], limits)


def _as_kto(record: JsonObject) -> JsonObject:
    """The same record with the field names of KTO. Raises BadRecordError."""
    label = next((name for name in LABELS if name in record), LABELS[0])
    value = parsing.required(record, label)
    turns = next((name for name in TURNS if name in record), "")
    if not turns:
        rest = {name: value for name, value in record.items() if name not in ("output", label)}
        return {**rest, "completion": parsing.required(record, "output"), "label": value}
    said = record[turns]
    if not isinstance(said, list):
        conversations.messages(said, in_field(turns))  # says what it is
    start = next((at for at in range(len(said), 0, -1) if _role(said[at - 1]) != "assistant"), 0)
    if not start or start == len(said):
        reason = gettext_noop("%(where)s must end with the user and the reply that has the label.")
        raise BadRecordError("role", reason, turns, where=PROMPT.subject)
    rest = {name: value for name, value in record.items() if name not in (turns, label)}
    return {**rest, "prompt": said[:start], "completion": said[start:], "label": value}


def _role(turn: Any) -> str:
    role = turn.get("role", turn.get("from")) if isinstance(turn, dict) else None
    return conversations.role_named(role) or ""


def _is_scored_content(record: Mapping[str, Any]) -> bool:
    return isinstance(record.get("contents"), list) and isinstance(record.get("completions"), list)


def _has_ranked_messages(record: Mapping[str, Any]) -> bool:
    listed = record.get("completions")
    is_ranked = isinstance(listed, list) and all(isinstance(one, dict) and "completion" in one for one in listed)
    return is_ranked and bool(listed) and has_prompt(record)


def _is_labeled_reply(record: Mapping[str, Any]) -> bool:
    if has_sides(record) or "completions" in record:
        return False
    if not any(_is_label(record.get(name)) for name in LABELS):
        return False
    if any(isinstance(record.get(name), list) for name in TURNS):
        return not has("completion")(record)
    return has("instruction", "output", "kto_tag")(record)


def _is_label(value: Any) -> bool:
    return isinstance(value, bool) or value in (0, 1) or label_of_word(value) is not None


def _same_turns(group: list[JsonObject], record: JsonObject) -> bool:
    """Whether a record is about the prompt of the records before it."""
    if len(group) >= MOST_RANKED or not _is_labeled_reply(record):
        return False
    try:
        first, other = (_as_kto(one) for one in (group[0], record))
    except BadRecordError:
        return False
    both = {*first, *other} - {"completion", "label", "id"}
    return all(first.get(name) == other.get(name) for name in both)


SERVICE_READERS = (
    Reader("gemini", "contents, completions (with scores)", _is_scored_content, read_gemini),
    Reader("nemo", "context, completions (with ranks)", _has_ranked_messages, read_nemo),
    Reader(
        "kto-messages",
        "messages (or instruction, output), label or kto_tag",
        _is_labeled_reply,
        read_alone,
        _same_turns,
        read_labeled_replies,
        scale_of_confidence,
    ),
)
