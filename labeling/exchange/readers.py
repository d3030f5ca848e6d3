"""Readers of comparisons: one function per dialect, one registry, detection by shape.

To add a dialect: a function from (place, record, limits) to an ImportedComparison, or a list of them, that raises
BadRecordError, and a line in READERS.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from common.phrases import gettext_noop
from common.prompt_fields import UNKEPT, possible_prompt
from common.transcripts import Unsplit, is_hh_pair, split_common_beginning, split_hh_pair, unspaced
from labeling.exchange import certainties, conversations, parsing
from labeling.exchange.argilla_ranking import ARGILLA_RECORDS
from labeling.exchange.asking import Asked, asked_by, has_prompt
from labeling.exchange.battle_readers import BATTLE_READERS
from labeling.exchange.building import Size, Source, compare
from labeling.exchange.conversation_pairs import CONVERSATION_READERS, shared_conversation
from labeling.exchange.data_set_readers import DATA_SET_READERS
from labeling.exchange.label_studio_ranker import LABEL_STUDIO_RANKERS
from labeling.exchange.label_studio_reader import LABEL_STUDIO_READERS
from labeling.exchange.looks import OPEN_TURNS
from labeling.exchange.own_readers import OWN_READERS
from labeling.exchange.parsing import BadRecordError, scale_of_confidence
from labeling.exchange.places import PROMPT
from labeling.exchange.platform_readers import ARGILLA_READERS
from labeling.exchange.potato_reader import POTATO_READERS
from labeling.exchange.preference_words import refuse_other_outcome
from labeling.exchange.prism_reader import PRISM_READERS
from labeling.exchange.prodigy_reader import PRODIGY
from labeling.exchange.ranking_readers import RANKING_READERS
from labeling.exchange.raw import Place, ReadLimits
from labeling.exchange.reader import Reader, has
from labeling.exchange.records import CompletionText, ImportedComparison, JsonObject, Message, Preference
from labeling.exchange.repeats import agreed_prompt, only_one
from labeling.exchange.service_readers import SERVICE_READERS
from labeling.exchange.several_readers import GOOD_AND_BAD, SEVERAL_READERS, SIDES_READERS
from labeling.exchange.sides_reader import names_sides

SIDES = ("chosen", "rejected")
CHOSEN_FIELDS = ("chosen", "rejected", "chosen_model", "rejected_model")


def read_trl(place: Place, record: JsonObject, limits: ReadLimits) -> ImportedComparison:
    """A prompt, chosen and rejected: texts, messages, or whole conversations that begin with the prompt.

    Also a line of one of our snapshots, and the shapes that call the prompt question, instruction or conversations.
    """
    asked = asked_by(record)
    sides = [parsing.required(record, name) for name in SIDES]
    repeated = [_contains_prompt(side) for side in sides]
    if repeated[0] != repeated[1]:
        raise only_one(SIDES)
    if all(repeated):
        asked.prompt, both = _after_shared_prompt(asked, sides)
    else:
        both = (
            conversations.completion(sides[0], "chosen", asked.extras),
            conversations.completion(sides[1], "rejected", asked.extras),
        )
    if asked.is_transcript:
        both = _unspaced(both[0]), _unspaced(both[1])
    return _chosen(place, "trl", asked, both, record, limits)


def read_trl_implicit(place: Place, record: JsonObject, limits: ReadLimits) -> ImportedComparison:
    """TRL without a prompt field: two complete conversations, whose shared beginning is the prompt."""
    if has_prompt(record):
        return read_trl(place, record, limits)
    asked = Asked([], [])
    sides = [parsing.required(record, name) for name in SIDES]
    asked.prompt, both = shared_conversation(sides, SIDES, asked)
    return _chosen(place, "trl-implicit", asked, both, record, limits)


def read_hh(place: Place, record: JsonObject, limits: ReadLimits) -> ImportedComparison:
    """Anthropic HH: two transcripts that are the same up to the last "Assistant:"."""
    if has_prompt(record):
        return read_trl(place, record, limits)
    chosen, rejected = parsing.required_text(record, "chosen"), parsing.required_text(record, "rejected")
    try:
        turns, texts = split_hh_pair(chosen, rejected)
    except Unsplit as error:
        raise _unsplit(error) from error
    first, second = map(CompletionText, texts)
    asked = Asked(conversations.checked_prompt([Message(role=role, content=said) for role, said in turns]), [])
    return _chosen(place, "hh", asked, (first, second), record, limits)


def read_implicit_text(place: Place, record: JsonObject, limits: ReadLimits) -> ImportedComparison:
    """Two texts without a prompt field: their shared beginning is the prompt, up to a space."""
    if has_prompt(record):
        return read_trl(place, record, limits)
    if name := possible_prompt(record, *SIDES):
        reason = gettext_noop(
            "Is the prompt in the field %(name)s, or is it the beginning that 'chosen' and 'rejected' share? Rename "
            "the field to 'prompt', or leave it out."
        )
        raise BadRecordError("missing_field", reason, name, name=parsing.shortened(name))
    chosen, rejected = parsing.required_text(record, "chosen"), parsing.required_text(record, "rejected")
    try:
        question, texts = split_common_beginning(chosen, rejected)
    except Unsplit as error:
        raise _unsplit(error) from error
    both = CompletionText(texts[0]), CompletionText(texts[1])
    if any(turn in question for turn in OPEN_TURNS):
        raise BadRecordError("rendered", conversations.WHOLE, where=PROMPT.subject)
    return _chosen(place, "implicit-text", Asked(conversations.prompt(question), []), both, record, limits)


def read_openai(place: Place, record: JsonObject, limits: ReadLimits) -> ImportedComparison:
    """OpenAI preference fine-tuning."""
    given = parsing.required(record, "input")
    if not isinstance(given, dict):
        raise BadRecordError(
            "wrong_type", gettext_noop("The field 'input' must be an object with 'messages'."), "input"
        )
    parsing.refuse_unkept(given)
    asked = Asked([], ["input"])
    names = ("preferred_output", "non_preferred_output")
    first, second = (conversations.completion(parsing.required(record, name), name, asked.extras) for name in names)
    asked.prompt = conversations.prompt(parsing.required(given, "messages"), extras=asked.extras)
    asked.prompt = conversations.with_tools(asked.prompt, given.get("tools"))
    if others := parsing.rest(given, "messages", "tools", *UNKEPT):
        asked.extras["input_fields"] = others
    sides = first, second
    return compare(Source(place, "openai", record, limits), asked, sides, names, preference="first", used=names)


def read_alpacaeval(place: Place, record: JsonObject, limits: ReadLimits) -> ImportedComparison:
    """AlpacaEval annotations: two outputs of an instruction; preference 1..2, below 1.5 output_1 wins, 1.5 is a tie."""
    names = ("output_1", "output_2")
    first, second = (parsing.required_text(record, name) for name in names)
    asked = asked_by(record)
    preferred = _alpacaeval_number(record)
    generators = [parsing.optional_name(record, name, limits.name_chars) for name in ("generator_1", "generator_2")]
    return compare(
        Source(place, "alpacaeval", record, limits),
        asked,
        (CompletionText(first, generators[0]), CompletionText(second, generators[1])),
        names,
        preference=_alpacaeval_preference(preferred),
        size=Size(_alpacaeval_certainty(preferred)),
        used=(*names, "generator_1", "generator_2"),  # the exact preference stays in the metadata
    )


def _alpacaeval_number(record: JsonObject) -> float | None:
    """The preference from 1 to 2. None: the record has none. Raises BadRecordError for anything else."""
    value = record.get("preference")
    try:
        number = parsing.optional_number(record, "preference")
    except BadRecordError:
        number = math.nan
    if number is None or 1 <= number <= 2:
        return number
    reason = gettext_noop("The preference %(value)s is not a number from 1 to 2.")
    raise BadRecordError("preference", reason, value=repr(str(value)[:40]))


def _alpacaeval_preference(value: float | None) -> Preference | None:
    if value is None:
        return None
    if value == 1.5:
        return "tie"
    return "first" if value < 1.5 else "second"


def _alpacaeval_certainty(value: float | None) -> float | None:
    """2 - preference is p(output_1 is better), as AlpacaEval's weighted annotators state it."""
    return None if value is None else max(2 - value, value - 1)


def _chosen(
    place: Place,
    dialect: str,
    asked: Asked,
    both: tuple[CompletionText, CompletionText],
    record: JsonObject,
    limits: ReadLimits,
) -> ImportedComparison:
    """A comparison of a dialect that has `chosen` and `rejected`."""
    models = [parsing.optional_name(record, name, limits.name_chars) for name in ("chosen_model", "rejected_model")]
    if any(models):
        both = replace(both[0], model=models[0]), replace(both[1], model=models[1])
    confidence = None if limits.other_scale else parsing.optional_confidence(record)
    refuse_other_outcome(record)
    return compare(
        Source(place, dialect, record, limits),
        asked,
        both,
        ("chosen", "rejected"),
        preference="first",
        size=Size(certainties.of_chosen(record), confidence),
        used=CHOSEN_FIELDS if confidence is None else (*CHOSEN_FIELDS, "confidence"),
    )


def _unspaced(completion: CompletionText) -> CompletionText:
    """A completion of a transcript, without the space after "Assistant:"."""
    return completion if completion.turns else replace(completion, text=unspaced(completion.text))


def _unsplit(error: Unsplit) -> BadRecordError:
    code, reason, name = _UNSPLIT[error.kind]
    return BadRecordError(code, reason, name)


_UNSPLIT = {
    "no transcript": (
        "transcript",
        gettext_noop('\'chosen\' is not a transcript of "\\n\\nHuman:" and "\\n\\nAssistant:".'),
        "",
    ),
    "no start": ("transcript", gettext_noop('The transcript does not start with "\\n\\nHuman:".'), ""),
    "different prompts": (
        "different_prompts",
        gettext_noop("'chosen' and 'rejected' differ before the last \"\\n\\nAssistant:\"."),
        "",
    ),
    "another turn": ("transcript", gettext_noop('A completion continues with another "\\n\\nHuman:" turn.'), ""),
    "no beginning": (
        "missing_field",
        gettext_noop("There is no prompt: no field with one, and 'chosen' and 'rejected' share no beginning."),
        "prompt",
    ),
}


def _after_shared_prompt(asked: Asked, sides: list[Any]) -> tuple[list[Message], tuple[CompletionText, CompletionText]]:
    """The prompt and the completions of two conversations that begin with the prompt."""
    shared, ends = shared_conversation(sides, SIDES, asked)
    return agreed_prompt(asked.prompt, shared, SIDES), ends


def _contains_prompt(side: Any) -> bool:
    """Whether the messages of a completion also contain messages of the prompt."""
    if not isinstance(side, list):
        return False
    roles = [item.get("role", item.get("from")) for item in side if isinstance(item, dict)]
    return any(conversations.role_named(role) in ("system", "user") for role in roles[:1])


def _pair_of(kind: type) -> Callable[[Mapping[str, Any]], bool]:
    """Whether a record has chosen and rejected of this type, and no prompt."""
    return lambda record: (
        not has_prompt(record) and all(isinstance(record.get(name), kind) for name in ("chosen", "rejected"))
    )


def _is_implicit_text(record: Mapping[str, Any]) -> bool:
    return _pair_of(str)(record) and not possible_prompt(record, *SIDES)


def _is_hh(record: Mapping[str, Any]) -> bool:
    return _pair_of(str)(record) and is_hh_pair(record["chosen"], record["rejected"])


def _has_chosen(record: Mapping[str, Any]) -> bool:
    is_pair = has("chosen", "rejected")(record) and ("prompt" in record or has_prompt(record))
    return is_pair and not names_sides(record)


CHOSEN_READERS = (
    Reader("trl", "prompt, chosen, rejected", _has_chosen, read_trl, numbers=scale_of_confidence),
    Reader(
        "trl-implicit",
        "chosen, rejected (message lists)",
        _pair_of(list),
        read_trl_implicit,
        numbers=scale_of_confidence,
    ),
    Reader("hh", "chosen, rejected (transcripts)", _is_hh, read_hh, numbers=scale_of_confidence),
    Reader(
        "implicit-text",
        "chosen, rejected (texts with a shared beginning)",
        _is_implicit_text,
        read_implicit_text,
        numbers=scale_of_confidence,
    ),
    Reader("alpacaeval", "instruction, output_1, output_2", has("output_1", "output_2"), read_alpacaeval),
    Reader("openai", "input, preferred_output, ...", has("input", "preferred_output"), read_openai),
)

READERS: Mapping[str, Reader] = {
    reader.name: reader
    for reader in (
        *OWN_READERS,
        GOOD_AND_BAD,
        *CHOSEN_READERS,
        *CONVERSATION_READERS,
        *LABEL_STUDIO_RANKERS,
        *LABEL_STUDIO_READERS,
        *ARGILLA_RECORDS,
        *ARGILLA_READERS,
        *POTATO_READERS,
        *SEVERAL_READERS,
        PRODIGY,
        *SERVICE_READERS,
        *PRISM_READERS,
        *DATA_SET_READERS,
        *RANKING_READERS,
        *BATTLE_READERS,
        *SIDES_READERS,
    )
}
"""The dialects that can be read, by name. The first one that recognises a record reads it."""
