"""The comparison of a labeling tool's task, and the readers of Argilla. Each annotator's answer is an opinion."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from common.phrases import gettext_noop
from labeling.exchange import conversations, parsing
from labeling.exchange.asking import asked_by, has_prompt
from labeling.exchange.building import LEFT_OUT, Source, common_preference, compare
from labeling.exchange.opinions import COMMENTS, opinion, person_name, unused, without
from labeling.exchange.parsing import BadRecordError
from labeling.exchange.preference_words import preference_named
from labeling.exchange.questions import OTHER_CHOICES, Answer, asks_for_better, preferred
from labeling.exchange.raw import Place, ReadLimits
from labeling.exchange.reader import Reader
from labeling.exchange.records import ImportedComparison, JsonObject, Preference, Vote
from labeling.exchange.sides_reader import SIDES
from labeling.exchange.usual_names import with_usual_names

Columns = Mapping[str, str]
"""The fields of a task's data by part: prompt, a, b, and system."""
NO_COLUMNS: Columns = MappingProxyType({})
ASKED = ("prompt", "system")

Pair = tuple[str, str]
"""Two texts of a ranking by name: the better one, and the worse one."""

OTHER_ANSWERS = "other_answers"
"""The field of metadata with the answers of annotators who name no preference."""

RESPONSES = ".responses"
SKIPPED = ("discarded", "skipped")
FINISHED = ("submitted", "validated", None, *SKIPPED)
"""The states of an answer that its annotator has finished; drafts are left aside."""


def read_argilla(
    place: Place, record: JsonObject, limits: ReadLimits, columns: Columns = NO_COLUMNS
) -> ImportedComparison:
    """A record of Argilla with its responses: lists by question, or in version 1 a list by annotator.

    columns: its fields, if others than usual.
    """
    fields = object_in(record, "fields")
    opinions = _opinions(answers_of(record.get("responses")), names_in(fields, columns), limits)
    return _of_argilla(place, fields, opinions, record, ("fields", "responses"), limits, columns)


Answers = tuple[Any, Any, dict[str, Any], JsonObject]
"""One annotator, the state of their answers, the answers by question, and other fields."""


def answers_of(responses: Any) -> Iterable[Answers]:
    if isinstance(responses, list):
        for one in responses:
            if not isinstance(one, dict) or not isinstance(one.get("values") or {}, dict):
                raise BadRecordError(
                    "wrong_type", gettext_noop("A response must be an object with 'values'."), "responses"
                )
            values = {name: _bare(value) for name, value in (one.get("values") or {}).items()}
            yield (
                one.get("user_id"),
                one.get("status", "submitted"),
                values,
                without(one, "user_id", "status", "values"),
            )
        return
    if not isinstance(responses, dict):
        raise BadRecordError(
            "wrong_type", gettext_noop("The field 'responses' must be an object or a list."), "responses"
        )
    by_user: dict[Any, Answers] = {}
    for question, given in responses.items():
        times = Counter[Any]()  # somebody who answers a question twice says two things
        for number, one in enumerate(given if isinstance(given, list) else []):
            if not isinstance(one, dict):
                raise BadRecordError("wrong_type", gettext_noop("A response must be an object."), "responses")
            user = person_name(one.get("user_id"), parsing.LONGEST_NAME)
            times[user or number] += 1
            answers = by_user.setdefault(
                (user or number, times[user or number]),
                (user, one.get("status", "submitted"), {}, without(one, "user_id", "status", "value")),
            )
            answers[2][question] = one.get("value")
    yield from by_user.values()


def _bare(value: Any) -> Any:
    return value["value"] if isinstance(value, dict) and "value" in value else value


Opinions = tuple[tuple[Vote, ...], list[JsonObject], bool]
"""The votes of a record, the finished answers without one, and whether an answer names a side and is no vote."""


def _opinions(given: Iterable[Answers], names: tuple[str, str], limits: ReadLimits) -> Opinions:
    votes, unread, is_apart = list[Vote](), list[JsonObject](), False
    for user, status, answers, about in given:
        if status not in FINISHED:
            continue
        sides = [] if status in SKIPPED else _sides(answers, names)
        found = preferred(sides)
        is_apart = is_apart or any(one.choice != found.choice if found else True for one in sides)
        if found or status in SKIPPED:
            votes.append(_argilla_vote(user, found, answers, about, limits))
        elif said := without(answers):
            unread.append({**about, "answers": said})
    return tuple(votes), unread, is_apart


def _of_argilla(
    place: Place,
    data: JsonObject,
    opinions: Opinions,
    record: JsonObject,
    used: tuple[str, ...],
    limits: ReadLimits,
    columns: Columns = NO_COLUMNS,
) -> ImportedComparison:
    votes, unread, is_apart = opinions
    source = record | {OTHER_ANSWERS: unread} if unread else record
    data = source if data is record else data
    comparison = platform_comparison(place, "argilla", data, votes, source, used, limits, columns)
    return replace(comparison, warnings=comparison.warnings + OTHER_CHOICES) if is_apart else comparison


def _argilla_vote(
    user: Any, found: Answer | None, answers: dict[str, Any], about: JsonObject, limits: ReadLimits
) -> Vote:
    """The opinion in one annotator's answers. found: that which is the preference; None: the record was skipped."""
    name = person_name(user, limits.name_chars)
    if found is None:
        return opinion(name, "skip", about, metadata=unused(about, "skip"))
    words = next((answers[one] for one in answers if one in COMMENTS and isinstance(answers[one], str)), "")
    others = without(answers, found.question, *(one for one in answers if answers[one] == words))
    stated = {"comment": words} if words else {}
    metadata = unused(about, found.choice, **stated) | ({"answers": others} if others else {})
    return opinion(name, found.choice, about, metadata=metadata, **stated)


def _sides(answers: dict[str, Any], names: tuple[str, str]) -> list[Answer]:
    """The answers that name a side or a tie.

    Raises BadRecordError for another answer to a question for the preference.
    """
    found = []
    for question, value in answers.items():
        try:
            ranked = _ranked(value, names)
            choice = ranked or _named(value, names)
        except BadRecordError:
            if question == "preference" or (len(answers) == 1 and asks_for_better(question)):
                raise
            continue
        if choice:
            found.append(Answer(question, choice, is_pairwise=ranked is not None))
    return found


def _named(value: Any, names: tuple[str, str]) -> Preference | None:
    """The side that an answer names. A number is none: a rating of 1 is not the first text. Raises BadRecordError."""
    if isinstance(value, int | float):
        reason = gettext_noop("The field %(name)s is %(value)s, which is no known preference.")
        raise BadRecordError("preference", reason, "responses", name="'responses'", value=parsing.shortened(value))
    return preference_named(value, "responses", names)


def _ranked(value: Any, names: tuple[str, str]) -> Preference | None:
    """The preference in a ranking of both texts: [{"value": "response1", "rank": 1}, ...]. None: it is no ranking."""
    if not isinstance(value, list) or len(value) != 2 or not all(isinstance(one, dict) for one in value):
        return None
    ranks: dict[Preference | None, float] = {}
    for one in value:
        if (rank := parsing.optional_number(one, "rank")) is None:
            raise BadRecordError("ranking", gettext_noop("A ranking has no rank for an answer."), "responses")
        ranks[preference_named(one.get("value"), "responses", names)] = rank
    if ranks.keys() != {"first", "second"}:
        raise BadRecordError(
            "ranking", gettext_noop("A ranking names other answers than the two of the record."), "responses"
        )
    difference = ranks["first"] - ranks["second"]
    return "first" if difference < 0 else "second" if difference else "tie"


def read_argilla_flattened(place: Place, record: JsonObject, limits: ReadLimits) -> ImportedComparison:
    """A record of Argilla as one row: the responses are lists of values."""
    questions = {name.removesuffix(RESPONSES): value for name, value in record.items() if name.endswith(RESPONSES)}
    names = names_in(record)
    columns = {question: value if isinstance(value, list) else [value] for question, value in questions.items()}
    given = list[Answers]()
    for number in range(max(map(len, columns.values()), default=0)):
        answers = {name: values[number] for name, values in columns.items() if number < len(values)}
        question = next(iter(answers))
        user, status = (
            _at(record.get(f"{question}{RESPONSES}.{part}"), number, otherwise)
            for part, otherwise in (("users", None), ("status", "submitted"))
        )
        given.append((user, status, answers, {}))
    used = tuple(f"{question}{RESPONSES}{part}" for question in questions for part in ("", ".users", ".status"))
    return _of_argilla(place, record, _opinions(given, names, limits), record, used, limits)


def read_argilla_columns(place: Place, record: JsonObject, limits: ReadLimits) -> ImportedComparison:
    """A record of Argilla 1 on a hub: a column for each question, with the list of its responses."""
    questions = {name: value for name, value in record.items() if _is_responses(value)}
    opinions = _opinions(answers_of(questions), names_in(record), limits)
    return _of_argilla(place, record, opinions, record, tuple(questions), limits)


def _is_responses(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(one, dict) and {"user_id", "value", "status"} <= one.keys() for one in value)
    )


def _at(values: Any, number: int, otherwise: Any) -> Any:
    return values[number] if isinstance(values, list) and number < len(values) else otherwise


def platform_comparison(
    place: Place,
    dialect: str,
    data: JsonObject,
    votes: tuple[Vote, ...],
    record: JsonObject,
    used: tuple[str, ...],
    limits: ReadLimits,
    columns: Columns = NO_COLUMNS,
) -> ImportedComparison:
    """The comparison of a task with the opinions on it.

    columns: the fields of its data, if others than usual. Without that of a prompt, it is read from all others.
    """
    data = data if columns else with_usual_names(data)
    parsing.refuse_unkept(data)
    names = names_in(data, columns)
    stated = {part: data[name] for part, name in columns.items() if part in ASKED}
    asked = asked_by(stated or {name: value for name, value in data.items() if name not in names})
    asked.used = [columns.get(name, name) for name in asked.used]
    texts = [conversations.completion(parsing.required(data, name), name, asked.extras) for name in names]
    if dialect in ("labelstudio", "argilla") and data is not record:
        asked.prompt = conversations.with_tools(asked.prompt, data.get("tools"))
        if others := parsing.rest(data, *asked.used, *names, "tools"):
            asked.extras["data_fields"] = others
        asked.used = []
    else:
        asked.used += names
    return compare(
        Source(place, dialect, record, limits),
        asked,
        (texts[0], texts[1]),
        names,
        preference=common_preference(votes)[0],
        votes=votes,
        used=used,
    )


def read_every(pairs: Iterable[Pair], read: Callable[[Pair], ImportedComparison]) -> list[ImportedComparison]:
    """The comparisons of the pairs of one record; the first has a warning if others were refused.

    Raises BadRecordError if none of them can be read.
    """
    found, refusal = list[ImportedComparison](), None
    for pair in pairs:
        try:
            found.append(read(pair))
        except BadRecordError as error:
            refusal = error
    if not found and refusal:
        raise refusal
    return [replace(found[0], warnings=found[0].warnings + LEFT_OUT), *found[1:]] if refusal else found


def object_in(record: JsonObject, name: str) -> JsonObject:
    """The value of a field that is an object. Raises BadRecordError."""
    value = parsing.required(record, name)
    if not isinstance(value, dict):
        raise BadRecordError("wrong_type", gettext_noop("The field %(name)s must be an object."), name, name=repr(name))
    return value


def names_in(data: Mapping[str, Any], columns: Columns = NO_COLUMNS) -> tuple[str, str]:
    """The fields of both completions. columns: if others than usual. Raises BadRecordError."""
    if columns:
        return columns["a"], columns["b"]
    names = next((names for names in SIDES if names[0] in data and names[1] in data), None)
    if names is None:
        raise BadRecordError(
            "missing_field", gettext_noop("Two completions are missing, such as 'response1' and 'response2'.")
        )
    return names


def _has_responses(record: Mapping[str, Any]) -> bool:
    has_sides = any(a in record and b in record for a, b in SIDES)
    return has_sides and has_prompt(record) and any(map(_is_responses, record.values()))


def _is_flattened(record: Mapping[str, Any]) -> bool:
    return any(name.endswith(RESPONSES) for name in record)


ARGILLA_READERS = (
    Reader("argilla-flattened", "prompt, response1, preference.responses", _is_flattened, read_argilla_flattened),
    Reader(
        "argilla-columns", "prompt, response-1, preference (a list of responses)", _has_responses, read_argilla_columns
    ),
)
