"""Names by content: what a prompt, a text and a pair are called, whoever wrote them and whenever."""

import re
import unicodedata
from collections.abc import Sequence
from hashlib import sha256

from labeling.exchange.errors import InvalidSplit
from labeling.exchange.records import Message, canonical_json


def text_hash(text: str) -> str:
    """SHA-256 of the text, hexadecimal."""
    return sha256(text.encode("utf-8")).hexdigest()


def messages_hash(messages: Sequence[Message]) -> str:
    """SHA-256 of the roles and contents in order, hexadecimal: the identity of a prompt."""
    return sha256(canonical_json([[message["role"], message["content"]] for message in messages])).hexdigest()


def is_canonical(first: str, second: str, *, prompt_hash: str = "") -> bool:
    """Whether `first` is "a" and `second` is "b" in the canonical order of a comparison.

    The order is by content hash alone: not the display side, not the model, not who came first. So "a" carries no
    meaning, which chance-corrected agreement needs. With `prompt_hash`, a text that many prompts share (a refusal, say)
    is not always on the same side.
    """
    return _order_key(first, prompt_hash) <= _order_key(second, prompt_hash)


def canonical_order(first: str, second: str, *, prompt_hash: str = "") -> tuple[str, str]:
    """The two texts as (a, b) in the canonical order: see `is_canonical`."""
    return (first, second) if is_canonical(first, second, prompt_hash=prompt_hash) else (second, first)


def pair_hash(prompt_hash: str, first: str, second: str) -> str:
    """The name of a comparison within its campaign (64 hexadecimal digits), in whatever order its texts are given."""
    a, b = canonical_order(first, second, prompt_hash=prompt_hash)
    return sha256(f"{prompt_hash}{text_hash(a)}{text_hash(b)}".encode()).hexdigest()


def pair_id(prompt: Sequence[Message], chosen: str, rejected: str) -> str:
    """The name of a preference pair by its content (32 hexadecimal digits): the same labels give the same name."""
    content = [[[message["role"], message["content"]] for message in prompt], chosen, rejected]
    return sha256(canonical_json(content)).hexdigest()[:32]


def folded_hash(messages: Sequence[Message]) -> str:
    """SHA-256 of what the prompt asks, hexadecimal: near-duplicates of a prompt share it.

    Case, whitespace and punctuation do not count, nor does the system message: the same question under another system
    message is the same question.
    """
    asked = [_folded(message["content"]) for message in messages if message["role"] != "system"]
    if not any(asked):  # nothing but punctuation or symbols: then these are what was asked
        return messages_hash(messages)
    return sha256(canonical_json(asked)).hexdigest()


def is_held_out(messages: Sequence[Message], *, seed: int, test_share: float) -> bool:
    """Whether the prompt belongs to the test side.

    Depends on what the prompt asks, the seed and the share, and on nothing else: a prompt stays on its side while a
    campaign grows, so that what one round tested the next one does not train on. A larger share only adds prompts.
    Raises InvalidSplit when the share is not within 0..1.
    """
    if not 0 <= test_share <= 1:
        raise InvalidSplit(f"A test share of {test_share}; it lies between 0 and 1.")
    digest = sha256(f"{seed}:{folded_hash(messages)}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < test_share * 2**64


def _order_key(text: str, prompt_hash: str) -> tuple[str, str]:
    return text_hash(f"{prompt_hash}\n{text}"), text


def _folded(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())
