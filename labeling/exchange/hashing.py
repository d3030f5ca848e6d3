"""Names of prompts, texts and pairs by their content alone: author and time do not matter."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from common.phrases import gettext_noop
from labeling.exchange.errors import InvalidSplit
from labeling.exchange.records import Message, canonical_json
from labeling.exchange.turns import OTHERS


def text_hash(text: str) -> str:
    """SHA-256 of the text, hexadecimal."""
    return sha256(text.encode("utf-8")).hexdigest()


def messages_hash(messages: Sequence[Message]) -> str:
    """SHA-256 of the roles and contents in order, hexadecimal: the identity of a prompt.

    With the tools that it offers, and the calls and names in its messages.
    """
    return sha256(canonical_json([_said(message) for message in messages])).hexdigest()


def is_canonical(first: str, second: str, *, prompt_hash: str = "") -> bool:
    """Whether `first` is "a" and `second` is "b" in the canonical order of a comparison.

    The order is by content hash alone, not by display side, model or time. So "a" has no meaning, as chance-corrected
    agreement requires. With `prompt_hash`, a text that many prompts share (a refusal, say) is not always on one side.
    """
    return _order_key(first, prompt_hash) <= _order_key(second, prompt_hash)


def canonical_order(first: str, second: str, *, prompt_hash: str = "") -> tuple[str, str]:
    """The two texts as (a, b) in canonical order: see `is_canonical`."""
    return (first, second) if is_canonical(first, second, prompt_hash=prompt_hash) else (second, first)


@dataclass(frozen=True, slots=True)
class PairHashes:
    """The canonical order of two texts, the text hashes of a and b, and the name of their comparison."""

    first_is_a: bool
    a: str
    b: str
    pair: str


def pair_hashes(prompt_hash: str, first: str, second: str) -> PairHashes:
    """All that the order and the name of a comparison need, hashed once."""
    hashes = text_hash(first), text_hash(second)
    first_is_a = is_canonical(first, second, prompt_hash=prompt_hash)
    a, b = hashes if first_is_a else reversed(hashes)
    return PairHashes(first_is_a, a, b, sha256(f"{prompt_hash}{a}{b}".encode()).hexdigest())


def pair_hash(prompt_hash: str, first: str, second: str) -> str:
    """The name of a comparison within its campaign (64 hexadecimal digits). The order of its texts does not matter."""
    return pair_hashes(prompt_hash, first, second).pair


def pair_id(prompt: Sequence[Message], chosen: str, rejected: str) -> str:
    """The name of a preference pair by its content (32 hexadecimal digits). The same labels give the same name.

    chosen, rejected: the identities of the completions, as `CompletionText.identity` and in all functions of this file.
    """
    content = [[_said(message) for message in prompt], chosen, rejected]
    return sha256(canonical_json(content)).hexdigest()[:32]


def folded_hash(messages: Sequence[Message]) -> str:
    """SHA-256 of the essence of a prompt, hexadecimal.

    It ignores case, whitespace, punctuation and the system message: the same question under another system message is
    the same question.
    """
    folded = [_folded(message["content"]) for message in messages if message["role"] != "system"]
    if not any(folded):  # only punctuation or symbols, so these matter
        return messages_hash(messages)
    return sha256(canonical_json(folded)).hexdigest()


def is_held_out(messages: Sequence[Message], *, seed: int, test_share: float) -> bool:
    """Whether the prompt belongs to the test side.

    It depends only on the prompt (see `folded_hash`), the seed and the share. So a prompt keeps its side while a
    campaign grows, and no round trains on prompts that an earlier one tested. A larger share only adds prompts. Raises
    InvalidSplit if the share is not within 0..1.
    """
    if not 0 <= test_share <= 1:
        raise InvalidSplit(gettext_noop("A test share of %(share)s; it lies between 0 and 1."), share=str(test_share))
    digest = sha256(f"{seed}:{folded_hash(messages)}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < test_share * 2**64


def _said(message: Message) -> list[Any]:
    """Role and content, and what else the message has: a message without tools is named as before there were any."""
    if len(message) == 2:
        return [message["role"], message["content"]]
    others = {name: message[name] for name in OTHERS if message.get(name)}  # type: ignore[literal-required]
    return [message["role"], message["content"], others] if others else [message["role"], message["content"]]


def _order_key(text: str, prompt_hash: str) -> tuple[str, str]:
    return text_hash(f"{prompt_hash}\n{text}"), text


def _folded(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())
