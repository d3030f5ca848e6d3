"""Completions that repeat their prompt: read where both are whole conversations, refused where nobody can tell."""

from collections.abc import Sequence
from dataclasses import replace

from common.phrases import gettext_noop
from common.prompt_fields import is_repeated
from common.transcripts import SHARED_PROMPT_CHARS, split_transcript
from labeling.exchange.asking import Asked
from labeling.exchange.conversations import checked_prompt
from labeling.exchange.looks import is_alpaca
from labeling.exchange.parsing import BadRecordError
from labeling.exchange.records import CompletionText, Message

ONE_ONLY = gettext_noop("Only one of %(first)s and %(second)s repeats the prompt.")
NO_BEGINNING = gettext_noop("The prompt is not the beginning of the conversations %(first)s and %(second)s.")
HH_START = "\n\nHuman:"
"""The beginning of a transcript of Anthropic's HH, which no answer has."""
OPENINGS = ("Human", "HUMAN", "User", "USER", "System", "SYSTEM", "#", "Below is an instruction")
"""The beginnings of transcripts and templates. Most completions have none, and need no closer look."""

Sides = tuple[CompletionText, CompletionText]


def unrepeated(asked: Asked, sides: Sides, names: tuple[str, str]) -> Sides:
    """The completions without the prompt that both repeat as transcripts; the prompt gets the turns that it lacks.

    Raises BadRecordError if only one repeats the prompt, or both do in another form than a transcript.
    """
    starts = [side.text.lstrip() for side in sides]
    if starts[0].startswith(OPENINGS) or starts[1].startswith(OPENINGS):
        return _without(asked, sides, names)
    if is_repeated(asked.prompt[-1]["content"], starts):
        raise _repeated()
    return sides


def _without(asked: Asked, sides: Sides, names: tuple[str, str]) -> Sides:
    """The same for completions of which one begins like a transcript or a template."""
    last = asked.prompt[-1]["content"].strip()
    wholes = [None if side.turns else _whole(side.text, last) for side in sides]
    if wholes[0] and wholes[1]:
        if wholes[0][0] != wholes[1][0]:
            reason = gettext_noop("The transcripts %(first)s and %(second)s have different prompts.")
            raise BadRecordError("different_prompts", reason, first=repr(names[0]), second=repr(names[1]))
        asked.prompt = agreed_prompt(asked.prompt, checked_prompt(wholes[0][0]), names)
        return replace(sides[0], text=wholes[0][1]), replace(sides[1], text=wholes[1][1])
    if wholes[0] or wholes[1]:
        raise only_one(names)
    if is_repeated(last, [side.text for side in sides]):
        raise _repeated()
    if all(side.text.startswith(HH_START) for side in sides):
        raise BadRecordError("different_prompts", NO_BEGINNING, "prompt", first=repr(names[0]), second=repr(names[1]))
    for side, name in zip(sides, names, strict=True):
        if is_alpaca(side.text):
            reason = gettext_noop("%(name)s begins with a rendered prompt; only the completion belongs there.")
            raise BadRecordError("prompt_repeated", reason, name, name=repr(name))
    return sides


def _repeated() -> BadRecordError:
    return BadRecordError("prompt_repeated", gettext_noop("The prompt is repeated at the start of both completions."))


def only_one(names: tuple[str, str]) -> BadRecordError:
    """The refusal of two completions of which one repeats the prompt."""
    return BadRecordError("prompt_repeated", ONE_ONLY, first=repr(names[0]), second=repr(names[1]))


def agreed_prompt(given: Sequence[Message], shared: list[Message], names: tuple[str, str]) -> list[Message]:
    """The prompt from its field and from the beginning of the conversations. Raises BadRecordError if they differ.

    The field of the prompt may lack the system message, or have only the first or the last message.
    """
    given = list(given)
    if given[-len(shared) :] == shared:
        return given
    turns = [one for one in shared if one["role"] != "system"]
    said = [one for one in given if one["role"] != "system"]
    same_start = said == turns[: len(said)] or said == turns[-len(said) :]
    same_system = said == given or given[0] == shared[0]
    if not (same_start and same_system):
        raise BadRecordError("different_prompts", NO_BEGINNING, "prompt", first=repr(names[0]), second=repr(names[1]))
    return shared


def _whole(text: str, last: str) -> tuple[list[Message], str] | None:
    """The turns and the reply of a transcript whose last question is that of the prompt. None: it is another text."""
    split = split_transcript(text)
    if split is None or not split[0]:
        return None
    said = split[0][-1][1].strip()
    if said != last and (len(last) < SHARED_PROMPT_CHARS or not said.endswith(last)):
        return None
    return [Message(role=role, content=said.strip()) for role, said in split[0]], split[1]
