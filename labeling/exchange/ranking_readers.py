"""Readers of rankings and of single completions: Nectar, UltraFeedback, OASST, HelpSteer2, KTO.

`ReadLimits.ranking` says which comparisons a ranking becomes.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from common.phrases import gettext_noop
from labeling.exchange import conversations, parsing
from labeling.exchange.asking import Asked, asked_by, have_same_prompt, parts_of_prompt
from labeling.exchange.building import MOST_RANKED, Ranked, Size, Source, compare, ranking
from labeling.exchange.parsing import BadRecordError, scale_of_confidence
from labeling.exchange.raw import Place, ReadLimits
from labeling.exchange.reader import Comparisons, Reader, has
from labeling.exchange.records import CompletionText, ImportedComparison, JsonObject, Message, Preference

MODELS = ("chosen_model", "rejected_model")
OF_A_PAIR = ("id", "tags", "confidence", "pair", "source", "weight", "settled_by", *MODELS)
"""Fields of two lines that are about both, if they are the same in both: also those beside our own pairs. Their prompt
is, too."""

SCORES = ("overall_score", "fine-grained_score", "score", "rating", "reward")
LABELS = {
    **dict.fromkeys(("true", "1", "1.0", "desirable", "good", "thumbsup", "👍"), True),
    **dict.fromkeys(("false", "0", "0.0", "undesirable", "bad", "thumbsdown", "👎"), False),
}
"""Words for the label of a completion, without case, spaces and dashes."""

MOST_MESSAGES = 2000
"""Messages of one tree."""


def read_ranked_answers(place: Place, record: JsonObject, limits: ReadLimits) -> Comparisons:
    """Nectar: answers with ranks, of which 1 is the best."""
    ranked = []
    for answer in parsing.required_list(record, "answers"):
        rank = parsing.optional_number(answer, "rank")
        if rank is None:
            raise BadRecordError("ranking", gettext_noop("An answer has no rank."), "answers")
        text = conversations.completion(parsing.required(answer, "answer"), "answer")
        ranked.append(Ranked(told_of(text, answer, limits, "answer"), -rank))
    return ranking(Source(place, "nectar", record, limits), asked_by(record), ranked, used=("answers",))


def read_scored_completions(place: Place, record: JsonObject, limits: ReadLimits) -> Comparisons:
    """UltraFeedback: completions with an overall score."""
    ranked = []
    for one in parsing.required_list(record, "completions"):
        score = next((value for name in SCORES if (value := parsing.optional_number(one, name)) is not None), None)
        if score is None:
            raise BadRecordError(
                "ranking",
                gettext_noop("A completion has no score: none of %(all)s."),
                "completions",
                all=", ".join(SCORES),
            )
        text = conversations.completion(parsing.required(one, "response"), "response")
        ranked.append(Ranked(told_of(text, one, limits, "response"), score))
    return ranking(
        Source(place, "ultrafeedback", record, limits), asked_by(record), ranked, scored=True, used=("completions",)
    )


def read_tree(place: Place, record: JsonObject, limits: ReadLimits) -> Comparisons:
    """OASST: a tree of messages. Each prompt with two or more ranked replies is a ranking."""
    root = parsing.required(record, "prompt")
    if not isinstance(root, dict):
        raise BadRecordError(
            "wrong_type", gettext_noop("The field 'prompt' must be an object with 'replies'."), "prompt"
        )
    about = parsing.rest(record, "prompt")
    comparisons: list[ImportedComparison] = []
    pending: list[tuple[JsonObject, list[Message]]] = [(root, [])]
    visited = 0
    while pending:
        node, before = pending.pop(0)
        visited += 1
        if visited > MOST_MESSAGES:
            raise BadRecordError(
                "too_large", gettext_noop("The tree has more than %(most)s messages."), most=MOST_MESSAGES
            )
        replies = parsing.required_list(node, "replies") if node.get("replies") else []
        role = "assistant" if node.get("role") == "assistant" else "user"
        path = [*before, Message(role=role, content=parsing.required_text(node, "text"))]
        pending += [(reply, path) for reply in replies]
        if role == "user":
            comparisons += _ranked_replies(
                place, path, replies, {**about, **parsing.rest(node, "replies", "text")}, limits
            )
    if not comparisons:
        raise BadRecordError("ranking", gettext_noop("No message of the tree has two ranked replies."))
    return comparisons


def read_messages(place: Place, records: list[JsonObject], limits: ReadLimits) -> Comparisons:
    """OASST as single messages: the records of one tree, parents before replies."""
    nodes: dict[str, JsonObject] = {}
    root: JsonObject | None = None
    for record in records:
        node = {**record, "replies": []}
        nodes[parsing.required_text(record, "message_id")] = node
        parent = record.get("parent_id")
        if parent is None:
            root = node
        elif isinstance(parent, str) and parent in nodes:
            nodes[parent]["replies"].append(node)
        else:
            raise BadRecordError(
                "missing_parent", gettext_noop("The message that this one replies to does not precede it."), "parent_id"
            )
    if root is None:
        raise BadRecordError("missing_parent", gettext_noop("The first message of this tree is missing."), "parent_id")
    return read_tree(place, {"prompt": root}, limits)


def read_rated_responses(place: Place, records: list[JsonObject], limits: ReadLimits) -> Comparisons:
    """HelpSteer2: responses to one prompt, each on its own line with its ratings; helpfulness orders them."""
    head = parts_of_prompt(records[0])
    ranked = []
    for record in records:
        score = parsing.optional_number(record, "helpfulness")
        if score is None:
            raise BadRecordError("ranking", gettext_noop("A response has no rating 'helpfulness'."), "helpfulness")
        text = CompletionText(parsing.required_text(record, "response"))
        ranked.append(Ranked(told_of(text, record, limits, "response", *head), score))
    if len(ranked) < 2:
        raise BadRecordError(
            "single", gettext_noop("The prompt has only one response in the lines next to each other."), "response"
        )
    return ranking(Source(place, "helpsteer2", head, limits), asked_by(head), ranked, scored=True)


def read_kto(place: Place, records: list[JsonObject], limits: ReadLimits) -> Comparisons:
    """KTO: single completions of one prompt in neighbouring lines, each desirable or not. Two lines are a pair.

    A desirable one beats an undesirable one; two undesirable ones are both bad; two desirable ones tie.
    """
    comparisons = []
    for one, other in _label_pairs(records):
        labels = [_label(record) for record in (one, other)]
        preference: Preference = "first" if labels[0] else "second"
        if labels[0] == labels[1]:
            preference = "tie" if labels[0] else "both_bad"
        asked = asked_by(one)
        texts = [
            conversations.completion(parsing.required(record, "completion"), "completion") for record in (one, other)
        ]
        shared = {name: one[name] for name in OF_A_PAIR if name in one and one[name] == other.get(name)}
        shared |= parts_of_prompt(one)
        confidence = None if limits.other_scale else parsing.optional_confidence(shared)
        sides = [
            told_of(text, record, limits, "completion", "label", *shared)
            for text, record in zip(texts, (one, other), strict=True)
        ]
        models: tuple[str, ...] = ()
        if labels[0] != labels[1] and not any(side.model for side in sides):  # else nobody can tell whose they are
            models = tuple(name for name in MODELS if parsing.optional_name(shared, name, limits.name_chars))
            named = [parsing.optional_name(shared, MODELS[not label], limits.name_chars) for label in labels]
            sides = [replace(side, model=name) for side, name in zip(sides, named, strict=True)]
        comparisons.append(
            compare(
                Source(place, "kto", shared, limits),
                asked,
                (sides[0], sides[1]),
                ("completion", "completion"),
                preference=preference,
                size=Size(confidence=confidence),
                used=(*models, *(["confidence"] if confidence else [])),
            )
        )
    return comparisons


def _label_pairs(records: list[JsonObject]) -> list[tuple[JsonObject, JsonObject]]:
    """Neighbours, if none of them are two desirable ones; otherwise each desirable one with an undesirable one."""
    good = [record for record in records if _label(record)]
    bad = [record for record in records if not _label(record)]
    neighbours = list(zip(records[::2], records[1::2], strict=False))
    if len(records) % 2 == 0 and (len(records) == 2 or not any(_label(a) and _label(b) for a, b in neighbours)):
        return neighbours
    if len(good) == len(bad):
        return list(zip(good, bad, strict=True))
    text = gettext_noop(
        "The prompt has %(good)s desirable and %(bad)s undesirable completions in neighbouring lines, which make no "
        "pairs."
    )
    raise BadRecordError("single", text, "label", good=len(good), bad=len(bad))


def _label(record: JsonObject) -> bool:
    value = parsing.required(record, "label")
    if value in (0, 1) or isinstance(value, bool):
        return bool(value)
    if (label := label_of_word(value)) is not None:
        return label
    text = gettext_noop(
        "The field 'label' is %(value)s. Write true or false, 1 or 0, desirable or undesirable, good or bad, thumbs_up "
        "or thumbs_down."
    )
    raise BadRecordError("wrong_type", text, "label", value=parsing.shortened(value))


def label_of_word(value: Any) -> bool | None:
    """Whether a word calls a completion desirable; None: it says neither."""
    return LABELS.get(re.sub(r"[\s_-]", "", value.casefold())) if isinstance(value, str) else None


def _ranked_replies(
    place: Place, path: list[Message], replies: list[JsonObject], about: JsonObject, limits: ReadLimits
) -> list[ImportedComparison]:
    ranked = []
    for reply in replies:
        rank = parsing.optional_number(reply, "rank")
        if rank is None or parsing.is_true(reply.get("deleted")) or reply.get("role") != "assistant":
            continue
        text = CompletionText(parsing.required_text(reply, "text"))
        ranked.append(Ranked(told_of(text, reply, limits, "text", "replies", "rank"), -rank))
    if not 2 <= len(ranked) <= MOST_RANKED:
        return []
    about = {**about, "id": about.get("message_id")}
    asked = Asked(conversations.checked_prompt(path), ["message_id"])
    return ranking(Source(place, "oasst", about, limits), asked, ranked, used=("role", "parent_id"))


def told_of(completion: CompletionText, record: JsonObject, limits: ReadLimits, *used: str) -> CompletionText:
    """A completion with the model that the record names, and the other fields as its metadata."""
    model = parsing.optional_name(record, "model", limits.name_chars)
    metadata = parsing.rest(record, *used, *(["model"] if model else [])) or None
    return replace(completion, model=model, metadata=metadata)


def _has_completions(record: Mapping[str, Any]) -> bool:
    """Whether a record has completions that may have scores: not two plain texts."""
    listed = record.get("completions")
    is_of_texts = isinstance(listed, list) and len(listed) > 1 and all(isinstance(one, str) for one in listed)
    return "completions" in record and not is_of_texts


def _is_tree(record: Mapping[str, Any]) -> bool:
    return isinstance(record.get("prompt"), dict) and "replies" in record["prompt"]


def _same_prompt(group: list[JsonObject], record: JsonObject) -> bool:
    return len(group) < MOST_RANKED and "prompt" in record and have_same_prompt(group[0], record)


def _same_tree(group: list[JsonObject], record: JsonObject) -> bool:
    return len(group) < MOST_MESSAGES and record.get("parent_id") is not None


def read_alone(place: Place, record: JsonObject, limits: ReadLimits) -> Comparisons:
    """Refuses a record of a dialect that is read in groups."""
    raise BadRecordError("single", gettext_noop("The record is not one of a group."))


RANKING_READERS = (
    Reader("nectar", "prompt, answers (with ranks)", has("answers", "prompt"), read_ranked_answers),
    Reader("ultrafeedback", "instruction, completions (with scores)", _has_completions, read_scored_completions),
    Reader("oasst", "prompt (with replies)", _is_tree, read_tree),
    Reader(
        "oasst-messages",
        "message_id, parent_id, text, role, rank",
        has("message_id", "parent_id", "text", "role"),
        read_alone,
        _same_tree,
        read_messages,
    ),
    Reader(
        "helpsteer2",
        "prompt, response, helpfulness, ...",
        has("prompt", "response", "helpfulness"),
        read_alone,
        _same_prompt,
        read_rated_responses,
    ),
    Reader(
        "kto",
        "prompt, completion, label",
        has("prompt", "completion", "label"),
        read_alone,
        _same_prompt,
        read_kto,
        scale_of_confidence,
    ),
)
