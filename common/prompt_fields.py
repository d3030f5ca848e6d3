"""The fields of a record that are part of its prompt, and those that change what the model sees and cannot be kept.

The importer and the engine read them by this module alone, so that what was labeled is what is learned. Standard
library only: the engine runs without the rest of the project.
"""

from collections.abc import Iterable
from typing import Any

from common.transcripts import SHARED_PROMPT_CHARS, Turn

PROMPT_FIELDS = (
    "prompt",
    "instruction",
    "question",
    "query",
    "history",
    "context",
    "conversations",
    "conversation",
    "messages",
    "input",
)
"""Fields that hold a prompt. The first that a record has is its prompt."""

WITH_INPUT = ("prompt", "instruction", "question", "query")
"""Those of them beside which the fields ABOUT hold the text that the instruction is about."""

ABOUT = ("input", "context")
"""Of Alpaca, and of Dolly."""

SYSTEM_FIELDS = ("system", "system_prompt", "system_message", "system_instruction")

OF_MEDIA = tuple(
    f"{kind}{ending}"
    for kind in ("image", "video", "audio")
    for ending in ("", "s", "_path", "_paths", "_url", "_urls", "_file", "_files")
)
"""The names under which files keep the pictures, films and sounds that a prompt is about."""

UNKEPT = ("functions", "tool_choice", "function_call", "chat_template_kwargs", "documents", *OF_MEDIA)
"""Fields of a record that change what the model sees. They cannot be kept, so a record with one of them is refused."""

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


def is_repeated(last: str, completions: Iterable[str]) -> bool:
    """Whether all completions begin with the last message of the prompt, which is too long for a coincidence."""
    last = last.strip()
    return len(last) >= SHARED_PROMPT_CHARS and all(text.lstrip().startswith(last) for text in completions)
