"""Conversations in the chat template: tools, and which tokens of a completion of several turns the assistant wrote.

A completion of several turns is rendered as a whole. The loss counts the tokens that the model itself would sample:
from where it is its turn to the token that ends the turn. Users' turns, the results of tools and the template's own
marks are read but not learned. The conversation is rendered turn by turn to see where they begin and end. Where a turn
is rendered otherwise once others follow, the template must mark the assistant's text (``{% generation %}``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from jinja2 import TemplateError

from training.language_models.messages import Message, ToolCall, has_tools, template_messages, template_tools
from training.language_models.token_ids import Protected, TokenIds

_MARK = "a_mark_in_place_of_a_text"
_MARKS = ("{% generation %}", "{%- generation %}", "{%- generation -%}", "{% generation -%}")


class ConversationRefused(Exception):
    """A conversation that the model's chat template cannot express; the message is the reason."""


class ScoredTokens(NamedTuple):
    """The token ids of a completion, and for each whether the assistant wrote it."""

    ids: tuple[int, ...]
    is_scored: tuple[bool, ...]


def rendered_conversation(tokenizer: Any, messages: Sequence[Message], *, to_reply: bool) -> str:
    """The conversation as text; to_reply: up to where the assistant begins to write.

    Raises ConversationRefused where the template refuses it, or leaves out a message, tools, calls or results.
    """
    rendered = _rendered(tokenizer, messages, template_tools(messages), to_reply=to_reply)
    for number, message in enumerate(messages, 1):
        # An assistant's earlier thoughts are left out on purpose by templates of models that think.
        if message["role"] in ("assistant", "tool"):
            continue
        if not _holds(tokenizer, messages, number - 1, rendered, to_reply=to_reply):
            raise ConversationRefused(
                f"the model's chat template leaves out message {number} ({message['role']}), or changes its text"
            )
    if has_tools(messages):
        _check_tools(tokenizer, messages, rendered, to_reply=to_reply)
    return rendered


def scored_tokens(
    token_ids: TokenIds, eos_ids: frozenset[int], prompt: Sequence[Message], turns: Sequence[Message], *, ended: bool
) -> ScoredTokens:
    """The tokens of ``turns`` after ``prompt``, and which of them the assistant wrote.

    Control tokens that a text spells stay text. Raises ConversationRefused, SpelledControlToken, IdOutsideVocabulary.
    """
    tokenizer = token_ids.tokenizer
    safe, spelled = token_ids.protect_messages([*prompt, *turns])
    prompt, turns = safe[: len(prompt)], safe[len(prompt) :]
    whole = rendered_conversation(tokenizer, [*prompt, *turns], to_reply=False)
    start = rendered_conversation(tokenizer, prompt, to_reply=True)
    if not whole.startswith(start):
        raise ConversationRefused("the chat template renders the prompt otherwise once a reply follows")
    ends_of_turns = tokenizer.convert_ids_to_tokens(sorted(eos_ids))
    spans = [_with_end(whole, span, ends_of_turns) for span in _spans(tokenizer, prompt, turns, whole)]
    ids: list[int] = []
    is_scored: list[bool] = []
    reached = len(start)
    for first, stop in spans:
        between = token_ids.of_protected(Protected(whole[reached:first], spelled))
        ids += between
        is_scored += [False] * len(between)
        written = token_ids.of_protected(Protected(whole[first:stop], spelled))
        ends = [place for place, token in enumerate(written) if token in eos_ids]
        if not ends:
            raise ConversationRefused("the chat template ends an assistant's turn without an end-of-sequence token")
        ids += written
        is_scored += [place <= ends[0] for place in range(len(written))]
        reached = stop
    # Nothing follows the end of the last turn, and the end only if it came by itself.
    stop_at = len(is_scored) - is_scored[::-1].index(True) - (not ended)
    return ScoredTokens(tuple(ids[:stop_at]), tuple(is_scored[:stop_at]))


def _spans(
    tokenizer: Any, prompt: Sequence[Message], turns: Sequence[Message], whole: str
) -> Sequence[tuple[int, int]]:
    """Where each turn of the assistant begins and ends in ``whole``."""
    try:
        return list(_grown_spans(tokenizer, prompt, turns, whole))
    except ConversationRefused:
        if not any(mark in tokenizer.chat_template for mark in _MARKS):
            raise
        return list(_marked_spans(tokenizer, prompt, turns, whole))


def _grown_spans(
    tokenizer: Any, prompt: Sequence[Message], turns: Sequence[Message], whole: str
) -> Iterator[tuple[int, int]]:
    """Where each turn of the assistant begins and ends in ``whole``, from renderings that end before and after it."""
    tools = template_tools(prompt)
    for number, turn in enumerate(turns):
        if turn["role"] != "assistant":
            continue
        before = _rendered(tokenizer, [*prompt, *turns[:number]], tools, to_reply=True)
        after = _rendered(tokenizer, [*prompt, *turns[: number + 1]], tools, to_reply=False)
        if not (whole.startswith(after) and after.startswith(before)):
            raise ConversationRefused(
                f"the chat template renders turn {number + 1} of the completion otherwise when others follow"
            )
        yield len(before), len(after)


def _marked_spans(
    tokenizer: Any, prompt: Sequence[Message], turns: Sequence[Message], whole: str
) -> Iterator[tuple[int, int]]:
    """Where each turn of the assistant begins and ends in ``whole``, as the template marks it."""
    from transformers.utils.chat_template_utils import render_jinja_template

    answer: Any = render_jinja_template(
        conversations=[template_messages([*prompt, *turns])],
        tools=template_tools(prompt),
        chat_template=tokenizer.chat_template,
        return_assistant_tokens_mask=True,
        add_generation_prompt=False,
        **tokenizer.special_tokens_map,
    )
    [rendered], [marks] = answer
    count = sum(turn["role"] == "assistant" for turn in turns)
    if rendered != whole or len(marks) < count:
        raise ConversationRefused("the chat template does not mark every turn of the assistant")
    tools = template_tools(prompt)
    before = _rendered(tokenizer, prompt, tools, to_reply=False)
    opening = _rendered(tokenizer, prompt, tools, to_reply=True).removeprefix(before)
    for first, stop in marks[len(marks) - count :]:
        # Some marks begin within what the template writes before the model does: the rest of it lies before them.
        lengths = (
            length
            for length in range(len(opening), 0, -1)
            if whole.startswith(opening[-length:], first) and whole.endswith(opening[:-length], 0, first)
        )
        yield first + next(lengths, 0), stop


def _with_end(whole: str, span: tuple[int, int], ends: Sequence[str]) -> tuple[int, int]:
    """A turn with the token that ends it, which some templates do not mark."""
    first, stop = span
    end = next((end for end in ends if end and whole.startswith(end, stop)), "")
    return first, stop + len(end)


def _rendered(tokenizer: Any, messages: Sequence[Message], tools: list[Any] | None, *, to_reply: bool) -> str:
    try:
        text: str = tokenizer.apply_chat_template(
            template_messages(messages), tools=tools, add_generation_prompt=to_reply, tokenize=False
        )
    except (TemplateError, TypeError, LookupError, ValueError, AttributeError) as error:
        raise ConversationRefused(f"the model's chat template refuses the conversation: {error}") from error
    return text


def _holds(tokenizer: Any, messages: Sequence[Message], place: int, rendered: str, *, to_reply: bool) -> bool:
    """Whether a conversation as it was rendered has the text of one of its messages. A text that others hold too may be
    theirs alone: then the conversation is rendered with a mark in its place."""
    text = messages[place]["content"].strip()
    if text not in rendered:
        return False
    others = (each["content"] for number, each in enumerate(messages) if number != place)
    if not text or (rendered.count(text) == 1 and not any(text in each for each in others)):
        return True
    return _has_mark(tokenizer, messages, place, {**messages[place], "content": _MARK}, to_reply=to_reply)


def _has_mark(tokenizer: Any, messages: Sequence[Message], place: int, marked: Message, *, to_reply: bool) -> bool:
    """Whether the rendered conversation shows the mark of a message that stands in place of another."""
    instead = [*messages[:place], marked, *messages[place + 1 :]]
    try:
        return _MARK in _rendered(tokenizer, instead, template_tools(messages), to_reply=to_reply)
    except ConversationRefused:  # of the mark, not of the text
        return True


def _check_tools(tokenizer: Any, messages: Sequence[Message], rendered: str, *, to_reply: bool) -> None:
    tools = template_tools(messages)
    if tools and rendered == _rendered(tokenizer, messages, None, to_reply=to_reply):
        raise ConversationRefused("the model's chat template knows no tools: it leaves out those of the prompt")
    for number, message in enumerate(messages, 1):
        place = number - 1
        if message["role"] == "tool" and not _holds(tokenizer, messages, place, rendered, to_reply=to_reply):
            raise ConversationRefused(f"the model's chat template leaves out the result of a tool (message {number})")
        calls = message.get("tool_calls", ())
        for call in calls:
            # The list of tools has its name too. In its place: a template may show the first call alone.
            renamed: ToolCall = {**call, "function": {**call["function"], "name": _MARK}}
            marked: Message = {**message, "tool_calls": [renamed if each is call else each for each in calls]}
            if not _has_mark(tokenizer, messages, place, marked, to_reply=to_reply):
                raise ConversationRefused(f"the model's chat template leaves out the call of a tool (message {number})")
