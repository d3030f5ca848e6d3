"""Readers of battles: two completions of unnamed order, and who won: arenas, SHP, HelpSteer3 and PKU."""

from collections.abc import Mapping
from dataclasses import replace

from common.phrases import gettext_noop
from labeling.exchange import certainties, conversations, parsing
from labeling.exchange.asking import Asked, asked_by
from labeling.exchange.building import NO_SIZE, Size, Source, compare
from labeling.exchange.cells_of_turns import answered, turns_in
from labeling.exchange.opinions import opinion, person_name, strength_of, unused
from labeling.exchange.parsing import BadRecordError
from labeling.exchange.places import in_field
from labeling.exchange.raw import Place, ReadLimits
from labeling.exchange.reader import Reader, has
from labeling.exchange.records import CompletionText, ImportedComparison, JsonObject, Preference, Vote
from labeling.exchange.turns import common_beginning

WINNERS: Mapping[str, Preference] = {
    "model_a": "first",
    "model_b": "second",
    "tie": "tie",
    "tie (bothbad)": "both_bad",
    "both_bad": "both_bad",
    "bothbad": "both_bad",
}


def read_arena(place: Place, record: JsonObject, limits: ReadLimits) -> ImportedComparison:
    """An arena battle: two conversations, whose shared beginning is the prompt. An unknown winner is an error.

    Where they go on for several turns, the verdict is about all of them, or about the first answer if `turn` is 1.
    """
    asked = Asked([], [])
    names = ("conversation_a", "conversation_b")
    one, other = (
        conversations.messages(parsing.required(record, name), in_field(name), asked.extras) for name in names
    )
    turns = common_beginning(one, other) if one and other else 0
    if not turns or one[turns]["role"] == "user" == other[turns]["role"]:
        raise BadRecordError("different_prompts", gettext_noop("The conversations begin with different prompts."))
    asked.prompt = conversations.checked_prompt(one[:turns])
    if one[turns]["role"] != "assistant" or other[turns]["role"] != "assistant" or one[turns:] == other[turns:]:
        raise BadRecordError(
            "role", gettext_noop("The conversations have no two answers to the same prompt that differ.")
        )
    ends = []
    for name, conversation in zip(names, (one, other), strict=True):
        stop = len(conversation)
        if parsing.as_name(record.get("turn"), 9).strip() in ("1", "1.0"):  # the verdict is not about later turns
            stop = next((at for at in range(turns, stop) if conversation[at]["role"] == "user"), stop)
            if later := conversation[stop:]:
                asked.extras[f"{name}_after"] = [dict(message) for message in later]
        ends.append(conversations.of_turns(conversation[turns:stop], in_field(name), name))
    winner = parsing.required(record, "winner")
    if winner is not None and (not isinstance(winner, str) or winner not in WINNERS):
        reason = gettext_noop("The winner is %(value)s; known are %(all)s.")
        raise BadRecordError("preference", reason, "winner", value=parsing.shortened(winner), all=", ".join(WINNERS))
    models = [parsing.optional_name(record, name, limits.name_chars) for name in ("model_a", "model_b")]
    return compare(
        Source(place, "arena", record, limits, "judge"),
        asked,
        (replace(ends[0], model=models[0]), replace(ends[1], model=models[1])),
        names,
        preference=None if winner is None else WINNERS[winner],
        used=(*names, "winner", "model_a", "model_b"),
    )


def read_arena_table(place: Place, record: JsonObject, limits: ReadLimits) -> ImportedComparison:
    """A row of an arena as a table: prompt and responses as JSON lists of turns, the winner in three columns."""
    turns = {
        name: turns_in(parsing.required_text(record, name), name) for name in ("prompt", "response_a", "response_b")
    }
    won = {name: parsing.optional_flag(record, name) for name in ("winner_model_a", "winner_model_b", "winner_tie")}
    preferences: tuple[Preference, ...] = ("first", "second", "tie")
    outcomes = [one for one, value in zip(preferences, won.values(), strict=True) if value]
    if len(outcomes) > 1:
        raise BadRecordError("preference", gettext_noop("The battle has more than one winner."), "winner_model_a")
    models = [parsing.optional_name(record, name, limits.name_chars) for name in ("model_a", "model_b")]
    names = ("response_a", "response_b")
    sides = tuple(
        replace(conversations.completion(answered(turns["prompt"], turns[name], name), name), model=model)
        for name, model in zip(names, models, strict=True)
    )
    return compare(
        Source(place, "arena-table", record, limits),
        Asked(conversations.prompt(turns["prompt"][0]), ["prompt"]),
        (sides[0], sides[1]),
        names,
        preference=outcomes[0] if outcomes else None,
        used=(*names, "model_a", "model_b", *won),
    )


def read_shp(place: Place, record: JsonObject, limits: ReadLimits) -> ImportedComparison:
    """Stanford Human Preferences: labels 1: A is preferred, 0: B."""
    names = ("human_ref_A", "human_ref_B")
    texts = [parsing.required_text(record, name) for name in names]
    label = parsing.optional_number(record, "labels")
    if label not in (None, 0, 1):
        raise BadRecordError(
            "preference", gettext_noop("The field 'labels' is %(label)s; 1 is A, 0 is B."), "labels", label=str(label)
        )
    scores = [{"score": record[name]} if name in record else None for name in ("score_A", "score_B")]
    return compare(
        Source(place, "shp", record, limits),
        asked_by(record),
        (CompletionText(texts[0], metadata=scores[0]), CompletionText(texts[1], metadata=scores[1])),
        names,
        preference=None if label is None else "first" if label == 1 else "second",
        size=Size(_share_of_upvotes(record, label)),
        used=(*names, "labels", "score_A", "score_B"),
    )


def _share_of_upvotes(record: JsonObject, label: float | None) -> float | None:
    a, b = (certainties.finite(record.get(name)) for name in ("score_A", "score_B"))
    if label is None or a is None or b is None:
        return None
    return certainties.of_counts(*(a, b) if label == 1 else (b, a))


def read_helpsteer3(place: Place, record: JsonObject, limits: ReadLimits) -> ImportedComparison:
    """HelpSteer3: overall_preference from -3 (the first response) to 3 (the second); 0 is a tie.

    individual_preference lists the opinions behind it, on the same scale.
    """
    names = ("response1", "response2")
    first, second = (conversations.completion(parsing.required(record, name), name) for name in names)
    value = _on_scale(record, "overall_preference")
    preference: Preference | None = None if value is None else _side_on_scale(value)
    votes = _individual_opinions(record)
    return compare(
        Source(place, "helpsteer3", record, limits),
        asked_by(record),
        (first, second),
        names,
        preference=preference,
        size=Size(certainties.of_strength(value, 3)) if value else NO_SIZE,
        votes=votes,
        used=(*names, *(["individual_preference"] if votes else [])),  # the preference itself stays in the metadata
    )


def read_helpsteer2_preference(place: Place, record: JsonObject, limits: ReadLimits) -> ImportedComparison:
    """HelpSteer2-Preference: preference_strength from -3 (the first response) to 3 (the second); 0 is a tie."""
    names = ("response_1", "response_2")
    first, second = (conversations.completion(parsing.required(record, name), name) for name in names)
    value = _on_scale(record, "preference_strength")
    return compare(
        Source(place, "helpsteer2-preference", record, limits),
        asked_by(record),
        (first, second),
        names,
        preference=None if value is None else _side_on_scale(value),
        size=Size(certainties.of_strength(value, 3)) if value else NO_SIZE,
        used=names,  # the strength itself stays in the metadata
    )


def _individual_opinions(record: JsonObject) -> tuple[Vote, ...]:
    given = record.get("individual_preference")
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        return ()
    votes = []
    for one in given:
        if (value := _on_scale(one, "score")) is None:
            continue
        name = person_name(one.get("annotator"), parsing.LONGEST_NAME)
        stated = {"strength": strength_of(abs(value)), "certainty": certainties.of_strength(value, 3)} if value else {}
        side = _side_on_scale(value)
        others = unused(one, side, "score", "annotator", **stated)
        votes.append(opinion(name, side, one, metadata=others, **stated))
    return tuple(votes)


def _on_scale(record: JsonObject, name: str) -> float | None:
    value = parsing.optional_number(record, name)
    if value is not None and not -3 <= value <= 3:
        raise BadRecordError(
            "preference",
            gettext_noop("The field %(name)s is %(value)s; it lies between -3 and 3."),
            name,
            name=repr(name),
            value=f"{value:g}",
        )
    return value


def _side_on_scale(value: float) -> Preference:
    return "first" if value < 0 else "second" if value else "tie"


def read_better_response(place: Place, record: JsonObject, limits: ReadLimits) -> ImportedComparison:
    """PKU-SafeRLHF: response_0 and response_1, and which is better."""
    names = ("response_0", "response_1")
    texts = [parsing.required_text(record, name) for name in names]
    better = parsing.optional_number(record, "better_response_id")
    if better not in (None, -1, 0, 1):
        reason = gettext_noop("The field 'better_response_id' is %(value)s; 0 or 1 is expected.")
        raise BadRecordError("preference", reason, "better_response_id", value=f"{better:g}")
    return compare(
        Source(place, "better-response", record, limits),
        asked_by(record),
        (CompletionText(texts[0]), CompletionText(texts[1])),
        names,
        preference={0: "first", 1: "second"}.get(int(better)) if better is not None else None,  # type: ignore[arg-type]
        used=(*names, "better_response_id"),
    )


BATTLE_READERS = (
    Reader(
        "arena", "conversation_a, conversation_b, winner", has("conversation_a", "conversation_b", "winner"), read_arena
    ),
    Reader(
        "arena-table",
        "prompt, response_a, response_b, winner_model_a, ...",
        has("prompt", "response_a", "response_b", "winner_model_a", "winner_model_b"),
        read_arena_table,
    ),
    Reader("shp", "history, human_ref_A, human_ref_B, labels", has("human_ref_A", "human_ref_B"), read_shp),
    Reader(
        "helpsteer3",
        "context, response1, response2, overall_preference",
        has("response1", "response2", "overall_preference"),
        read_helpsteer3,
    ),
    Reader(
        "helpsteer2-preference",
        "prompt, response_1, response_2, preference_strength",
        has("response_1", "response_2", "preference_strength"),
        read_helpsteer2_preference,
    ),
    Reader(
        "better-response",
        "prompt, response_0, response_1, better_response_id",
        has("response_0", "response_1", "better_response_id"),
        read_better_response,
    ),
)
