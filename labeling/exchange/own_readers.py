"""Readers of what our writers make: rows of the CSV and Parquet tables, and tasks for Label Studio.

The judgments of a comparison are opinions by pseudonym; a comparison without judgments has the verdict.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from common.phrases import gettext_noop
from labeling.exchange import conversations, parsing
from labeling.exchange.building import NOBODY, common_preference
from labeling.exchange.labelstudio import META
from labeling.exchange.parsing import BadRecordError
from labeling.exchange.places import in_field
from labeling.exchange.platform_readers import object_in
from labeling.exchange.raw import Place, ReadLimits
from labeling.exchange.reader import Reader
from labeling.exchange.records import (
    VOTE_FIELDS,
    CompletionText,
    ImportedComparison,
    JsonObject,
    Preference,
    Vote,
    restored_cell,
)
from labeling.exchange.tables import ESCAPED, OWN_ROW

VOTE_TYPES: Mapping[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("annotator", "choice", "left", "comment", "edit", "skip_reason", "flag"), str),
    **dict.fromkeys(("strength", "guideline_version"), int),
    **dict.fromkeys(("seconds", "at", "certainty"), (int, float)),
    **dict.fromkeys(("criteria", "metadata"), dict),
    **dict.fromkeys(("simulated", "imported"), bool),
}
LONGEST_REASON = 80
ADJUDICATION = "adjudication"
"""The value of `settled_by` where an expert decided."""

FLAGS = ("harm", "personal_data")
PREFERENCES: Mapping[str, Preference] = {"a": "first", "b": "second", "tie": "tie", "both_bad": "both_bad"}
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def is_own_row(record: Mapping[str, Any]) -> bool:
    """Whether a record has the columns of our tables."""
    return record.keys() >= OWN_ROW


def is_own_task(record: Mapping[str, Any]) -> bool:
    """Whether a record is a task for Label Studio that we wrote."""
    meta = record.get("meta")
    return isinstance(meta, dict) and isinstance(meta.get(META), dict) and isinstance(record.get("data"), dict)


def read_own_row(place: Place, record: JsonObject, limits: ReadLimits) -> ImportedComparison:
    """A row of our tables. Texts that were escaped for spreadsheets are restored."""
    if record.get(ESCAPED):
        record = {name: restored_cell(value) if isinstance(value, str) else value for name, value in record.items()}
    values = {
        "messages": _json(record, "prompt"),
        "answers": (parsing.required_text(record, "a"), parsing.required_text(record, "b")),
        "models": tuple(parsing.optional_name(record, f"model_{side}", limits.name_chars) for side in "ab"),
        "tags": _json(record, "tags") if record.get("tags") else [],
        "votes": _json(record, "votes") if record.get("votes") else [],
        "turns": tuple(_json(record, f"turns_{side}") if record.get(f"turns_{side}") else [] for side in "ab"),
        "metadata": _metadata(record),
    }
    return _comparison(place, "own-table", {**record, **values}, limits)


def read_own_task(place: Place, record: JsonObject, limits: ReadLimits) -> ImportedComparison:
    """A task that we wrote for Label Studio: its `meta` has what its annotations have no place for."""
    meta, data = object_in(object_in(record, "meta"), META), object_in(record, "data")
    values = {
        "answers": (parsing.required_text(data, "answer1"), parsing.required_text(data, "answer2")),
        "models": tuple(parsing.optional_name(meta, f"model_{side}", limits.name_chars) for side in "12"),
        "turns": (meta.get("turns_1", []), meta.get("turns_2", [])),
        "metadata": _metadata(meta),
    }
    return _comparison(place, "own-tasks", {**meta, **values}, limits)


def _comparison(place: Place, dialect: str, record: JsonObject, limits: ReadLimits) -> ImportedComparison:
    prompt = conversations.checked_prompt(
        conversations.messages(parsing.required(record, "messages"), in_field("prompt"))
    )
    a, b = (_completion(*side) for side in zip(record["answers"], record["turns"], "ab", strict=True))
    parsing.check_completions(a.text, b.text, ("a", "b"))
    parsing.required(record, "pair")  # made of the texts, so the same here
    kept: Mapping[str, JsonObject] = record.get("metadata") or {}
    tags = parsing.optional_tags(record, limits.tag_chars)
    known = {"source": record.get("source"), "tags": None if tags else record.get("tags")}
    known |= kept.get("comparison", {})  # a source that a record stated, not how that record came in
    votes = _votes(parsing.required(record, "votes"), limits)
    winner = _preference(record.get("winner"))
    decided = winner if votes and record.get("settled_by") == ADJUDICATION else None
    return ImportedComparison(
        line=place.line,
        record=place.record,
        dialect=dialect,
        prompt=prompt,
        first=replace(a, model=record["models"][0], metadata=kept.get("a")),
        second=replace(b, model=record["models"][1], metadata=kept.get("b")),
        preference=winner or common_preference(votes)[0],
        votes=votes,
        confidence=None if votes else parsing.optional_confidence(record),
        decided=decided,
        external_id=parsing.optional_name(record, "external_id", limits.id_chars),
        metadata={name: value for name, value in known.items() if value},
        warnings=("expert_verdict",) if decided else (),
        tags=tags,
        prompt_metadata=kept.get("prompt"),
    )


def _completion(text: str, turns: Any, side: str) -> CompletionText:
    """A completion that is a text, or turns."""
    return conversations.completion(turns, side) if turns else CompletionText(text)


def _metadata(record: Mapping[str, Any]) -> dict[str, JsonObject]:
    """The column of other fields: an object for each thing that has some."""
    kept = record.get("metadata") or {}
    kept = _json(record, "metadata") if isinstance(kept, str) else kept
    if not isinstance(kept, dict) or not all(isinstance(value, dict) for value in kept.values()):
        raise BadRecordError("wrong_type", gettext_noop("The column 'metadata' must be an object of objects."))
    return kept


def _votes(value: Any, limits: ReadLimits) -> tuple[Vote, ...]:
    """The votes of a comparison, which name the completions first and second. Raises BadRecordError."""
    if not isinstance(value, list) or not all(isinstance(vote, dict) for vote in value):
        raise BadRecordError("wrong_type", gettext_noop("The field 'votes' must be a list of objects."))
    votes = (_vote(vote, limits) for vote in value)
    return tuple(vote for vote in votes if vote.annotator not in NOBODY)


def _vote(given: JsonObject, limits: ReadLimits) -> Vote:
    if unknown := given.keys() - set(VOTE_FIELDS):
        raise BadRecordError("votes", gettext_noop("A vote has the unknown field %(name)s."), name=repr(min(unknown)))
    for name, value in given.items():
        is_flag = VOTE_TYPES[name] is bool
        if isinstance(value, bool) is not is_flag or not isinstance(value, VOTE_TYPES[name]):
            raise BadRecordError(
                "votes",
                gettext_noop("The field %(name)s of a vote is %(value)s."),
                name=repr(name),
                value=parsing.shortened(value),
            )
    criteria = given.get("criteria", {})
    choice = given.get("choice")
    if choice != "skip" and _preference(choice) is None:
        raise BadRecordError("votes", gettext_noop("A vote has no choice."))
    if given.get("left", "a") not in ("a", "b") or given.get("strength", 1) not in (1, 2, 3):
        raise BadRecordError("votes", gettext_noop("A vote has an unknown side or strength."))
    metadata = dict(given.get("metadata", {}))
    others = ("guideline_version", "simulated")  # of the campaign that it was made in
    metadata |= {name: given[name] for name in others if name in given}
    return replace(
        Vote.from_dict({"annotator": "", **{name: value for name, value in given.items() if name not in others}}),
        annotator=parsing.as_name(given.get("annotator"), limits.name_chars),
        choice=str(PREFERENCES.get(str(choice), choice)),
        left=str(PREFERENCES[given.get("left", "a")]),
        criteria={name: str(_preference(one)) for name, one in criteria.items()},
        certainty=parsing.optional_confidence({"confidence": given.get("certainty")}),
        skip_reason=str(given.get("skip_reason", ""))[:LONGEST_REASON],
        flag=given["flag"] if given.get("flag") in FLAGS else "",
        imported=False,
        metadata=metadata,
    )


def _preference(choice: Any) -> Preference | None:
    if choice is None or choice == "":
        return None
    if not isinstance(choice, str) or choice not in PREFERENCES:
        raise BadRecordError(
            "preference",
            gettext_noop("The choice %(choice)s is none of %(all)s."),
            choice=repr(str(choice)[:40]),
            all=", ".join(PREFERENCES),
        )
    return PREFERENCES[choice]


def _json(record: Mapping[str, Any], name: str) -> Any:
    """The value of a column that holds JSON. Messages are read already where the file is a CSV."""
    if isinstance(record.get(name), list):
        return record[name]
    try:
        value = json.loads(parsing.required_text(record, name))
    except (ValueError, RecursionError) as error:
        raise BadRecordError(
            "not_json", gettext_noop("The column %(name)s is not valid JSON."), name=repr(name)
        ) from error
    if any(UNSTORABLE.search(text) for text in _texts(value)):
        raise BadRecordError(
            "not_storable",
            gettext_noop("The column %(name)s holds a character that cannot be stored."),
            name=repr(name),
        )
    return value


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = [*value.keys(), *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for one in inner for text in _texts(one)]


OWN_READERS = (
    Reader("own-table", "pair, prompt, a, b, votes", is_own_row, read_own_row),
    Reader("own-tasks", "data, meta.chosen", is_own_task, read_own_task),
)
