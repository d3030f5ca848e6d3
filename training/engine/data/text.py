"""Text to token ids, for pairs without stored ids: prompts by the chat template, EOS after completions that ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from training.engine.data.conversations import ConversationReader
from training.engine.data.turns import ConversationRefused, ScoredTokens, rendered_conversation, scored_tokens
from training.engine.errors import InputError
from training.language_models.loading import ModelNotLoadable, check_model_folder, first_line
from training.language_models.messages import Message, has_tools
from training.language_models.token_ids import IdOutsideVocabulary, Protected, SpelledControlToken, TokenIds

_PROBE = "completion"
_CONTEXT = 4  # tokens


class TextEncoder:
    """A tokenizer with its chat template and the tokens that end a completion.

    ``eos_ids``: every token after which sampling stops; ``turn_end``: the one that the template puts after an
    assistant's text, appended to completions that ended by themselves; ``longest``: how many positions the model has,
    if its config says so; ``opening``: the last of what the template writes before an assistant's text, where a text
    behind it has other tokens than one by itself (SentencePiece marks the beginning of a text as a space), else empty;
    ``gap``: the space that some templates put before a reply and not at a prompt's end (Llama 2), a part of the reply.
    """

    def __init__(
        self, tokenizer: Any, *, eos_ids: frozenset[int], vocabulary_size: int, longest: int | None = None
    ) -> None:
        self.tokenizer = tokenizer
        own_eos = tokenizer.eos_token_id
        self.eos_ids = eos_ids | ({own_eos} if own_eos is not None else frozenset())
        if not self.eos_ids:
            raise InputError("the model names no end-of-sequence token, so no completion could ever end")
        self.vocabulary_size = vocabulary_size
        self.longest = longest
        self.token_ids = TokenIds(tokenizer, vocabulary_size=vocabulary_size)
        self.turn_end = self._find_turn_end()
        if self.turn_end >= vocabulary_size:
            raise InputError(
                f"the tokenizer ends a turn with token {self.turn_end}, and the model's vocabulary ends at "
                f"{vocabulary_size - 1}: the tokenizer belongs to another model"
            )
        self.opening, self.gap = self._find_opening()

    @classmethod
    def from_directory(cls, directory: Path) -> TextEncoder:
        """Read tokenizer, generation config and config of a model folder. Raises InputError."""
        from transformers import AutoConfig, AutoTokenizer, GenerationConfig

        try:
            check_model_folder(directory)
            config = AutoConfig.from_pretrained(directory, local_files_only=True)
            tokenizer = AutoTokenizer.from_pretrained(directory, local_files_only=True)
        except ModelNotLoadable as error:
            raise InputError(str(error)) from error
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f"cannot read config or tokenizer of {directory}: {first_line(error)}") from error
        try:
            stops = GenerationConfig.from_pretrained(directory, local_files_only=True).eos_token_id
        except OSError:
            stops = None
        stops = config.eos_token_id if stops is None else stops
        eos_ids = frozenset(stops if isinstance(stops, list) else [] if stops is None else [stops])
        text = config.get_text_config()
        longest = getattr(text, "max_position_embeddings", None) or 0
        return cls(
            tokenizer,
            eos_ids=eos_ids,
            vocabulary_size=text.vocab_size,
            longest=longest if longest > 0 else None,  # XLNet's config says -1
        )

    def encode_prompt(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """The token ids of a conversation up to where the assistant begins to write. Raises ConversationRefused."""
        return self.ids_of_prompt(self.prompt_text(messages))

    def prompt_text(self, messages: Sequence[Message]) -> Protected:
        """The conversation as the chat template renders it; control tokens that its texts spell are protected. Raises
        ConversationRefused."""
        if self.tokenizer.chat_template is None:
            if has_tools(messages):
                raise ConversationRefused("the model has no chat template, so it knows no tools")
            return Protected("\n\n".join(message["content"] for message in messages))
        with _refusing():
            safe, spelled = self.token_ids.protect_messages(messages)
        return Protected(rendered_conversation(self.tokenizer, safe, to_reply=True), spelled)

    def ids_of_prompt(self, prompt: Protected) -> tuple[int, ...]:
        """The token ids of what ``prompt_text`` returned. Raises ConversationRefused."""
        with _refusing():
            if self.tokenizer.chat_template is None:
                return self.token_ids.beginning(prompt.text)
            return self.token_ids.of_protected(prompt)

    def encode_turns(self, prompt: Sequence[Message], turns: Sequence[Message], *, ended: bool) -> ScoredTokens:
        """The tokens of a completion of several turns, or with calls, of which only the assistant's count.

        ``ended``: whether its last turn ended by itself. Raises ConversationRefused."""
        if self.tokenizer.chat_template is None:
            raise ConversationRefused("the model has no chat template, so it knows no turns")
        with _refusing():
            return scored_tokens(self.token_ids, self.eos_ids, prompt, turns, ended=ended)

    def encode_completion(self, text: str, *, ended: bool) -> tuple[int, ...]:
        """The text's tokens, and the turn's end if the completion ended by itself. Text that spells a control token
        (``<|im_end|>``) stays text: it was typed, not sampled. Raises ConversationRefused."""
        with _refusing():
            ids = self._following(text) if self.opening else self.token_ids.of(text, plain=True)
        return (*ids, self.turn_end) if ended else ids

    def prepare(self, prompts: Iterable[Protected], completions: Iterable[str]) -> None:
        """Tokenize many texts at once, for the calls that follow."""
        texts = (
            [] if self.tokenizer.chat_template is None else [(one.text, False) for one in prompts if not one.spelled]
        )
        before = self.opening + self.gap
        self.token_ids.prepare([*texts, *((before + text, not before) for text in completions)])

    def _following(self, text: str) -> tuple[int, ...]:
        """The tokens of a text behind the template's ``opening``, with the gap before it."""
        if not text:
            return ()
        [safe], spelled = self.token_ids.protect([text])
        before, whole = (
            self.token_ids.of(self.opening),
            self.token_ids.of_protected(Protected(self.opening + self.gap + safe, spelled)),
        )
        return whole[len(before) :] if whole[: len(before)] == before else self.token_ids.of(text, plain=True)

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """Each token's own part of the text, special tokens included. A character of several tokens belongs to its last
        one, and the others' parts are empty; an incomplete character at the end stays as it decodes."""
        parts: list[str] = []
        start = 0  # the first token that has no part yet
        for place in range(len(ids)):
            # With a few tokens of context: some tokenizers write a word's space only after another token.
            context = ids[max(0, start - _CONTEXT) : start]
            text = self._decoded([*context, *ids[start : place + 1]])[len(self._decoded(context)) :]
            if text.endswith("\ufffd") and place + 1 < len(ids):
                parts.append("")
                continue
            parts.append(text)
            start = place + 1
        return parts

    def _decoded(self, ids: Sequence[int]) -> str:
        text: str = self.tokenizer.decode(list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False)
        return text

    def _find_turn_end(self) -> int:
        if self.tokenizer.chat_template is not None:
            conversation = [{"role": "user", "content": "prompt"}, {"role": "assistant", "content": _PROBE}]
            rendered = self.tokenizer.apply_chat_template(conversation, tokenize=False)
            tail = self.tokenizer(rendered.rpartition(_PROBE)[2], add_special_tokens=False)["input_ids"]
            for token in tail:
                if token in self.eos_ids:
                    return int(token)
        own_eos = self.tokenizer.eos_token_id
        return int(own_eos if own_eos is not None else min(self.eos_ids))

    def _find_opening(self) -> tuple[str, str]:
        """Opening and gap."""
        if self.tokenizer.chat_template is None:
            return "", ""
        prompt = [{"role": "user", "content": "prompt"}]
        before = self.tokenizer.apply_chat_template(prompt, tokenize=False, add_generation_prompt=True)
        reply = {"role": "assistant", "content": _PROBE}
        whole = self.tokenizer.apply_chat_template([*prompt, reply], tokenize=False)
        first = whole.rfind(_PROBE)
        if not whole.startswith(before) or first < len(before) or not self.tokenizer.is_fast:
            return "", ""
        between = whole[len(before) : first]
        gap = between if between.isspace() else ""
        text = whole[: first - len(gap)]
        signs = list(self.token_ids.pattern.finditer(text)) if self.token_ids.pattern else []
        opening: str = text[signs[-1].start() :] if signs else text
        try:
            alone = self.token_ids.of(_PROBE, plain=True)
            behind = self.token_ids.of(opening + gap + _PROBE)[len(self.token_ids.of(opening)) :]
        except IdOutsideVocabulary:  # said for each line that has such a token
            return "", ""
        return (opening, gap) if gap or behind != alone else ("", "")


def prompt_ids(reader: ConversationReader, encoder: TextEncoder) -> tuple[int, ...]:
    """The token ids of a line's prompt: those that it stores, else those of its conversation. Raises RecordError."""
    ids = reader.stored_ids("prompt_ids", encoder.vocabulary_size)
    try:
        ids = ids or encoder.encode_prompt(reader.prompt_messages())
    except ConversationRefused as refusal:
        raise reader.error(str(refusal)) from refusal
    if not ids:
        raise reader.error("the prompt has no tokens, so nothing could predict the first token of a completion")
    return ids


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except (SpelledControlToken, IdOutsideVocabulary) as error:
        raise ConversationRefused(str(error)) from error
