"""The reader of Potato: an item with two texts, and the answers of a pairwise scheme, of one annotator or several."""

from collections.abc import Mapping
from typing import Any

from common.phrases import gettext_noop
from labeling.exchange import certainties, parsing
from labeling.exchange.asking import has_prompt
from labeling.exchange.opinions import opinion, person_name, strength_of
from labeling.exchange.parsing import BadRecordError
from labeling.exchange.platform_readers import OTHER_ANSWERS, platform_comparison
from labeling.exchange.preference_words import preference_named
from labeling.exchange.questions import Answer, asks_for_worse, preferred
from labeling.exchange.raw import Place, ReadLimits
from labeling.exchange.reader import Reader
from labeling.exchange.records import ImportedComparison, JsonObject, Preference, Vote

ITEMS = ("responses", "items", "options", "text", "texts")
"""The names under which Potato's data keep the two texts, as a list."""
COLUMNS = (".selection", ".scale_value", ":::selection", ":::scale_value")
"""The ends of the columns in which a row of its table has the answers of pairwise schemes."""
USERS = ("user_id", "user", "annotator", "username")


def read_potato(place: Place, record: JsonObject, limits: ReadLimits) -> ImportedComparison:
    """An item of Potato with the answers of its pairwise scheme, of one annotator or by annotator."""
    data = dict(record)
    texts = next((record[name] for name in ITEMS if _is_pair(record.get(name))), None)
    used = [name for name in ITEMS if _is_pair(record.get(name))][:1]
    if texts is not None:
        data |= {"answer1": texts[0], "answer2": texts[1]}
    elif "left" in record and "right" in record:
        data |= {"answer1": record["left"], "answer2": record["right"]}
        used = ["left", "right"]
    else:
        text = gettext_noop(
            "These are answers of Potato without the items that they are about. Import the whole project as a ZIP "
            "archive, with its data files."
        )
        raise BadRecordError("missing_field", text, "label_annotations")
    for name in used:
        data.pop(name)
    votes, others = list[Vote](), list[JsonObject]()
    if isinstance(record.get("annotations"), dict):
        used.append("annotations")
        for user, answers in record["annotations"].items():
            if isinstance(answers, dict) and (vote := _vote(user, answers, answers, limits)):
                votes.append(vote)
            elif answers:
                others.append(answers)
    else:
        user_field = next((name for name in USERS if record.get(name) is not None), "")
        answers = record.get("label_annotations", _answers_in_columns(record))
        used += [user_field, "label_annotations", "behavioral_data", *_columns(record)]
        if vote := _vote(record.get(user_field), answers, record, limits):
            votes.append(vote)
        elif answers:
            others.append(answers)
    if others and not votes:
        raise _without_preference(others)
    if others:
        record = record | {OTHER_ANSWERS: others}
    external_id = next((record[name] for name in ("id", "instance_id") if record.get(name) is not None), None)
    used.append("instance_id")
    return platform_comparison(place, "potato", data, tuple(votes), record | {"id": external_id}, tuple(used), limits)


def _vote(user: Any, answers: Any, about: JsonObject, limits: ReadLimits) -> Vote | None:
    """The opinion in one annotator's answers. None: they have no answer of a pairwise scheme."""
    if not isinstance(answers, dict):
        raise BadRecordError(
            "wrong_type", gettext_noop("The annotations must be objects by scheme."), "label_annotations"
        )
    sides = {scheme: side for scheme, value in answers.items() if (side := _side(value, scheme))}
    found = preferred(list(sides.values()))
    if found is None:
        return None
    scheme = next(scheme for scheme, side in sides.items() if side is found)
    stated: dict[str, Any] = {"metadata": _other_answers(answers, scheme)}
    if (size := parsing.optional_number(answers[scheme], "scale_value")) is not None:
        stated["metadata"] = {"scale_value": size} | stated["metadata"]
        if size:
            stated |= {"certainty": certainties.of_strength(size, 3), "strength": strength_of(abs(size))}
    return opinion(person_name(user, limits.name_chars), found.choice, about, **stated)


def _side(value: Any, scheme: str) -> Answer | None:
    """The side or the tie that an answer names. None: it names none. Raises BadRecordError for an unknown selection."""
    if not isinstance(value, dict):
        return None
    if value.get("selection") not in (None, ""):
        choice = None if asks_for_worse(scheme) else preference_named(value["selection"], scheme)
        return Answer(scheme, choice, is_pairwise=True) if choice else None
    if (size := parsing.optional_number(value, "scale_value")) is not None:
        return Answer(scheme, "first" if size < 0 else "second" if size else "tie", is_pairwise=True)
    choice = _single_choice(value, scheme)
    return Answer(scheme, choice) if choice else None


def _single_choice(value: JsonObject, scheme: str) -> Preference | None:
    """The side that the only ticked label of a scheme names, as in `{"A": "true"}`. None: it names none."""
    ticked = [label for label, said in value.items() if said is True or str(said).casefold() in ("true", "1", label)]
    try:
        return preference_named(ticked[0], scheme) if len(ticked) == 1 else None
    except BadRecordError:
        return None


def _without_preference(answers: list[JsonObject]) -> BadRecordError:
    schemes = ", ".join(dict.fromkeys(str(scheme) for one in answers if isinstance(one, dict) for scheme in one))
    text = gettext_noop(
        "The answers in this item name no preference between its two texts: %(schemes)s. Pairwise schemes are read, "
        "and single choices such as A, B or tie."
    )
    return BadRecordError("preference", text, "annotations", schemes=schemes[:200])


def _other_answers(answers: JsonObject, scheme: str) -> JsonObject:
    others = {name: value for name, value in answers.items() if isinstance(value, dict) and name != scheme}
    return {"answers": others} if others else {}


def _columns(record: JsonObject) -> list[str]:
    return [name for name in record if name.endswith(COLUMNS)]


def _answers_in_columns(record: JsonObject) -> JsonObject:
    """The answers by scheme of a row that has each in a column: `preference.selection`."""
    answers: JsonObject = {}
    for name in _columns(record):
        if record[name] in (None, ""):
            continue
        end = next(end for end in COLUMNS if name.endswith(end))
        answers.setdefault(name.removesuffix(end), {})[end.strip(".:")] = record[name]
    return answers


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(text, str) for text in value)


def _is_potato(record: Mapping[str, Any]) -> bool:
    has_answers = isinstance(record.get("annotations"), dict) or isinstance(record.get("label_annotations"), dict)
    if has_answers and "label_annotations" in record and "displayed_text" in record:
        return True
    has_texts = any(_is_pair(record.get(name)) for name in ITEMS) or ("left" in record and "right" in record)
    return has_texts and has_prompt(record) and (has_answers or bool(_columns(dict(record))))


POTATO_READERS = (Reader("potato", "prompt, responses (two texts), label_annotations", _is_potato, read_potato),)
