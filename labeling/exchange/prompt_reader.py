"""Reads one prompt: from the shapes in which prompts and conversations are published."""

from common.phrases import gettext_noop
from common.prompt_fields import UNKEPT
from labeling.exchange import conversations, parsing
from labeling.exchange.asking import asked_by, with_system
from labeling.exchange.parsing import BadRecordError
from labeling.exchange.places import FIRST_TURN, PROMPT
from labeling.exchange.raw import Place, ReadLimits
from labeling.exchange.records import ImportedPrompt, JsonObject, Message
from labeling.exchange.usual_names import with_usual_names

IDENTITIES = ("id", "question_id", "prompt_id", "uid", "key", "custom_id", "conversation_id", "conversation_hash")

PROMPT_RECORD = ("prompt", "messages", "conversations", "conversation", "turns", "instruction", "question", "query")
"""Fields by which a record is told for a prompt."""


LISTS = ("responses", "completions", "generations", "candidates", "answers", "outputs")
"""The names under which files list completions of one prompt."""


def is_prompt(value: JsonObject) -> bool:
    """Whether a field of a record that readers know holds a prompt."""
    value = with_usual_names(value)
    return any(isinstance(value.get(name), str | list) for name in PROMPT_RECORD) or isinstance(value.get("body"), dict)


def is_only_a_prompt(value: JsonObject) -> bool:
    """Whether a record is a prompt, and has no two texts beside it that could be answers in columns of other names."""
    value = with_usual_names(value)
    asides = {*PROMPT_RECORD, "system", "id", "category", "source", "tags", "type", "language", "lang"}
    texts = [name for name, one in value.items() if isinstance(one, str | dict) and name not in asides]
    has_answers = any(isinstance(value.get(name), list) and len(value[name]) > 1 for name in LISTS)
    return is_prompt(value) and len(texts) < 2 and not has_answers


def read_prompt(place: Place, record: JsonObject, limits: ReadLimits) -> ImportedPrompt:
    """The prompt of a record. Fields that it does not use become metadata. Raises BadRecordError.

    A conversation that ends with the assistant is a prompt up to its last user message; the rest stays as metadata. One
    that ends with the result of a tool is a prompt as a whole.
    MT-bench and Arena-Hard: the first of `turns`; the others stay as metadata. OpenAI batch: the messages of `body`.
    """
    identity = next((name for name in IDENTITIES if record.get(name) is not None), "id")
    messages, used, extras = _prompt_of(record)
    return ImportedPrompt(
        place.line,
        place.record,
        messages=conversations.with_tools(messages, record.get("tools")),
        external_id=parsing.optional_name(record, identity, limits.id_chars),
        tags=_tags(record, limits),
        metadata=parsing.rest(record, *used, identity, "tags", "category", "tools", *UNKEPT) | extras,
    )


def _prompt_of(record: JsonObject) -> tuple[list[Message], list[str], JsonObject]:
    """The prompt, the fields it was read from, and what else belongs to it."""
    if "turns" in record and "prompt" not in record and isinstance(record["turns"], list):
        if record["turns"] and all(
            isinstance(turn, dict) and ("role" in turn or "from" in turn) for turn in record["turns"]
        ):
            return _conversation(record, "turns")
        return _first_turn(record)
    if isinstance(record.get("body"), dict):
        body = record["body"]
        parsing.refuse_unkept(body)
        if "input" in body and "instructions" in body:  # of the Responses API: its system message
            body = {"system": body["instructions"], **parsing.rest(body, "instructions")}
        asked = asked_by(body)
        others = parsing.rest(body, *asked.used, "tools")
        return (
            conversations.with_tools(asked.prompt, body.get("tools")),
            ["body"],
            asked.extras | ({"body_fields": others} if others else {}),
        )
    name = next((one for one in ("messages", "conversations", "conversation") if isinstance(record.get(one), list)), "")
    if name and "prompt" not in record and "instruction" not in record:
        return _conversation(record, name)
    if not any(record.get(one) is not None for one in ("prompt", "instruction", "question", "query", "messages")):
        if "turns" in record:
            raise BadRecordError("wrong_type", gettext_noop("The field 'turns' must be a list of texts."), "turns")
        if "prompt" not in record:
            reason = gettext_noop(
                "There is no prompt: none of the fields 'prompt', 'messages', 'instruction', 'question', 'turns'."
            )
            raise BadRecordError("missing_field", reason)
    asked = asked_by(record)
    return asked.prompt, asked.used, asked.extras


def _first_turn(record: JsonObject) -> tuple[list[Message], list[str], JsonObject]:
    turns, used = record["turns"], ["turns"]
    first = turns[0] if turns else None
    text = first.get("content") if isinstance(first, dict) else first
    if not isinstance(text, str):
        raise BadRecordError("wrong_type", gettext_noop("The field 'turns' must be a list of texts."), "turns")
    later: JsonObject = {"later_turns": turns[1:]} if len(turns) > 1 else {}
    return with_system(record, conversations.prompt(text, FIRST_TURN), used), used, later


def _conversation(record: JsonObject, name: str) -> tuple[list[Message], list[str], JsonObject]:
    """A conversation as a prompt: it ends with the last message of the user."""
    extras: JsonObject = {}
    messages = conversations.messages(record[name], PROMPT, extras)
    ends = ("user", "tool") if messages and messages[-1]["role"] == "tool" else ("user",)
    end = next((at for at in range(len(messages), 0, -1) if messages[at - 1]["role"] in ends), 0)
    if not end:
        return conversations.checked_prompt(messages), [name], extras
    if end < len(messages):
        extras["answer"] = [dict(message) for message in messages[end:]]
    asked = asked_by({**record, name: None, "prompt": [dict(message) for message in messages[:end]]})
    used = [name, *(one for one in asked.used if one != "prompt")]
    return asked.prompt, used, extras


def _tags(record: JsonObject, limits: ReadLimits) -> tuple[str, ...]:
    value = record.get("tags")
    tags = [tag.strip() for tag in value.split(",")] if isinstance(value, str) else [] if value is None else value
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise BadRecordError("wrong_type", gettext_noop("The field 'tags' must be a list of texts."), "tags")
    category = parsing.as_name(record.get("category"), limits.tag_chars)
    named = [tag for tag in [category, *tags] if tag]
    if any(len(tag) > limits.tag_chars for tag in named):
        raise BadRecordError(
            "too_long", gettext_noop("A tag has more than %(most)s characters."), "tags", most=limits.tag_chars
        )
    return tuple(dict.fromkeys(named))
