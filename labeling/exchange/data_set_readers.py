"""Readers of well-known data sets and services in shapes of their own: Stack Exchange, TL;DR, compar:IA, Nova."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from common.phrases import gettext_noop
from labeling.exchange import conversations, parsing
from labeling.exchange.asking import Asked, asked_by
from labeling.exchange.battle_readers import read_arena
from labeling.exchange.building import Ranked, Source, compare, ranking
from labeling.exchange.parsing import BadRecordError
from labeling.exchange.platform_readers import object_in
from labeling.exchange.ranking_readers import told_of
from labeling.exchange.raw import Place, ReadLimits
from labeling.exchange.reader import Comparisons, Reader, has
from labeling.exchange.records import JsonObject, Preference

VOTES = "pm_score"
"""The field of an answer with its score of upvotes."""

POSTS = ("post", "article")
"""The fields of TL;DR with the text that both summaries are about."""

LABELS: Mapping[str, int] = {"preferred": 1, "non-preferred": 0}
"""Nova's labels of two candidates."""


def read_voted_answers(place: Place, record: JsonObject, limits: ReadLimits) -> Comparisons:
    """Stack Exchange preferences: answers to a question with scores of upvotes, which have no size."""
    ranked = []
    for answer in parsing.required_list(record, "answers"):
        score = parsing.optional_number(answer, VOTES)
        if score is None:
            raise BadRecordError("ranking", gettext_noop("An answer has no score."), "answers")
        text = conversations.completion(parsing.required(answer, "text"), "text")
        ranked.append(Ranked(told_of(text, answer, limits, "text"), score))
    source = Source(place, "stack-exchange", record, limits)
    return ranking(source, asked_by(record), ranked, used=("answers",))


def read_summaries(place: Place, record: JsonObject, limits: ReadLimits) -> Comparisons:
    """TL;DR comparisons: two summaries of a post, and the choice of a worker, which counts from 0."""
    info, summaries = object_in(record, "info"), parsing.required_list(record, "summaries")
    if len(summaries) != 2:
        reason = gettext_noop("The ranking has %(number)s completions; from 2 to %(most)s can be read.")
        raise BadRecordError("ranking", reason, "summaries", number=len(summaries), most=2)
    about = next((name for name in POSTS if isinstance(info.get(name), str)), "")
    if not about:
        raise BadRecordError(
            "missing_field", gettext_noop("The field %(name)s is missing."), "info", name="'info.post'"
        )
    choice = parsing.optional_number(record, "choice")
    if choice not in (None, 0, 1):
        reason = gettext_noop("The field 'choice' is %(value)s; 0 or 1 is expected.")
        raise BadRecordError("preference", reason, "choice", value=f"{choice:g}")
    texts = []
    for one in summaries:
        text = conversations.completion(parsing.required(one, "text"), "text")
        model = parsing.optional_name(one, "policy", limits.name_chars)
        texts.append(replace(text, model=model, metadata=parsing.rest(one, "text", "policy") or None))
    asked = Asked(conversations.prompt(info[about]), ["info"], {"info": parsing.rest(info, about)}, is_apart=True)
    preferences: tuple[Preference, Preference] = ("first", "second")
    return compare(
        Source(place, "summaries", record, limits),
        asked,
        (texts[0], texts[1]),
        ("summaries.0", "summaries.1"),
        preference=None if choice is None else preferences[int(choice)],
        used=("summaries", "choice"),
    )


def read_named_battle(place: Place, record: JsonObject, limits: ReadLimits) -> Comparisons:
    """compar:IA: a battle whose winner is the name of its model, or both."""
    models = [parsing.optional_name(record, f"model_{side}_name", limits.name_chars) for side in "ab"]
    chosen = parsing.optional_name(record, "chosen_model_name", limits.name_chars)
    is_tie = parsing.optional_flag(record, "both_equal")
    if chosen and (is_tie or models.count(chosen) != 1):
        reason = gettext_noop("The field %(name)s is %(value)s, which is no known preference.")
        field = "chosen_model_name"
        raise BadRecordError("preference", reason, field, name=repr(field), value=parsing.shortened(chosen))
    winner = ("model_a", "model_b")[models.index(chosen)] if chosen else "tie" if is_tie else None
    used = ("model_a_name", "model_b_name", "chosen_model_name", "both_equal")
    battle = parsing.rest(record, *used) | {"winner": winner, "model_a": models[0], "model_b": models[1]}
    return [replace(read_arena(place, battle, limits), dialect="comparia")]


def read_candidates(place: Place, record: JsonObject, limits: ReadLimits) -> Comparisons:
    """Amazon Nova: messages of which the last one has two candidates with labels."""
    turns = parsing.required_list(record, "messages")
    ranked = []
    for one in parsing.required_list(turns[-1] if turns else {}, "candidates"):
        label = LABELS.get(parsing.as_word(one.get("preferenceLabel")))
        if label is None:
            reason = gettext_noop("A candidate has no label 'preferred' or 'non-preferred'.")
            raise BadRecordError("ranking", reason, "messages")
        text = conversations.completion({"role": "assistant", "content": _parts(one.get("content"))}, "candidates")
        ranked.append(Ranked(told_of(text, one, limits, "content", "preferenceLabel"), label))
    system = [{"role": "system", "content": _parts(record["system"])}] if record.get("system") else []
    said = [{**turn, "content": _parts(turn.get("content"))} for turn in turns[:-1]]
    asked = Asked([], ["messages", "system"], is_apart=True)
    asked.prompt = conversations.prompt([*system, *said], extras=asked.extras)
    return ranking(Source(place, "nova", parsing.rest(record, "system"), limits), asked, ranked)


def _parts(content: Any) -> Any:
    """The parts of a content as those of a message: one that is no text has the type by which a refusal names it."""
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        return content
    return [{"type": "text", **part} if "text" in part else {"type": next(iter(part), "")} for part in content]


def _has_voted_answers(record: Mapping[str, Any]) -> bool:
    answers = record.get("answers")
    if "question" not in record or not isinstance(answers, list) or not answers:
        return False
    return all(isinstance(one, dict) and "text" in one and VOTES in one for one in answers)


def _has_summaries(record: Mapping[str, Any]) -> bool:
    summaries = record.get("summaries")
    is_pair = isinstance(summaries, list) and len(summaries) == 2 and all(isinstance(one, dict) for one in summaries)
    return is_pair and isinstance(record.get("info"), dict)


def _has_candidates(record: Mapping[str, Any]) -> bool:
    turns = record.get("messages")
    last = turns[-1] if isinstance(turns, list) and turns else None
    candidates = last.get("candidates") if isinstance(last, dict) else None
    return isinstance(candidates, list) and all(isinstance(one, dict) for one in candidates)


DATA_SET_READERS = (
    Reader("stack-exchange", "question, answers (with pm_score)", _has_voted_answers, read_voted_answers),
    Reader("summaries", "info (post), summaries, choice", _has_summaries, read_summaries),
    Reader(
        "comparia",
        "conversation_a, conversation_b, chosen_model_name",
        has("conversation_a", "conversation_b", "chosen_model_name", "model_a_name", "model_b_name"),
        read_named_battle,
    ),
    Reader("nova", "messages (the last with candidates)", _has_candidates, read_candidates),
)
