"""Texts as token ids, many at a time, in which what a person typed never becomes a control token.

A model's control tokens (``<|im_end|>``) come from its chat template alone. A text that spells one is protected: each
spelling is replaced by a character for private use before the template renders it, and its tokens by those of the
spelling as text afterwards. Everything else is tokenized as one, so the ids are those of the whole conversation.

Control are special tokens, and those by which the template opens turns, which some tokenizers do not call special. The
other tokens of a template, such as ``<think>`` and ``<tool_call>``, are the language of the assistant: they are text
where others spell them, and tokens where the assistant does.
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from training.language_models.messages import (
    Message,
    is_mark,
    opening_tokens,
    template_messages,
    template_tools,
    with_texts,
)

_PRIVATE = (0xF0000, 0x100000)  # planes for private use; the second where a text uses the first


class SpelledControlToken(Exception):
    """A text spells a control token, and the tokenizer cannot read it as text. The message is the reason."""


class IdOutsideVocabulary(Exception):
    """The tokenizer knows a token that the model does not. The message is the reason."""


def _any_of(names: Iterable[str]) -> re.Pattern[str] | None:
    """A pattern of some names, the longest first; None: there are none."""
    ordered = sorted(names, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, ordered))) if ordered else None


@dataclass(frozen=True)
class Protected:
    """A text in which characters stand for the control tokens that it spelled."""

    text: str
    spelled: Mapping[str, str] = field(default_factory=dict)  # the character, and the token's text


class TokenIds:
    """The ids of texts under a tokenizer of transformers."""

    def __init__(self, tokenizer: Any, *, vocabulary_size: int) -> None:
        self.tokenizer = tokenizer
        self.backend: Any = getattr(tokenizer, "backend_tokenizer", None)
        if self.backend is not None:
            self.backend.no_truncation()
            self.backend.no_padding()
        added = {str(one): one.special for one in getattr(tokenizer, "added_tokens_decoder", {}).values()}
        special = {*tokenizer.all_special_tokens, *(name for name, is_special in added.items() if is_special)}
        template = str(getattr(tokenizer, "chat_template", None) or "")
        written = [
            name
            for name in added
            # The end of thinking may stand in no template that opens it.
            if name not in special and is_mark(name) and (name in template or name.replace("</", "<", 1) in template)
        ]
        opening = opening_tokens(written, self._rendered) if written else frozenset()
        self.control = tuple(sorted({*special, *opening}, key=len, reverse=True))
        self.pattern = _any_of(self.control)
        self.typed_pattern = _any_of({*self.control, *written})
        taken = self._taken()
        self.unsplit = frozenset(written) | taken
        """Tokens that the tokenizer makes of their spelling also where special ones are to be text."""
        self.unsplit_control = _any_of({*opening, *taken})
        # One object for each id: a list of ids then holds pointers, a fifth of the memory.
        self.numbers = list(range(vocabulary_size))
        self.prepared: dict[tuple[str, bool], Sequence[int]] = {}

    def _taken(self) -> frozenset[str]:
        """Control tokens that the tokenizer's model makes of their spelling too: Unigram and WordLevel look up whole
        pieces, and the vocabulary has these. Unknown text is no control."""
        if self.backend is None:
            return frozenset()
        self.backend.encode_special_tokens = True
        unknown = self.backend.encode(chr(_PRIVATE[0]), add_special_tokens=False).ids
        encodings = self.backend.encode_batch_fast(list(self.control), add_special_tokens=False)
        own = map(self.backend.token_to_id, self.control)
        return frozenset(
            name
            for name, each, number in zip(self.control, encodings, own, strict=True)
            if is_mark(name) and number in each.ids and number not in unknown  # a "!" that pads is an ordinary letter
        )

    def _rendered(self, turns: Sequence[Any]) -> str:
        return str(self.tokenizer.apply_chat_template(turns, tools=None, add_generation_prompt=False, tokenize=False))

    def protect(self, texts: Sequence[str], *, typed: Collection[str] = ()) -> tuple[list[str], dict[str, str]]:
        """The texts with a character in place of each control token they spell, and what the characters stand for.

        typed: those of the texts that the assistant did not write: tokens of its language are protected in them too.
        """
        patterns = [self.typed_pattern if text in typed else self.pattern for text in texts]
        if not any(pattern.search(text) for pattern, text in zip(patterns, texts, strict=True) if pattern):
            return list(texts), {}
        wanted = range(len(self.control) + len(self.unsplit))
        first = next(
            (start for start in _PRIVATE if not any(chr(start + n) in text for text in texts for n in wanted)), None
        )
        if first is None:
            raise SpelledControlToken("it spells a control token, beside characters of both private planes of Unicode")
        names: dict[str, str] = {}

        def sign(match: re.Match[str]) -> str:
            return names.setdefault(match.group(), chr(first + len(names)))

        protected = [
            pattern.sub(sign, text) if pattern else text for pattern, text in zip(patterns, texts, strict=True)
        ]
        return protected, {character: token for token, character in names.items()}

    def protect_messages(self, messages: Sequence[Message]) -> tuple[list[Message], dict[str, str]]:
        """A conversation whose texts, calls of tools, names, ids and offered tools are protected; see ``protect``."""
        texts, typed = dict[str, str](), dict[str, str]()
        with_texts(messages, lambda text: texts.setdefault(text, text))
        others = [message for message in messages if message["role"] != "assistant"]
        with_texts(others, lambda text: typed.setdefault(text, text))
        safe, spelled = self.protect(list(texts), typed=typed)
        if not spelled:
            return list(messages), {}
        return with_texts(messages, dict(zip(texts, safe, strict=True)).__getitem__), spelled

    def of_conversation(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """The ids of a conversation in the chat template, up to where the assistant begins to write.

        Raises what the template raises, SpelledControlToken and IdOutsideVocabulary.
        """
        safe, spelled = self.protect_messages(messages)
        rendered = self.tokenizer.apply_chat_template(
            template_messages(safe), tools=template_tools(safe), add_generation_prompt=True, tokenize=False
        )
        return self.of_protected(Protected(rendered, spelled))

    def prepare(self, texts: Iterable[tuple[str, bool]]) -> None:
        """Tokenize many texts at once, for the calls of ``of`` that follow. Each with whether it is ``plain``."""
        self.prepared = {}
        distinct = [(text, plain) for text, plain in dict.fromkeys(texts) if not (plain and self._needs_care(text))]
        for plain in (False, True) if self.backend is not None else ():
            some = [text for text, is_plain in distinct if is_plain == plain]
            self.backend.encode_special_tokens = plain
            encodings = self.backend.encode_batch_fast(some, add_special_tokens=False)
            self.prepared |= {(text, plain): each.ids for text, each in zip(some, encodings, strict=True)}

    def of(self, text: str, *, plain: bool = False) -> tuple[int, ...]:
        """The ids of a text; control tokens in it are the template's, and with ``plain`` they are text."""
        if plain and self._needs_care(text):
            [safe], spelled = self.protect([text])
            return self.of_protected(Protected(safe, spelled))
        ids = self.prepared.get((text, plain))
        if ids is None:
            ids = self._encode(text, plain=plain, adds=False)
        return self._known(ids)

    def beginning(self, text: str) -> tuple[int, ...]:
        """The ids of a plain text with what the tokenizer puts before a text (BOS), without what it puts behind."""
        whole, own = (list(self._encode("a", plain=True, adds=adds)) for adds in (True, False))
        first = next((place for place in range(len(whole)) if whole[place : place + len(own)] == own), 0)
        return self._known(whole[:first]) + self.of(text, plain=True)

    def of_protected(self, protected: Protected) -> tuple[int, ...]:
        """The ids of a rendered text whose protected parts stay text. Raises SpelledControlToken."""
        if not protected.spelled:
            return self.of(protected.text)
        if self.backend is None:
            self._refuse(next(iter(protected.spelled.values())))
        for sign, spelling in protected.spelled.items():
            if json.dumps(sign)[1:-1] in protected.text:  # a template that writes JSON in ASCII
                self._refuse(spelling)
        self.backend.encode_special_tokens = False
        encoding = self.backend.encode(protected.text, add_special_tokens=False)
        ids: list[int] = []
        place = -1  # of the character whose spelling stands in the ids already
        for token, (start, stop) in zip(encoding.ids, encoding.offsets, strict=True):
            signs = [at for at in range(start, stop) if protected.text[at] in protected.spelled]
            if not signs:
                ids.append(token)
                continue
            spelling = protected.spelled[protected.text[signs[0]]]
            if stop - start != 1:  # a token that holds more than the character
                self._refuse(spelling)
            if signs[0] != place:  # the first of the character's tokens
                ids += self._as_text(spelling)
                place = signs[0]
        return self._known(ids)

    def _needs_care(self, text: str) -> bool:
        """Whether a text spells a control token that the tokenizer would not read as text by itself."""
        return self.unsplit_control is not None and self.unsplit_control.search(text) is not None

    def _as_text(self, spelling: str) -> Sequence[int]:
        """The ids of a control token's spelling as text. Raises SpelledControlToken."""
        if spelling not in self.unsplit:
            return self._within_a_text(spelling)
        ids = [*self._within_a_text(spelling[:1]), *self._within_a_text(spelling[1:])]  # no half is a token of its own
        if self.unsplit.intersection(map(self.tokenizer.convert_ids_to_tokens, ids)):
            self._refuse(spelling)
        return ids

    def _within_a_text(self, text: str) -> Sequence[int]:
        """The ids of a plain text where another one stands before it."""
        before, whole = (self._encode(each, plain=True, adds=False) for each in ("a", "a" + text))
        follows = list(whole[: len(before)]) == list(before)
        return whole[len(before) :] if follows else self._encode(text, plain=True, adds=False)

    def _encode(self, text: str, *, plain: bool, adds: bool) -> Sequence[int]:
        if self.backend is None:
            ids: list[int] = self.tokenizer(text, add_special_tokens=adds, split_special_tokens=plain)["input_ids"]
            return ids
        self.backend.encode_special_tokens = plain
        found: list[int] = self.backend.encode(text, add_special_tokens=adds).ids
        return found

    def _known(self, ids: Sequence[int]) -> tuple[int, ...]:
        try:
            return tuple(map(self.numbers.__getitem__, ids))
        except IndexError as error:
            unknown = max(ids)
            raise IdOutsideVocabulary(
                f"the tokenizer has a token {unknown} ({self.tokenizer.convert_ids_to_tokens(unknown)!r}), and the "
                f"model's vocabulary ends at {len(self.numbers) - 1}: the tokenizer belongs to another model"
            ) from error

    @staticmethod
    def _refuse(spelling: str) -> None:
        raise SpelledControlToken(
            f"a text spells the control token {spelling}, and this model's tokenizer cannot read it as text"
        )
