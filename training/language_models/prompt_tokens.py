"""Prompts as token ids from a model's folder alone, for a process that sends them to a server.

`transformers` would load torch and its tokenizer into every such process; here are the `tokenizers` library and the
chat template.
"""

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from tokenizers import Tokenizer

from training.language_models.chat_templates import TOKENIZER, ChatTemplate
from training.language_models.messages import Message, opaque_arguments, texts_within
from training.language_models.token_ids import TokenIds


class PromptTokens:
    """Finds control tokens that the texts of a conversation spell, and reads them as text. For use by many threads."""

    def __init__(self, tokenizer: "_FolderTokenizer", *, vocabulary_size: int) -> None:
        self._token_ids = TokenIds(tokenizer, vocabulary_size=vocabulary_size)
        self._lock = threading.Lock()  # a tokenizer is switched between text and control tokens

    @classmethod
    def from_directory(cls, folder: Path) -> Self:
        """Reads the files of a model's tokenizer. Raises OSError, and ValueError for files of another form."""
        template = ChatTemplate.from_directory(folder)
        if template.template is None or not (folder / TOKENIZER).is_file():
            raise ValueError(f"{folder} has no {TOKENIZER} or no chat template")
        try:
            backend = Tokenizer.from_file(str(folder / TOKENIZER))
        except Exception as error:  # the library raises nothing narrower
            raise ValueError(f"{folder / TOKENIZER} cannot be read: {error}") from error
        size = _vocabulary_size(folder) or backend.get_vocab_size(with_added_tokens=True)
        return cls(_FolderTokenizer(backend, template), vocabulary_size=size)

    def spelled(self, messages: Sequence[Message]) -> str:
        """A control token that a text of the conversation spells, or one within the JSON of a call's arguments, however
        it is escaped; empty: there is none."""
        _, spelled = self._token_ids.protect_messages(messages)
        within = [text for arguments in opaque_arguments(messages) for text in texts_within(arguments)]
        return next(iter({**spelled, **self._token_ids.protect(within, typed=within)[1]}.values()), "")

    def ids(self, messages: Sequence[Message]) -> list[int]:
        """The conversation in the chat template, up to where the assistant begins to write; texts stay text.

        Raises TemplateRefusal, SpelledControlToken and IdOutsideVocabulary.
        """
        with self._lock:
            return list(self._token_ids.of_conversation(messages))


class _FolderTokenizer:
    """As much of a tokenizer of `transformers` as TokenIds uses."""

    def __init__(self, backend: Tokenizer, template: ChatTemplate) -> None:
        self.backend_tokenizer, self._template = backend, template
        self.all_special_tokens = list(template.tokens.values())
        self.added_tokens_decoder = backend.get_added_tokens_decoder()

    @property
    def chat_template(self) -> str:
        return self._template.source

    def apply_chat_template(
        self, messages: Sequence[Any], *, tools: list[Any] | None, add_generation_prompt: bool = True, **_options: Any
    ) -> str:
        return self._template.rendered(messages, tools, to_reply=add_generation_prompt)

    def convert_ids_to_tokens(self, token: int) -> str | None:
        return self.backend_tokenizer.id_to_token(token)


def _vocabulary_size(folder: Path) -> int | None:
    """As the model's config has it; None: it does not say."""
    file = folder / "config.json"
    values: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    size = values.get("vocab_size") or (values.get("text_config") or {}).get("vocab_size")
    return int(size) if size else None
