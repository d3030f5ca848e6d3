"""The fields of a record that are part of its prompt, and those that change what the model sees and cannot be kept.

The importer and the engine read them by this module alone, so that what was labeled is what is learned. Standard
library only: the engine runs without the rest of the project.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from common.transcripts import SHARED_PROMPT_CHARS, Turn

PROMPT_FIELDS = (
    "prompt",
    "instruction",
    "question",
    "query",
    "conversations",
    "conversation",
    "trajectory",
    "messages",
    "history",
    "context",
    "input",
)
"""Fields that hold a prompt. The first that a record has is its prompt."""

SHAREGPT = {"human": "user", "gpt": "assistant"}
"""ShareGPT's names of roles."""

EARLIER = ("history", "conversation_history")
"""Fields that hold the turns before a prompt."""

CONVERSATIONS = ("messages", "conversations", "conversation")
"""Fields that may hold a whole conversation beside the text of its prompt: with the system message, earlier turns and
the answer."""

WITH_INPUT = ("prompt", "instruction", "question", "query")
"""Those of them beside which the fields ABOUT hold the text that the instruction is about."""

ABOUT = ("input", "context")
"""Of Alpaca, and of Dolly."""

SYSTEM_FIELDS = ("system", "system_prompt", "system_message", "system_instruction", "preamble")

OF_MEDIA = tuple(
    f"{kind}{ending}"
    for kind in ("image", "video", "audio")
    for ending in ("", "s", "_path", "_paths", "_url", "_urls", "_file", "_files")
)
"""The names under which files keep the pictures, films and sounds that a prompt is about."""

OF_ANSWERS = ("initial_reason_steps",)
"""The beginning of both answers, which go on from it: that of Step-DPO."""

UNKEPT = ("functions", "tool_choice", "function_call", "chat_template_kwargs", "documents", *OF_ANSWERS, *OF_MEDIA)
"""Fields of a record that change what the model sees. They cannot be kept, so a record with one of them is refused."""

LIKE_PROMPTS = (
    *("user", "human", "user_prompt", "user_message", "user_query", "user_input", "user_question", "user_text"),
    *("full_prompt", "input_prompt", "input_text", "source_text", "prompt_text", "question_text", "question_content"),
    *("instruction_text", "request", "problem", "task", "post"),
)
"""Other names under which a file may keep its prompts. They are proposed, and never read unasked."""

NO_PROMPT = (
    *("comment", "comments", "reason", "reasoning", "rationale", "explanation", "feedback", "critique", "notes"),
    *("source", "dataset", "license", "citation", "category", "domain", "subset", "split", "model", "annotator"),
    *("chosen_model", "rejected_model", "timestamp", "created_at", "updated_at"),
)
"""Names of fields whose texts are about a pair, and not its prompt."""

MANY_WORDS = 3
"""A text of so many words may be a prompt, whatever its name."""

OF_TOOLS = ("functions", "tool_choice", "function_call")
"""Those of them that belong to tools."""

UNKEPT_IN_MESSAGE = (
    "reasoning_content",
    "reasoning",
    "reasoning_details",
    "thinking",
    "thinking_blocks",
    *(name for name in UNKEPT if name not in OF_TOOLS),
)
"""Other fields of a message that a model sees or wrote, and that have no place here."""


def holds_nothing(value: Any) -> bool:
    """Whether a field is as good as absent."""
    return value in (None, "", "[]", "{}", "null", [], {})


def with_input(text: str, added: str) -> str:
    """An instruction with the text that it is about, unless it holds that already."""
    is_said = added.strip() == text.strip() or (len(added) >= SHARED_PROMPT_CHARS and added.strip() in text)
    return text if is_said or not added.strip() else f"{text}\n\n{added}"


def text_about(value: Any) -> str | None:
    """The text that an instruction is about: one text, or the passages of a list. None: it is something else."""
    listed = value if isinstance(value, list) else [value]
    return "\n\n".join(listed) if all(isinstance(one, str) for one in listed) else None


def earlier_turns(pairs: Any) -> list[Turn] | None:
    """The turns before an instruction: `history`, a list of pairs. None: it is something else."""
    if not isinstance(pairs, list):
        return None
    if not all(isinstance(pair, list) and len(pair) == 2 and all(isinstance(t, str) for t in pair) for pair in pairs):
        return None
    return [turn for pair in pairs for turn in zip(("user", "assistant"), pair, strict=True)]


def are_turns(value: Any) -> bool:
    """Whether a field holds turns of a conversation."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(turn, dict) and ("role" in turn or "from" in turn) for turn in value)
    )


def spoken(turn: Mapping[str, Any]) -> tuple[Any, Any]:
    """Role and text of a turn, also as ShareGPT names them."""
    if "from" in turn and "role" not in turn:
        named = turn["from"]
        return SHAREGPT.get(named, named) if isinstance(named, str) else named, turn.get("value")
    return turn.get("role"), turn.get("content")


def turns_before(texts: Iterable[str], said: Sequence[Turn]) -> int | None:
    """How many turns of a conversation stand before the prompt that has one of these texts.

    Spaces do not count. 0 too where the text is the whole conversation. None: the prompt stands nowhere in it, or
    nobody knows where.
    """
    texts = [" ".join(text.split()) for text in texts]
    said = [(role, " ".join(content.split())) for role, content in said]
    asked = [at for at, (role, content) in enumerate(said) if role == "user" and content in texts]
    if asked:  # "Go on" may be said twice: then it is the end of the conversation, or nobody knows which one is meant
        return asked[-1] if len(asked) == 1 or asked[-1] == len(said) - 1 else None
    if all(role == "system" for role, _ in said):
        return len(said)
    others = [content for role, content in said if role != "assistant"]
    return 0 if all(any(one in text for text in texts) for one in others) else None


def possible_prompt(record: Mapping[str, Any], *others: str) -> str:
    """The field that may hold the prompt of two texts which share their beginning. Empty: there is none but that.

    others: fields that are read. Refusals, for instance, begin alike: "I'm sorry, but I can't ...".
    """
    known = (*others, *SYSTEM_FIELDS, "tools", *NO_PROMPT)
    return next((name for name, value in record.items() if name not in known and _may_be_asked(name, value)), "")


def _may_be_asked(name: str, value: Any) -> bool:
    if not isinstance(value, str) or not value.strip():
        return False
    return name.casefold() in (*PROMPT_FIELDS, *LIKE_PROMPTS) or len(value.split(None, MANY_WORDS)) >= MANY_WORDS


def is_repeated(last: str, completions: Iterable[str]) -> bool:
    """Whether all completions begin with the last message of the prompt, which is too long for a coincidence."""
    last = last.strip()
    return len(last) >= SHARED_PROMPT_CHARS and all(text.lstrip().startswith(last) for text in completions)
