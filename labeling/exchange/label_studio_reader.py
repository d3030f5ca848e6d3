"""The readers of Label Studio's exports. Each annotation is an opinion."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from labeling.exchange import certainties, conversations, parsing
from labeling.exchange.asking import asked_by, has_prompt
from labeling.exchange.building import Source, compare
from labeling.exchange.opinions import opinion, person_name, strength_of, unused, without
from labeling.exchange.platform_readers import NO_COLUMNS, Columns, names_in, object_in, platform_comparison
from labeling.exchange.preference_words import preference_named, side_named, tie_named
from labeling.exchange.questions import (
    OTHER_CHOICES,
    TIED,
    Answer,
    asks_for_better,
    asks_for_worse,
    asks_how_much,
    preferred,
)
from labeling.exchange.raw import Place, ReadLimits
from labeling.exchange.reader import Reader
from labeling.exchange.records import ImportedComparison, JsonObject, Preference, Vote
from labeling.exchange.sides_reader import SIDES

OF_ANYTHING = {"label": ("none", "both", "same")}
"""Words of these tags that are no tie: a tag of such a name may list harms, of which an answer has none."""

UNREAD_CHOICES = ("choices_unread",)
"""The warning of a record with a choice of a tag of preferences that names neither a side nor a tie."""

PEOPLE = ("completed_by", "updated_by", "last_created_by")
"""The fields of an annotation with the names of people."""


def read_label_studio(
    place: Place, record: JsonObject, limits: ReadLimits, columns: Columns = NO_COLUMNS
) -> ImportedComparison:
    """A task of Label Studio with its pairwise annotations. columns: the fields of its data, if others than usual.

    Annotations that say nothing about the two texts become metadata, without the names of those who made them.
    A choice that names a side is the preferred one only if the name of its tag says so: another tag may ask which
    answer is worse, or invents things.
    """
    data = object_in(record, "data")
    names = names_in(data, columns)
    votes, unread = list[Vote](), list[JsonObject]()
    annotations = parsing.required_list(record, "annotations")
    for annotation in annotations:
        if vote := _vote(annotation, names, limits):
            votes.append(vote)
        else:
            unread.append(without(annotation, *PEOPLE))
    used = ("data",) if unread else ("data", "annotations")
    record = {**record, "annotations": unread} if unread else record
    comparison = platform_comparison(place, "labelstudio", data, tuple(votes), record, used, limits, columns)
    results = [one for annotation in annotations for one in _results(annotation)]
    results_unread = [one for annotation in unread for one in _results(annotation)]
    is_apart = any(_is_apart(one, names) for one in results) or any(map(_is_pairwise, results_unread))
    found: tuple[str, ...] = OTHER_CHOICES if is_apart else ()
    found += UNREAD_CHOICES if any(_is_unread(one, names) for one in results) else ()
    return replace(comparison, warnings=comparison.warnings + found) if found else comparison


def _vote(annotation: JsonObject, names: tuple[str, str], limits: ReadLimits) -> Vote | None:
    """The opinion of an annotation; None: it has nothing about the two texts."""
    name = person_name(annotation.get("completed_by"), limits.name_chars)
    results = annotation.get("result")
    read = ("completed_by", "result", "was_cancelled")
    if annotation.get("was_cancelled") is True:
        return opinion(name, "skip", annotation, metadata=unused(annotation, "skip", *read))
    choice, stated, unread = _chosen_in(_results(annotation), names), dict[str, Any](), list[Any]()
    results = annotation.get("result")
    for result in results if isinstance(results, list) else []:
        value = result.get("value") if isinstance(result, dict) else None
        if not isinstance(value, dict):
            unread.append(result)
        elif _is_choice(result, names, choice):
            continue
        elif (
            "strength" not in stated
            and choice not in TIED
            and asks_how_much(result.get("from_name"))
            and (strength := strength_of(value.get("rating")))
        ):
            stated["strength"] = strength
        elif "comment" not in stated and (words := _words(value)) is not None:
            stated["comment"] = words
        else:
            unread.append(result)
    if choice is None:
        return None
    if "strength" in stated:
        stated["certainty"] = certainties.of_strength(stated["strength"], 3)
    others = unused(annotation, choice, *read, **stated) | ({"results": unread} if unread else {})
    return opinion(name, choice, annotation, metadata=others, **stated)


def _words(value: JsonObject) -> str | None:
    """The lines of a text area. None: the value is of another tag."""
    texts = value.get("text")
    are_lines = isinstance(texts, list) and all(isinstance(text, str) for text in texts)
    return "\n".join(texts) if are_lines else None  # type: ignore[arg-type]


def _results(annotation: JsonObject) -> list[JsonObject]:
    """The results of an annotation that have a value."""
    results = annotation.get("result")
    listed = results if isinstance(results, list) else []
    return [one for one in listed if isinstance(one, dict) and isinstance(one.get("value"), dict)]


def _chosen_in(results: Sequence[JsonObject], names: tuple[str, str]) -> Preference | None:
    """The choice in the results of an annotation: that of a Pairwise tag, or of choices that name a side."""
    pairwise = [one for one in results if _is_pairwise(one)]
    if pairwise:
        sides = [preference_named(one["value"]["selected"], "annotations") for one in pairwise]
        told = zip(pairwise, sides, strict=True)
        found = preferred([Answer(one.get("from_name"), side, is_pairwise=True) for one, side in told if side])
        return found.choice if found else None
    named = {at: choice for at, one in enumerate(results) if (choice := _choice_of(one, names))}
    return _agreed(_firm(named, {at: _sole_choice(results[at]["value"]) for at in named}))


def _firm(choices: Mapping[Any, Preference], words: Mapping[Any, Any]) -> dict[Any, Preference]:
    """The choices of tags, without ties in other words than ours where a tag names a side: "none" may be of harms."""
    has_side = not set(choices.values()) <= set(TIED)
    return {tag: one for tag, one in choices.items() if not has_side or one not in TIED or words[tag] in TIED}


def _agreed(choices: Mapping[Any, Preference]) -> Preference | None:
    """The choice that all tags have. None: they differ, or there is none."""
    return next(iter(choices.values())) if len(set(choices.values())) == 1 else None


def _is_pairwise(result: JsonObject) -> bool:
    return "selected" in result["value"] and not asks_for_worse(result.get("from_name"))


def _choice_of(result: JsonObject, names: tuple[str, str]) -> Preference | None:
    choice = _choice_named(result["value"], names, result.get("from_name"))
    return choice if asks_for_better(result.get("from_name"), choice) else None


def _is_apart(result: JsonObject, names: tuple[str, str]) -> bool:
    """Whether a result names a side and is left unread: its tag may ask for anything."""
    if "selected" in result["value"]:
        return not _is_pairwise(result)
    return _names_answer(_sole_choice(result["value"]), names) and _choice_of(result, names) is None


def _is_unread(result: JsonObject, names: tuple[str, str]) -> bool:
    """Whether a tag of preferences has a choice of unknown words."""
    has_choices = bool(result["value"].get("choices")) and asks_for_better(result.get("from_name"))
    return has_choices and _choice_of(result, names) is None


def _is_choice(result: JsonObject, names: tuple[str, str], choice: Preference | None) -> bool:
    """Whether a result is the choice that was read. Another Pairwise tag that says the same is, too."""
    if choice is None:
        return False
    if _is_pairwise(result):
        return preference_named(result["value"]["selected"], "annotations") == choice
    return _choice_of(result, names) == choice


def _choice_named(value: JsonObject, names: tuple[str, str], tag: Any) -> Preference | None:
    """The side that the only one of an annotation's choices names. None: it is about something else."""
    word = _sole_choice(value)
    return _tied(word, tag) or side_named(word, names)


def _sole_choice(value: JsonObject) -> str:
    """The only one of an annotation's choices. Empty: it has none, or several."""
    choices = value.get("choices")
    is_sole = isinstance(choices, list) and len(choices) == 1 and isinstance(choices[0], str)
    return choices[0] if is_sole else ""  # type: ignore[index]


def _names_answer(word: str, names: tuple[str, str]) -> bool:
    """Whether a word would be a choice under a tag of preferences alone: another tag may say "none" of anything."""
    return word in TIED or side_named(word, names) is not None


def _tied(word: str, tag: Any) -> Preference | None:
    """The tie that a word of a tag names, in whatever case. None: it names none."""
    is_of_anything = word.strip().casefold() in OF_ANYTHING.get(str(tag).casefold(), ())
    return None if is_of_anything else tie_named(word)


def read_label_studio_row(place: Place, record: JsonObject, limits: ReadLimits) -> ImportedComparison:
    """A row of Label Studio's JSON-MIN or CSV: the data and one annotation, whose choice has the name of its tag."""
    names, asked = names_in(record), asked_by(record)
    others = {name: value for name, value in record.items() if name not in (*asked.used, *names)}
    choices = {name: choice for name, value in others.items() if (choice := _choice_of_tag(name, value, names))}
    choices = _firm(choices, {name: _word_of(others[name]) for name in choices})
    found = preferred([Answer(name, choice, is_pairwise=True) for name, choice in choices.items()])
    read = [name for name, choice in choices.items() if found and choice == found.choice]
    texts = [conversations.completion(parsing.required(record, name), name, asked.extras) for name in names]
    asked.used.append("id" if record.get("id") is not None else "annotation_id")
    comparison = compare(
        Source(place, "labelstudio-min", record, limits),
        asked,
        (texts[0], texts[1]),
        names,
        preference=found.choice if found else None,
        used=(*names, *read),
    )
    is_apart = any(name not in read and _names_side(_bare(value), names) for name, value in others.items())
    return replace(comparison, warnings=comparison.warnings + OTHER_CHOICES) if is_apart else comparison


def _bare(value: Any) -> Any:
    """The only value of a column that holds it in a list, or that as a text of JSON."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _word_of(value: Any) -> Any:
    """The word that a column holds, bare or as the only one of its choices."""
    value = _bare(value)
    return _sole_choice(value) if isinstance(value, dict) else value


def _names_side(value: Any, names: tuple[str, str]) -> bool:
    if isinstance(value, dict):
        return value.get("selected") in ("left", "right") or _names_answer(_sole_choice(value), names)
    return value in ("left", "right", *TIED)


def _choice_of_tag(name: str, value: Any, names: tuple[str, str]) -> Preference | None:
    """The choice in a column: a word, [{"selected": "left"}], or that as a text of JSON. None: it is about else.

    A Pairwise tag writes the object; a word is that of any Choices tag, whose name must say what it is about.
    """
    value = _bare(value)
    if isinstance(value, dict) and value.get("selected") in ("left", "right"):
        return None if asks_for_worse(name) else preference_named(value["selected"], name)
    if isinstance(value, dict):
        choice = _choice_named(value, names, name)
    elif value in ("left", "right"):
        choice = preference_named(value, name)
    else:
        choice = _tied(value, name) or side_named(value, names) if isinstance(value, str) else None
    return choice if asks_for_better(name, choice) else None


def _is_task(record: Mapping[str, Any]) -> bool:
    return isinstance(record.get("data"), dict) and isinstance(record.get("annotations"), list)


def _is_label_studio_row(record: Mapping[str, Any]) -> bool:
    return "annotation_id" in record and has_prompt(record) and any(a in record and b in record for a, b in SIDES)


LABEL_STUDIO_READERS = (
    Reader("labelstudio", "data (prompt, answer1, answer2), annotations", _is_task, read_label_studio),
    Reader("labelstudio-min", "prompt, answer1, answer2, annotation_id", _is_label_studio_row, read_label_studio_row),
)
