"""The reader of Prodigy's `choice` interface: a task with options, of which one is accepted."""

from collections.abc import Mapping
from typing import Any

from common.phrases import gettext_noop
from labeling.exchange import parsing
from labeling.exchange.asking import asked_by
from labeling.exchange.building import Source, compare
from labeling.exchange.opinions import opinion, person_name
from labeling.exchange.parsing import BadRecordError
from labeling.exchange.preference_words import tie_named
from labeling.exchange.raw import Place, ReadLimits
from labeling.exchange.reader import Comparisons, Reader
from labeling.exchange.records import CompletionText, JsonObject, Preference
from labeling.exchange.several_readers import against_others

LONGEST_TIE = 40
"""Characters of an option that says that there is a tie."""

PERSON = ("_annotator_id", "_session_id")
"""The fields for who answered."""
SKIPS = ("ignore", "reject")
"""The answers that choose nothing."""


def read_prodigy(place: Place, record: JsonObject, limits: ReadLimits) -> Comparisons:
    """A task of Prodigy's `choice` interface: options, and those accepted. Ignored and rejected tasks are skips."""
    options = parsing.required_list(record, "options")
    name = next((one for one in ("text", "prompt", "question", "input") if isinstance(record.get(one), str)), "text")
    asked = asked_by({"prompt": record.get(name), "system": record.get("system")})
    asked.used = [name, *asked.used[1:]]
    tied, options = _without_ties(options)
    texts = [
        CompletionText(parsing.required_text(option, "text"), metadata=parsing.rest(option, "text", "id") or None)
        for option in options
    ]
    names = [parsing.as_name(option.get("id"), limits.id_chars) for option in options]
    accept = record.get("accept") or []
    if not isinstance(accept, list):
        reason = gettext_noop("The field %(name)s must be a list.")
        raise BadRecordError("wrong_type", reason, "accept", name="'accept'")
    accepted = [parsing.as_name(one, limits.id_chars) for one in accept]
    person = next((one for one in PERSON if record.get(one)), "")
    named = person_name(record.get(person), limits.name_chars) if person else ""
    about = {"timestamp": record.get("_timestamp")}
    used = ("options", "accept", "answer", *([person, "_timestamp"] if person else []))
    source = Source(place, "prodigy", record, limits)
    if record.get("answer") in SKIPS or not accepted:
        votes = (opinion(named, "skip", about),) if record.get("answer") in SKIPS else ()
        if len(texts) != 2:
            raise BadRecordError(
                "ranking", gettext_noop("No option is accepted, and there are more than two."), "accept"
            )
        return compare(source, asked, (texts[0], texts[1]), ("1", "2"), preference=None, votes=votes, used=used)
    if len(accepted) == 1 and accepted[0] in tied:
        if len(texts) != 2:
            reason = gettext_noop("The accepted option is a tie, and there are more than two others.")
            raise BadRecordError("ranking", reason, "accept")
        tie = tied[accepted[0]]
        votes = (opinion(named, tie, about),) if named else ()
        return compare(source, asked, (texts[0], texts[1]), ("1", "2"), preference=tie, votes=votes, used=used)
    if len(accepted) > 1 or accepted[0] not in names:
        raise BadRecordError("preference", gettext_noop("Not exactly one of the options is accepted."), "accept")
    chosen = names.index(accepted[0])
    votes = (opinion(named, "first", about),) if named else ()
    return against_others(source, asked, texts, names=names, chosen=chosen, votes=votes, used=used)


def _without_ties(options: list[JsonObject]) -> tuple[dict[str, Preference], list[JsonObject]]:
    """The ties that options name, by id, and the other options, which are answers.

    Two options are answers, whatever they say: "Neither" may be one.
    """
    ties: dict[str, Preference] = {}
    answers = list[JsonObject]()
    for option in options:
        names = [parsing.as_name(option.get(name), LONGEST_TIE) for name in ("id", "text")]
        tie = next((found for name in names if any(map(str.isalpha, name)) and (found := tie_named(name))), None)
        if tie is None:
            answers.append(option)
        else:
            ties[parsing.as_name(option.get("id"), LONGEST_TIE)] = tie
    return (ties, answers) if len(answers) > 1 else ({}, options)


def _is_choice(record: Mapping[str, Any]) -> bool:
    options = record.get("options")
    return (
        isinstance(options, list)
        and isinstance(record.get("accept"), list)
        and all(isinstance(one, dict) and "text" in one and "id" in one for one in options)
    )


PRODIGY = Reader("prodigy", "options, accept", _is_choice, read_prodigy)
