"""Readers of other labeling tools' exports: Label Studio and Argilla."""

from collections.abc import Mapping
from typing import Any

from labeling.exchange import parsing
from labeling.exchange.asking import asked_by
from labeling.exchange.battle_readers import SIDES
from labeling.exchange.building import Source, common_preference, compare, preference_named
from labeling.exchange.parsing import BadRecordError
from labeling.exchange.raw import Place, ReadLimits
from labeling.exchange.reader import Reader, has
from labeling.exchange.records import CompletionText, ImportedComparison, JsonObject, Preference

FLATTENED = "preference.responses"


def read_label_studio(place: Place, record: JsonObject, limits: ReadLimits) -> ImportedComparison:
    """A task of Label Studio with its pairwise annotations."""
    data = parsing.required(record, "data")
    if not isinstance(data, dict):
        raise BadRecordError("wrong_type", "The field 'data' must be an object.", "data")
    votes: list[Preference] = []
    for annotation in parsing.required_list(record, "annotations"):
        if annotation.get("was_cancelled") is True or not isinstance(annotation.get("result"), list):
            continue
        votes += [vote for result in annotation["result"] if (vote := _selected(result))]
    return _platform(place, "labelstudio", data, votes, record, ("data",), limits)


def read_argilla(place: Place, record: JsonObject, limits: ReadLimits) -> ImportedComparison:
    """A record of Argilla with its responses to a question of preference."""
    fields = parsing.required(record, "fields")
    responses = record.get("responses")
    if not isinstance(fields, dict) or not isinstance(responses, dict):
        raise BadRecordError("wrong_type", "The fields 'fields' and 'responses' must be objects.", "responses")
    names = _names(fields)
    votes: list[Preference] = []
    answers = responses.get("preference", next(iter(responses.values()), None) if len(responses) == 1 else None)
    for answer in answers if isinstance(answers, list) else []:
        if not isinstance(answer, dict):
            raise BadRecordError("wrong_type", "A response must be an object.", "responses")
        if answer.get("status", "submitted") not in ("submitted", None):
            continue
        if vote := preference_named(answer.get("value"), "responses", names):
            votes.append(vote)
    return _platform(place, "argilla", fields, votes, record, ("fields",), limits)


def read_argilla_flattened(place: Place, record: JsonObject, limits: ReadLimits) -> ImportedComparison:
    """A record of Argilla as one row: the responses are lists of values."""
    values, states = record.get(FLATTENED), record.get(f"{FLATTENED}.status")
    votes: list[Preference] = []
    for number, value in enumerate(values if isinstance(values, list) else [values]):
        submitted = not isinstance(states, list) or number >= len(states) or states[number] == "submitted"
        if submitted and (vote := preference_named(value, FLATTENED, _names(record))):
            votes.append(vote)
    return _platform(place, "argilla", record, votes, record, (), limits)


def _platform(
    place: Place,
    dialect: str,
    data: JsonObject,
    votes: list[Preference],
    record: JsonObject,
    used: tuple[str, ...],
    limits: ReadLimits,
) -> ImportedComparison:
    """The comparison of a task. The single votes stay in the metadata."""
    names, asked = _names(data), asked_by(data)
    texts = [parsing.completion(parsing.required(data, name), name, asked.extras) for name in names]
    preference, warnings = common_preference(votes)
    if data is not record:
        if others := parsing.rest(data, *asked.used, *names):
            asked.extras["data_fields"] = others
        asked.used = []
    else:
        asked.used += names
    return compare(
        Source(place, dialect, record, limits),
        asked,
        (CompletionText(texts[0]), CompletionText(texts[1])),
        names,
        preference=preference,
        used=used,
        warnings=warnings,
    )


def _selected(result: Any) -> Preference | None:
    """The vote of one result of an annotation; None: it is about something else."""
    value = result.get("value") if isinstance(result, dict) else None
    if not isinstance(value, dict):
        return None
    if "selected" in value:
        return preference_named(value["selected"], "annotations")
    choices = value.get("choices")
    if isinstance(choices, list) and len(choices) == 1 and choices[0] in ("tie", "both_bad"):
        return preference_named(choices[0], "annotations")
    return None


def _names(data: Mapping[str, Any]) -> tuple[str, str]:
    names = next((names for names in SIDES if names[0] in data and names[1] in data), None)
    if names is None:
        raise BadRecordError("missing_field", "Two completions are missing, such as 'response1' and 'response2'.")
    return names


def _is_task(record: Mapping[str, Any]) -> bool:
    return isinstance(record.get("data"), dict) and isinstance(record.get("annotations"), list)


PLATFORM_READERS = (
    Reader("labelstudio", "data (prompt, answer1, answer2), annotations", _is_task, read_label_studio),
    Reader("argilla", "fields, responses", has("fields", "responses"), read_argilla),
    Reader("argilla-flattened", "prompt, response1, preference.responses", has(FLATTENED), read_argilla_flattened),
)
